//! Automated browsers and known crawlers.

use super::support::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultSite, STABLE};
use canary_e2e::page_log::Kind;
use serde_json::json;

/// The number of lines that say that the browser is automated.
fn automation_lines(site: &FaultSite) -> usize {
    let entries = site.page_log();
    entries
        .iter()
        .filter(|entry| entry.kind == Kind::Console && entry.text().starts_with("[canary] I415 automation;"))
        .count()
}

pub(crate) async fn i415_automation_and_crawlers(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    let visit = async |arm: &str, codes: &[&str]| {
        site.set_new_user("somebody").await;
        site.opens_with(arm, codes).await;
        site.decided(&["variant", "reason", "eligible"])
    };
    // The driver sets `navigator.webdriver`.
    assert_eq!(visit(CANARY, &[]).await, json!(["canary", "STATIC", false]));
    assert_eq!(automation_lines(&site), 1);
    site.set_page(&page().config(config("100", r#", "TELEMETRY": {"countAutomation": true, "sampleRate": 0}"#)));
    assert_eq!(visit(CANARY, &[]).await, json!(["canary", "STATIC", true]));
    let person = "Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false });";
    site.set_page(&page().first(person));
    assert_eq!(visit(CANARY, &[]).await, json!(["canary", "STATIC", true]));
    assert_eq!(automation_lines(&site), 0);

    for (agent, is_crawler) in [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", true),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", true),
        ("facebookexternalhit/1.1", true),
        ("Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30) Mobile Safari/537.36", false),
    ] {
        let agent =
            format!("{person} Object.defineProperty(Navigator.prototype, 'userAgent', {{ get: () => '{agent}' }});");
        site.set_page(&page().first(&agent));
        if !is_crawler {
            assert_eq!(visit(CANARY, &[]).await, json!(["canary", "STATIC", true]), "{agent}");
            continue;
        }
        assert_eq!(visit(STABLE, &["I415"]).await, json!(["stable", "DISABLED", false]), "{agent}");
        assert!(site.events("exposure").is_empty() && site.requests(CANARY_BUNDLE).is_empty());
        // No id is made.
        site.clear_data().await;
        site.opens_with(STABLE, &["I415"]).await;
        assert_eq!(site.browser.eval("[document.cookie, localStorage.length]").await, json!(["", 0]));
    }
}
