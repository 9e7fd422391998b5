//! Row 46: a visitor that is no person.

use super::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultStage, STABLE};
use canary_e2e::page_log::Kind;
use serde_json::json;

/// What says that it is driven.
fn automation_lines(stage: &FaultStage) -> usize {
    let told = stage.told();
    told.iter()
        .filter(|told| told.kind == Kind::Console && told.text().starts_with("[canary] I415 automation;"))
        .count()
}

pub(crate) async fn row_46_automation_and_crawlers(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    let visit = async |arm: &str, codes: &[&str]| {
        stage.fresh("somebody").await;
        stage.leads_to(arm, codes).await;
        stage.decided(&["variant", "reason", "eligible"])
    };
    // A driver says what it is.
    assert_eq!(visit(CANARY, &[]).await, json!(["canary", "STATIC", false]));
    assert_eq!(automation_lines(&stage), 1);
    stage.set_page(&page().config(config("100", r#", "TELEMETRY": {"countAutomation": true}"#)));
    assert_eq!(visit(CANARY, &[]).await, json!(["canary", "STATIC", true]));
    let person = "Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false });";
    stage.set_page(&page().first(person));
    assert_eq!(visit(CANARY, &[]).await, json!(["canary", "STATIC", true]));
    assert_eq!(automation_lines(&stage), 0);

    for (agent, is_crawler) in [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", true),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", true),
        ("facebookexternalhit/1.1", true),
        ("Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30) Mobile Safari/537.36", false),
    ] {
        let agent =
            format!("{person} Object.defineProperty(Navigator.prototype, 'userAgent', {{ get: () => '{agent}' }});");
        stage.set_page(&page().first(&agent));
        if !is_crawler {
            assert_eq!(visit(CANARY, &[]).await, json!(["canary", "STATIC", true]), "{agent}");
            continue;
        }
        assert_eq!(visit(STABLE, &["I415"]).await, json!(["stable", "DISABLED", false]), "{agent}");
        assert!(stage.events("exposure").is_empty() && stage.requests(CANARY_BUNDLE).is_empty());
        // Nor is an id made.
        stage.forget().await;
        stage.leads_to(STABLE, &["I415"]).await;
        assert_eq!(stage.browser.eval("[document.cookie, localStorage.length]").await, json!(["", 0]));
    }
}
