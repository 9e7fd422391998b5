//! The port that browsers reach: it takes reports and answers nothing.

use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Either, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Method, Request, StatusCode};
use tokio::time::timeout;

use super::answer::{Answer, WholeAnswer, empty, not_allowed, text};
use super::server::Server;
use crate::collector::{Outcome, Sender};
use crate::origin;
use crate::report::Refusal;

/// The largest body, in bytes.
const BODY_BYTES: usize = 2_048;
/// The time for a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Answers a request.
pub(super) async fn answer(server: Arc<Server>, peer: IpAddr, request: Request<Incoming>) -> Answer {
    if request.uri().path() == "/healthz" {
        return text(StatusCode::OK, "ok").map(Either::Left);
    }
    if !server.is_endpoint(request.uri().path()) {
        return text(StatusCode::NOT_FOUND, "no such path").map(Either::Left);
    }
    server.report(peer, request).await.map(Either::Left)
}

impl Server {
    /// Whether pages send reports to a path.
    #[must_use]
    pub fn is_endpoint(&self, path: &str) -> bool {
        self.state().collector.labels().is_endpoint(path)
    }

    /// Takes a report. The answer is 204, whether it is counted or not.
    pub async fn report(&self, peer: IpAddr, request: Request<Incoming>) -> WholeAnswer {
        if request.method() != Method::POST {
            return not_allowed("POST");
        }
        let (head, body) = request.into_parts();
        if body.size_hint().lower() > BODY_BYTES as u64 {
            return self.refuse(Refusal::Large);
        }
        let read = timeout(BODY_TIMEOUT, Limited::new(body, BODY_BYTES).collect()).await;
        let body = match read {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => return self.refuse(Refusal::Large),
            _ => return self.refuse(Refusal::Incomplete),
        };
        if let Err(refusal) = origin::check(&head.headers, &self.origins) {
            self.state().collector.metrics_mut().count_refused(refusal);
            return empty(StatusCode::NO_CONTENT);
        }
        let nonce = head.uri.query().and_then(nonce);
        let sender = Sender { client: self.clients.client(peer, &head.headers), nonce };
        let mut state = self.state();
        let now = state.clock.now();
        // Half of all views, whole ones: those with an even nonce are taken.
        if state.is_overloaded && nonce.is_none_or(|nonce| nonce % 2 == 1) {
            state.collector.drop_unread(now);
            return empty(StatusCode::NO_CONTENT);
        }
        let outcome = state.collector.take(&body, sender, now);
        drop(state);
        if self.is_logging && outcome == Outcome::Counted {
            print(&body);
        }
        empty(StatusCode::NO_CONTENT)
    }

    /// Refuses a request whose body is not read to its end, and ends the connection.
    fn refuse(&self, refusal: Refusal) -> WholeAnswer {
        self.state().collector.metrics_mut().count_refused(refusal);
        let mut answer = match refusal {
            Refusal::Large => text(StatusCode::PAYLOAD_TOO_LARGE, "a report has at most 2048 bytes"),
            _ => text(StatusCode::REQUEST_TIMEOUT, "the report did not arrive in time"),
        };
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        answer
    }
}

/// The 16 hexadecimal digits of `n` in a query.
fn nonce(query: &str) -> Option<u64> {
    let digits = query.split('&').find_map(|pair| pair.strip_prefix("n="))?;
    let is_nonce = digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_nonce.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// Prints a report as one line. It is valid JSON, so a line break in it is white space.
fn print(body: &Bytes) {
    let mut line: Vec<u8> = body.iter().map(|byte| if byte.is_ascii_whitespace() { b' ' } else { *byte }).collect();
    line.push(b'\n');
    // The reader may have closed standard output; the server goes on.
    let _ = std::io::stdout().lock().write_all(&line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_has_16_hexadecimal_digits() {
        assert_eq!(nonce("n=00000000000000ff"), Some(255));
        assert_eq!(nonce("a=1&n=FFFFFFFFFFFFFFFF&b"), Some(u64::MAX));
        for bad in ["", "n=", "n=ff", "n=+0000000000000ff", "n=00000000000000ff0", "m=00000000000000ff"] {
            assert_eq!(nonce(bad), None, "{bad}");
        }
    }
}
