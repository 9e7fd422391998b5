//! Faults of a bundle, the canary's or stable's: a file is missing, damaged, or something else.
//!
//! Negative control: without the fault, the same page shows the canary.

use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{FaultServer, Plan, Reply};
use canary_e2e::fault_site::{BLANK, CANARY, CANARY_BUNDLE, CONFIG, FaultSite, STABLE, STABLE_BUNDLE, bundle};
use canary_e2e::fault_site::{config, page};
use canary_e2e::fixture::guard;
use canary_e2e::site_files::SiteFiles;
use canary_e2e::wait::{DEADLINE, until};
use fantoccini::Locator;
use sha2::{Digest, Sha384};

canary_e2e::fault_tests! {
    e401_script_404: test [chromium firefox webkit];
    e401_script_reset: test [chromium firefox webkit];
    e401_second_script_404: test [chromium] long [firefox webkit];
    bundle_requested_once: test [chromium firefox] long [webkit];
    e401_script_404_on_another_origin: test [chromium] long [firefox webkit];
    e402_script_is_html: test [chromium webkit] long [firefox];
    e407_stylesheet_404: test [chromium firefox webkit];
    e407_stylesheet_hangs: test [chromium webkit]
        cannot [firefox "Firefox holds back every request of a page while one of its stylesheets loads"];
    e408_integrity_mismatch: test [chromium firefox webkit];
    e501_stable_fails_too: test [chromium firefox webkit];
    e501_stable_fails_behind_guard: test [chromium] long [firefox webkit];
}

/// A canary of these scripts.
fn scripts(version: &str, scripts: &str) -> String {
    format!(r#""ASSETS": {{"canary": {{"version": "{version}", "scripts": [{scripts}]}}}}"#)
}

async fn e401_script_404(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page("")).await;
    for status in [404, 403, 500] {
        site.server.on(CANARY_BUNDLE, Reply::sound().status(status));
        site.visit().await;
        site.fell_back_in_place(&["E401"]).await;
        assert!(site.lines()[0].1.contains(&format!("/canary/main.js answered {status}; ")), "{:?}", site.lines());
        assert_eq!(site.ran(), [STABLE]);
    }
    // The version stays quarantined in this browser until the config names another one.
    site.server.restore();
    site.keeps_quarantine(CANARY_BUNDLE).await;
    site.set_page(&page(r#""SALT": "second""#));
    site.open().await;
    site.has_canary().await;

    let versioned = |version: &str| page(&scripts(version, r#"{"src": "/canary/main.js"}"#));
    site.set_page(&versioned("1.5.0"));
    site.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    site.visit().await;
    site.fell_back_in_place(&["E401"]).await;
    site.server.restore();
    site.keeps_quarantine(CANARY_BUNDLE).await;
    site.set_page(&versioned("1.5.1"));
    site.open().await;
    site.has_canary().await;
}

/// It does not go on to another version: while the page before is in its back/forward cache, `WebKitGTK` fails a preload of the
/// same URL without a request.
async fn e401_script_reset(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page("")).await;
    site.server.on(CANARY_BUNDLE, Reply::sound().reset());
    site.visit().await;
    site.fell_back_in_place(&["E401"]).await;
    assert!(site.lines()[0].1.contains("/canary/main.js did not load; "), "{:?}", site.lines());
    assert_eq!(site.ran(), [STABLE]);
    site.server.restore();
    site.keeps_quarantine(CANARY_BUNDLE).await;
}

async fn e401_second_script_404(engine: Engine) {
    for type_ in ["module", "classic"] {
        let script = |name: &str| format!(r#"{{"src": "/canary/{name}.js", "type": "{type_}"}}"#);
        let list = [script("first"), script("main"), script("last")].join(", ");
        let page = page(&scripts("1.5.0", &list));
        let site = FaultSite::new(engine, &page).await;
        site.files.write("canary/first.js", "globalThis.e2e.log('ran', 'first');");
        site.files.write("canary/last.js", "globalThis.e2e.log('ran', 'last');");
        site.visit().await;
        site.shows(CANARY).await;
        site.says(&[]).await;
        until("the last", DEADLINE, || (site.ran() == ["first", CANARY, "last"]).then_some(()));
        // The answer comes after the first script has run.
        site.server.on(CANARY_BUNDLE, Reply::sound().status(404).delayed(std::time::Duration::from_millis(500)));
        site.visit().await;
        site.fell_back_by_reload(&["E401"]).await;
        assert_eq!(site.ran()[0], "first");
        assert!(!site.ran().contains(&CANARY.to_owned()));
        site.keeps_quarantine("/canary/first.js").await;
    }
}

/// With preloads, a browser requests each cacheable file once.
async fn bundle_requested_once(engine: Engine) {
    let hinted = r#"{"version": "1", "scripts": [{"src": "/canary/main.js"}, {"src": "/canary/old.js", "type": "classic"}],
        "preload": [{"href": "/canary/part.js", "as": "script"}]}"#;
    let site = FaultSite::new(engine, &page(&format!(r#""ASSETS": {{"canary": {hinted}}}"#))).await;
    site.files.write(CANARY_BUNDLE, format!(r#"import "./part.js"; {}"#, bundle(CANARY)));
    site.files.write("canary/part.js", "globalThis.part = true;");
    site.files.write("canary/old.js", "globalThis.old = true;");
    let kept = Reply::sound().header("Cache-Control", "public, max-age=31536000, immutable").without("Vary");
    for path in ["/canary/*", "/stable/*", "/runtime/*_*"] {
        site.server.on(path, kept.clone());
    }
    site.visit_has_canary().await;
    let asked = |path: &str| site.requests(path).len();
    let paths = [CANARY_BUNDLE, "/canary/old.js", "/canary/part.js"];
    assert_eq!(paths.map(asked), [1, 1, 1], "canary");
    site.server.on(CONFIG, Reply::sound().body(config("0", "")));
    site.visit().await;
    site.shows(STABLE).await;
    site.says(&["I120"]).await;
    assert_eq!(asked(STABLE_BUNDLE), 1);
    assert_eq!(paths.map(asked), [0, 0, 0]);
}

/// Attributes of the page name both bundles, on another origin.
async fn e401_script_404_on_another_origin(engine: Engine) {
    let files = SiteFiles::empty();
    let other = FaultServer::start(files.root());
    let cors = Reply::sound().header("Access-Control-Allow-Origin", "*");
    for (path, marker) in [(CANARY_BUNDLE, CANARY), (STABLE_BUNDLE, STABLE)] {
        files.write(path, bundle(marker));
        other.on(path, cors.clone());
    }
    let [canary, stable] = [CANARY_BUNDLE, STABLE_BUNDLE].map(|path| other.url(path));
    let attributes = format!(r#"data-decision-budget="15000" data-canary="{canary}" data-stable="{stable}""#);
    let site = FaultSite::with_canary(engine, &page("").attributes(attributes)).await;

    other.on(CANARY_BUNDLE, cors.clone().status(404));
    site.visit().await;
    site.fell_back_in_place(&["E401"]).await;
    assert!(site.lines()[0].1.contains("answered 404"), "{:?}", site.lines());
    other.on(CANARY_BUNDLE, cors.body("globalThis.e2e.log('ran', 'half'); throw new Error('boom');"));
    site.visit().await;
    site.fell_back_by_reload(&["E403"]).await;
    assert_eq!(site.ran(), ["half", STABLE]);
    // Without CORS the page cannot tell why the script failed.
    other.on(CANARY_BUNDLE, Reply::sound());
    site.visit().await;
    site.fell_back_in_place(&["E401"]).await;
    assert!(site.lines()[0].1.contains("did not load"), "{:?}", site.lines());
}

async fn e402_script_is_html(engine: Engine) {
    let html = "<!doctype html><title>secret</title>";
    let site = FaultSite::with_canary(engine, &page("")).await;
    site.server.on(CANARY_BUNDLE, Reply::sound().body(html).header("Content-Type", "text/html; charset=utf-8"));
    site.visit().await;
    site.fell_back_in_place(&["E402"]).await;
    assert!(!site.lines()[0].1.contains("secret"), "{:?}", site.lines());
    site.server.restore();
    site.keeps_quarantine(CANARY_BUNDLE).await;
    // With the content type of a script it is a script with a syntax error, which may have run.
    site.server.on(CANARY_BUNDLE, Reply::sound().body(html));
    site.visit().await;
    site.fell_back_by_reload(&["E403"]).await;
    assert_eq!(site.ran(), [STABLE]);
}

async fn e407_stylesheet_404(engine: Engine) {
    stylesheet_fails(engine, "/canary/main.css did not load", [Reply::sound().status(404), Reply::sound().reset()])
        .await;
}

async fn e407_stylesheet_hangs(engine: Engine) {
    let line = "a stylesheet, within 2000 ms, did not load";
    stylesheet_fails(engine, line, [Reply::sound().hanging(), Reply::sound().hanging_after(3)]).await;
}

async fn stylesheet_fails(engine: Engine, line: &str, replies: [Reply; 2]) {
    let assets = r#""ASSETS": {"canary": {"version": "1", "scripts": [{"src": "/canary/main.js"}], "styles": [{"href": "/canary/main.css"}]}}"#;
    let site = FaultSite::new(engine, &page(assets)).await;
    site.files.write("canary/main.css", "p { color: rgb(1, 2, 3) }");
    site.visit_has_canary().await;
    let color = "getComputedStyle(document.querySelector('p')).color";
    assert_eq!(site.browser.eval(color).await, "rgb(1, 2, 3)");
    for reply in replies {
        site.server.on("/canary/main.css", reply);
        site.visit().await;
        site.fell_back_in_place(&["E407"]).await;
        assert!(site.lines()[0].1.contains(line), "{:?}", site.lines());
        assert_eq!(site.ran(), [STABLE]);
        // What comes late is not applied.
        site.server.release();
        site.settle().await;
        assert_ne!(site.browser.eval(color).await, "rgb(1, 2, 3)");
        assert_eq!((site.ran(), site.shown().await.as_deref()), (vec![STABLE.to_owned()], Some(STABLE)));
    }
    site.server.restore();
    site.keeps_quarantine(CANARY_BUNDLE).await;
}

/// The value of an attribute `integrity`.
fn integrity(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    format!("sha384-{}", STANDARD.encode(Sha384::digest(text)))
}

async fn e408_integrity_mismatch(engine: Engine) {
    let sound = format!(r#"import "./part.js"; {}"#, bundle(CANARY));
    let list = |type_: &str| {
        format!(r#"{{"src": "/canary/main.js", "type": "{type_}", "integrity": "{}"}}"#, integrity(&sound))
    };
    let site = FaultSite::new(engine, &page(&scripts("1", &list("module")))).await;
    site.files.write("canary/part.js", "globalThis.part = true;");
    site.files.write(CANARY_BUNDLE, &sound);
    site.visit_has_canary().await;
    site.server.on(CANARY_BUNDLE, Reply::sound().body(format!("{sound} ")));
    site.visit().await;
    site.fell_back_in_place(&["E408"]).await;
    assert_eq!(site.ran(), [STABLE], "never executed");
    site.keeps_quarantine(CANARY_BUNDLE).await;
    // A missing import is no mismatch.
    site.server.restore();
    site.server.on("/canary/part.js", Reply::sound().status(404));
    site.visit().await;
    site.fell_back_in_place(&["E401"]).await;

    let sound = bundle(CANARY);
    site.files.write(CANARY_BUNDLE, &sound);
    let classic = format!(r#"{{"src": "/canary/main.js", "type": "classic", "integrity": "{}"}}"#, integrity(&sound));
    site.server.on(CONFIG, Reply::sound().body(config("100", &scripts("2", &classic))));
    site.visit_has_canary().await;
    site.server.on(CANARY_BUNDLE, Reply::sound().body(format!("{sound} ")));
    site.visit().await;
    site.fell_back_in_place(&["E408"]).await;
    assert_eq!(site.ran(), [STABLE], "never executed");
}

const ERROR_PAGE: &str = "This page could not be loaded. Try again";

/// The page shows the error page with one button, and stays as it is.
async fn shows_error_page(site: &FaultSite, codes: &[&str], views: usize) {
    site.shows(ERROR_PAGE).await;
    site.says(codes).await;
    assert_eq!(site.views(), views);
    assert_eq!(site.browser.eval("document.querySelectorAll('button').length").await, 1);
}

async fn e501_stable_fails_too(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page("")).await;
    let both = |reply: Reply| {
        site.server.restore();
        site.server.on(CANARY_BUNDLE, reply.clone());
        site.server.on(STABLE_BUNDLE, reply);
    };
    both(Reply::sound().status(404));
    site.visit().await;
    shows_error_page(&site, &["E401", "E501"], 1).await;
    // The next view fails in the same way.
    site.open().await;
    shows_error_page(&site, &["E501"], 1).await;
    // The button loads the page again.
    site.server.restore();
    site.browser.client().find(Locator::Css("button")).await.unwrap().click().await.unwrap();
    site.shows(STABLE).await;
    assert_eq!(site.views(), 2);

    both(Reply::sound().body("throw new Error('boom');"));
    site.visit().await;
    shows_error_page(&site, &["E403", "E501"], 2).await;
    // The config is missing, and stable is HTML.
    site.server.restore();
    site.server.on(CONFIG, Reply::sound().status(500));
    site.server.on(STABLE_BUNDLE, Reply::sound().body("<!doctype html>").header("Content-Type", "text/html"));
    site.visit().await;
    shows_error_page(&site, &["E101", "E501"], 1).await;

    // A page with content of its own keeps it.
    site.set_page(&page("").body("<h1>A shop</h1>"));
    both(Reply::sound().status(404));
    site.visit().await;
    site.says(&["E401", "E501"]).await;
    site.shows("A shop").await;
    assert_eq!(site.views(), 1);

    // Stable rejects a promise before it draws: the page without a canary would show the same.
    site.set_page(&page(""));
    let hasty = format!("void Promise.reject(new Error('harmless')); setTimeout(() => {{ {} }}, 700);", bundle(STABLE));
    site.server.restore();
    site.server.on(CONFIG, Reply::sound().body(config("0", "")));
    site.server.on(STABLE_BUNDLE, Reply::sound().body(hasty));
    site.visit().await;
    site.shows(STABLE).await;
    assert!(site.lines().iter().all(|(_, line)| !line.contains("E501")), "{:?}", site.lines());

    // One file is both bundles.
    let attributes = r#"data-decision-budget="15000" data-stable="/main.js" data-canary="/main.js""#;
    site.set_page(&page("").attributes(attributes));
    site.files.write("main.js", bundle("ONE"));
    site.server.restore();
    site.visit().await;
    site.shows("ONE").await;
    site.says(&[]).await;
    site.server.on("/main.js", Reply::sound().body("throw new Error('boom');"));
    site.visit().await;
    shows_error_page(&site, &["E403", "E501"], 2).await;
    site.server.on("/main.js", Reply::sound().status(404));
    site.visit().await;
    shows_error_page(&site, &["E401", "E501"], 1).await;
}

/// The guard changes none of it, and does nothing where the runtime runs.
async fn e501_stable_fails_behind_guard(engine: Engine) {
    // The forms hide methods of the document.
    let forms = r#"<form name="createElement"></form><form name="querySelector"></form><div id="app"></div>"#;
    let guarded = page("").head(guard()).body(forms);
    let site = FaultSite::with_canary(engine, &guarded).await;
    site.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    site.visit().await;
    site.fell_back_in_place(&["E401"]).await;
    site.server.on(CANARY_BUNDLE, Reply::sound().body("throw new Error('boom');"));
    site.visit().await;
    site.fell_back_by_reload(&["E403"]).await;
    site.server.on(STABLE_BUNDLE, Reply::sound().status(404));
    site.open().await;
    shows_error_page(&site, &["E501"], 1).await;
    // Without the runtime the guard loads stable.
    site.server.restore();
    site.server.on("/runtime/canary.js", Reply::sound().status(404));
    site.open().await;
    site.shows(STABLE).await;
    site.says(&["E201"]).await;
    assert_eq!((site.ran(), site.views()), (vec![STABLE.to_owned()], 1));
    // A runtime that comes after the guard has loaded stable does nothing.
    let slow = guarded.attributes(r#"data-decision-budget="600""#);
    site.set_page(&slow);
    site.server.on("/runtime/canary.js", Plan::first(1, Reply::sound().hanging()));
    site.visit().await;
    site.shows(STABLE).await;
    site.server.release();
    site.browser.wait_for("globalThis[Symbol.for('canary-runtime')]?.ready.then(() => true)").await;
    site.settle().await;
    assert_eq!((site.ran(), site.shown().await.as_deref()), (vec![STABLE.to_owned()], Some(STABLE)));
    assert_ne!(site.shown().await.as_deref(), Some(BLANK));
}
