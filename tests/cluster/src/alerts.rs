//! Where Flux' alerts arrive.

use canary_e2e::wait;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::kubectl::DEADLINE;
use crate::node;

/// A server that keeps what is posted to it.
#[derive(Debug)]
pub struct Alerts {
    port: u16,
    received: Arc<Mutex<Vec<Value>>>,
}

impl Alerts {
    /// Starts it; it listens as long as the tests run.
    #[track_caller]
    #[must_use]
    pub fn listen() -> Self {
        let listener = TcpListener::bind((node::host(), 0)).unwrap_or_else(|e| panic!("cannot listen: {e}"));
        let port = listener.local_addr().unwrap_or_else(|e| panic!("no address: {e}")).port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(alert) = receive(stream) {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(alert);
                }
            }
        });
        Self { port, received }
    }

    /// Where to post to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}:{}/", node::host(), self.port)
    }

    /// Forgets what came so far.
    pub fn clear(&self) {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits for an alert that has all these words in it.
    #[track_caller]
    pub fn wait_for(&self, words: &[&str]) -> Value {
        wait::until(format!("an alert with {words:?}"), DEADLINE, || {
            let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
            received.iter().find(|alert| words.iter().all(|word| alert.to_string().contains(word))).cloned()
        })
    }
}

fn receive(stream: TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").ok()?;
    serde_json::from_slice(&body).ok()
}
