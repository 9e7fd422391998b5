//! Rows 1 to 14, 17 and 18: whatever becomes of the config, a fresh browser gets stable, and one line says why.
//!
//! Each fault meets a user who has the canary on the same page without it.

use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{End, Reply, http_date};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, Page, STABLE, STABLE_BUNDLE};
use canary_e2e::wait::{DEADLINE, until};
use std::fmt::Write as _;
use std::time::Duration;
use time::UtcDateTime;

canary_e2e::rows! {
    row_01_config_answers_an_error: make_test [Chromium, Firefox, WebKit];
    row_02_network_failure: make_test [Chromium, Firefox, WebKit];
    row_03_config_hangs: make_test [Chromium, Firefox, WebKit];
    row_04_config_trickles: make_test [Chromium];
    row_05_config_is_a_web_page: make_test [Chromium];
    row_06_config_is_no_text: make_test [Chromium, WebKit];
    row_07_config_is_huge: make_test [Chromium];
    row_08_config_is_nested_too_deep: make_test [Chromium];
    row_09_config_has_a_key_twice: make_test [Chromium];
    row_10_percentage_is_none: make_test [Chromium];
    row_11_config_is_for_a_newer_reader: make_test [Chromium];
    row_12_too_many_flags: make_test [Chromium];
    row_13_flag_named_as_a_prototype: make_test [Chromium, Firefox, WebKit];
    row_14_asset_addresses: make_test [Chromium];
    row_17_expired_config: make_test [Chromium, WebKit];
    row_18_client_clock_is_off: make_test [Chromium, Firefox];
}

/// A fault in the config's text: it is refused.
const REFUSED: &str = "PARSE_ERROR";

/// There is no config.
const ABSENT: &str = "GENERAL";

/// A site on which everybody has the canary, as has just been shown.
async fn site(engine: Engine, page: &Page) -> FaultSite {
    let site = FaultSite::new(engine, page).await;
    leads_to_canary(&site).await;
    site
}

/// The negative control: the page without a fault shows the canary, and says nothing.
async fn leads_to_canary(site: &FaultSite) {
    site.visit().await;
    site.shows(CANARY).await;
    site.says(&[]).await;
    let decision = site.decision();
    assert_eq!((decision["variant"].as_str(), decision["reason"].as_str()), (Some("canary"), Some("STATIC")));
    assert_eq!((site.ran(), site.views()), (vec![CANARY.to_owned()], 1));
    assert_eq!(site.errors(), [""; 0]);
}

/// The page shows stable and says so once; the canary is not even asked for.
async fn leads_to_stable(site: &FaultSite, code: &str, error: &str) {
    site.visit().await;
    site.shows(STABLE).await;
    site.says(&[code]).await;
    assert!(site.lines()[0].1.ends_with("; stable loads"), "{:?}", site.lines());
    let decision = site.decision();
    let member = |name: &str| decision[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(["variant", "reason", "errorCode"].map(member), ["stable", "ERROR", error]);
    assert_eq!(decision["eligible"], false, "{decision}");
    assert_eq!(site.events("error").len(), 1);
    assert_eq!(site.events("error")[0]["code"], code);
    assert!(site.events("exposure").is_empty() && site.events("fallback").is_empty());
    assert_eq!((site.ran(), site.views()), (vec![STABLE.to_owned()], 1));
    // How often stable is asked for is the engine's matter: of what is not to be kept, Firefox takes a preload for nothing,
    // and WebKit keeps it all the same.
    let asked = [CONFIG, CANARY_BUNDLE].map(|path| site.requests(path).len());
    assert_eq!(asked, [1, 0]);
    assert_eq!(site.errors(), [""; 0]);
}

/// Each of these texts in the place of the config is refused, with one of the codes.
async fn texts_are_refused(engine: Engine, code: &str, texts: &[&[u8]]) -> FaultSite {
    let site = site(engine, &Page::patient()).await;
    for text in texts {
        site.server.on(CONFIG, Reply::sound().body(text));
        leads_to_stable(&site, code, REFUSED).await;
    }
    site
}

/// A config whose percentage is this.
fn percentage(text: &str) -> String {
    format!(r#"{{"CANARY_PERCENTAGE": {text}, "FEATURE_FLAGS": {{}}}}"#)
}

/// A config for everybody with more in it.
fn with(members: &str) -> String {
    format!(r#"{{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {{}}, {members}}}"#)
}

async fn row_01_config_answers_an_error(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    for status in [404, 403, 500] {
        site.server.on(CONFIG, Reply::sound().status(status));
        leads_to_stable(&site, "E101", ABSENT).await;
        assert!(site.lines()[0].1.contains(&format!("answered {status}")), "{:?}", site.lines());
    }
}

async fn row_02_network_failure(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    site.server.on(CONFIG, Reply::sound().reset_after(10));
    leads_to_stable(&site, "E102", ABSENT).await;
    site.server.on(CONFIG, Reply::sound().cut_after(10));
    // `WebKitGTK` takes a body that ends before its length for the whole.
    let (code, error) = if engine == Engine::WebKit { ("E105", REFUSED) } else { ("E102", ABSENT) };
    leads_to_stable(&site, code, error).await;
}

async fn row_03_config_hangs(engine: Engine) {
    let site = site(engine, &Page::new().attributes(r#"data-decision-budget="1000""#)).await;
    for reply in [Reply::sound().hanging(), Reply::sound().hanging_after(10)] {
        site.server.on(CONFIG, reply);
        leads_to_stable(&site, "E103", ABSENT).await;
        at_the_deadline(&site, Duration::from_secs(1)).await;
        // Nothing of it is waited for any more.
        until("the request to be aborted", DEADLINE, || (site.requests(CONFIG)[0].end == End::Aborted).then_some(()));
        site.server.release();
        site.settle().await;
        assert_eq!((site.shown().await.as_deref(), site.lines().len()), (Some(STABLE), 1));
    }
}

/// Stable was asked for when the budget was used up, neither before nor much later; by the page's own word, because `WebKit`
/// may have it in memory. The budget begins with the runtime.
async fn at_the_deadline(site: &FaultSite, budget: Duration) {
    let start = |path: &str| {
        format!("performance.getEntriesByType('resource').find(({{ name }}) => name.endsWith('{path}')).startTime")
    };
    let waited = site.browser.eval(&format!("{} - {}", start(STABLE_BUNDLE), start("/runtime/canary.js"))).await;
    let waited = Duration::from_secs_f64(waited.as_f64().unwrap() / 1000.0);
    let about = budget..budget + Duration::from_secs(3);
    assert!(about.contains(&waited), "{waited:?}");
}

async fn row_04_config_trickles(engine: Engine) {
    let site = site(engine, &Page::new().attributes(r#"data-decision-budget="1500""#)).await;
    site.server.on(CONFIG, Reply::sound().trickling(1, Duration::from_secs(1)));
    leads_to_stable(&site, "E103", ABSENT).await;
    at_the_deadline(&site, Duration::from_millis(1500)).await;
    until("the request to be aborted", DEADLINE, || (site.requests(CONFIG)[0].end == End::Aborted).then_some(()));
}

async fn row_05_config_is_a_web_page(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    let page = "<!doctype html><title>secret</title>";
    for reply in [Reply::sound().body(page).header("Content-Type", "text/html"), Reply::sound().body(page)] {
        site.server.on(CONFIG, reply);
        leads_to_stable(&site, "E104", REFUSED).await;
        assert!(!site.lines()[0].1.contains("secret"), "{:?}", site.lines());
        assert_eq!(site.browser.eval("document.documentElement.outerHTML.includes('secret')").await, false);
    }
}

async fn row_06_config_is_no_text(engine: Engine) {
    let whole = percentage("100");
    let cut = &whole.as_bytes()[..whole.len() / 2];
    let latin = whole.replace("CANARY", "K\u{e9}").chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<_>>();
    let site = texts_are_refused(engine, "E105", &[b"", b" ", cut, &latin, b"null and more", b"\xff"]).await;
    // A byte order mark is no fault.
    site.server.on(CONFIG, Reply::sound().body([b"\xef\xbb\xbf", whole.as_bytes()].concat()));
    leads_to_canary(&site).await;
}

async fn row_07_config_is_huge(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    site.server.on(CONFIG, Reply::sound().bomb(32));
    leads_to_stable(&site, "E106", ABSENT).await;
    // More than anything on the way holds, and none of it is waited for.
    let huge = percentage("100") + &" ".repeat(64 << 20);
    site.server.on(CONFIG, Reply::sound().body(huge));
    leads_to_stable(&site, "E106", ABSENT).await;
    // WebKit's network process takes it whole, whatever the page has said.
    assert!(engine == Engine::WebKit || site.requests(CONFIG)[0].end != End::Sent);
    // A config of just 1 MiB is none too many.
    let whole = percentage("100");
    let filled = whole.clone() + &" ".repeat((1 << 20) - whole.len());
    site.server.on(CONFIG, Reply::sound().body(&filled));
    leads_to_canary(&site).await;
    site.server.on(CONFIG, Reply::sound().body(filled + " "));
    leads_to_stable(&site, "E106", ABSENT).await;
}

async fn row_08_config_is_nested_too_deep(engine: Engine) {
    let nested = |depth: usize| with(&format!(r#""X": {}1{}"#, "[".repeat(depth), "]".repeat(depth)));
    texts_are_refused(engine, "E107", &[nested(100_000).as_bytes(), nested(64).as_bytes()]).await;
}

async fn row_09_config_has_a_key_twice(engine: Engine) {
    let twice = with(r#""CANARY_PERCENTAGE": 100"#);
    let inside = percentage("100").replace("{}", r#"{"a": true, "a": true}"#);
    let escaped = with(r#""\u0043ANARY_PERCENTAGE": 100"#);
    texts_are_refused(engine, "E108", &[twice.as_bytes(), inside.as_bytes(), escaped.as_bytes()]).await;
}

async fn row_10_percentage_is_none(engine: Engine) {
    let texts = ["-1", "101", r#""10""#, "true", "null", "18446744073709551616", "[]"].map(percentage);
    let site = texts_are_refused(engine, "E109", &texts.each_ref().map(String::as_bytes)).await;
    site.server.on(CONFIG, Reply::sound().body(r#"{"FEATURE_FLAGS": {}}"#));
    leads_to_stable(&site, "E109", REFUSED).await;
    // No JSON, or no number that can be held.
    for text in ["NaN", "1e999"] {
        site.server.on(CONFIG, Reply::sound().body(percentage(text)));
        leads_to_stable(&site, "E105", REFUSED).await;
    }
}

async fn row_11_config_is_for_a_newer_reader(engine: Engine) {
    let site = texts_are_refused(engine, "E110", &[with(r#""SCHEMA_VERSION": 2"#).as_bytes()]).await;
    // What a newer writer adds is only worth a word.
    site.server.on(CONFIG, Reply::sound().body(with(r#""SCHEMA_VERSION": 1, "NEW_KEY": {}"#)));
    site.set_user("somebody").await;
    site.open().await;
    site.shows(CANARY).await;
    site.says(&["I118"]).await;
}

async fn row_12_too_many_flags(engine: Engine) {
    let flags = |count: usize| {
        let mut text = String::new();
        for number in 0..count {
            let _ = write!(text, r#""{number}":1,"#);
        }
        percentage("100").replace("{}", &format!("{{{}}}", text.trim_end_matches(',')))
    };
    let many = flags(100_000);
    assert!(many.len() < 1 << 20, "{}", many.len());
    let site = texts_are_refused(engine, "E111", &[many.as_bytes(), flags(10_001).as_bytes()]).await;
    site.set_page(&Page::patient().config(flags(10_000)));
    site.server.restore();
    leads_to_canary(&site).await;
}

async fn row_13_flag_named_as_a_prototype(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    for name in ["__proto__", "constructor", "prototype"] {
        let flags = format!(r#"{{"sound": true, "{name}": {{"default": true, "polluted": 1}}}}"#);
        site.server.on(CONFIG, Reply::sound().body(percentage("100").replace("{}", &flags)));
        site.set_user("somebody").await;
        site.open().await;
        // The others hold, and the bundle too.
        site.shows(CANARY).await;
        site.says(&["E112"]).await;
        assert_eq!(site.ran(), [CANARY]);
        let read = |key: &str| format!("globalThis[Symbol.for('canary-runtime')].getBooleanValue('{key}', false)");
        assert_eq!(site.browser.eval(&read("sound")).await, true);
        assert_eq!(site.browser.eval(&read(name)).await, false);
        let touched = "[Object.keys(Object.prototype), ({}).polluted ?? null, ({}).constructor === Object]";
        assert_eq!(site.browser.eval(touched).await, serde_json::json!([[], null, true]));
        assert_eq!(site.errors(), [""; 0]);
    }
}

async fn row_14_asset_addresses(engine: Engine) {
    let assets = |address: &str| {
        let bundle = format!(r#""version": "1", "scripts": [{{"src": "{address}"}}]"#);
        with(&format!(r#""ASSETS": {{"canary": {{{bundle}}}}}"#))
    };
    let site = site(engine, &Page::patient().config(assets(CANARY_BUNDLE))).await;
    for address in [
        "javascript:globalThis.evil=1",
        "data:text/javascript,globalThis.evil=1",
        "//evil.example/main.js",
        r"\\\\evil.example/main.js",
        "/%2e%2e/main.js",
        "/canary/../main.js",
        "https://evil.example/main.js",
    ] {
        site.server.on(CONFIG, Reply::sound().body(assets(address)));
        leads_to_stable(&site, "E113", REFUSED).await;
        let touched = "globalThis.evil !== undefined
            || [...document.querySelectorAll('[src], [href]')].some((node) => /evil|main\\.js/
                .test((node.getAttribute('src') ?? node.getAttribute('href')).replace('/stable/main.js', '')))";
        assert_eq!(site.browser.eval(touched).await, false, "{address}");
    }
}

/// The time in so many seconds, as in the config.
fn timestamp(time: UtcDateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    let day = format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day());
    format!("{day}T{:02}:{:02}:{:02}Z", clock.hour(), clock.minute(), clock.second())
}

const HOUR: Duration = Duration::from_hours(1);

async fn row_17_expired_config(engine: Engine) {
    let now = UtcDateTime::now();
    let expiring = with(&format!(r#""EXPIRES_AT": "{}""#, timestamp(now + HOUR)));
    let site = site(engine, &Page::patient().config(expiring)).await;
    let week_old = now - HOUR * 24 * 7;
    for reply in [
        // By the reply's own time, whatever the clock here says.
        Reply::sound().header("Date", http_date(now + HOUR * 2)),
        Reply::sound().header("Date", http_date(week_old)).header("Age", (7 * 24 * 3600 + 7200).to_string()),
        Reply::sound().without("Date"),
    ] {
        site.server.on(CONFIG, reply);
        leads_to_stable(&site, "E115", ABSENT).await;
    }
    // As old, and still good for an hour.
    let reply = Reply::sound().header("Date", http_date(week_old)).header("Age", (7 * 24 * 3600).to_string());
    site.server.on(CONFIG, reply);
    leads_to_canary(&site).await;
}

/// A clock that is off by so many years, for all that asks it.
fn clock_off_by(years: i64) -> String {
    format!(
        "globalThis.Date = class extends Date {{
            static now() {{ return super.now() + {years} * 365 * 86400000; }}
            constructor(...args) {{ args.length ? super(...args) : super(Date.now()); }}
        }};"
    )
}

async fn row_18_client_clock_is_off(engine: Engine) {
    let expiring = with(&format!(r#""EXPIRES_AT": "{}""#, timestamp(UtcDateTime::now() + HOUR)));
    let page = Page::patient().config(expiring);
    let site = site(engine, &page).await;
    for years in [-10, 10] {
        site.set_page(&page.clone().first(clock_off_by(years)));
        // The server's time counts for the config, and the page for nothing.
        site.server.restore();
        site.visit().await;
        site.shows(CANARY).await;
        site.says(&["E116"]).await;
        assert_eq!((site.decision()["eligible"].as_bool(), site.views()), (Some(false), 1));
        let year = site.browser.eval("new window.Date().getFullYear()").await;
        assert_eq!(year.as_i64(), Some(i64::from(UtcDateTime::now().year()) + years));
        // Without it, stable.
        site.server.on(CONFIG, Reply::sound().without("Date"));
        leads_to_stable(&site, "E115", ABSENT).await;
    }
}
