//! What reports may hold, and views that must send none.

use super::support::{ENDPOINT, arrive, config, deliver, kinds, page, reports, requests, site, throw_elsewhere};
use canary_e2e::access_log::Mark;
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{Reply, Request};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, Page, STABLE};
use canary_e2e::fixture::{CANARY as RUNTIME, PATIENT};
use canary_e2e::wait::{DEADLINE, until};
use std::collections::BTreeSet;

/// All fields that a report may have.
const FIELDS: &str = "v kind age salt revision cohort arm version first both returning engine device decisionMs readyMs code \
    own lcpMs inpMs cls final";

/// What every request of a browser has.
const HEADERS: &str = "accept accept-encoding accept-language cache-control connection content-length content-type host origin \
    pragma priority sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site \
    user-agent";

/// All bytes of a request.
fn text(request: &Request) -> String {
    format!("{} {:?} {}", request.path, request.headers, String::from_utf8_lossy(&request.body))
}

pub(crate) async fn reports_hold_nothing_personal(engine: Engine) {
    let attributes =
        r#"data-user-id="secret-user" data-attributes='{"plan": "secret-plan", "email": "secret@example"}'"#;
    let page = Page::patient()
        .config(config("100", "", r#", "CANARY_RULES": [{"if": {"plan": "other"}, "serve": "stable"}]"#))
        .attributes(format!("{PATIENT} {attributes}"));
    let site = site(engine, &page).await;
    site.files.write("secret-referrer.html", "<!doctype html><title>before</title>");
    site.set_new_user("secret-device").await;
    site.browser.eval("void (document.cookie = 'session=secret-session; Path=/')").await;
    site.browser.goto(&site.server.url("/secret-referrer.html")).await;
    site.browser.wait_for("document.title === 'before'").await;
    let begin = site.server.log().mark();
    site.browser.eval("void (location.href = '/?secret=secret-query#secret-hash')").await;
    site.browser.wait_for("document.title === 'faults'").await;
    site.shows(CANARY).await;
    site.browser.eval(&format!("void {RUNTIME}.identify('secret-login', {{ plan: 'secret-plan' }})")).await;
    site.browser.eval("void crash(() => {})").await;
    throw_elsewhere(&site, false).await;
    site.browser.eval("void history.pushState(null, '', '/secret-path')").await;
    let sent = || site.server.log().requests_for(ENDPOINT, begin);
    until("reports", DEADLINE, || (sent().len() >= 4).then_some(()));
    site.browser.eval("void (location.href = '/secret-referrer.html?next')").await;
    site.browser.wait_for("location.search === '?next'").await;
    site.settle().await;

    let [fields, headers] = [FIELDS, HEADERS].map(|names| names.split_whitespace().collect::<BTreeSet<_>>());
    let sent = sent();
    assert!(sent.len() >= 4, "{sent:?}");
    for request in &sent {
        let text = text(request);
        assert!(!text.to_lowercase().contains("secret"), "{text}");
        assert!(request.body.len() <= 1024, "{text}");
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
        assert!(names.iter().all(|name| headers.contains(name.as_str())), "{names:?}");
        assert_eq!(request.header("origin"), Some(site.server.origin().as_str()));
        assert!(request.header("content-type").is_some_and(|type_| type_.starts_with("text/plain")), "{text}");
        let report: serde_json::Map<_, _> = serde_json::from_slice(&request.body).expect("a report");
        assert!(report.keys().all(|field| fields.contains(field.as_str())), "{text}");
    }
    // Negative control: other requests of the same page have the cookie and the referrer.
    let others: String =
        site.server.log().since(begin).iter().filter(|request| !sent.contains(request)).map(text).collect();
    assert!(others.contains("secret-session") && others.contains("secret-referrer"), "{others}");
    assert_eq!(
        site.server.log().since(Mark::START).iter().filter(|request| request.method == "POST").count(),
        sent.len()
    );
}

pub(crate) async fn no_consent_no_report(engine: Engine) {
    let control = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });";
    let required = page().attributes(format!(r#"{PATIENT} data-consent="required""#));
    let site = site(engine, &page()).await;
    for private in [page().first(control), required.clone()] {
        site.set_page(&private);
        site.visit().await;
        site.shows(STABLE).await;
        site.settle().await;
        assert_eq!(kinds(&site), [""; 0]);
    }
    // With consent the next view reports.
    site.browser.eval(&format!("void {RUNTIME}.setConsent(true)")).await;
    site.open().await;
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    // Nothing is sent once consent is withdrawn, and nothing remembered.
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    site.open().await;
    arrive(&site, &["exposure"]).await;
    site.browser.eval(&format!("void {RUNTIME}.setConsent(false)")).await;
    deliver(&site);
    site.shows(CANARY).await;
    site.browser.eval("void crash(() => {})").await;
    arrive(&site, &["exposure"]).await;
    assert_eq!(site.browser.eval("Object.keys(localStorage)").await, serde_json::json!(["canary_consent"]));
    site.open().await;
    site.shows(STABLE).await;
    site.settle().await;
    assert_eq!((reports(&site).len(), requests(&site).len()), (0, 0));
}
