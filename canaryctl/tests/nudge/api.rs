//! A stand-in for the API server: one ConfigMap and some pods, over plain HTTP, with faults to switch on.
//!
//! It knows the few requests that `nudge` has to make and answers all others with 403, as RBAC does.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

const SPACE: &str = "/api/v1/namespaces/frontend/";
/// What `nudge` calls its ConfigMap unless told.
pub(crate) const NAME: &str = "canary-settings";

/// Whether anybody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Up,
    /// Connections are closed, old and new.
    Gone,
    /// Requests are read, and not answered until it is up again.
    Hanging,
}

/// One patch, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Patched {
    pub(crate) pod: String,
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

/// What there is, and what was asked.
#[derive(Default)]
pub(crate) struct State {
    version: u64,
    map: Option<Value>,
    watchers: Vec<UnboundedSender<Bytes>>,
    pub(crate) pods: BTreeMap<String, Value>,
    /// Requests that came, answered or not.
    pub(crate) arrived: usize,
    /// Verb and resource of each request that was looked at, as in `list pods`.
    pub(crate) asked: Vec<String>,
    pub(crate) patched: Vec<Patched>,
    /// What is forbidden, as in `patch pods`.
    pub(crate) forbidden: BTreeSet<&'static str>,
    /// Pods whose patch is answered with this status.
    pub(crate) refused: BTreeMap<String, u16>,
    /// How long a patch takes.
    pub(crate) slowness: Duration,
    /// Pods in the largest answer, and the most patches at the same time.
    pub(crate) largest: usize,
    abreast: usize,
    pub(crate) most_abreast: usize,
    /// The next watch is told that it is too late.
    pub(crate) expired: bool,
}

impl State {
    /// Sets the ConfigMap's contents.
    pub(crate) fn configure(&mut self, contents: &str) {
        self.change(|map| map["data"] = json!({ "config.json": contents }));
    }

    /// Changes the ConfigMap.
    pub(crate) fn change(&mut self, edit: impl FnOnce(&mut Value)) {
        self.version += 1;
        let kind = if self.map.is_some() { "MODIFIED" } else { "ADDED" };
        let mut map = self.map.take().unwrap_or_else(
            || json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME, "namespace": "frontend"}}),
        );
        edit(&mut map);
        map["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let line = Bytes::from(format!("{}\n", json!({"type": kind, "object": map})));
        self.watchers.retain(|watcher| watcher.unbounded_send(line.clone()).is_ok());
        self.map = Some(map);
    }

    /// Ends all watches with `410 Gone`, and answers the next with it as well.
    pub(crate) fn expire(&mut self) {
        self.expired = true;
        for watcher in self.watchers.drain(..) {
            let _ = watcher.unbounded_send(expiry());
        }
    }

    /// Adds running pods that mount the ConfigMap.
    pub(crate) fn add_pods(&mut self, count: usize) {
        for index in 0..count {
            self.add_pod(&format!("web-{index:04}"), json!({}));
        }
    }

    /// Adds a pod, with a part of its spec replaced.
    pub(crate) fn add_pod(&mut self, name: &str, spec: Value) {
        let mut pod = json!({
            "metadata": {"name": name, "namespace": "frontend", "labels": {"app": "web"}, "annotations": {"keep": "me"}},
            "spec": {
                "nodeName": "node",
                "containers": [{"name": "nginx", "image": "nginx:1", "volumeMounts": [{"name": "config", "mountPath": "/c"}]}],
                "volumes": [{"name": "config", "configMap": {"name": NAME}}],
            },
            "status": {"phase": "Running"},
        });
        for (key, value) in spec.as_object().unwrap() {
            pod["spec"][key] = value.clone();
        }
        self.pods.insert(name.to_owned(), pod);
    }

    /// What a pod was told.
    pub(crate) fn told(&self, pod: &str) -> Option<&str> {
        self.pods[pod]["metadata"]["annotations"]["canary/config-revision"].as_str()
    }

    /// What all pods were told; `None` where it is not the same.
    pub(crate) fn all_told(&self) -> Option<&str> {
        let mut told = self.pods.keys().map(|pod| self.told(pod));
        let first = told.next()??;
        told.all(|other| other == Some(first)).then_some(first)
    }

    fn list(&self, kind: &str, items: Vec<&Value>, rest: &str) -> Value {
        let meta = json!({"resourceVersion": self.version.to_string(), "continue": rest});
        json!({"apiVersion": "v1", "kind": kind, "metadata": meta, "items": items})
    }

    fn page(&mut self, query: &BTreeMap<String, String>) -> Value {
        let from = query.get("continue").cloned().unwrap_or_default();
        let limit: usize = query.get("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
        let mut rest = self.pods.range(from..);
        let items: Vec<_> = rest.by_ref().take(limit).map(|(_, pod)| pod).collect();
        let next = rest.next().map_or("", |(name, _)| name).to_owned();
        let largest = self.largest.max(items.len());
        let page = self.list("PodList", items, &next);
        self.largest = largest;
        page
    }

    fn patch(&mut self, name: &str, body: Value) -> (u16, Value) {
        self.patched.push(Patched { pod: name.to_owned(), body: body.clone(), at: Instant::now() });
        if let Some(code) = self.refused.get(name) {
            return (*code, status(*code, "for a reason"));
        }
        let Some(pod) = self.pods.get_mut(name) else { return (404, status(404, "not found")) };
        merge(pod, &body);
        (200, json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": pod["metadata"]}))
    }
}

/// RFC 7386, without removal.
fn merge(into: &mut Value, patch: &Value) {
    for (key, value) in patch.as_object().unwrap() {
        if value.is_object() { merge(&mut into[key], value) } else { into[key] = value.clone() }
    }
}

fn status(code: u16, message: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure", "message": message, "code": code})
}

fn expiry() -> Bytes {
    let object = status(410, "too old resource version: 1 (2)");
    Bytes::from(format!("{}\n", json!({"type": "ERROR", "object": object})))
}

/// The server, for as long as the test lasts.
pub(crate) struct Api {
    state: Arc<Mutex<State>>,
    mode: watch::Sender<Mode>,
    pub(crate) port: u16,
}

type Body = Either<Full<Bytes>, StreamBody<futures::stream::BoxStream<'static, Result<Frame<Bytes>, Infallible>>>>;

impl Api {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, told) = watch::channel(Mode::Up);
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(accept(listener, &shared, &told));
        });
        Self { state, mode, port }
    }

    /// What there is, to look at and to change.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn accept(listener: std::net::TcpListener, state: &Arc<Mutex<State>>, mode: &watch::Receiver<Mode>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (state, mut mode) = (Arc::clone(state), mode.clone());
        if *mode.borrow() == Mode::Gone {
            continue;
        }
        tokio::spawn(async move {
            let asked = mode.clone();
            let service = service_fn(move |request| {
                let (state, mut mode) = (Arc::clone(&state), asked.clone());
                async move {
                    state.lock().unwrap().arrived += 1;
                    mode.wait_for(|mode| *mode != Mode::Hanging).await.unwrap();
                    Ok::<_, Infallible>(answer(request, &state).await)
                }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                _ = connection => {}
                _ = mode.wait_for(|mode| *mode == Mode::Gone) => {}
            }
        });
    }
}

async fn answer(request: Request<Incoming>, state: &Mutex<State>) -> Response<Body> {
    let path = request.uri().path().strip_prefix(SPACE).unwrap_or("elsewhere").to_owned();
    let query: BTreeMap<String, String> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let (resource, name) = path.split_once('/').unwrap_or((&path, ""));
    let verb = match (request.method(), name, query.get("watch").map(String::as_str)) {
        (&Method::GET, "", Some("true")) => "watch",
        (&Method::GET, "", _) => "list",
        (&Method::GET, ..) => "get",
        (&Method::PATCH, ..) if request.headers()["content-type"] == "application/merge-patch+json" => "patch",
        _ => "other",
    };
    let what = format!("{verb} {resource}");
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let slowness = {
        let mut state = state.lock().unwrap();
        state.asked.push(what.clone());
        let named = query.get("fieldSelector").is_some_and(|selector| *selector == format!("metadata.name={NAME}"));
        let allowed = match what.as_str() {
            // As with resourceNames.
            "list configmaps" | "watch configmaps" => named,
            "get configmaps" => name == NAME,
            "list pods" | "patch pods" => true,
            _ => false,
        };
        if !allowed || state.forbidden.contains(what.as_str()) {
            let message = format!("User \"nudge\" cannot {verb} resource \"{resource}\" in the namespace \"frontend\"");
            return full(403, &status(403, &message));
        }
        state.slowness
    };
    match what.as_str() {
        "watch configmaps" => watching(state, query["resourceVersion"].parse().unwrap()),
        "list configmaps" => {
            let state = state.lock().unwrap();
            full(200, &state.list("ConfigMapList", state.map.iter().collect(), ""))
        }
        "get configmaps" => {
            let map = state.lock().unwrap().map.clone();
            map.map_or_else(
                || full(404, &status(404, "configmaps \"canary-settings\" not found")),
                |map| full(200, &map),
            )
        }
        "list pods" => {
            let page = state.lock().unwrap().page(&query);
            full(200, &page)
        }
        _ => {
            {
                let mut state = state.lock().unwrap();
                state.abreast += 1;
                state.most_abreast = state.most_abreast.max(state.abreast);
            }
            sleep(slowness).await;
            let mut state = state.lock().unwrap();
            state.abreast -= 1;
            let (code, value) = state.patch(name, serde_json::from_slice(&body).unwrap());
            full(code, &value)
        }
    }
}

/// Everything after a version.
fn watching(state: &Mutex<State>, after: u64) -> Response<Body> {
    let (sender, lines): (_, UnboundedReceiver<Bytes>) = unbounded();
    let mut state = state.lock().unwrap();
    if std::mem::take(&mut state.expired) {
        sender.unbounded_send(expiry()).unwrap();
    } else {
        if let Some(map) = state.map.as_ref().filter(|_| state.version > after) {
            let line = format!("{}\n", json!({"type": "MODIFIED", "object": map}));
            sender.unbounded_send(Bytes::from(line)).unwrap();
        }
        state.watchers.push(sender);
    }
    let frames = lines.map(|line| Ok(Frame::data(line))).boxed();
    Response::new(Either::Right(StreamBody::new(frames)))
}

fn full(code: u16, value: &Value) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(value.to_string()))));
    *response.status_mut() = code.try_into().unwrap();
    response
}
