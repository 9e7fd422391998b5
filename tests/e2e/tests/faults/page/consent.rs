//! Row 53: a user who does not consent, or no longer.

use super::{RUNTIME, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultStage, STABLE};
use canary_e2e::wait::{DEADLINE, until};
use serde_json::{Value, json};

const PATIENT: &str = r#"data-decision-budget="15000""#;

/// All that the browser keeps for this site, but for what the test put there.
async fn kept(stage: &FaultStage) -> Value {
    let all = "[document.cookie.split('; ').filter(Boolean).sort(), Object.keys(localStorage).sort(), Object.keys(sessionStorage)]";
    stage.browser.eval(all).await
}

/// Nothing but the answer.
fn refused() -> Value {
    json!([["canary_consent=no"], ["canary_consent"], []])
}

/// The flags with and without a split.
const FLAGS: &str =
    "['on', 'split'].map((key) => globalThis[Symbol.for('canary-runtime')].getBooleanDetails(key, false))
    .map(({ value, errorCode }) => [value, errorCode ?? null])";

pub(crate) async fn row_53_consent_withdrawn(engine: Engine) {
    let answer = async |stage: &FaultStage, granted: bool| {
        stage.browser.eval(&format!("void {RUNTIME}.setConsent({granted})")).await;
    };
    for attributes in ["", r#"data-consent="required""#] {
        let stage = FaultStage::new(engine, &page().attributes(format!("{PATIENT} {attributes}"))).await;
        stage.forget().await;
        stage.leads_to(if attributes.is_empty() { CANARY } else { STABLE }, &[]).await;
        answer(&stage, true).await;
        stage.leads_to(CANARY, &[]).await;
        stage.browser.wait_for("localStorage.getItem('canary_good')").await;
        assert!(kept(&stage).await.to_string().contains("canary_id="));
        // Left behind by page views before.
        for (home, key) in [("localStorage", "canary_mark"), ("sessionStorage", "canary_reload")] {
            stage.browser.eval(&format!("void {home}.setItem('{key}', '{{}}')")).await;
        }

        answer(&stage, false).await;
        stage.says(&["I801"]).await;
        assert_eq!(kept(&stage).await, refused());
        // The page goes on as it is.
        assert_eq!((stage.shown().await.as_deref(), stage.ran()), (Some(CANARY), vec![CANARY.to_owned()]));
        for _ in 0..2 {
            stage.leads_to(STABLE, &[]).await;
            assert_eq!(
                stage.decided(&["variant", "reason", "bucket", "eligible"]),
                json!(["stable", "DISABLED", null, false])
            );
            assert_eq!(stage.browser.eval(FLAGS).await, json!([[true, null], [false, "TARGETING_KEY_MISSING"]]));
            assert!(stage.events("exposure").is_empty() && stage.requests(CANARY_BUNDLE).is_empty());
            assert_eq!(kept(&stage).await, refused());
        }

        // The negative control, and withdrawn while the canary is on its way: it leaves nothing when it is up.
        answer(&stage, true).await;
        stage.server.on(CANARY_BUNDLE, Reply::sound().hanging());
        stage.open().await;
        until("the canary to be asked for", DEADLINE, || (!stage.requests(CANARY_BUNDLE).is_empty()).then_some(()));
        stage.browser.wait_for("document.documentElement.dataset.canaryVariant").await;
        answer(&stage, false).await;
        stage.server.restore();
        stage.server.release();
        stage.shows(CANARY).await;
        stage.says(&["I801"]).await;
        assert_eq!(kept(&stage).await, refused());
    }
}

pub(crate) async fn row_53_no_consent_leaves_nothing(engine: Engine) {
    let control = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });";
    let required = page().attributes(format!(r#"{PATIENT} data-consent="required""#));
    let stage = FaultStage::new(engine, &page()).await;
    for private in [page().first(control), required] {
        // The negative control.
        stage.set_page(&page());
        stage.fresh("somebody").await;
        stage.leads_to(CANARY, &[]).await;
        stage.browser.wait_for("localStorage.getItem('canary_good')").await;
        // What is there from before goes as well.
        stage.set_page(&private);
        for _ in 0..2 {
            stage.leads_to(STABLE, &[]).await;
            assert_eq!(kept(&stage).await, json!([[], [], []]));
            assert_eq!(stage.decided(&["reason", "bucket", "eligible"]), json!(["DISABLED", null, false]));
            assert_eq!(stage.browser.eval(FLAGS).await, json!([[true, null], [false, "TARGETING_KEY_MISSING"]]));
            assert!(stage.events("exposure").is_empty() && stage.requests(CANARY_BUNDLE).is_empty());
        }
    }
}
