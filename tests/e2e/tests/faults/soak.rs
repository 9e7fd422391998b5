//! Rows 50 and 55: a page that lives long holds no more than one that has just begun.
//!
//! The rows have a short form; the long one of each is ignored until `make test-long`. All of it is one function, which
//! is given how often. Figures are printed: `-- --nocapture` shows them.

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

canary_e2e::rows! {
    row_50_refreshes: make_test [Chromium];
    row_55_evaluations: make_test [Chromium];
}

/// What is counted in the page, and what drives it there.
const WATCH: &str = include_str!("soak/watch.js");

/// How often the long form refreshes.
const REFRESHES: u32 = 100_000;

/// How often it evaluates.
const EVALUATIONS: u32 = 1_000_000;

/// How many of them one script may run, so that no time limit for scripts is met.
const AT_ONCE: u32 = 20_000;

async fn row_50_refreshes(engine: Engine) {
    let [first, .., last] = refresh(engine, 300, "").await;
    assert_eq!(first.held(), last.held());
    // The negative control: the gate sees a module whose memory is not given back, and a listener too many.
    let [first, .., last] = refresh(engine, 600, "watch.leaks = true;").await;
    assert!(first.pages() < last.pages(), "{first}; {last}");
    let leak = "document.addEventListener('visibilitychange', () => addEventListener('e2e', () => {}));";
    let [first, .., last] = refresh(engine, 300, leak).await;
    assert_ne!(first.held(), last.held());
}

async fn row_55_evaluations(engine: Engine) {
    let [first, .., last] = evaluate(engine, 20_000, "").await;
    assert_eq!(first.held(), last.held());
    let [first, .., last] = evaluate(engine, 20_000, "watch.leaks = true;").await;
    assert!(first.pages() < last.pages(), "{first}; {last}");
}

#[tokio::test]
#[ignore = "long: make test-long"]
async fn a_hundred_thousand_refreshes_in_chromium() {
    refreshes_leave_nothing(Engine::Chromium, REFRESHES).await;
}

#[tokio::test]
#[ignore = "long: make test-long"]
async fn ten_thousand_refreshes_in_firefox() {
    refreshes_leave_nothing(Engine::Firefox, REFRESHES / 10).await;
}

#[tokio::test]
#[ignore = "long: make test-long"]
async fn ten_thousand_refreshes_in_webkit() {
    refreshes_leave_nothing(Engine::WebKit, REFRESHES / 10).await;
}

#[tokio::test]
#[ignore = "long: make test-long"]
async fn a_million_evaluations_in_chromium() {
    evaluations_leave_nothing(Engine::Chromium).await;
}

#[tokio::test]
#[ignore = "long: make test-long"]
async fn a_million_evaluations_in_firefox() {
    evaluations_leave_nothing(Engine::Firefox).await;
}

#[tokio::test]
#[ignore = "long: make test-long"]
async fn a_million_evaluations_in_webkit() {
    evaluations_leave_nothing(Engine::WebKit).await;
}

async fn refreshes_leave_nothing(engine: Engine, count: u32) {
    let [first, .., last] = refresh(engine, count, "").await;
    assert_eq!(first.held(), last.held());
}

async fn evaluations_leave_nothing(engine: Engine) {
    let [first, .., last] = evaluate(engine, EVALUATIONS, "").await;
    assert_eq!(first.held(), last.held());
}

/// So many refreshes of one page, each by a request of its own and with another config than the one before; what the
/// page held after the first hundredth, at each quarter and at the end.
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

/// So many reads of a flag, and as many evaluations by the module for users of whom each is another.
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
    // It is a flag for one in two, so these were evaluations.
    let share = f64::from(u32::try_from(is_in).unwrap()) / f64::from(count);
    assert!((0.48..0.52).contains(&share), "{share}");
    site.says(&[]).await;
    assert_eq!(site.errors(), [""; 0]);
    figures.try_into().unwrap()
}

/// After the first hundredth, at each quarter, at the end.
fn points(count: u32) -> [u32; 5] {
    [count / 100, count / 4, count / 2, count / 4 * 3, count]
}

/// A page at rest, whose config is another one at each request. Its user has stable, so nothing waits for a crash.
async fn site(engine: Engine, script: &str) -> FaultSite {
    let config = |alternating: bool| {
        let rules = json!([{ "if": { "plan": { "$in": ["pro", "team"] } }, "serve": true }]);
        let flags = json!({ "alternating": alternating, "half": { "percentage": 50, "rules": rules } });
        json!({ "CANARY_PERCENTAGE": 5, "SALT": "s", "FEATURE_FLAGS": flags }).to_string()
    };
    let page =
        Page::new().attributes(r#"data-decision-budget="15000" data-refresh="86400""#).first([WATCH, script].concat());
    let site = FaultSite::new(engine, &page).await;
    // What the page tells of its events would be a request for each refresh.
    site.files.write("/.e2e/listen.js", "");
    site.server.on(CONFIG, Plan::alternating([true, false].map(|value| Reply::sound().body(config(value)))));
    site.set_user(&user_at("s", 90_000).id).await;
    site.open().await;
    site.shows(STABLE).await;
    site.browser.wait_for("watch.rests()").await;
    site
}

/// What a page holds at one time.
#[derive(Debug)]
struct Figures {
    page: Value,
    /// Bytes of JavaScript objects that are in use, where the engine tells.
    heap: Option<f64>,
    /// Listeners as the engine counts them.
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

/// The list in the documentation is complete and true, and `stop` ends all of it.
#[tokio::test]
async fn what_listens_after_up_is_documented_and_ends_with_stop() {
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

/// A page that stops as soon as it is up: what listens for ten seconds goes as well.
#[tokio::test]
async fn stop_ends_what_has_time_left() {
    let site = FaultSite::new(Engine::Chromium, &Page::new().attributes(r#"data-refresh="3600""#).first(WATCH)).await;
    site.set_user("somebody").await;
    site.open().await;
    site.shows(CANARY).await;
    site.browser.wait_for("watch.measure().listeners['window vite:preloadError']").await;
    site.browser.eval("globalThis[Symbol.for('canary-runtime')].stop()").await;
    let stopped = site.browser.eval("watch.measure()").await;
    assert_eq!((&stopped["listeners"], &stopped["intervals"]), (&json!({}), &json!(0)));
}

/// The table of `docs/page.md`: a target and a type, and until when.
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
