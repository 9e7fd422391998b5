//! A percentage that goes down, or that differs from one pod to the next.

use super::support::{config, page, store};
use canary_e2e::bucket::{User, user_at};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{Plan, Reply};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, STABLE};
use canary_e2e::page_log::{FOLDER, Kind, LogEntry};
use canary_e2e::wait::{DEADLINE, until};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// A user in the canary at 50 % and not at 5 %.
fn in_between() -> User {
    user_at("canary", 30_000)
}

pub(crate) async fn i114_lower_percentage(engine: Engine) {
    let user = in_between();
    for (high, low) in [
        (config("50", r#", "REVISION": 7"#), config("5", r#", "REVISION": 8"#)),
        // A `git revert` has an older revision.
        (config("50", r#", "REVISION": 7"#), config("5", r#", "REVISION": 6"#)),
        (config("50", ""), config("0", "")),
    ] {
        let site = FaultSite::new(engine, &page()).await;
        let serve = |text: &str| assert!(site.files.mount_config(text));
        serve(&high);
        site.set_new_user(&user.id).await;
        site.opens_with(CANARY, &[]).await;

        // The lower percentage takes effect at once.
        serve(&low);
        let off: &[&str] = if low.contains(": 0,") { &["I120"] } else { &[] };
        site.opens_with(STABLE, &[&["I114"], off].concat()).await;
        assert_eq!(site.requests(CANARY_BUNDLE).len(), 0);
        site.opens_with(STABLE, off).await;

        // The hold keeps the user in stable while the percentage goes up again.
        serve(&high);
        site.opens_with(STABLE, &[]).await;
        assert_eq!(site.decided(&["variant", "reason", "eligible"]), json!(["stable", "CACHED", true]));
        let left = site.browser.eval("JSON.parse(localStorage.getItem('canary_memory')).until - Date.now()").await;
        assert!((1..=180_000).contains(&left.as_i64().unwrap()), "{left}");
        // A hold that ends too far in the future is shortened.
        store(&site, "canary_memory", "{ arm: 'stable', until: Date.now() + 1e12 }").await;
        site.opens_with(STABLE, &[]).await;
        let left = site.browser.eval("JSON.parse(localStorage.getItem('canary_memory')).until - Date.now()").await;
        assert!((1..=180_000).contains(&left.as_i64().unwrap()), "{left}");
        // After the hold the higher percentage takes effect.
        store(&site, "canary_memory", "{ arm: 'stable', until: Date.now() - 1 }").await;
        site.opens_with(CANARY, &[]).await;

        // Negative control: without a hold it takes effect at once.
        site.set_page(&page().config(&low).attributes(r#"data-hold="0" data-decision-budget="15000""#));
        site.opens_with(STABLE, &[&["I114"], off].concat()).await;
        serve(&high);
        site.opens_with(CANARY, &[]).await;
    }
}

/// The arms of so many page views, with this pause between them, while two pods have different percentages.
async fn arms(site: &FaultSite, views: usize, pause: Duration) -> Vec<String> {
    let pods = ["5", "50"].map(|percentage| Reply::sound().body(config(percentage, "")));
    site.server.on(CONFIG, Plan::alternating(pods));
    site.set_new_user(&in_between().id).await;
    let mut arms = Vec::new();
    while arms.len() < views {
        site.open().await;
        arms.push(site.decision()["variant"].as_str().unwrap().to_owned());
        let shown = arms.last().unwrap().to_uppercase();
        site.shows(&shown).await;
        tokio::time::sleep(pause).await;
    }
    arms
}

fn changes(arms: &[String]) -> usize {
    arms.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

pub(crate) async fn i114_pods_disagree(engine: Engine) {
    // A hold that lasts longer than the views take on a busy machine.
    let site = FaultSite::new(engine, &page().attributes(r#"data-hold="60" data-decision-budget="15000""#)).await;
    let with = arms(&site, 10, Duration::ZERO).await;
    assert!(with.contains(&"canary".to_owned()) && changes(&with) <= 2, "{with:?}");
    // Negative control: without a hold the arm changes with every view.
    site.set_page(&page().attributes(r#"data-hold="0" data-decision-budget="15000""#));
    let without = arms(&site, 6, Duration::ZERO).await;
    assert_eq!(changes(&without), 5, "{without:?}");
}

pub(crate) async fn i114_pods_disagree_for_150_s(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    let arms = arms(&site, 30, Duration::from_secs(5)).await;
    assert!(arms.contains(&"canary".to_owned()) && changes(&arms) <= 2, "{arms:?}");
}

pub(crate) async fn i120_percentage_0_while_pages_load(engine: Engine) {
    // Six frames, each of which reloads as soon as its bundle runs.
    let again = "if (top !== self) {
        const { log } = e2e;
        e2e.log = (...words) => {
            log(...words);
            if (words[0] === 'ran' && !top.isOver) setTimeout(() => location.reload(), 50 * Math.random());
        };
    }";
    let site = FaultSite::new(engine, &page().config(config("100", r#", "REVISION": 1"#)).first(again)).await;
    site.files.write("view.html", page().html());
    let frames = r#"<iframe src="/view.html"></iframe>"#.repeat(6);
    site.files.write("frames.html", format!("<!doctype html><script src=\"{FOLDER}recorder.js\"></script>{frames}"));
    site.set_new_user("somebody").await;
    site.open_at("/frames.html").await;
    until("some canaries", DEADLINE * 2, || (site.ran().len() > 12).then_some(()));
    assert!(site.ran().iter().all(|arm| arm == CANARY), "{:?}", site.ran());

    site.files.mount_config(&config("0", r#", "REVISION": 2"#));
    let flip = site.page_log().len();
    let of = |entries: &[LogEntry], arm: &str| {
        entries.iter().filter(|entry| entry.kind == Kind::Ran && entry.name == arm).count()
    };
    until("some stable pages", DEADLINE * 2, || (of(&site.page_log(), STABLE) > 24).then_some(()));
    site.browser.eval("globalThis.isOver = true").await;
    let entries = site.page_log();
    let views = |about: &dyn Fn(&LogEntry) -> bool| -> BTreeSet<String> {
        entries.iter().filter(|entry| about(entry)).map(|entry| entry.view.clone()).collect()
    };
    let canaries = views(&|entry| entry.kind == Kind::Ran && entry.name == CANARY);
    let informed = views(&|entry| entry.name == "ready" && entry.detail["revision"] == 2);
    assert!(informed.len() > 20 && canaries.len() > 12, "{} {}", informed.len(), canaries.len());
    assert!(canaries.is_disjoint(&informed));
    // No view that began later has a canary.
    assert!(
        entries[flip..].iter().filter(|entry| entry.kind == Kind::View).all(|entry| !canaries.contains(&entry.view))
    );
    let codes: BTreeSet<_> = site.lines().iter().map(|(_, line)| line[9..13].to_owned()).collect();
    assert_eq!(codes, BTreeSet::from(["I114".to_owned(), "I120".to_owned()]));
    assert_eq!(site.errors(), [""; 0]);
}
