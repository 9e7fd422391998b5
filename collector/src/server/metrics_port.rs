//! The port for Prometheus, the controller and the kubelet.

use std::sync::Arc;

use http_body_util::{Either, Full};
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};
use prometheus_client::collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text, text as openmetrics};
use prometheus_client::registry::Registry;
use serde::Serialize;

use super::answer::{Answer, WholeAnswer, not_allowed, text, with_type};
use super::pages::Pages;
use super::server::{Server, State};
use super::windows_body::WindowsBody;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Server {
    /// Answers a request of Prometheus, the controller, the kubelet or a person.
    pub async fn metrics_port(self: Arc<Self>, pages: Option<Pages>, request: Request<()>) -> Answer {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return not_allowed("GET, HEAD").map(Either::Left);
        }
        if let Some(pages) = pages.filter(|_| request.uri().path().starts_with(Pages::PREFIX)) {
            // Only the page's own files need no token: they are the same everywhere.
            if request.uri().path().ends_with("/data") && !self.is_allowed(request.headers()) {
                return unauthorized().map(Either::Left);
            }
            return pages.answer(request).await.map(Either::Left);
        }
        let whole = match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "ok"),
            "/readyz" if self.state().collector.labels().has_config() => text(StatusCode::OK, "ok"),
            "/readyz" => text(StatusCode::SERVICE_UNAVAILABLE, "no config is read yet"),
            "/metrics" | "/windows" if !self.is_allowed(request.headers()) => unauthorized(),
            "/metrics" => metrics(self, request.headers()),
            "/windows" => return windows(self, request.uri().query()),
            _ => text(StatusCode::NOT_FOUND, "no such path; there are /metrics, /windows, /healthz and /readyz"),
        };
        whole.map(Either::Left)
    }

    /// Whether the request has the token. The comparison takes equally long for all wrong tokens of a length.
    fn is_allowed(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let sent = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        sent.is_some_and(|sent| {
            let difference = sent.iter().zip(token.bytes()).fold(0, |sum, (sent, right)| sum | (sent ^ right));
            sent.len() == token.len() && difference == 0
        })
    }
}

fn unauthorized() -> WholeAnswer {
    let mut answer = text(StatusCode::UNAUTHORIZED, "a bearer token is needed");
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

/// What a scrape encodes.
#[derive(Debug)]
struct Exposition(Arc<Server>);

impl collector::Collector for Exposition {
    fn encode(&self, encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        self.0.state().collector.metrics().encode(encoder)
    }
}

fn metrics(server: Arc<Server>, headers: &HeaderMap) -> WholeAnswer {
    {
        let mut state = server.state();
        let State { collector, clock, .. } = &mut *state;
        collector.advance(clock.now());
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Exposition(server)));
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut body = String::new();
    let (encoded, content_type) = if accepted.contains("application/openmetrics-text") {
        (openmetrics::encode(&mut body, &registry), OPENMETRICS)
    } else {
        (prometheus_text::encode(&mut body, &registry), prometheus_text::CONTENT_TYPE)
    };
    match encoded {
        Ok(()) => with_type(content_type, Full::from(body)),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be encoded"),
    }
}

/// The first line of `/windows`.
#[derive(Serialize)]
struct Header<'a> {
    collector: &'a str,
    window: u64,
    since: u64,
    through: u64,
    gaps: Vec<(u64, u64)>,
}

fn windows(server: Arc<Server>, query: Option<&str>) -> Answer {
    let asked = match query {
        None | Some("") => Some(0),
        Some(query) => query.strip_prefix("since=").and_then(number),
    };
    let Some(asked) = asked else {
        let answer = text(StatusCode::BAD_REQUEST, "the only parameter is since, a minute as an integer");
        return answer.map(Either::Left);
    };
    let (header, since, through) = {
        let mut state = server.state();
        let now = state.clock.now();
        state.collector.advance(now);
        let windows = state.collector.windows();
        let since = asked.max(server.store.first_kept(now));
        let through = windows.through();
        let gaps = windows.gaps().since(since).collect();
        let window = windows.timing().window_seconds();
        let header = Header { collector: server.store.collector(), window, since, through, gaps };
        (serde_json::to_string(&header), since, through)
    };
    match header {
        Ok(header) => {
            with_type("application/x-ndjson", Either::Right(WindowsBody::new(server, header + "\n", since, through)))
        }
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the windows could not be encoded").map(Either::Left),
    }
}

/// A number of digits alone.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
