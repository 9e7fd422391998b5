//! Rows 1 to 4 and 17 with a last good config, 15, 16, 19 and 26 to 32: what a browser remembers, and what where it cannot.

use canary_e2e::bucket::{User, user_at};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{Plan, Reply};
use canary_e2e::fault_stage::{CANARY, CANARY_BUNDLE, CONFIG, FaultStage, Page, STABLE};
use canary_e2e::told::{FOLDER, Kind, Told};
use canary_e2e::wait::{DEADLINE, until, until_async};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

canary_e2e::rows! {
    row_01_last_good_config: make_test [Chromium, Firefox, WebKit];
    row_02_last_good_config: make_test [Chromium];
    row_03_last_good_config: make_test [Chromium, WebKit];
    row_04_last_good_config: make_test [Chromium];
    row_17_last_good_config: make_test [Chromium];
    row_01_last_good_is_what_was_healthy: make_test [Chromium, Firefox];
    row_15_a_lower_percentage: make_test [Chromium, Firefox, WebKit];
    row_16_pods_that_disagree: make_test [Chromium, WebKit];
    row_19_percentage_0_while_pages_load: make_test [Chromium, Firefox];
    row_26_storage_blocked: make_test [Chromium, Firefox, WebKit];
    row_27_quota_exceeded: make_test [Chromium, WebKit];
    row_28_stored_values_corrupt: make_test [Chromium, Firefox];
    row_29_last_good_traps: make_test [Chromium, WebKit];
    row_30_storage_cleared: make_test [Chromium, Firefox];
    row_31_twenty_tabs_at_once: make_test [Chromium, Firefox];
    row_32_script_included_twice: make_test [Chromium, Firefox, WebKit];
}

const RUNTIME: &str = "globalThis[Symbol.for('canary-runtime')]";

const MINUTE: i64 = 60_000;

/// A budget that is enough on a busy machine, so that no fault is taken for another.
fn page() -> Page {
    Page::new().config(config("100", "")).attributes(PATIENT)
}

const PATIENT: &str = r#"data-decision-budget="15000""#;

fn config(percentage: &str, more: &str) -> String {
    let fixed = r#""FEATURE_FLAGS": {"on": true}, "TELEMETRY": {"countAutomation": true}"#;
    format!(r#"{{"CANARY_PERCENTAGE": {percentage}, {fixed}{more}}}"#)
}

/// Somebody whom 50 % take in, and 5 % do not.
fn in_between() -> User {
    user_at("canary", 30_000)
}

/// Makes the browser one that has never been here, of this user.
async fn fresh(stage: &FaultStage, id: &str) {
    stage.forget().await;
    stage.be(id).await;
}

/// Loads the page and sees one arm, with these lines on the console.
async fn leads_to(stage: &FaultStage, arm: &str, codes: &[&str]) {
    stage.open().await;
    stage.shows(arm).await;
    stage.says(codes).await;
    assert_eq!((stage.ran(), stage.views(), stage.errors()), (vec![arm.to_owned()], 1, Vec::new()));
    assert_eq!(stage.events("ready").len(), 1);
}

/// The present decision's members, as one value.
fn decided(stage: &FaultStage, names: &[&str]) -> Value {
    let decision = stage.decision();
    names.iter().map(|name| decision[*name].clone()).collect()
}

/// What this browser remembers under a name, from a page of the site.
async fn stored(stage: &FaultStage, key: &str) -> Value {
    stage.browser.eval(&format!("JSON.parse(localStorage.getItem('{key}'))")).await
}

/// Remembers something there, from a page of the site.
async fn store(stage: &FaultStage, key: &str, value: &str) {
    stage.browser.eval(&format!("void localStorage.setItem('{key}', JSON.stringify({value}))")).await;
}

/// Waits until the page has kept its config, as it does when its bundle is up.
async fn keeps(stage: &FaultStage) {
    stage.browser.wait_for("localStorage.getItem('canary_good')").await;
}

/// Makes what the browser remembers of a good config so much older.
async fn age(stage: &FaultStage, ms: i64) {
    let key = "canary_good";
    let older =
        format!("(({{ at, ...rest }}) => ({{ at: at - {ms}, ...rest }}))(JSON.parse(localStorage.getItem('{key}')))");
    store(stage, key, &older).await;
}

async fn flag(stage: &FaultStage) -> Value {
    stage.browser.eval(&format!("{RUNTIME}.getBooleanValue('on', false)")).await
}

/// With a last good config the fault changes neither arm nor flags for 10 minutes, and no flags for a day. The arm does
/// not become the canary where it was not.
async fn last_good_config_stands_in(stage: &FaultStage, code: &str, fault: impl Fn() -> Reply) {
    let begin = async || {
        stage.server.restore();
        fresh(stage, "somebody").await;
        leads_to(stage, CANARY, &[]).await;
        keeps(stage).await;
        stage.server.on(CONFIG, fault());
    };
    let members = ["variant", "reason", "errorCode", "eligible"];
    begin().await;
    leads_to(stage, CANARY, &[code]).await;
    assert!(stage.lines()[0].1.ends_with("; the last good config holds"), "{:?}", stage.lines());
    assert_eq!(decided(stage, &members), json!(["canary", "STALE", null, false]));
    assert_eq!((flag(stage).await, stage.events("error").len()), (json!(true), 1));

    // It does not get younger by that.
    age(stage, 9 * MINUTE).await;
    leads_to(stage, CANARY, &[code]).await;
    age(stage, MINUTE).await;
    leads_to(stage, STABLE, &[code]).await;
    assert_eq!(decided(stage, &members), json!(["stable", "ERROR", "GENERAL", false]));
    assert_eq!((flag(stage).await, stage.requests(CANARY_BUNDLE).len()), (json!(true), 0));
    age(stage, (23 * 60 + 45) * MINUTE).await;
    leads_to(stage, STABLE, &[code]).await;
    assert_eq!(flag(stage).await, true);
    age(stage, 10 * MINUTE).await;
    leads_to(stage, STABLE, &[code]).await;
    assert_eq!((flag(stage).await, decided(stage, &["reason"])), (json!(false), json!(["ERROR"])));

    begin().await;
    store(stage, "canary_memory", "{ arm: 'stable' }").await;
    leads_to(stage, STABLE, &[code]).await;
    assert_eq!(decided(stage, &members), json!(["stable", "STALE", null, false]));
    assert_eq!((flag(stage).await, stage.requests(CANARY_BUNDLE).len()), (json!(true), 0));
    // Nor where it came from nowhere.
    stage.browser.eval("void localStorage.removeItem('canary_memory')").await;
    leads_to(stage, STABLE, &[code]).await;

    // One from the future is none.
    begin().await;
    age(stage, -MINUTE).await;
    leads_to(stage, STABLE, &[code]).await;
    assert_eq!(flag(stage).await, false);
}

async fn row_01_last_good_config(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    last_good_config_stands_in(&stage, "E101", || Reply::sound().status(500)).await;
}

async fn row_02_last_good_config(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    last_good_config_stands_in(&stage, "E102", || Reply::sound().reset()).await;
}

/// A budget for which the module and the parts beside it are there on a busy machine.
fn short_of_patience() -> Page {
    page().attributes(r#"data-decision-budget="4000""#)
}

async fn row_03_last_good_config(engine: Engine) {
    let stage = FaultStage::new(engine, &short_of_patience()).await;
    last_good_config_stands_in(&stage, "E103", || Reply::sound().hanging()).await;
}

async fn row_04_last_good_config(engine: Engine) {
    let stage = FaultStage::new(engine, &short_of_patience()).await;
    last_good_config_stands_in(&stage, "E103", || Reply::sound().trickling(1, Duration::from_secs(1))).await;
}

async fn row_17_last_good_config(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    let expired = config("100", r#", "EXPIRES_AT": "2020-01-01T00:00:00Z""#);
    last_good_config_stands_in(&stage, "E115", || Reply::sound().body(&expired)).await;

    // The last good one expires as well.
    fresh(&stage, "somebody").await;
    store(&stage, "canary_memory", "{ arm: 'canary' }").await;
    let text = serde_json::to_string(&expired).unwrap();
    let record = |now: &str| format!("{{ at: Date.now() - {MINUTE}, now: {now}, text: {text} }}");
    store(&stage, "canary_good", &record("Date.parse('2019-12-31T23:58:00Z')")).await;
    leads_to(&stage, CANARY, &["E115"]).await;
    store(&stage, "canary_good", &record("Date.parse('2019-12-31T23:59:30Z')")).await;
    leads_to(&stage, STABLE, &["E115"]).await;
    assert_eq!(stored(&stage, "canary_good").await, Value::Null);
}

async fn row_01_last_good_is_what_was_healthy(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    let visit = async |arm: &str, codes: &[&str]| {
        fresh(&stage, "somebody").await;
        leads_to(&stage, arm, codes).await;
        stage.settle().await;
        let kept = stored(&stage, "canary_good").await;
        kept["text"].as_str().map(str::to_owned)
    };
    let whole = config("100", "");
    let filled = |size: usize| whole.clone() + &" ".repeat(size - whole.len());
    for size in [whole.len(), 65_536] {
        stage.set_page(&page().config(filled(size)));
        fresh(&stage, "somebody").await;
        leads_to(&stage, CANARY, &[]).await;
        keeps(&stage).await;
        assert_eq!(stored(&stage, "canary_good").await["text"], filled(size));
    }
    stage.set_page(&page().config(filled(65_537)));
    assert_eq!(visit(CANARY, &[]).await, None);
    // One whose canary failed, although stable came up.
    stage.set_page(&page().config(&whole));
    stage.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    assert_eq!(visit(STABLE, &["E401"]).await, None);
    // One that was refused.
    stage.server.restore();
    stage.server.on(CONFIG, Reply::sound().body(&whole[..whole.len() - 1]));
    assert_eq!(visit(STABLE, &["E105"]).await, None);
    // And one that nobody may keep.
    stage.server.restore();
    stage.set_page(&page().config(&whole).attributes(r#"data-consent="required" data-decision-budget="15000""#));
    assert_eq!(visit(STABLE, &[]).await, None);
}

async fn row_15_a_lower_percentage(engine: Engine) {
    let user = in_between();
    for (high, low) in [
        (config("50", r#", "REVISION": 7"#), config("5", r#", "REVISION": 8"#)),
        // A `git revert` has the label of before.
        (config("50", r#", "REVISION": 7"#), config("5", r#", "REVISION": 6"#)),
        (config("50", ""), config("0", "")),
    ] {
        let stage = FaultStage::new(engine, &page()).await;
        let serve = |text: &str| assert!(stage.site.mount_config(text));
        serve(&high);
        fresh(&stage, &user.id).await;
        leads_to(&stage, CANARY, &[]).await;

        // Taken at once.
        serve(&low);
        let off: &[&str] = if low.contains(": 0,") { &["I120"] } else { &[] };
        leads_to(&stage, STABLE, &[&["I114"], off].concat()).await;
        assert_eq!(stage.requests(CANARY_BUNDLE).len(), 0);
        leads_to(&stage, STABLE, off).await;

        // Then a hold, which no rise ends.
        serve(&high);
        leads_to(&stage, STABLE, &[]).await;
        assert_eq!(decided(&stage, &["variant", "reason", "eligible"]), json!(["stable", "CACHED", true]));
        let left = stage.browser.eval("JSON.parse(localStorage.getItem('canary_memory')).until - Date.now()").await;
        assert!((1..=180_000).contains(&left.as_i64().unwrap()), "{left}");
        // It is no longer than it can be, whatever the clock was when it began.
        store(&stage, "canary_memory", "{ arm: 'stable', until: Date.now() + 1e12 }").await;
        leads_to(&stage, STABLE, &[]).await;
        let left = stage.browser.eval("JSON.parse(localStorage.getItem('canary_memory')).until - Date.now()").await;
        assert!((1..=180_000).contains(&left.as_i64().unwrap()), "{left}");
        // When it is over, the rise takes effect.
        store(&stage, "canary_memory", "{ arm: 'stable', until: Date.now() - 1 }").await;
        leads_to(&stage, CANARY, &[]).await;

        // Without a hold it would have at once.
        stage.set_page(&page().config(&low).attributes(r#"data-hold="0" data-decision-budget="15000""#));
        leads_to(&stage, STABLE, &[&["I114"], off].concat()).await;
        serve(&high);
        leads_to(&stage, CANARY, &[]).await;
    }
}

/// The arms that a browser gets, one view after the other, while pods disagree for so long.
async fn arms(stage: &FaultStage, spread: Duration, at_least: usize) -> Vec<String> {
    let pods = ["5", "50"].map(|percentage| Reply::sound().body(config(percentage, "")));
    stage.server.on(CONFIG, Plan::alternating(pods));
    fresh(stage, &in_between().id).await;
    let start = Instant::now();
    let mut arms = Vec::new();
    while start.elapsed() < spread || arms.len() < at_least {
        stage.open().await;
        arms.push(stage.decision()["variant"].as_str().unwrap().to_owned());
        let shown = arms.last().unwrap().to_uppercase();
        stage.shows(&shown).await;
    }
    arms
}

fn changes(arms: &[String]) -> usize {
    arms.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

async fn row_16_pods_that_disagree(engine: Engine) {
    // What takes 150 s behind a hold of 180 s, in 12 s behind one that is longer than a busy machine needs.
    let stage = FaultStage::new(engine, &page().attributes(r#"data-hold="60" data-decision-budget="15000""#)).await;
    let with = arms(&stage, Duration::from_secs(12), 8).await;
    assert!(with.contains(&"canary".to_owned()) && changes(&with) <= 2, "{with:?}");
    // The negative control: without the hold each view has another arm.
    stage.set_page(&page().attributes(r#"data-hold="0" data-decision-budget="15000""#));
    let without = arms(&stage, Duration::ZERO, 6).await;
    assert_eq!(changes(&without), 5, "{without:?}");
}

async fn row_19_percentage_0_while_pages_load(engine: Engine) {
    // Six frames, each of which is a page view after the other: as soon as its bundle runs, it loads again.
    let again = "if (top !== self) {
        const { tell } = e2e;
        e2e.tell = (...words) => {
            tell(...words);
            if (words[0] === 'ran' && !top.isOver) setTimeout(() => location.reload(), 50 * Math.random());
        };
    }";
    let stage = FaultStage::new(engine, &page().config(config("100", r#", "REVISION": 1"#)).first(again)).await;
    stage.site.write("view.html", page().html());
    let frames = r#"<iframe src="/view.html"></iframe>"#.repeat(6);
    stage.site.write("frames.html", format!("<!doctype html><script src=\"{FOLDER}recorder.js\"></script>{frames}"));
    fresh(&stage, "somebody").await;
    stage.open_at("/frames.html").await;
    until("some canaries", DEADLINE * 2, || (stage.ran().len() > 12).then_some(()));
    assert!(stage.ran().iter().all(|arm| arm == CANARY), "{:?}", stage.ran());

    stage.site.mount_config(&config("0", r#", "REVISION": 2"#));
    let flip = stage.told().len();
    let of = |told: &[Told], arm: &str| told.iter().filter(|told| told.kind == Kind::Ran && told.name == arm).count();
    until("some stable pages", DEADLINE * 2, || (of(&stage.told(), STABLE) > 24).then_some(()));
    stage.browser.eval("globalThis.isOver = true").await;
    let told = stage.told();
    let views = |about: &dyn Fn(&Told) -> bool| -> BTreeSet<String> {
        told.iter().filter(|told| about(told)).map(|told| told.view.clone()).collect()
    };
    let canaries = views(&|told| told.kind == Kind::Ran && told.name == CANARY);
    let informed = views(&|told| told.name == "ready" && told.detail["revision"] == 2);
    assert!(informed.len() > 20 && canaries.len() > 12, "{} {}", informed.len(), canaries.len());
    assert!(canaries.is_disjoint(&informed));
    // Nor does any view that began later.
    assert!(told[flip..].iter().filter(|told| told.kind == Kind::View).all(|told| !canaries.contains(&told.view)));
    let codes: BTreeSet<_> = stage.lines().iter().map(|(_, line)| line[9..13].to_owned()).collect();
    assert_eq!(codes, BTreeSet::from(["I114".to_owned(), "I120".to_owned()]));
    assert_eq!(stage.errors(), [""; 0]);
}

async fn row_26_storage_blocked(engine: Engine) {
    let blocked = async |stage: &FaultStage| {
        for _ in 0..2 {
            leads_to(stage, STABLE, &["E301"]).await;
            assert!(stage.lines()[0].1.ends_with("; stable loads"), "{:?}", stage.lines());
            assert_eq!(decided(stage, &["reason", "bucket", "eligible"]), json!(["DISABLED", null, false]));
            assert_eq!((flag(stage).await, stage.requests(CANARY_BUNDLE).len()), (json!(true), 0));
            assert!(stage.events("exposure").is_empty());
        }
    };
    let stage = FaultStage::new(engine, &page()).await;
    fresh(&stage, "somebody").await;
    leads_to(&stage, CANARY, &[]).await;
    assert_eq!(decided(&stage, &["eligible"]), json!([true]));
    stage.set_page(&page().first(
        "Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} });
        for (const name of ['localStorage', 'sessionStorage']) {
            Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } });
        }",
    ));
    blocked(&stage).await;

    // A browser's own way: a page of no origin, where the getters of both throw.
    stage.set_page(&page());
    for path in ["/runtime/*", "/config/*", "/stable/*", "/canary/*", "/.e2e/*"] {
        stage.server.on(path, Reply::sound().header("Access-Control-Allow-Origin", "*"));
    }
    fresh(&stage, "somebody").await;
    leads_to(&stage, CANARY, &[]).await;
    stage.server.on("/", Reply::sound().header("Content-Security-Policy", "sandbox allow-scripts"));
    blocked(&stage).await;
}

/// Leaves no room in localStorage.
const FILL: &str = "{
    let count = 0;
    for (let piece = 'x'.repeat(1 << 22); piece; ) {
        try {
            localStorage.setItem(`fill${count++}`, piece);
        } catch {
            piece = piece.slice(piece.length / 2 + 0.5);
        }
    }
}";

async fn row_27_quota_exceeded(engine: Engine) {
    let stage = FaultStage::new(engine, &page().first(FILL)).await;
    fresh(&stage, "somebody").await;
    for _ in 0..2 {
        leads_to(&stage, CANARY, &["E302"]).await;
        assert!(stage.lines()[0].1.ends_with("; this page goes on"), "{:?}", stage.lines());
        assert_eq!(decided(&stage, &["variant", "eligible"]), json!(["canary", true]));
        assert_eq!(stage.events("exposure").len(), 1);
        let left = "[document.cookie, Object.keys(localStorage).filter((key) => !key.startsWith('fill'))]";
        assert_eq!(stage.browser.eval(left).await, json!(["canary_id=somebody", []]));
    }
    // The negative control: with room there all is kept.
    stage.set_page(&page());
    fresh(&stage, "somebody").await;
    leads_to(&stage, CANARY, &[]).await;
    keeps(&stage).await;
}

/// Ids as they are stored: the cookie's and that of localStorage.
async fn ids(stage: &FaultStage) -> [String; 2] {
    let both = "[/canary_id=([^;]*)/.exec(document.cookie)?.[1], localStorage.getItem('canary_id')]";
    let found = stage.browser.eval(both).await;
    [0, 1].map(|home| found[home].as_str().unwrap_or_default().to_owned())
}

fn is_new_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

async fn row_28_stored_values_corrupt(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    // What is sound is taken without a word.
    fresh(&stage, "somebody").await;
    for _ in 0..2 {
        leads_to(&stage, CANARY, &[]).await;
    }
    assert_eq!(ids(&stage).await, ["somebody", "somebody"]);

    // 4 MB of it: browsers take no 10.
    for id in ["'x'.repeat(4e6)", "'<script>'", "'a b'", "'\u{0}'"] {
        stage.forget().await;
        stage.browser.eval(&format!("void localStorage.setItem('canary_id', {id})")).await;
        leads_to(&stage, CANARY, &["E303"]).await;
        let [cookie, copy] = ids(&stage).await;
        assert!(is_new_id(&cookie) && cookie == copy, "{id}: {cookie} {copy}");
        leads_to(&stage, CANARY, &[]).await;
        assert_eq!(ids(&stage).await, [cookie, copy]);
    }
    for key in ["canary_memory", "canary_mark"] {
        for value in ["'{'", "''", "'5'", "'[]'", "'null'", "'\"text\"'", "'['.repeat(1e5)", "'x'.repeat(4e6)"] {
            fresh(&stage, "somebody").await;
            stage.browser.eval(&format!("void localStorage.setItem('{key}', {value})")).await;
            leads_to(&stage, CANARY, &["E303"]).await;
            keeps(&stage).await;
            assert_eq!(stored(&stage, "canary_memory").await["arm"], "canary", "{key} {value}");
            leads_to(&stage, CANARY, &[]).await;
        }
    }
    // The last good config is looked at when it is needed.
    stage.server.on(CONFIG, Reply::sound().status(500));
    let now = "at: Date.now(), now: Date.now()";
    let records = ["text: 5", "text: {}", "text: 'x'.repeat(4e6)", "text: ' '.repeat(4e6)", "other: 1"];
    let records = records.map(|member| format!("JSON.stringify({{ {now}, {member} }})"));
    let texts = ["'{'", "'5'", "'[]'", "'null'", "'x'.repeat(4e6)"].map(str::to_owned);
    for value in records.iter().chain(&texts) {
        fresh(&stage, "somebody").await;
        store(&stage, "canary_memory", "{ arm: 'canary' }").await;
        stage.browser.eval(&format!("void localStorage.setItem('canary_good', {value})")).await;
        leads_to(&stage, STABLE, &["E101", "E303"]).await;
        assert_eq!(stored(&stage, "canary_good").await, Value::Null, "{value}");
    }
}

/// A module whose every decision traps.
const TRAPPING: &str = "{
    const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11];
    const { Instance } = WebAssembly;
    const { t: trap } = new Instance(new WebAssembly.Module(new Uint8Array(code))).exports;
    globalThis.entered = 0;
    WebAssembly.Instance = function (...values) {
        const { exports } = new Instance(...values);
        return { exports: { ...exports, decide() { entered++; trap(); } } };
    };
}";

async fn row_29_last_good_traps(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    fresh(&stage, "somebody").await;
    leads_to(&stage, CANARY, &[]).await;
    keeps(&stage).await;
    // No other config is there to trap.
    stage.server.on(CONFIG, Reply::sound().status(500));
    leads_to(&stage, CANARY, &["E101"]).await;

    stage.set_page(&page().first(TRAPPING));
    leads_to(&stage, STABLE, &["E101", "E304"]).await;
    assert_eq!(stage.browser.eval("entered").await, 1);
    assert_eq!((stored(&stage, "canary_good").await, flag(&stage).await), (Value::Null, json!(false)));
    // It is gone also for a module that would not trap.
    stage.set_page(&page());
    leads_to(&stage, STABLE, &["E101"]).await;
}

async fn row_30_storage_cleared(engine: Engine) {
    let stage = FaultStage::new(engine, &page().attributes(format!(r#"data-refresh="1" {PATIENT}"#))).await;
    let refreshes = async |count: usize| {
        let before = stage.requests(CONFIG).len();
        until("refreshes", DEADLINE, || (stage.requests(CONFIG).len() >= before + count).then_some(()));
        stage.settle().await;
    };
    fresh(&stage, "somebody").await;
    leads_to(&stage, CANARY, &[]).await;
    keeps(&stage).await;
    refreshes(2).await;
    stage.says(&[]).await;

    let forgetting = stage.browser.client().delete_all_cookies().await;
    forgetting.unwrap();
    stage.browser.eval("void [localStorage.clear(), sessionStorage.clear()]").await;
    refreshes(2).await;
    stage.says(&["I305"]).await;
    assert_eq!((stage.shown().await.as_deref(), stage.ran()), (Some(CANARY), vec![CANARY.to_owned()]));
    assert_eq!((stage.events("ready").len(), stage.events("exposure").len(), stage.views()), (1, 1, 1));
    assert_eq!((flag(&stage).await, ids(&stage).await), (json!(true), [String::new(), String::new()]));

    // Somebody new, from the next page view on. A refresh that this one would cut off is none.
    stage.browser.eval(&format!("{RUNTIME}.stop()")).await;
    stage.settle().await;
    stage.open().await;
    stage.shows(CANARY).await;
    stage.says(&[]).await;
    let [cookie, copy] = ids(&stage).await;
    assert!(is_new_id(&cookie) && cookie == copy, "{cookie} {copy}");
}

async fn row_31_twenty_tabs_at_once(engine: Engine) {
    // Each page waits for the word before it makes an id, and then takes its time over it.
    let together = "{
        // A tab that the driver turns to would refresh, and be left meanwhile.
        document.addEventListener('visibilitychange', (event) => event.stopImmediatePropagation(), true);
        const { fetch, crypto } = globalThis;
        const word = new Promise((resolve) => (new BroadcastChannel('go').onmessage = resolve));
        globalThis.fetch = async (...values) => {
            const reply = await fetch(...values);
            if (/canary_.*wasm/.test(values[0]) && !document.cookie.includes('canary_id')) {
                globalThis.isReady = true;
                await word;
            }
            return reply;
        };
        const getRandomValues = crypto.getRandomValues.bind(crypto);
        crypto.getRandomValues = (bytes) => {
            e2e.tell('ran', 'made an id');
            for (const end = Date.now() + 1000; Date.now() < end; );
            return getRandomValues(bytes);
        };
    }";
    let page = page().config(config("100", "")).first(together).attributes(r#"data-decision-budget="60000""#);
    let stage = FaultStage::new(engine, &page).await;
    stage.forget().await;
    let client = stage.browser.client();
    let mut tabs = vec![client.window().await.unwrap()];
    while tabs.len() < 20 {
        tabs.push(client.new_window(true).await.unwrap().handle);
    }
    let from = stage.server.told().len();
    for tab in &tabs {
        client.switch_to_window(tab.clone()).await.unwrap();
        stage.open().await;
        stage.browser.wait_for("globalThis.isReady").await;
    }
    stage.browser.eval("void new BroadcastChannel('go').postMessage('go')").await;
    let since = || stage.server.told().split_off(from);
    let ready = || since().into_iter().filter(|told| told.name == "ready").count();
    // The channel does not bring it to the page that sends it, but to another one in the same tab.
    until_async("20 decisions", DEADLINE * 3, async || {
        stage.browser.eval("void new BroadcastChannel('go').postMessage('go')").await;
        (ready() == 20).then_some(())
    })
    .await;
    let made = since().iter().filter(|told| told.name == "made an id").count();
    assert!(made > 1, "no two tabs made an id at once");
    let lines = since().into_iter().filter(|told| told.kind == Kind::Console && told.text().starts_with("[canary]"));
    let other = |line: &Told| !line.text().contains("] I415 ") && !line.text().contains("] I306 ");
    assert_eq!(lines.filter(other).collect::<Vec<_>>(), []);

    let mut seen = BTreeSet::new();
    for tab in &tabs {
        client.switch_to_window(tab.clone()).await.unwrap();
        stage.open().await;
        let bucket = decided(&stage, &["bucket"]).to_string();
        seen.insert((bucket, ids(&stage).await));
        stage.says(&[]).await;
    }
    let [(_, [cookie, copy])] = &seen.iter().collect::<Vec<_>>()[..] else { panic!("{seen:?}") };
    assert!(is_new_id(cookie) && cookie == copy, "{cookie} {copy}");
    assert_eq!(since().iter().filter(|told| told.name == "made an id").count(), made);
}

async fn row_32_script_included_twice(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    let is_one = async |codes: &[&str]| {
        leads_to(&stage, CANARY, codes).await;
        assert_eq!((stage.events("exposure").len(), stage.requests(CONFIG).len()), (1, 1));
        assert_eq!(stage.events("ready").len(), 1);
    };
    fresh(&stage, "somebody").await;
    is_one(&[]).await;
    for address in ["/runtime/canary.js", "/runtime/canary.js?another"] {
        let tag = format!(r#"<script type="module" src="{address}" {PATIENT}></script>"#);
        // Before the tag and behind it.
        for page in [page().head(&tag), page().body(format!(r#"<div id="app"></div>{tag}"#))] {
            stage.set_page(&page);
            is_one(&["E307"]).await;
        }
        // A tag that is added later.
        stage.set_page(&page());
        is_one(&[]).await;
        let add = format!(
            "new Promise((onload, onerror) => document.head.append(Object.assign(document.createElement('script'),
                {{ type: 'module', src: '{address}', onload, onerror }}))).then(() => true)"
        );
        stage.browser.eval(&add).await;
        stage.settle().await;
        // The same address is the same module, and nothing runs again.
        stage.says(if address.contains('?') { &["E307"] } else { &[] }).await;
        assert_eq!((stage.ran().len(), stage.events("ready").len(), stage.requests(CONFIG).len()), (1, 1, 1));
    }
}
