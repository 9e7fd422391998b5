//! A small HTTP server: collector, webhook receiver and a Service in one.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// What it answers, by path without a query, and what was asked.
#[derive(Default)]
struct State {
    answers: HashMap<String, (u16, String, Vec<u8>)>,
    asked: Vec<(String, String)>,
    addresses: Vec<String>,
    /// How many answers of a path are 503 first.
    failures: HashMap<String, usize>,
}

/// A server on a free port, until the end of the test.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Web {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self { url: format!("http://{}", listener.local_addr().unwrap()), state: Arc::default() };
        let state = Arc::clone(&web.state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                thread::spawn(move || serve(stream, &state));
            }
        });
        web
    }

    /// Sets the answer of a path.
    pub(crate) fn set(&self, path: &str, status: u16, kind: &str, body: impl Into<Vec<u8>>) {
        self.state.lock().unwrap().answers.insert(path.to_owned(), (status, kind.to_owned(), body.into()));
    }

    /// Answers a path with 503 so many times first.
    pub(crate) fn fail(&self, path: &str, times: usize) {
        self.state.lock().unwrap().failures.insert(path.to_owned(), times);
    }

    /// The last address that was asked of a path, with its query.
    pub(crate) fn asked(&self, path: &str) -> String {
        let state = self.state.lock().unwrap();
        let own = state.addresses.iter().rfind(|address| address.split('?').next() == Some(path));
        own.cloned().unwrap_or_default()
    }

    /// The bodies that were sent to a path.
    pub(crate) fn posted(&self, path: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        let own = state.asked.iter().filter(|(asked, _)| asked == path);
        own.map(|(_, body)| serde_json::from_str(body).unwrap()).collect()
    }

    /// The bodies that were sent to a path that is asked without a body, too.
    pub(crate) fn sent(&self, path: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        let own = state.asked.iter().filter(|(asked, body)| asked == path && !body.is_empty());
        own.map(|(_, body)| serde_json::from_str(body).unwrap()).collect()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    let _ = reader.read_line(&mut first);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let address = first.split(' ').nth(1).unwrap_or("/").to_owned();
    let path = address.split('?').next().unwrap_or("/").to_owned();
    let (status, kind, answer) = {
        let mut state = state.lock().unwrap();
        state.addresses.push(address);
        state.asked.push((path.clone(), String::from_utf8_lossy(&body).into_owned()));
        let failures = state.failures.entry(path.clone()).or_default();
        let is_failure = *failures > 0;
        *failures = failures.saturating_sub(1);
        if is_failure {
            state.answers.insert(format!("{path} fails"), (503, "text/plain".to_owned(), b"busy".to_vec()));
        }
        let path = if is_failure { format!("{path} fails") } else { path };
        state.answers.get(&path).cloned().unwrap_or((404, "text/html".to_owned(), b"<p>not found</p>".to_vec()))
    };
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    let mut stream = reader.into_inner();
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&answer);
}
