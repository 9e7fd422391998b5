//! Plain HTTP/1.1 requests, for tests that look at headers.
//!
//! Nothing is sent or decoded that the test did not ask for: no cookies, no
//! redirects, no content codings.

use crate::wait::DEADLINE;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

/// An answer, as it came.
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
/// When no proper answer comes.
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
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("\r\n");

    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.write_all(&[head.as_bytes(), body].concat())?;
    read(method, &mut BufReader::new(stream))
}

/// Reads no further than the answer goes: not every server closes when asked to.
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
