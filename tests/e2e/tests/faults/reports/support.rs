//! Pages that send reports, and the reports that arrive.

use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{Reply, Request};
use canary_e2e::fault_site::{FaultSite, Page};
use canary_e2e::wait::{DEADLINE, until};
use serde_json::{Value, json};

/// The path of the collector.
pub(crate) const ENDPOINT: &str = "/runtime/r";

/// The config of a page that reports, with these members of `TELEMETRY` and of the config.
pub(crate) fn config(percentage: &str, telemetry: &str, more: &str) -> String {
    format!(
        r#"{{"CANARY_PERCENTAGE": {percentage}, "FEATURE_FLAGS": {{"on": true}},
            "TELEMETRY": {{"countAutomation": true{telemetry}}}{more}}}"#
    )
}

/// A page on which everyone has the canary.
pub(crate) fn page() -> Page {
    Page::patient().config(config("100", "", ""))
}

/// A site with a collector that takes everything.
pub(crate) async fn site(engine: Engine, page: &Page) -> FaultSite {
    let site = FaultSite::new(engine, page).await;
    site.server.on(ENDPOINT, accepted());
    site
}

/// The answer of a collector.
pub(crate) fn accepted() -> Reply {
    Reply::sound().status(204).body("")
}

/// Sends what the server holds back, and serves all files from now on.
pub(crate) fn deliver(site: &FaultSite) {
    site.server.restore();
    site.server.on(ENDPOINT, accepted());
    site.server.release();
}

/// Throws an error, or rejects a promise, in a script of the page that is not the bundle's.
pub(crate) async fn throw_elsewhere(site: &FaultSite, rejects: bool) {
    let script = if rejects { "Promise.reject(new Error('no'))" } else { "throw new Error('secret-message')" };
    site.files.write("other.js", script);
    let add = "void document.head.append(Object.assign(document.createElement('script'), { src: '/other.js' }))";
    site.browser.eval(add).await;
    let arrived = || !site.requests("/other.js").is_empty();
    until("the script", DEADLINE, || arrived().then_some(()));
    site.settle().await;
}

/// The requests to the collector since the page was opened.
pub(crate) fn requests(site: &FaultSite) -> Vec<Request> {
    site.requests(ENDPOINT)
}

/// The reports since the page was opened.
pub(crate) fn reports(site: &FaultSite) -> Vec<Value> {
    let body = |request: Request| serde_json::from_slice(&request.body).expect("a report");
    requests(site).into_iter().map(body).collect()
}

/// The kinds of the reports since the page was opened, without vitals, of which some browsers measure none.
pub(crate) fn kinds(site: &FaultSite) -> Vec<String> {
    let kind = |report: Value| report["kind"].as_str().expect("a kind").to_owned();
    reports(site).into_iter().map(kind).filter(|kind| kind != "vitals").collect()
}

/// Waits until reports of these kinds have arrived, whatever their order, and checks that no other one follows.
#[track_caller]
pub(crate) fn arrive(site: &FaultSite, expected: &[&str]) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    until(format!("{expected:?}; found {:?}", kinds(site)), DEADLINE, || {
        (kinds(site).len() >= expected.len()).then_some(())
    });
    let mut expected: Vec<_> = expected.iter().map(|kind| (*kind).to_owned()).collect();
    expected.sort();
    async move {
        site.settle().await;
        let mut found = kinds(site);
        found.sort();
        assert_eq!(found, expected, "at {caller}: {:?} {:?}", reports(site), site.lines());
    }
}

/// The first report of that kind.
#[track_caller]
pub(crate) fn report(site: &FaultSite, kind: &str) -> Value {
    until(format!("the report {kind}"), DEADLINE, || reports(site).into_iter().find(|report| report["kind"] == kind))
}

/// The name of an engine in a report.
pub(crate) fn engine_name(engine: Engine) -> Value {
    json!(match engine {
        Engine::Chromium => "chromium",
        Engine::Firefox => "gecko",
        Engine::WebKit => "webkit",
    })
}
