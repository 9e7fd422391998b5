//! Bundles that fail, and errors of a bundle and of others.

use super::support::{arrive, config, kinds, page, report, reports, site, throw_elsewhere};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultSite, Page, STABLE, STABLE_BUNDLE};
use canary_e2e::wait::{DEADLINE, until};
use serde_json::Value;

/// The only report `failed`, which says that the view got the bundle of `arm`.
#[track_caller]
fn failed(site: &FaultSite, arm: &str) -> Value {
    assert_eq!(kinds(site).iter().filter(|kind| *kind == "failed" || *kind == "ready").count(), 1);
    let failed = report(site, "failed");
    assert_eq!([&failed["arm"], &report(site, "exposure")["arm"]], [arm, arm]);
    failed["code"].clone()
}

pub(crate) async fn failing_canary_is_reported(engine: Engine) {
    let site = site(engine, &page()).await;
    // Stable follows in the same page view, which is still one of the canary that failed.
    for (reply, code) in
        [(Reply::sound().status(404), "E401"), (Reply::sound().body("<p>").header("Content-Type", "text/html"), "E402")]
    {
        site.server.on(CANARY_BUNDLE, reply);
        site.visit().await;
        site.shows(STABLE).await;
        arrive(&site, &["exposure", "failed"]).await;
        assert_eq!(failed(&site, "canary"), code);
    }
    // It follows after a reload, which is the same page view.
    site.server.on(CANARY_BUNDLE, Reply::sound().body("throw new Error('broken')"));
    site.visit().await;
    site.shows(STABLE).await;
    arrive(&site, &["exposure", "failed", "error"]).await;
    assert_eq!((failed(&site, "canary"), site.views()), (Value::from("E403"), 2));
    assert_eq!(report(&site, "error")["own"], true);
    // The next view counts for the canary, though it has stable.
    site.open().await;
    site.shows(STABLE).await;
    arrive(&site, &["exposure", "ready"]).await;
    let ready = report(&site, "ready");
    assert_eq!(
        [&ready["cohort"], &ready["arm"], &ready["first"]],
        [&Value::from("canary"), &Value::from("stable"), &Value::Null]
    );
    // A view that is left while the cause is looked for has failed, and was not left.
    let hanging = "globalThis.fetch = ((fetch) => (url, options) =>
        `${url}`.includes('/canary/main.js') ? new Promise(() => (globalThis.isAsked = true)) : fetch(url, options))(fetch);";
    site.set_page(&page().first(hanging));
    site.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    site.visit().await;
    site.shows(STABLE).await;
    site.browser.wait_for("globalThis.isAsked").await;
    site.settle().await;
    assert_eq!(kinds(&site), ["exposure"]);
    site.browser.eval("void (location.href = 'about:blank')").await;
    until("the report", DEADLINE, || (kinds(&site).len() == 2).then_some(()));
    assert_eq!(failed(&site, "canary"), "E401");
}

pub(crate) async fn failing_stable_is_reported(engine: Engine) {
    let site = site(engine, &Page::patient().config(config("0.001", "", ""))).await;
    site.server.on(STABLE_BUNDLE, Reply::sound().status(404));
    site.visit().await;
    arrive(&site, &["exposure", "failed"]).await;
    assert_eq!(failed(&site, "stable"), "E501");
    // A bundle that threw while it started has failed in both arms, whatever is on the screen.
    site.server.on(STABLE_BUNDLE, Reply::sound().body("document.body.append('HALF'); throw new Error('broken')"));
    site.visit().await;
    site.shows("HALF").await;
    arrive(&site, &["exposure", "failed", "error"]).await;
    assert_eq!((failed(&site, "stable"), &report(&site, "error")["own"]), (Value::from("E403"), &Value::from(true)));
}

pub(crate) async fn errors_are_reported_once(engine: Engine) {
    let site = site(engine, &page()).await;
    let open = async || {
        site.visit().await;
        site.shows(CANARY).await;
        arrive(&site, &["exposure", "ready"]).await;
    };
    let errors = || {
        let errors = reports(&site).into_iter().filter(|report| report["kind"] == "error");
        errors.map(|report| report["own"].as_bool().expect("a fact")).collect::<Vec<_>>()
    };
    let throw = async |script: &str| {
        site.browser.eval(&format!("void {script}")).await;
        site.settle().await;
    };
    for (own, rejects) in [(true, false), (true, true), (false, false), (false, true)] {
        open().await;
        for _ in 0..2 {
            if own {
                throw(&format!("crash(() => {{}}, {rejects})")).await;
            } else {
                throw_elsewhere(&site, rejects).await;
            }
            until("the error", DEADLINE, || (!errors().is_empty()).then_some(()));
        }
        assert_eq!(errors(), [own], "{own} {rejects} {:?}", site.errors());
    }
    // One of each.
    throw("crash(() => {})").await;
    until("the error", DEADLINE, || (errors() == [false, true]).then_some(()));
    // Errors that the app handles are none, and neither is a file that does not load.
    open().await;
    throw("addEventListener('error', (event) => event.preventDefault(), true)").await;
    throw("crash(() => {})").await;
    throw("document.body.append(Object.assign(document.createElement('img'), { src: '/none.png' }))").await;
    until("the image", DEADLINE, || (!site.requests("/none.png").is_empty()).then_some(()));
    arrive(&site, &["exposure", "ready"]).await;
}
