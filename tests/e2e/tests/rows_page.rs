//! Rows 44 to 49, 51 to 54: what a page view is, who looks at it, and what the page and its user forbid.

use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{Reply, http_date};
use canary_e2e::fault_stage::{CANARY, CANARY_BUNDLE, CONFIG, FaultStage, Page, STABLE};
use canary_e2e::told::Kind;
use canary_e2e::wait::{DEADLINE, until};
use serde_json::{Value, json};
use std::time::Duration;
use time::UtcDateTime;

canary_e2e::rows! {
    row_44_back_from_the_browsers_memory: make_test [Chromium, Firefox, WebKit];
    row_44_told_that_it_is_back: make_test [Chromium];
    row_45_prerendered: make_test [Chromium], cannot [Firefox "it does not prerender", WebKit "it does not prerender"];
    row_45_told_that_it_is_prerendered: make_test [Firefox];
    row_46_automation_and_crawlers: make_test [Chromium, Firefox, WebKit];
    row_47_reports_blocked: make_test [], cannot [Chromium "later: no reports yet", Firefox "later: no reports yet", WebKit "later: no reports yet"];
    row_48_keepalive_missing: make_test [], cannot [Chromium "later: no reports yet", Firefox "later: no reports yet", WebKit "later: no reports yet"];
    row_49_collector_fails: make_test [], cannot [Chromium "later: no reports yet", Firefox "later: no reports yet", WebKit "later: no reports yet"];
    row_51_query_overrides: make_test [Chromium, WebKit];
    row_52_strict_policy: make_test [Chromium, Firefox, WebKit];
    row_52_policy_name_refused: make_test [Chromium, Firefox, WebKit];
    row_53_consent_withdrawn: make_test [Chromium, Firefox, WebKit];
    row_53_no_consent_leaves_nothing: make_test [Chromium, WebKit];
    row_54_old_service_worker: make_test [Chromium, Firefox];
}

const RUNTIME: &str = "globalThis[Symbol.for('canary-runtime')]";

const PATIENT: &str = r#"data-decision-budget="15000""#;

fn config(percentage: &str, more: &str) -> String {
    format!(r#"{{"CANARY_PERCENTAGE": {percentage}, "FEATURE_FLAGS": {{"on": true, "split": 50}}{more}}}"#)
}

/// A budget that is enough on a busy machine, so that no fault is taken for another.
fn page() -> Page {
    Page::new().config(config("100", "")).attributes(PATIENT)
}

/// Makes the browser one that has never been here, of this user.
async fn fresh(stage: &FaultStage, id: &str) {
    stage.forget().await;
    stage.be(id).await;
}

/// Loads the page and sees one arm, with these lines on the console.
async fn leads_to(stage: &FaultStage, arm: &str, codes: &[&str]) {
    leads_at(stage, "/", arm, codes).await;
}

async fn leads_at(stage: &FaultStage, path: &str, arm: &str, codes: &[&str]) {
    stage.open_at(path).await;
    stage.shows(arm).await;
    stage.says(codes).await;
    assert_eq!((stage.ran(), stage.views(), stage.errors()), (vec![arm.to_owned()], 1, Vec::new()), "{path}");
    assert_eq!(stage.events("ready").len(), 1);
}

/// The present decision's members, as one value.
fn decided(stage: &FaultStage, names: &[&str]) -> Value {
    let decision = stage.decision();
    names.iter().map(|name| decision[*name].clone()).collect()
}

/// What the page's views were, its events of one kind, and its requests for the config.
fn counts(stage: &FaultStage, event: &str) -> [usize; 3] {
    [
        stage.told().iter().filter(|told| told.kind == Kind::View).count(),
        stage.events(event).len(),
        stage.requests(CONFIG).len(),
    ]
}

/// The page was away and is back, with another config since: it is the same page view, and flags follow.
async fn is_back_and_not_counted(stage: &FaultStage, back: impl AsyncFn()) {
    fresh(stage, "somebody").await;
    leads_to(stage, CANARY, &[]).await;
    let flag = format!("{RUNTIME}.getBooleanValue('on', false)");
    assert_eq!(stage.browser.eval(&flag).await, true);
    assert_eq!(counts(stage, "exposure"), [1, 1, 1]);
    stage.site.mount_config(&config("0", "").replace("true", "false"));
    back().await;
    until("the config to be looked at again", DEADLINE, || (stage.requests(CONFIG).len() > 1).then_some(()));
    stage.says(&["I413"]).await;
    assert_eq!(stage.browser.wait_for(&format!("!{flag}")).await, true);
    assert_eq!((counts(stage, "exposure"), stage.ran()), ([1, 1, 2], vec![CANARY.to_owned()]));
    assert_eq!((stage.shown().await.as_deref(), stage.events("ready").len()), (Some(CANARY), 1));
    assert_eq!(stage.errors(), [""; 0]);
}

async fn row_44_back_from_the_browsers_memory(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    // What must not be stored is not kept in memory either.
    stage.server.on("/", Reply::sound().header("Cache-Control", "no-cache"));
    stage.site.write("other.html", "<!doctype html><title>other</title>");
    is_back_and_not_counted(&stage, async || {
        stage.browser.eval("void (location.href = '/other.html')").await;
        stage.browser.wait_for("document.title === 'other'").await;
        stage.browser.eval("void history.back()").await;
        stage.browser.wait_for("document.title === 'faults'").await;
    })
    .await;
}

/// Stands in for the real thing: the event alone.
async fn row_44_told_that_it_is_back(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    let tell = async |persisted: bool| {
        let event = format!("new PageTransitionEvent('pageshow', {{ persisted: {persisted} }})");
        stage.browser.eval(&format!("void dispatchEvent({event})")).await;
    };
    is_back_and_not_counted(&stage, async || {
        // That of every load.
        tell(false).await;
        stage.settle().await;
        assert_eq!((stage.lines(), counts(&stage, "exposure")), (Vec::new(), [1, 1, 1]));
        tell(true).await;
    })
    .await;
}

async fn row_45_prerendered(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    fresh(&stage, "somebody").await;
    let rules =
        r#"<script type="speculationrules">{"prerender": [{"urls": ["/"], "eagerness": "immediate"}]}</script>"#;
    stage.site.write(
        "start.html",
        format!("<!doctype html><script src=\"/.e2e/recorder.js\"></script><title>start</title>{rules}"),
    );
    let prerender = async || {
        stage.open_at("/start.html").await;
        until("the bundle to run ahead", DEADLINE, || (stage.ran() == [CANARY]).then_some(()));
        until("the line", DEADLINE, || (stage.lines().len() == 1).then_some(()));
        stage.settle().await;
        assert!(stage.lines()[0].1.starts_with("[canary] I414 "), "{:?}", stage.lines());
        assert_eq!((stage.events("ready").len(), stage.events("exposure").len()), (1, 0));
    };
    // Never shown.
    prerender().await;
    assert_eq!(stage.browser.eval("document.title").await, "start");
    stage.be("somebody").await;
    assert_eq!(stage.events("exposure").len(), 0);
    // Shown: counted then, once.
    prerender().await;
    stage.browser.eval("void (location.href = '/')").await;
    stage.shows(CANARY).await;
    until("the exposure", DEADLINE, || (stage.events("exposure").len() == 1).then_some(()));
    stage.settle().await;
    assert_eq!((stage.events("exposure").len(), stage.views(), stage.ran()), (1, 1, vec![CANARY.to_owned()]));
}

/// Stands in for the real thing: the property and the event alone.
async fn row_45_told_that_it_is_prerendered(engine: Engine) {
    let ahead =
        "Object.defineProperty(document, 'prerendering', { get: () => !globalThis.isShown, configurable: true });";
    let stage = FaultStage::new(engine, &page()).await;
    fresh(&stage, "somebody").await;
    leads_to(&stage, CANARY, &[]).await;
    assert_eq!(stage.events("exposure").len(), 1);
    stage.set_page(&page().first(ahead));
    leads_to(&stage, CANARY, &["I414"]).await;
    assert_eq!(stage.events("exposure").len(), 0);
    // Who never sees it leaves no trace of a canary that did not come up.
    assert_eq!(stage.browser.eval("localStorage.getItem('canary_mark')").await, Value::Null);
    for _ in 0..2 {
        stage
            .browser
            .eval("void [globalThis.isShown = true, document.dispatchEvent(new Event('prerenderingchange'))]")
            .await;
        stage.settle().await;
        assert_eq!(stage.events("exposure").len(), 1);
    }
}

/// What says that it is driven.
fn automation_lines(stage: &FaultStage) -> usize {
    let told = stage.told();
    told.iter()
        .filter(|told| told.kind == Kind::Console && told.text().starts_with("[canary] I415 automation;"))
        .count()
}

async fn row_46_automation_and_crawlers(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    let visit = async |arm: &str, codes: &[&str]| {
        fresh(&stage, "somebody").await;
        leads_to(&stage, arm, codes).await;
        decided(&stage, &["variant", "reason", "eligible"])
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
        leads_to(&stage, STABLE, &["I415"]).await;
        assert_eq!(stage.browser.eval("[document.cookie, localStorage.length]").await, json!(["", 0]));
    }
}

async fn row_47_reports_blocked(_: Engine) {}

async fn row_48_keepalive_missing(_: Engine) {}

async fn row_49_collector_fails(_: Engine) {}

async fn row_51_query_overrides(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    fresh(&stage, "somebody").await;
    let script = "%3Cscript%3EglobalThis.evil=1%3C/script%3E";
    let image = "%3Cimg%20src=x%20onerror=globalThis.evil=1%3E";
    let hostile = [
        format!("/?canary={script}"),
        format!("/?canary={image}"),
        format!("/?canary.flag=on:%22{script}%22"),
        format!("/?canary.flag={image}:true"),
        "/?canary=javascript:globalThis.evil=1".to_owned(),
        "/?canary=https://evil.example/main.js".to_owned(),
        "/?canary=".to_owned(),
        "/?canary=%FF%00".to_owned(),
        "/?canary.flag=__proto__:%7B%22evil%22:1%7D".to_owned(),
        "/?canary.flag=on".to_owned(),
        "/?canary.flag=unknown:false".to_owned(),
        format!("/?canary={}", "x".repeat(8000)),
    ];
    // A config that allows no override ignores sound ones too.
    let sound = ["/?canary=stable".to_owned(), "/?canary.flag=on:false".to_owned()];
    for (more, paths) in
        [("", [&hostile[..], &sound].concat()), (r#", "OVERRIDES": {"query": true}"#, hostile.to_vec())]
    {
        stage.set_page(&page().config(config("100", more)));
        for path in paths.iter().filter(|path| more.is_empty() || !path.contains("on:%22")) {
            leads_at(&stage, path, CANARY, &["E701"]).await;
            assert!(stage.lines()[0].1.ends_with("; it is ignored"), "{path}: {:?}", stage.lines());
            for part in ["evil", "xxx", "<", "unknown"] {
                assert!(!stage.lines()[0].1.contains(part), "{:?}", stage.lines());
            }
            assert_eq!(decided(&stage, &["reason"]), json!(["STATIC"]));
            let touched = "[globalThis.evil ?? ({}).evil ?? null, document.querySelector('img') !== null, RUNTIME.getBooleanValue('on', false)]";
            assert_eq!(
                stage.browser.eval(&touched.replace("RUNTIME", RUNTIME)).await,
                json!([null, false, true]),
                "{path}"
            );
            let reflected =
                "/evil|xxxx|unknown/.test(document.documentElement.outerHTML.replace(/<script[^]*?<\\/script>/g, ''))";
            assert_eq!(stage.browser.eval(reflected).await, false, "{path}");
        }
    }
    // The negative control: the config that allows them takes sound ones.
    leads_at(&stage, "/?canary=stable&canary.flag=on:false", STABLE, &[]).await;
    assert_eq!(decided(&stage, &["variant", "reason", "eligible"]), json!(["stable", "TARGETING_MATCH", false]));
    assert_eq!(stage.browser.eval(&format!("{RUNTIME}.getBooleanValue('on', true)")).await, false);
    // For that page view alone.
    leads_to(&stage, CANARY, &[]).await;
}

/// The strictest policy that a page can have, but for the names of Trusted Types policies.
fn strict(names: &str) -> Reply {
    let scripts = "script-src 'nonce-n0nce' 'strict-dynamic' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'";
    let policy = format!("{scripts}; require-trusted-types-for 'script'; trusted-types {names}");
    Reply::sound().header("Content-Security-Policy", policy)
}

/// A page that says what its policy reports.
fn guarded(config: impl Into<String>) -> Page {
    let report = "document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
        e2e.tell('error', 'error', `${violatedDirective} ${blockedURI} ${sample}`));";
    page().config(config).nonce("n0nce").first(report)
}

async fn row_52_strict_policy(engine: Engine) {
    let stage = FaultStage::new(engine, &guarded(config("100", ""))).await;
    stage.server.on("/", strict("canary-runtime"));
    fresh(&stage, "somebody").await;
    leads_to(&stage, CANARY, &[]).await;
    assert_eq!(stage.browser.eval("typeof trustedTypes").await, "object");
    // With all that a bundle may have, by a canary that is replaced, and for stable.
    let bundle = r#""version": "1", "scripts": [{"src": "/canary/main.js"}], "preload": [{"href": "/canary/main.js", "as": "script"}]"#;
    stage.set_page(&guarded(config("100", &format!(r#", "ASSETS": {{"canary": {{{bundle}}}}}"#))));
    leads_to(&stage, CANARY, &[]).await;
    stage.set_page(&guarded(config("0", "")));
    fresh(&stage, "somebody").await;
    leads_to(&stage, STABLE, &["I120"]).await;
    stage.set_page(&guarded(config("100", "")));
    stage.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    fresh(&stage, "somebody").await;
    leads_to(&stage, STABLE, &["E401"]).await;
    // A refresh loads parts of its own.
    stage.browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
    until("a refresh", DEADLINE, || (stage.requests(CONFIG).len() == 2).then_some(()));
    stage.settle().await;
    assert_eq!((stage.lines().len(), stage.errors()), (1, Vec::new()));

    // The negative control: the policy is there, and reports.
    let add = "void attempt(() => Object.assign(document.createElement('script'), { src: '/stable/main.js' }))";
    let attempt = "((action) => { try { action(); } catch {} })";
    stage.browser.eval(&add.replace("attempt", attempt)).await;
    until("a report", DEADLINE, || stage.errors().pop().filter(|text| text.contains("require-trusted-types-for")));
}

async fn row_52_policy_name_refused(engine: Engine) {
    for (percentage, codes) in [("100", &["E702"][..]), ("0", &["E702", "I120"])] {
        let stage = FaultStage::new(engine, &guarded(config(percentage, ""))).await;
        stage.server.on("/", strict("another"));
        fresh(&stage, "somebody").await;
        stage.open().await;
        stage.shows(STABLE).await;
        stage.says(codes).await;
        let lines = stage.lines();
        assert!(
            lines.iter().any(|(_, line)| line.contains("] E702 ") && line.ends_with("; stable loads")),
            "{lines:?}"
        );
        assert_eq!((stage.ran(), stage.views()), (vec![STABLE.to_owned()], 1));
        // Stable itself did not load as it should, but as it may; the page's policy has something to report.
        assert!(
            !stage.errors().is_empty() && stage.errors().iter().all(|text| text.contains("trusted-types")),
            "{:?}",
            stage.errors()
        );
        assert_eq!(stage.browser.eval(&format!("{RUNTIME}.getBooleanValue('on', false)")).await, true);
    }
}

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

async fn row_53_consent_withdrawn(engine: Engine) {
    let answer = async |stage: &FaultStage, granted: bool| {
        stage.browser.eval(&format!("void {RUNTIME}.setConsent({granted})")).await;
    };
    for attributes in ["", r#"data-consent="required""#] {
        let stage = FaultStage::new(engine, &page().attributes(format!("{PATIENT} {attributes}"))).await;
        stage.forget().await;
        leads_to(&stage, if attributes.is_empty() { CANARY } else { STABLE }, &[]).await;
        answer(&stage, true).await;
        leads_to(&stage, CANARY, &[]).await;
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
            leads_to(&stage, STABLE, &[]).await;
            assert_eq!(
                decided(&stage, &["variant", "reason", "bucket", "eligible"]),
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

async fn row_53_no_consent_leaves_nothing(engine: Engine) {
    let control = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });";
    let required = page().attributes(format!(r#"{PATIENT} data-consent="required""#));
    let stage = FaultStage::new(engine, &page()).await;
    for private in [page().first(control), required] {
        // The negative control.
        stage.set_page(&page());
        fresh(&stage, "somebody").await;
        leads_to(&stage, CANARY, &[]).await;
        stage.browser.wait_for("localStorage.getItem('canary_good')").await;
        // What is there from before goes as well.
        stage.set_page(&private);
        for _ in 0..2 {
            leads_to(&stage, STABLE, &[]).await;
            assert_eq!(kept(&stage).await, json!([[], [], []]));
            assert_eq!(decided(&stage, &["reason", "bucket", "eligible"]), json!(["DISABLED", null, false]));
            assert_eq!(stage.browser.eval(FLAGS).await, json!([[true, null], [false, "TARGETING_KEY_MISSING"]]));
            assert!(stage.events("exposure").is_empty() && stage.requests(CANARY_BUNDLE).is_empty());
        }
    }
}

/// A service worker that keeps the config as it was when it came, and answers with it: for that address alone, or, where
/// `/any` is kept as well, whatever the query.
const WORKER: &str = "
    self.oninstall = (event) => {
        self.skipWaiting();
        event.waitUntil(caches.open('kept').then((cache) => cache.add('/config/canary.json')));
    };
    self.onactivate = (event) => event.waitUntil(clients.claim());
    self.onfetch = (event) => {
        if (!event.request.url.includes('/config/')) return;
        event.respondWith(caches.match('/any')
            .then((any) => caches.match(event.request, { ignoreSearch: !!any }))
            .then((kept) => kept ?? fetch(event.request)));
    };";

async fn row_54_old_service_worker(engine: Engine) {
    let old = http_date(UtcDateTime::now() - Duration::from_mins(11));
    for (date, is_old) in [(old, true), (http_date(UtcDateTime::now()), false)] {
        let stage = FaultStage::new(engine, &page()).await;
        stage.site.write("worker.js", WORKER);
        stage.server.on("/worker.js", Reply::sound().without("Vary"));
        // A cache takes nothing that varies by everything.
        stage.server.on(CONFIG, Reply::sound().header("Date", date).without("Vary"));
        fresh(&stage, "somebody").await;
        // Without a worker an old answer is as good as any.
        leads_to(&stage, CANARY, &[]).await;
        assert_eq!(stage.requests(CONFIG)[0].path, CONFIG);
        stage.browser.eval("navigator.serviceWorker.register('/worker.js').then(() => true)").await;
        stage.browser.wait_for("navigator.serviceWorker.controller").await;

        // A query of its own gets past a worker that heeds it.
        stage.server.restore();
        stage.site.mount_config(&config("0", ""));
        let mut queries = Vec::new();
        for codes in [&["I114", "I120"][..], &["I120"]] {
            leads_to(&stage, STABLE, codes).await;
            queries.push(stage.requests(CONFIG)[0].path.clone());
        }
        assert!(
            queries[0] != queries[1] && queries.iter().all(|path| path.starts_with("/config/canary.json?")),
            "{queries:?}"
        );

        // One that does not is known by the age of what it answers, if it is old enough to be in doubt.
        fresh(&stage, "somebody").await;
        stage
            .browser
            .eval("caches.open('kept').then((cache) => cache.put('/any', new Response(''))).then(() => true)")
            .await;
        let (arm, codes) = if is_old { (STABLE, &["E412"][..]) } else { (CANARY, &[][..]) };
        leads_to(&stage, arm, codes).await;
        assert_eq!((stage.requests(CONFIG).len(), stage.requests(CANARY_BUNDLE).is_empty()), (0, is_old));
        // So are refreshes.
        stage.browser.eval("caches.delete('kept').then(() => true)").await;
        if is_old {
            leads_to(&stage, STABLE, &["I120"]).await;
            let keep = "caches.open('kept').then((cache) => Promise.all([
                cache.put('/any', new Response('')),
                cache.put('/config/canary.json', new Response('{}', { headers: { Date: new Date(Date.now() - 660000).toUTCString() } }))]))";
            stage.browser.eval(&format!("{keep}.then(() => true)")).await;
            stage.browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
            stage.says(&["E412", "I120"]).await;
            assert_eq!(stage.events("stale").len(), 1);
        }
    }
}
