//! Page views in which nothing fails.

use super::support::{
    arrive, config, deliver, engine_name, kinds, page, report, reports, requests, site, throw_elsewhere,
};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, Page, STABLE};
use canary_e2e::fixture::{CANARY as RUNTIME, PATIENT};
use canary_e2e::wait::{DEADLINE, until};
use serde_json::{Value, json};
use std::time::Duration;

/// What the runtime stores about the run.
const MARK: &str = "JSON.parse(localStorage.getItem('canary_run'))";

pub(crate) async fn view_reports_exposure_and_ready(engine: Engine) {
    let assets = r#", "SALT": "release-1.5.0", "REVISION": 7,
        "ASSETS": {"canary": {"version": "1.5.0", "scripts": [{"src": "/canary/main.js"}]}}"#;
    let site = site(engine, &Page::patient().config(config("100", "", assets))).await;
    // The exposure does not wait for the bundle.
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    site.visit().await;
    arrive(&site, &["exposure"]).await;
    assert_eq!(site.ran(), [""; 0]);
    deliver(&site);
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    site.says(&[]).await;

    let mut exposure = report(&site, "exposure");
    let decision_ms = exposure["decisionMs"].take();
    assert!((0.0..15_000.0).contains(&decision_ms.as_f64().expect("a time")), "{decision_ms}");
    let mut expected = json!({"v": 1, "kind": "exposure", "age": 0, "salt": "release-1.5.0", "revision": 7, "cohort": "canary",
        "arm": "canary", "version": "1.5.0", "first": "run", "both": false, "returning": false,
        "engine": engine_name(engine), "device": "desktop", "decisionMs": null});
    assert_eq!(exposure, expected);
    let mut ready = report(&site, "ready");
    let [age, ready_ms] = ["age", "readyMs"].map(|name| ready[name].take().as_f64().expect("a time"));
    assert!(age <= ready_ms && ready_ms < 60_000.0, "{age} {ready_ms}");
    expected["kind"] = json!("ready");
    expected["readyMs"] = Value::Null;
    expected["age"] = Value::Null;
    expected.as_object_mut().expect("an object").remove("decisionMs");
    assert_eq!(ready, expected);

    // Both have the number of the view, and the next view has another one.
    let numbers = |site| requests(site).into_iter().map(|request| request.path).collect::<Vec<_>>();
    let first = numbers(&site);
    let number = first[0].strip_prefix("/runtime/r?n=").expect("a number");
    assert!(number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit()), "{number}");
    assert!(first.iter().all(|path| *path == first[0]), "{first:?}");
    site.open().await;
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    // The first one may be sent by the view before, which is left: its vitals.
    assert!(numbers(&site).last() != first.last());
    let exposure = report(&site, "exposure");
    assert_eq!([&exposure["first"], &exposure["returning"]], [&Value::Null, &json!(true)]);
}

pub(crate) async fn vitals_at_the_horizon(engine: Engine) {
    let short = Page::patient().config(config("100", r#", "horizonSeconds": 1"#, ""));
    let site = site(engine, &short).await;
    site.visit().await;
    site.shows(CANARY).await;
    site.browser.client().find(fantoccini::Locator::Css("p")).await.expect("a text").click().await.expect("a click");
    let vitals = report(&site, "vitals");
    let age = vitals["age"].as_f64().expect("an age");
    assert!((950.0..1_250.0).contains(&age), "{vitals}");
    assert!(vitals["lcpMs"].as_f64().is_some_and(|lcp| lcp > 0.0), "{vitals}");
    assert_eq!((&vitals["final"], &vitals["engine"]), (&Value::Null, &engine_name(engine)));
    if engine == Engine::Chromium {
        assert_eq!(vitals["cls"], 0, "{vitals}");
    }
    // Nothing follows the horizon but the final values, once.
    throw_elsewhere(&site, false).await;
    for _ in 0..2 {
        site.browser
            .eval("void [Object.defineProperty(document, 'hidden', { get: () => true, configurable: true }), document.dispatchEvent(new Event('visibilitychange'))]")
            .await;
        site.settle().await;
    }
    arrive(&site, &["exposure", "ready"]).await;
    let finals: Vec<_> = reports(&site).into_iter().filter(|report| report["final"] == true).collect();
    assert_eq!((finals.len(), reports(&site).len()), (1, 4), "{:?}", reports(&site));
    assert!(finals[0]["age"].as_f64() > vitals["age"].as_f64() && finals[0]["lcpMs"] == vitals["lcpMs"], "{finals:?}");

    // A bundle that is up after the horizon is neither up nor left.
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    site.visit().await;
    arrive(&site, &["exposure"]).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    deliver(&site);
    site.shows(CANARY).await;
    site.browser.wait_for("JSON.parse(localStorage.getItem('canary_run')).up").await;
    arrive(&site, &["exposure"]).await;
}

pub(crate) async fn some_views_report_nothing(engine: Engine) {
    let site = site(engine, &page()).await;
    let silent = async |config: String, path: &str, shown: &str| {
        site.files.mount_config(&config);
        site.open_at(path).await;
        site.shows(shown).await;
        site.settle().await;
        assert_eq!(kinds(&site), [""; 0], "{config}");
        assert!(
            !site.server.log().since(canary_e2e::access_log::Mark::START).iter().any(|r| r.path.contains("vitals_"))
        );
    };
    site.set_new_user("somebody").await;
    let off = r#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {}}"#;
    silent(off.to_owned(), "/", CANARY).await;
    // Automation counts only where the config says so.
    silent(off.replace("}}", r#"}, "TELEMETRY": {}}"#), "/", CANARY).await;
    silent(config("100", r#", "sampleRate": 0"#, ""), "/", CANARY).await;
    silent(config("100", "", r#", "OVERRIDES": {"query": true}"#), "/?canary=stable", STABLE).await;
    silent(config("0", "", ""), "/", STABLE).await;
    site.set_new_user("somebody").await;
    assert_eq!(site.browser.eval("localStorage.getItem('canary_run')").await, Value::Null);
    // The rest sends nothing, and is remembered.
    silent(config("0.001", r#", "cohorts": "balanced""#, ""), "/", STABLE).await;
    site.browser.wait_for(&format!("{MARK}.up")).await;
    let mark = site.browser.eval(MARK).await;
    assert_eq!(mark, json!({"salt": "canary", "cohort": "rest", "user": false, "up": true}));
    // Negative control.
    site.files.mount_config(&config("100", "", ""));
    site.open().await;
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    until("vitals", DEADLINE, || {
        site.server
            .log()
            .since(canary_e2e::access_log::Mark::START)
            .iter()
            .any(|r| r.path.contains("vitals_"))
            .then_some(())
    });
    // No report from a page that has stopped the runtime.
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    site.open().await;
    arrive(&site, &["exposure"]).await;
    site.browser.eval(&format!("void {RUNTIME}.stop()")).await;
    deliver(&site);
    site.shows(CANARY).await;
    arrive(&site, &["exposure"]).await;
    assert!(site.requests(CONFIG).len() == 1);
}

pub(crate) async fn answer_to_post_is_reported(engine: Engine) {
    let site = site(engine, &page().attributes(PATIENT)).await;
    site.server.on("/", Reply::sound().header("Server-Timing", "post"));
    site.files.write(
        "form.html",
        "<!doctype html><script src=\"/.e2e/recorder.js\"></script><form method=post action=/></form>",
    );
    site.set_new_user("somebody").await;
    let submit = async || {
        site.open_at("/form.html").await;
        site.browser.eval("void document.forms[0].submit()").await;
    };
    submit().await;
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    // A page that cannot be loaded again gets stable in place, and counts as a view of the canary.
    site.server.on(CANARY_BUNDLE, Reply::sound().body("throw new Error('broken')"));
    submit().await;
    site.shows(STABLE).await;
    arrive(&site, &["exposure", "failed", "error"]).await;
    let failed = report(&site, "failed");
    assert_eq!([&failed["code"], &failed["arm"]], ["E403", "canary"]);
    assert_eq!(site.requests("/").iter().map(|request| request.method.as_str()).collect::<Vec<_>>(), ["POST"]);
}
