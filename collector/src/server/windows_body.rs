//! The body of `/windows`, of which one minute at a time is in memory.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};

use super::server::Server;

/// The size from which minutes are sent, in bytes.
const CHUNK: usize = 64 * 1024;

/// Final minutes that are read when they are sent. They do not change any more.
#[derive(Debug)]
pub struct WindowsBody {
    server: Arc<Server>,
    text: String,
    next: u64,
    through: u64,
    is_yielding: bool,
}

impl WindowsBody {
    /// Makes a body that begins with a header.
    pub(super) fn new(server: Arc<Server>, header: String, since: u64, through: u64) -> Self {
        Self { server, text: header, next: since, through, is_yielding: false }
    }
}

impl Body for WindowsBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        // Others get their turn between two chunks.
        self.is_yielding = !self.is_yielding && self.next <= self.through;
        if !self.is_yielding {
            let mut read: usize = 0;
            while self.next <= self.through && self.text.len() < CHUNK && read < 100 {
                match self.server.minute(self.next) {
                    Ok(text) => self.text.push_str(&text),
                    // The reader sees a body that ends too early.
                    Err(error) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                }
                self.next = self.next.saturating_add(1);
                read = read.saturating_add(1);
            }
            if !self.text.is_empty() {
                let text = std::mem::take(&mut self.text);
                return Poll::Ready(Some(Ok(Frame::data(text.into()))));
            }
            if self.next > self.through {
                return Poll::Ready(None);
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
