//! A user who does not consent, or withdraws consent.

use super::support::page;
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultSite, STABLE};
use canary_e2e::fixture::{CANARY as RUNTIME, PATIENT};
use canary_e2e::wait::{DEADLINE, until};
use serde_json::{Value, json};

/// Everything that the browser stores for this site.
async fn kept(site: &FaultSite) -> Value {
    let all = "[document.cookie.split('; ').filter(Boolean).sort(), Object.keys(localStorage).sort(), Object.keys(sessionStorage)]";
    site.browser.eval(all).await
}

/// What is left after a refusal: the answer itself.
fn refused() -> Value {
    json!([["canary_consent=no"], ["canary_consent"], []])
}

/// A flag that needs no id, and one that does.
const FLAGS: &str =
    "['on', 'split'].map((key) => globalThis[Symbol.for('canary-runtime')].getBooleanDetails(key, false))
    .map(({ value, errorCode }) => [value, errorCode ?? null])";

pub(crate) async fn i801_consent_withdrawn(engine: Engine) {
    let answer = async |site: &FaultSite, granted: bool| {
        site.browser.eval(&format!("void {RUNTIME}.setConsent({granted})")).await;
    };
    for attributes in ["", r#"data-consent="required""#] {
        let site = FaultSite::new(engine, &page().attributes(format!("{PATIENT} {attributes}"))).await;
        site.clear_data().await;
        site.opens_with(if attributes.is_empty() { CANARY } else { STABLE }, &[]).await;
        answer(&site, true).await;
        site.opens_with(CANARY, &[]).await;
        site.browser.wait_for("localStorage.getItem('canary_good')").await;
        assert!(kept(&site).await.to_string().contains("canary_id="));
        // Records of earlier page views.
        for (home, key) in [("localStorage", "canary_mark"), ("sessionStorage", "canary_reload")] {
            site.browser.eval(&format!("void {home}.setItem('{key}', '{{}}')")).await;
        }

        answer(&site, false).await;
        site.says(&["I801"]).await;
        assert_eq!(kept(&site).await, refused());
        // The open page stays as it is.
        assert_eq!((site.shown().await.as_deref(), site.ran()), (Some(CANARY), vec![CANARY.to_owned()]));
        for _ in 0..2 {
            site.opens_with(STABLE, &[]).await;
            assert_eq!(
                site.decided(&["variant", "reason", "bucket", "eligible"]),
                json!(["stable", "DISABLED", null, false])
            );
            assert_eq!(site.browser.eval(FLAGS).await, json!([[true, null], [false, "TARGETING_KEY_MISSING"]]));
            assert!(site.events("exposure").is_empty() && site.requests(CANARY_BUNDLE).is_empty());
            assert_eq!(kept(&site).await, refused());
        }

        // Consent that is withdrawn while the canary loads: the canary stores nothing when it is up.
        answer(&site, true).await;
        site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
        site.open().await;
        until("the canary to be asked for", DEADLINE, || (!site.requests(CANARY_BUNDLE).is_empty()).then_some(()));
        site.browser.wait_for("document.documentElement.dataset.canaryVariant").await;
        answer(&site, false).await;
        site.server.restore();
        site.server.release();
        site.shows(CANARY).await;
        site.says(&["I801"]).await;
        assert_eq!(kept(&site).await, refused());
    }
}

pub(crate) async fn i801_no_consent_stores_nothing(engine: Engine) {
    let control = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });";
    let required = page().attributes(format!(r#"{PATIENT} data-consent="required""#));
    let site = FaultSite::new(engine, &page()).await;
    for private in [page().first(control), required] {
        // Negative control: with consent the page stores its config.
        site.set_page(&page());
        site.set_new_user("somebody").await;
        site.opens_with(CANARY, &[]).await;
        site.browser.wait_for("localStorage.getItem('canary_good')").await;
        // Records from before are deleted.
        site.set_page(&private);
        for _ in 0..2 {
            site.opens_with(STABLE, &[]).await;
            assert_eq!(kept(&site).await, json!([[], [], []]));
            assert_eq!(site.decided(&["reason", "bucket", "eligible"]), json!(["DISABLED", null, false]));
            assert_eq!(site.browser.eval(FLAGS).await, json!([[true, null], [false, "TARGETING_KEY_MISSING"]]));
            assert!(site.events("exposure").is_empty() && site.requests(CANARY_BUNDLE).is_empty());
        }
    }
}
