//! A fake API server: one ConfigMap and some pods, over plain HTTP, with failures to switch on.
//!
//! It answers the few requests that `nudge` has to make, and all others with 403, as RBAC does.

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

const NAMESPACE: &str = "/api/v1/namespaces/frontend/";
/// The default of `nudge --configmap`.
pub(crate) const NAME: &str = "canary-settings";

/// Whether the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Up,
    /// It closes connections, old and new.
    Down,
    /// It reads requests, and answers them once it is up again.
    Hanging,
}

/// One patch as it was received.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedPatch {
    pub(crate) pod: String,
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

/// The objects, the requests so far, and the failures that are switched on.
#[derive(Default)]
pub(crate) struct State {
    version: u64,
    map: Option<Value>,
    watchers: Vec<UnboundedSender<Bytes>>,
    pub(crate) pods: BTreeMap<String, Value>,
    /// Requests received, answered or not.
    pub(crate) received: usize,
    /// Verb and resource of each request that was processed, as in `list pods`.
    pub(crate) requests: Vec<String>,
    pub(crate) patches: Vec<ReceivedPatch>,
    /// Verbs and resources that are forbidden, as in `patch pods`.
    pub(crate) forbidden: BTreeSet<&'static str>,
    /// Pods whose patches are answered with this status.
    pub(crate) rejected: BTreeMap<String, u16>,
    /// How long a patch takes.
    pub(crate) latency: Duration,
    /// Pods in the largest answer, patches in flight, and the most of them at the same time.
    pub(crate) largest_page: usize,
    in_flight: usize,
    pub(crate) most_in_flight: usize,
    /// Answer the next watch with `410 Gone`.
    pub(crate) is_expired: bool,
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
        self.is_expired = true;
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

    /// The revision in the annotation of a pod.
    pub(crate) fn revision(&self, pod: &str) -> Option<&str> {
        self.pods[pod]["metadata"]["annotations"]["canary/config-revision"].as_str()
    }

    /// The revision of all pods; `None` if they differ.
    pub(crate) fn common_revision(&self) -> Option<&str> {
        let mut revisions = self.pods.keys().map(|pod| self.revision(pod));
        let first = revisions.next()??;
        revisions.all(|other| other == Some(first)).then_some(first)
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
        let largest = self.largest_page.max(items.len());
        let page = self.list("PodList", items, &next);
        self.largest_page = largest;
        page
    }

    fn patch(&mut self, name: &str, body: Value) -> (u16, Value) {
        self.patches.push(ReceivedPatch { pod: name.to_owned(), body: body.clone(), at: Instant::now() });
        if let Some(code) = self.rejected.get(name) {
            return (*code, status(*code, "for a reason"));
        }
        let Some(pod) = self.pods.get_mut(name) else { return (404, status(404, "not found")) };
        merge(pod, &body);
        (200, json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": pod["metadata"]}))
    }
}

/// A JSON merge patch (RFC 7386) that removes nothing.
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

/// The server, which runs as long as the test.
pub(crate) struct ApiServer {
    state: Arc<Mutex<State>>,
    mode: watch::Sender<Mode>,
    pub(crate) port: u16,
}

type Body = Either<Full<Bytes>, StreamBody<futures::stream::BoxStream<'static, Result<Frame<Bytes>, Infallible>>>>;

impl ApiServer {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, receiver) = watch::channel(Mode::Up);
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(accept(listener, &shared, &receiver));
        });
        Self { state, mode, port }
    }

    /// The state, to read and to change.
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
        if *mode.borrow() == Mode::Down {
            continue;
        }
        tokio::spawn(async move {
            let answering = mode.clone();
            let service = service_fn(move |request| {
                let (state, mut mode) = (Arc::clone(&state), answering.clone());
                async move {
                    state.lock().unwrap().received += 1;
                    mode.wait_for(|mode| *mode != Mode::Hanging).await.unwrap();
                    Ok::<_, Infallible>(answer(request, &state).await)
                }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                _ = connection => {}
                _ = mode.wait_for(|mode| *mode == Mode::Down) => {}
            }
        });
    }
}

async fn answer(request: Request<Incoming>, state: &Mutex<State>) -> Response<Body> {
    let path = request.uri().path().strip_prefix(NAMESPACE).unwrap_or("elsewhere").to_owned();
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
    let latency = {
        let mut state = state.lock().unwrap();
        state.requests.push(what.clone());
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
        state.latency
    };
    match what.as_str() {
        "watch configmaps" => start_watch(state, query["resourceVersion"].parse().unwrap()),
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
                state.in_flight += 1;
                state.most_in_flight = state.most_in_flight.max(state.in_flight);
            }
            sleep(latency).await;
            let mut state = state.lock().unwrap();
            state.in_flight -= 1;
            let (code, value) = state.patch(name, serde_json::from_slice(&body).unwrap());
            full(code, &value)
        }
    }
}

/// The stream of changes after a version.
fn start_watch(state: &Mutex<State>, after: u64) -> Response<Body> {
    let (sender, lines): (_, UnboundedReceiver<Bytes>) = unbounded();
    let mut state = state.lock().unwrap();
    if std::mem::take(&mut state.is_expired) {
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
