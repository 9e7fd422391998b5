//! HTTP server that records the alerts that Flux posts.

use canary_e2e::wait;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::kubectl::DEADLINE;
use crate::node;

/// An HTTP server that records every JSON body that is posted to it.
#[derive(Debug)]
pub struct AlertServer {
    port: u16,
    received: Arc<Mutex<Vec<Value>>>,
}

impl AlertServer {
    /// Starts the server; it listens until the test process ends.
    #[track_caller]
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind((node::host_address(), 0)).unwrap_or_else(|e| panic!("cannot listen: {e}"));
        let port = listener.local_addr().unwrap_or_else(|e| panic!("no address: {e}")).port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let recorded = received.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(alert) = read_alert(stream) {
                    recorded.lock().unwrap_or_else(PoisonError::into_inner).push(alert);
                }
            }
        });
        Self { port, received }
    }

    /// The URL that alerts are posted to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}:{}/", node::host_address(), self.port)
    }

    /// Forgets the alerts received so far.
    pub fn clear(&self) {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits for an alert whose JSON contains every one of `words`.
    #[track_caller]
    pub fn wait_for(&self, words: &[&str]) -> Value {
        wait::until(format!("an alert with {words:?}"), DEADLINE, || {
            let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
            received.iter().find(|alert| words.iter().all(|word| alert.to_string().contains(word))).cloned()
        })
    }
}

fn read_alert(stream: TcpStream) -> Option<Value> {
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
