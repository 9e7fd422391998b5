//! Faults of the config: a new user gets stable, and one line on the console says why.
//!
//! Negative control: without the fault, the same page shows the canary.

use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{End, Reply, http_date};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, Page, STABLE, STABLE_BUNDLE};
use canary_e2e::wait::{DEADLINE, until};
use std::fmt::Write as _;
use std::time::Duration;
use time::UtcDateTime;

canary_e2e::fault_tests! {
    e101_config_error_status: test [chromium firefox webkit];
    e102_network_failure: test [chromium firefox webkit];
    e103_config_hangs: test [chromium firefox webkit];
    e103_config_trickles: test [chromium] long [firefox webkit];
    e104_config_is_html: test [chromium] long [firefox webkit];
    e105_config_is_not_json: test [chromium webkit] long [firefox];
    e106_config_too_large: test [chromium] long [firefox webkit];
    e107_config_nested_too_deep: test [chromium] long [firefox webkit];
    e108_duplicate_key: test [chromium] long [firefox webkit];
    e109_invalid_percentage: test [chromium] long [firefox webkit];
    e110_newer_schema_version: test [chromium] long [firefox webkit];
    e111_too_many_flags: test [chromium] long [firefox webkit];
    e112_flag_named_like_a_prototype: test [chromium firefox webkit];
    e113_unsafe_asset_url: test [chromium] long [firefox webkit];
    e115_expired_config: test [chromium webkit] long [firefox];
    e117_malformed_key: test [chromium] long [firefox webkit];
    i118_ignored_key: test [chromium] long [firefox webkit];
    e116_client_clock_off: test [chromium firefox] long [webkit];
}

/// The error code of a config that is rejected.
const REJECTED: &str = "PARSE_ERROR";

/// The error code where there is no config.
const ABSENT: &str = "GENERAL";

/// A site whose page has just shown the canary.
async fn site(engine: Engine, page: &Page) -> FaultSite {
    let site = FaultSite::new(engine, page).await;
    visit_has_canary(&site).await;
    site
}

/// A new user gets the canary, and the console stays empty.
async fn visit_has_canary(site: &FaultSite) {
    site.visit().await;
    site.shows(CANARY).await;
    site.says(&[]).await;
    let decision = site.decision();
    assert_eq!((decision["variant"].as_str(), decision["reason"].as_str()), (Some("canary"), Some("STATIC")));
    assert_eq!((site.ran(), site.views()), (vec![CANARY.to_owned()], 1));
    assert_eq!(site.errors(), [""; 0]);
}

/// A new user gets stable, with one line on the console and no request for the canary.
async fn visit_falls_back(site: &FaultSite, code: &str, error: &str) {
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
    // Stable may be requested twice: Firefox does not use the preload of a `no-store` file.
    let asked = [CONFIG, CANARY_BUNDLE].map(|path| site.requests(path).len());
    assert_eq!(asked, [1, 0]);
    assert_eq!(site.errors(), [""; 0]);
}

/// Each of these texts is rejected with the code.
async fn texts_are_rejected(engine: Engine, code: &str, texts: &[&[u8]]) -> FaultSite {
    let site = site(engine, &Page::patient()).await;
    for text in texts {
        site.server.on(CONFIG, Reply::sound().body(text));
        visit_falls_back(&site, code, REJECTED).await;
    }
    site
}

/// A config with this percentage.
fn percentage(text: &str) -> String {
    format!(r#"{{"CANARY_PERCENTAGE": {text}, "FEATURE_FLAGS": {{}}}}"#)
}

/// A config of 100 % with these members added.
fn with(members: &str) -> String {
    format!(r#"{{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {{}}, {members}}}"#)
}

async fn e101_config_error_status(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    for status in [404, 403, 500] {
        site.server.on(CONFIG, Reply::sound().status(status));
        visit_falls_back(&site, "E101", ABSENT).await;
        assert!(site.lines()[0].1.contains(&format!("answered {status}")), "{:?}", site.lines());
    }
}

async fn e102_network_failure(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    site.server.on(CONFIG, Reply::sound().reset_after(10));
    visit_falls_back(&site, "E102", ABSENT).await;
    site.server.on(CONFIG, Reply::sound().cut_after(10));
    // WebKitGTK takes a body that ends before its length for complete.
    let (code, error) = if engine == Engine::WebKit { ("E105", REJECTED) } else { ("E102", ABSENT) };
    visit_falls_back(&site, code, error).await;
}

async fn e103_config_hangs(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    site.set_page(&Page::new().attributes(r#"data-decision-budget="1000""#));
    for reply in [Reply::sound().hanging(), Reply::sound().hanging_after(10)] {
        site.server.on(CONFIG, reply);
        visit_falls_back(&site, "E103", ABSENT).await;
        requests_stable_after(&site, Duration::from_secs(1)).await;
        until("the request to be aborted", DEADLINE, || (site.requests(CONFIG)[0].end == End::Aborted).then_some(()));
        site.server.release();
        site.settle().await;
        assert_eq!((site.shown().await.as_deref(), site.lines().len()), (Some(STABLE), 1));
    }
}

/// Stable was requested when the budget, which begins with the runtime, was used up: neither before nor much later. The
/// page's own timing says so, because `WebKitGTK` may take stable from its memory.
async fn requests_stable_after(site: &FaultSite, budget: Duration) {
    let start = |path: &str| {
        format!("performance.getEntriesByType('resource').find(({{ name }}) => name.endsWith('{path}')).startTime")
    };
    let waited = site.browser.eval(&format!("{} - {}", start(STABLE_BUNDLE), start("/runtime/canary.js"))).await;
    let waited = Duration::from_secs_f64(waited.as_f64().unwrap() / 1000.0);
    let about = budget..budget + Duration::from_secs(3);
    assert!(about.contains(&waited), "{waited:?}");
}

async fn e103_config_trickles(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    site.set_page(&Page::new().attributes(r#"data-decision-budget="1500""#));
    site.server.on(CONFIG, Reply::sound().trickling(1, Duration::from_secs(1)));
    visit_falls_back(&site, "E103", ABSENT).await;
    requests_stable_after(&site, Duration::from_millis(1500)).await;
    until("the request to be aborted", DEADLINE, || (site.requests(CONFIG)[0].end == End::Aborted).then_some(()));
}

async fn e104_config_is_html(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    let page = "<!doctype html><title>secret</title>";
    for reply in [Reply::sound().body(page).header("Content-Type", "text/html"), Reply::sound().body(page)] {
        site.server.on(CONFIG, reply);
        visit_falls_back(&site, "E104", REJECTED).await;
        assert!(!site.lines()[0].1.contains("secret"), "{:?}", site.lines());
        assert_eq!(site.browser.eval("document.documentElement.outerHTML.includes('secret')").await, false);
    }
}

async fn e105_config_is_not_json(engine: Engine) {
    let whole = percentage("100");
    let cut = &whole.as_bytes()[..whole.len() / 2];
    let latin = whole.replace("CANARY", "K\u{e9}").chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<_>>();
    let site = texts_are_rejected(engine, "E105", &[b"", b" ", cut, &latin, b"null and more", b"\xff"]).await;
    // A byte order mark is accepted.
    site.server.on(CONFIG, Reply::sound().body([b"\xef\xbb\xbf", whole.as_bytes()].concat()));
    visit_has_canary(&site).await;
}

async fn e106_config_too_large(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    site.server.on(CONFIG, Reply::sound().bomb(32));
    visit_falls_back(&site, "E106", ABSENT).await;
    // More than the buffers on the way hold: the request is aborted.
    let huge = percentage("100") + &" ".repeat(64 << 20);
    site.server.on(CONFIG, Reply::sound().body(huge));
    visit_falls_back(&site, "E106", ABSENT).await;
    // The network process of WebKitGTK reads it to the end.
    assert!(engine == Engine::WebKit || site.requests(CONFIG)[0].end != End::Sent);
    // Exactly 1 MiB is accepted.
    let whole = percentage("100");
    let filled = whole.clone() + &" ".repeat((1 << 20) - whole.len());
    site.server.on(CONFIG, Reply::sound().body(&filled));
    visit_has_canary(&site).await;
    site.server.on(CONFIG, Reply::sound().body(filled + " "));
    visit_falls_back(&site, "E106", ABSENT).await;
}

async fn e107_config_nested_too_deep(engine: Engine) {
    let nested = |depth: usize| with(&format!(r#""X": {}1{}"#, "[".repeat(depth), "]".repeat(depth)));
    texts_are_rejected(engine, "E107", &[nested(100_000).as_bytes(), nested(64).as_bytes()]).await;
}

async fn e108_duplicate_key(engine: Engine) {
    let twice = with(r#""CANARY_PERCENTAGE": 100"#);
    let inside = percentage("100").replace("{}", r#"{"a": true, "a": true}"#);
    let escaped = with(r#""\u0043ANARY_PERCENTAGE": 100"#);
    texts_are_rejected(engine, "E108", &[twice.as_bytes(), inside.as_bytes(), escaped.as_bytes()]).await;
}

async fn e109_invalid_percentage(engine: Engine) {
    let texts = ["-1", "101", r#""10""#, "true", "null", "18446744073709551616", "[]"].map(percentage);
    let site = texts_are_rejected(engine, "E109", &texts.each_ref().map(String::as_bytes)).await;
    site.server.on(CONFIG, Reply::sound().body(r#"{"FEATURE_FLAGS": {}}"#));
    visit_falls_back(&site, "E109", REJECTED).await;
    // Text that is not JSON, and a number that the parser cannot hold.
    for text in ["NaN", "1e999"] {
        site.server.on(CONFIG, Reply::sound().body(percentage(text)));
        visit_falls_back(&site, "E105", REJECTED).await;
    }
}

async fn e110_newer_schema_version(engine: Engine) {
    let site = texts_are_rejected(engine, "E110", &[with(r#""SCHEMA_VERSION": 2"#).as_bytes()]).await;
    // An unknown key of the same version only warns.
    site.server.on(CONFIG, Reply::sound().body(with(r#""SCHEMA_VERSION": 1, "NEW_KEY": {}"#)));
    site.set_user("somebody").await;
    site.open().await;
    site.shows(CANARY).await;
    site.says(&["I118"]).await;
}

async fn e111_too_many_flags(engine: Engine) {
    let flags = |count: usize| {
        let mut text = String::new();
        for number in 0..count {
            let _ = write!(text, r#""{number}":1,"#);
        }
        percentage("100").replace("{}", &format!("{{{}}}", text.trim_end_matches(',')))
    };
    let many = flags(100_000);
    assert!(many.len() < 1 << 20, "{}", many.len());
    let site = texts_are_rejected(engine, "E111", &[many.as_bytes(), flags(10_001).as_bytes()]).await;
    site.set_page(&Page::patient().config(flags(10_000)));
    site.server.restore();
    visit_has_canary(&site).await;
}

async fn e117_malformed_key(engine: Engine) {
    let texts = [r#""SALT": 5"#, r#""SEGMENTS": []"#, r#""CANARY_RULES": {}"#].map(with);
    texts_are_rejected(engine, "E117", &texts.each_ref().map(String::as_bytes)).await;
}

async fn i118_ignored_key(engine: Engine) {
    let site = FaultSite::new(engine, &Page::patient().config(with(r#""SALTS": "s", "GUARD": []"#))).await;
    site.visit().await;
    site.shows(CANARY).await;
    site.says(&["I118", "I118"]).await;
    for key in ["SALTS", "GUARD"] {
        assert!(site.lines().iter().any(|(_, line)| line.contains(key)), "{key}: {:?}", site.lines());
    }
}

async fn e112_flag_named_like_a_prototype(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    for name in ["__proto__", "constructor", "prototype"] {
        let flags = format!(r#"{{"sound": true, "{name}": {{"default": true, "polluted": 1}}}}"#);
        site.server.on(CONFIG, Reply::sound().body(percentage("100").replace("{}", &flags)));
        site.set_user("somebody").await;
        site.open().await;
        // The other flags and the bundle are not affected.
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

async fn e113_unsafe_asset_url(engine: Engine) {
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
        visit_falls_back(&site, "E113", REJECTED).await;
        let touched = "globalThis.evil !== undefined
            || [...document.querySelectorAll('[src], [href]')].some((node) => /evil|main\\.js/
                .test((node.getAttribute('src') ?? node.getAttribute('href')).replace('/stable/main.js', '')))";
        assert_eq!(site.browser.eval(touched).await, false, "{address}");
    }
}

/// The time as the config writes it.
fn timestamp(time: UtcDateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    let day = format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day());
    format!("{day}T{:02}:{:02}:{:02}Z", clock.hour(), clock.minute(), clock.second())
}

const HOUR: Duration = Duration::from_hours(1);

async fn e115_expired_config(engine: Engine) {
    let now = UtcDateTime::now();
    let expiring = with(&format!(r#""EXPIRES_AT": "{}""#, timestamp(now + HOUR)));
    let site = site(engine, &Page::patient().config(expiring)).await;
    let week_old = now - HOUR * 24 * 7;
    for reply in [
        // The time of the reply counts, not that of this machine.
        Reply::sound().header("Date", http_date(now + HOUR * 2)),
        Reply::sound().header("Date", http_date(week_old)).header("Age", (7 * 24 * 3600 + 7200).to_string()),
        Reply::sound().without("Date"),
    ] {
        site.server.on(CONFIG, reply);
        visit_falls_back(&site, "E115", ABSENT).await;
    }
    // As old, with an hour left.
    let reply = Reply::sound().header("Date", http_date(week_old)).header("Age", (7 * 24 * 3600).to_string());
    site.server.on(CONFIG, reply);
    visit_has_canary(&site).await;
}

/// A script that sets the clock of the page off by so many years.
fn clock_off_by(years: i64) -> String {
    format!(
        "globalThis.Date = class extends Date {{
            static now() {{ return super.now() + {years} * 365 * 86400000; }}
            constructor(...args) {{ args.length ? super(...args) : super(Date.now()); }}
        }};"
    )
}

async fn e116_client_clock_off(engine: Engine) {
    let expiring = with(&format!(r#""EXPIRES_AT": "{}""#, timestamp(UtcDateTime::now() + HOUR)));
    let page = Page::patient().config(expiring);
    let site = site(engine, &page).await;
    for years in [-10, 10] {
        site.set_page(&page.clone().first(clock_off_by(years)));
        // The time of the server decides on the config; the view does not count.
        site.server.restore();
        site.visit().await;
        site.shows(CANARY).await;
        site.says(&["E116"]).await;
        assert_eq!((site.decision()["eligible"].as_bool(), site.views()), (Some(false), 1));
        let year = site.browser.eval("new window.Date().getFullYear()").await;
        assert_eq!(year.as_i64(), Some(i64::from(UtcDateTime::now().year()) + years));
        // Without the time of the server the config counts as expired.
        site.server.on(CONFIG, Reply::sound().without("Date"));
        visit_falls_back(&site, "E115", ABSENT).await;
    }
}
