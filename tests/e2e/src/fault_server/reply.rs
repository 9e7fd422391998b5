//! An answer, with or without a fault.

use flate2::{Compression, write::GzEncoder};
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// An answer. [`Reply::sound`] is the file; each method changes one thing.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) status: Option<u16>,
    /// A header without a value is left out.
    pub(super) headers: Vec<(String, Option<String>)>,
    pub(super) body: Option<Arc<[u8]>>,
    pub(super) delay: Duration,
    pub(super) sending: Sending,
}

/// How the bytes go out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sending {
    Whole,
    /// Nothing until it is released.
    Hanging,
    /// The headers and so many bytes of the body, the rest when it is released.
    HangingAfter(usize),
    Trickling {
        bytes: usize,
        every: Duration,
    },
    /// The connection ends in order, after so many bytes of the body.
    CutAfter(usize),
    /// The connection is reset before the headers.
    Reset,
    /// The same after so many bytes of the body.
    ResetAfter(usize),
}

impl Reply {
    /// The file with its type; 404 where there is none.
    #[must_use]
    pub fn sound() -> Self {
        let (delay, sending) = (Duration::ZERO, Sending::Whole);
        Self { status: None, headers: Vec::new(), body: None, delay, sending }
    }

    /// With another status code. An error has a default body.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With another body; there need be no such file.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().into());
        self
    }

    /// With a header, which replaces one of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), Some(value.into())));
        self
    }

    /// Without a default header such as `Date`.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.push((name.to_owned(), None));
        self
    }

    /// After a delay.
    #[must_use]
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Hangs before the headers until it is [released](super::FaultServer::release).
    #[must_use]
    pub fn hanging(self) -> Self {
        self.sent(Sending::Hanging)
    }

    /// Hangs after so many bytes of the body until it is released.
    #[must_use]
    pub fn hanging_after(self, bytes: usize) -> Self {
        self.sent(Sending::HangingAfter(bytes))
    }

    /// The body slowly: so many bytes at a time with a pause between them.
    #[must_use]
    pub fn trickling(self, bytes: usize, every: Duration) -> Self {
        self.sent(Sending::Trickling { bytes: bytes.max(1), every })
    }

    /// The connection ends after so many bytes of the body, of which more were announced.
    #[must_use]
    pub fn cut_after(self, bytes: usize) -> Self {
        self.sent(Sending::CutAfter(bytes))
    }

    /// The connection is reset instead of an answer.
    #[must_use]
    pub fn reset(self) -> Self {
        self.sent(Sending::Reset)
    }

    /// The connection is reset after so many bytes of the body.
    #[must_use]
    pub fn reset_after(self, bytes: usize) -> Self {
        self.sent(Sending::ResetAfter(bytes))
    }

    /// So many MiB of spaces, compressed to a thousandth.
    #[must_use]
    pub fn bomb(self, mebibytes: usize) -> Self {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let mebibyte = vec![b' '; 1 << 20];
        let packed = (0..mebibytes).try_for_each(|_| gzip.write_all(&mebibyte)).and_then(|()| gzip.finish());
        let packed = packed.unwrap_or_else(|e| panic!("cannot compress: {e}"));
        self.header("Content-Encoding", "gzip").body(packed)
    }

    fn sent(mut self, sending: Sending) -> Self {
        self.sending = sending;
        self
    }
}

/// The time as in an HTTP `Date` header.
#[must_use]
pub fn http_date(time: time::UtcDateTime) -> String {
    let mut text = format!("{:.3}, {:02} {:.3}", time.weekday().to_string(), time.day(), time.month().to_string());
    let _ = write!(text, " {} {:02}:{:02}:{:02} GMT", time.year(), time.hour(), time.minute(), time.second());
    text
}
