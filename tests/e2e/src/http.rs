//! Plain HTTP/1.1 requests, for tests that look at headers.
//!
//! Nothing is sent or decoded that the test did not ask for: no cookies, no
//! redirects, no content codings.

use crate::wait::DEADLINE;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code, such as 200.
    pub status: u16,
    /// The headers in their order, with their names as sent.
    pub headers: Vec<(String, String)>,
    /// The body, freed of chunking but still in its content coding.
    pub body: Vec<u8>,
}

impl Response {
    /// Reads an answer to `method` at the beginning of `bytes`.
    ///
    /// # Errors
    ///
    /// When there is no complete answer.
    pub fn parse(method: &str, mut bytes: &[u8]) -> io::Result<Self> {
        read(method, &mut bytes)
    }

    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers_named(name).next()
    }

    /// All headers of that name, whatever its case.
    pub fn headers_named(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Gets `url`, which begins with `http://` and a host with a port.
///
/// # Panics
///
/// When no valid answer comes.
#[track_caller]
#[must_use]
pub fn get(url: &str, headers: &[(&str, &str)]) -> Response {
    request("GET", url, headers, b"").unwrap_or_else(|e| panic!("cannot get {url}: {e}"))
}

/// Sends any request and reads the answer.
///
/// # Errors
///
/// When the server is not there, is silent for too long, or sends no whole answer.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Response> {
    let rest = url.strip_prefix("http://").ok_or_else(|| invalid("not an http address"))?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    let length = body.len().to_string();
    let mut headers = [&[("Connection", "close")], headers].concat();
    if !body.is_empty() {
        headers.push(("Content-Length", &length));
    }
    let mut connection = Connection::open(host)?;
    connection.send(&[head(method, host, path, &headers).as_bytes(), body].concat())?;
    connection.read(method)
}

/// A connection that stays open from one request to the next, for any bytes.
#[derive(Debug)]
pub struct Connection {
    host: String,
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to a host with a port, with or without `http://`.
    ///
    /// # Errors
    ///
    /// When the server is not there.
    pub fn open(host: &str) -> io::Result<Self> {
        let host = host.strip_prefix("http://").unwrap_or(host).trim_end_matches('/').to_owned();
        let stream = TcpStream::connect(&host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        Ok(Self { host, reader: BufReader::new(stream) })
    }

    /// Gets a path by a valid request.
    ///
    /// # Errors
    ///
    /// As [`request`].
    pub fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> io::Result<Response> {
        self.send(head("GET", &self.host, path, headers).as_bytes())?;
        self.read("GET")
    }

    /// Sends raw bytes.
    ///
    /// # Errors
    ///
    /// When the server has closed the connection.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads the next answer, which is to `method`.
    ///
    /// # Errors
    ///
    /// As [`request`].
    pub fn read(&mut self, method: &str) -> io::Result<Response> {
        read(method, &mut self.reader)
    }

    /// The remaining bytes, until the server closes the connection or is silent for `patience`.
    #[must_use]
    pub fn rest(mut self, patience: Duration) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = self.reader.get_ref().set_read_timeout(Some(patience));
        let _ = self.reader.read_to_end(&mut bytes);
        bytes
    }

    /// The socket itself.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        self.reader.get_ref()
    }
}

fn head(method: &str, host: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head + "\r\n"
}

/// Reads no further than the answer, because not every server closes the connection.
fn read(method: &str, from: &mut impl BufRead) -> io::Result<Response> {
    let status = line(from)?
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .ok_or_else(|| invalid("no status line"))?;
    let mut response = Response { status, headers: Vec::new(), body: Vec::new() };
    loop {
        let line = line(from)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header without a colon"))?;
        response.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    response.body = if method == "HEAD" || matches!(status, 204 | 304) {
        Vec::new()
    } else if response.header("transfer-encoding").is_some() {
        read_chunks(from)?
    } else if let Some(length) = response.header("content-length") {
        read_exactly(from, length.parse().map_err(|_| invalid("a length that is no number"))?)?
    } else {
        let mut body = Vec::new();
        from.read_to_end(&mut body)?;
        body
    };
    Ok(response)
}

fn read_chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let size = usize::from_str_radix(&line(from)?, 16).map_err(|_| invalid("a chunk without a size"))?;
        whole.extend(read_exactly(from, size)?);
        line(from)?;
        if size == 0 {
            return Ok(whole);
        }
    }
}

fn read_exactly(from: &mut impl BufRead, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(|| invalid("a line without an end"))
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests;
