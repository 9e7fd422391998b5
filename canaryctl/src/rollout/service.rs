//! The addresses of a running controller: status, metrics, health and the console.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::console::console::data_of;
use crate::console::files;
use crate::rollout::alerts::outbox::Counts;
use crate::rollout::status::Status;

/// What the addresses show.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    status: Option<Status>,
    /// Steps by their verdict.
    steps: BTreeMap<&'static str, u64>,
    /// Why the last step failed.
    error: Option<String>,
}

/// The state that the loop writes and the addresses show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Service {
    shown: Arc<Mutex<Shown>>,
    /// Alerts that were sent, and attempts that failed.
    pub(crate) alerts: Counts,
}

impl Service {
    /// Listens, and returns the address.
    pub(crate) fn listen(&self, address: SocketAddr) -> anyhow::Result<SocketAddr> {
        let listener = std::net::TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let service = self.clone();
        thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                while let Ok((stream, _)) = listener.accept().await {
                    let service = service.clone();
                    let serve = service_fn(move |request| {
                        let answer = service.answer(&request);
                        async { Ok::<_, Infallible>(answer) }
                    });
                    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
                    tokio::spawn(async move { drop(connection.await) });
                }
            });
        });
        Ok(bound)
    }

    /// Takes over the state after a step.
    pub(crate) fn set(&self, status: Status, verdict: Option<&'static str>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.status = Some(status);
        shown.error = None;
        if let Some(verdict) = verdict {
            let count = shown.steps.entry(verdict).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Takes over why a step failed.
    pub(crate) fn fail(&self, error: String) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = &mut shown.status {
            status.error = Some(error.clone());
        }
        shown.error = Some(error);
    }

    /// The console's data. The collectors have a console of their own.
    fn data(&self) -> serde_json::Value {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let error = shown.error.clone().or_else(|| shown.status.is_none().then(|| "no step is done yet".to_owned()));
        data_of(&serde_json::json!({"status": shown.status, "error": error}), &serde_json::Value::Null, None)
    }

    fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        if request.method() == Method::GET && files::is_console(path) {
            return if files::is_data(path) { files::data(&self.data()) } else { files::file(path) };
        }
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, kind, body) = match (request.method(), request.uri().path()) {
            (&Method::GET, "/healthz") => (StatusCode::OK, "text/plain", "ok\n".to_owned()),
            (&Method::GET, "/readyz") => match (&shown.error, &shown.status) {
                (Some(error), _) => (StatusCode::SERVICE_UNAVAILABLE, "text/plain", format!("{error}\n")),
                (None, None) => (StatusCode::SERVICE_UNAVAILABLE, "text/plain", "no step is done yet\n".to_owned()),
                (None, Some(_)) => (StatusCode::OK, "text/plain", "ok\n".to_owned()),
            },
            (&Method::GET, "/status") => match &shown.status {
                Some(status) => (StatusCode::OK, "application/json", serde_json::to_string(status).unwrap_or_default()),
                None => (StatusCode::SERVICE_UNAVAILABLE, "text/plain", "no step is done yet\n".to_owned()),
            },
            (&Method::GET, "/metrics") => (StatusCode::OK, "text/plain; version=0.0.4", shown.metrics(&self.alerts)),
            (&Method::GET, _) => (StatusCode::NOT_FOUND, "text/plain", "not found\n".to_owned()),
            _ => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "expected GET\n".to_owned()),
        };
        let answer = Response::builder().status(status).header(CONTENT_TYPE, kind).header("cache-control", "no-store");
        answer.body(Full::new(Bytes::from(body))).unwrap_or_default()
    }
}

impl Shown {
    fn metrics(&self, alerts: &Counts) -> String {
        let mut text = String::new();
        let Some(status) = &self.status else { return text };
        let labels = format!("name=\"{}\",namespace=\"{}\"", escape(&status.name), escape(&status.namespace));
        let phase = match status.phase {
            "Succeeded" => 1,
            "Failed" => 2,
            _ => 0,
        };
        let mut metric = |name: &str, kind: &str, help: &str, rows: &[(String, String)]| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (more, value) in rows {
                let _ = writeln!(text, "{name}{{{labels}{more}}} {value}");
            }
        };
        let one = |value: String| vec![(String::new(), value)];
        metric("canary_rollout_status", "gauge", "0 running, 1 succeeded, 2 failed.", &one(phase.to_string()));
        metric("canary_rollout_weight", "gauge", "The canary's percentage.", &one(status.weight.to_string()));
        let steps: Vec<_> = ["advance", "hold", "rollback", "no-data"]
            .iter()
            .map(|verdict| (format!(",verdict=\"{verdict}\""), self.steps.get(verdict).unwrap_or(&0).to_string()))
            .collect();
        metric("canary_rollout_step_total", "counter", "Decisions by their verdict.", &steps);
        let duration = status.duration.unwrap_or_default().to_string();
        metric("canary_rollout_duration_seconds", "gauge", "The length of the run.", &one(duration));
        let evidence: Vec<_> = status
            .metrics
            .iter()
            .map(|metric| (format!(",metric=\"{}\"", metric.name), metric.e.to_string()))
            .collect();
        metric("canary_rollout_metric_analysis", "gauge", "The evidence E against the canary.", &evidence);
        let sends: Vec<_> = alerts
            .all()
            .into_iter()
            .map(|((provider, result), count)| {
                (format!(",provider=\"{}\",result=\"{result}\"", escape(&provider)), count.to_string())
            })
            .collect();
        metric("canary_rollout_alerts_total", "counter", "Attempts to send an alert.", &sends);
        text
    }
}

/// A value of a label.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
