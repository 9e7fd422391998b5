//! Memory, listeners and timers of a page that lives long, which must not grow.
//!
//! `-- --nocapture` shows the figures.

use canary_e2e::bucket::user_at;
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{Plan, Reply};
use canary_e2e::fault_site::{CANARY, CONFIG, FaultSite, Page, STABLE};
use canary_e2e::files::{read, repo};
use canary_e2e::wait::DEADLINE;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

canary_e2e::fault_tests! {
    refreshes_leak_nothing: test [chromium] long [firefox webkit];
    evaluations_leak_nothing: test [chromium] long [firefox webkit];
    a_hundred_thousand_refreshes_leak_nothing: long [chromium firefox webkit];
    a_million_evaluations_leak_nothing: long [chromium firefox webkit];
}

/// Counts what the page holds, and runs refreshes and evaluations there.
const WATCH: &str = include_str!("soak/watch.js");

/// The number of evaluations in one script, which has a time limit.
const AT_ONCE: u32 = 20_000;

async fn refreshes_leak_nothing(engine: Engine) {
    let [first, .., last] = refresh(engine, 200, "").await;
    assert_eq!(first.held(), last.held());
    // Negative controls: a module whose memory is never freed, and a listener that is never removed.
    let [first, .., last] = refresh(engine, 500, "watch.leaks = true;").await;
    assert!(first.pages() < last.pages(), "{first}; {last}");
    let leak = "document.addEventListener('visibilitychange', () => addEventListener('e2e', () => {}));";
    let [first, .., last] = refresh(engine, 200, leak).await;
    assert_ne!(first.held(), last.held());
}

async fn evaluations_leak_nothing(engine: Engine) {
    let [first, .., last] = evaluate(engine, 20_000, "").await;
    assert_eq!(first.held(), last.held());
    let [first, .., last] = evaluate(engine, 20_000, "watch.leaks = true;").await;
    assert!(first.pages() < last.pages(), "{first}; {last}");
}

async fn a_hundred_thousand_refreshes_leak_nothing(engine: Engine) {
    // The other engines take ten times as long.
    let count = if engine == Engine::Chromium { 100_000 } else { 10_000 };
    let [first, .., last] = refresh(engine, count, "").await;
    assert_eq!(first.held(), last.held());
}

async fn a_million_evaluations_leak_nothing(engine: Engine) {
    let [first, .., last] = evaluate(engine, 1_000_000, "").await;
    assert_eq!(first.held(), last.held());
}

/// What the page holds after a hundredth of `count` refreshes, at each quarter and at the end. Each refresh has a request
/// of its own and a config that differs from the one before.
async fn refresh(engine: Engine, count: u32, script: &str) -> [Figures; 5] {
    let site = site(engine, script).await;
    let browser = &site.browser;
    browser.eval("watch.begin()").await;
    let mut log = Log::new(engine, "refreshes");
    let mut figures = Vec::new();
    for goal in points(count) {
        browser.eval(&format!("void watch.refresh({goal})")).await;
        let (mut done, mut since) = (0, Instant::now());
        while done < u64::from(goal) {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let now = browser.eval("watch.refreshed").await.as_u64().unwrap();
            assert!(
                now > done || since.elapsed() < DEADLINE,
                "after {done} refreshes there is no other: {:?}",
                site.page_log()
            );
            if now > done {
                (done, since) = (now, Instant::now());
            }
        }
        figures.push(log.add(goal, measure(&site).await));
    }
    let asked = site.requests(CONFIG).len();
    assert_eq!(asked, usize::try_from(count).unwrap() + 1, "each is a request, and the boot had one");
    site.says(&[]).await;
    assert_eq!(site.errors(), [""; 0]);
    figures.try_into().unwrap()
}

/// The same for `count` reads of a flag, and as many evaluations by the module for different users.
async fn evaluate(engine: Engine, count: u32, script: &str) -> [Figures; 5] {
    let site = site(engine, script).await;
    let mut log = Log::new(engine, "evaluations");
    let (mut done, mut is_in) = (0, 0);
    let mut figures = Vec::new();
    for goal in points(count) {
        while done < goal {
            let number = AT_ONCE.min(goal - done);
            is_in += site.browser.eval(&format!("watch.evaluate({done}, {number})")).await.as_u64().unwrap();
            done += number;
        }
        figures.push(log.add(goal, measure(&site).await));
    }
    // Half of the users have the flag, so the module did evaluate.
    let share = f64::from(u32::try_from(is_in).unwrap()) / f64::from(count);
    assert!((0.48..0.52).contains(&share), "{share}");
    site.says(&[]).await;
    assert_eq!(site.errors(), [""; 0]);
    figures.try_into().unwrap()
}

/// The counts at which a page is measured.
fn points(count: u32) -> [u32; 5] {
    [count / 100, count / 4, count / 2, count / 4 * 3, count]
}

/// A page without timers, whose config changes at each request. Its user has stable, so no watch for a blank screen runs.
async fn site(engine: Engine, script: &str) -> FaultSite {
    let config = |alternating: bool| {
        let rules = json!([{ "if": { "plan": { "$in": ["pro", "team"] } }, "serve": true }]);
        let flags = json!({ "alternating": alternating, "half": { "percentage": 50, "rules": rules } });
        json!({ "CANARY_PERCENTAGE": 5, "SALT": "s", "FEATURE_FLAGS": flags }).to_string()
    };
    let page =
        Page::new().attributes(r#"data-decision-budget="15000" data-refresh="86400""#).first([WATCH, script].concat());
    let site = FaultSite::new(engine, &page).await;
    // The page must not log its events, which would be a request for each refresh.
    site.files.write("/.e2e/listen.js", "");
    site.server.on(CONFIG, Plan::alternating([true, false].map(|value| Reply::sound().body(config(value)))));
    site.set_user(&user_at("s", 90_000).id).await;
    site.open().await;
    site.shows(STABLE).await;
    site.browser.wait_for("watch.rests()").await;
    site
}

/// What a page holds.
#[derive(Debug)]
struct Figures {
    page: Value,
    /// Bytes of JavaScript objects in use, in Chromium.
    heap: Option<f64>,
    /// Listeners as the engine counts them, in Chromium.
    engine_listeners: Option<f64>,
}

impl Figures {
    /// What must never grow: memories, listeners, timers and elements.
    fn held(&self) -> &Value {
        &self.page
    }

    /// Pages of 64 KiB in all memories.
    fn pages(&self) -> u64 {
        self.page["pages"].as_array().into_iter().flatten().filter_map(Value::as_u64).sum()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listeners: u64 = self.page["listeners"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        let [pages, elements] = ["pages", "elements"].map(|name| &self.page[name]);
        write!(f, "wasm pages {pages}, listeners {listeners}, elements {elements}")?;
        if let (Some(heap), Some(all)) = (self.heap, self.engine_listeners) {
            write!(f, ", {all} listeners by the engine, JS heap {:.2} MB", heap / 1e6)?;
        }
        Ok(())
    }
}

async fn measure(site: &FaultSite) -> Figures {
    let (mut heap, mut engine_listeners) = (None, None);
    if site.browser.engine() == Engine::Chromium {
        site.browser.cdp("Performance.enable", json!({})).await;
        site.browser.cdp("HeapProfiler.collectGarbage", json!({})).await;
        let answer = site.browser.cdp("Performance.getMetrics", json!({})).await;
        let metrics = answer["metrics"].as_array().unwrap();
        let metric = |name: &str| metrics.iter().find(|metric| metric["name"] == name)?["value"].as_f64();
        (heap, engine_listeners) = (metric("JSHeapUsedSize"), metric("JSEventListeners"));
    }
    Figures { page: site.browser.eval("watch.measure()").await, heap, engine_listeners }
}

/// Prints the figures as they come.
struct Log {
    title: String,
    begin: Instant,
}

impl Log {
    fn new(engine: Engine, what: &str) -> Self {
        Self { title: format!("{engine}, {what}"), begin: Instant::now() }
    }

    fn add(&mut self, count: u32, figures: Figures) -> Figures {
        println!("{} {count}: {figures}; {:.1} s", self.title, self.begin.elapsed().as_secs_f64());
        figures
    }
}

/// The list of listeners in the documentation is complete, and `stop` removes them all.
#[tokio::test]
async fn listeners_are_documented_and_removed_by_stop() {
    let attributes = r#"data-decision-budget="15000" data-refresh="3600""#;
    let site = FaultSite::new(Engine::Chromium, &Page::new().attributes(attributes).first(WATCH)).await;
    site.set_user("somebody").await;
    site.open().await;
    site.shows(CANARY).await;
    let documented = documented();
    let listeners = |figures: &Value| -> BTreeMap<String, u64> {
        figures["listeners"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, count)| (name.clone(), count.as_u64().unwrap()))
            .collect()
    };
    let count = |forever_alone: bool| {
        let mut counts = BTreeMap::new();
        for (name, until) in documented.iter().filter(|(_, until)| !forever_alone || !until.contains("10 s")) {
            assert!(!until.is_empty(), "{name}");
            *counts.entry(name.clone()).or_insert(0) += 1;
        }
        counts
    };
    let up = site.browser.wait_for("watch.measure().listeners['window vite:preloadError'] && watch.measure()").await;
    assert_eq!(listeners(&up), count(false));
    site.browser.wait_for("watch.rests()").await;
    let rest = site.browser.eval("watch.measure()").await;
    assert_eq!((listeners(&rest), &rest["intervals"]), (count(true), &json!(1)));

    site.browser.eval("globalThis[Symbol.for('canary-runtime')].stop()").await;
    let stopped = site.browser.eval("watch.measure()").await;
    assert_eq!(
        (&stopped["listeners"], &stopped["intervals"], &stopped["timeouts"]),
        (&json!({}), &json!(0), &json!(0))
    );
}

/// `stop` also removes the listeners that end ten seconds after the start.
#[tokio::test]
async fn stop_removes_temporary_listeners() {
    let site = FaultSite::new(Engine::Chromium, &Page::new().attributes(r#"data-refresh="3600""#).first(WATCH)).await;
    site.set_user("somebody").await;
    site.open().await;
    site.shows(CANARY).await;
    site.browser.wait_for("watch.measure().listeners['window vite:preloadError']").await;
    site.browser.eval("globalThis[Symbol.for('canary-runtime')].stop()").await;
    let stopped = site.browser.eval("watch.measure()").await;
    assert_eq!((&stopped["listeners"], &stopped["intervals"]), (&json!({}), &json!(0)));
}

/// The rows of the table in `docs/page.md`: target and type, and until when.
fn documented() -> Vec<(String, String)> {
    let text = read(&repo("docs/page.md"));
    let (_, rest) = text.split_once("## What keeps listening\n").unwrap();
    let section = rest.split("\n## ").next().unwrap();
    let mut all = Vec::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let target = cells[1].trim_matches('`');
        let types = cells[2].split(", ").map(|name| name.trim_matches('`'));
        all.extend(types.map(|name| (format!("{target} {name}"), cells[3].to_owned())));
    }
    all
}
