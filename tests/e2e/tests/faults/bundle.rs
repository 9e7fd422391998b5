//! Rows 33, 34, 39, 40 and 43: a bundle that does not load, the canary's or stable's own.
//!
//! Each fault meets a user who has the canary on the same page without it.

use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{FaultServer, Plan, Reply};
use canary_e2e::fault_site::fallback::{config, page};
use canary_e2e::fault_site::{BLANK, CANARY, CANARY_BUNDLE, CONFIG, FaultStage, STABLE, STABLE_BUNDLE, bundle};
use canary_e2e::files::{read, repo};
use canary_e2e::site_files::Site;
use canary_e2e::wait::{DEADLINE, until};
use fantoccini::Locator;
use sha2::{Digest, Sha384};

canary_e2e::rows! {
    row_33_script_missing: make_test [Chromium, Firefox, WebKit];
    row_33_second_script_missing: make_test [Chromium];
    row_33_requests: make_test [Chromium, Firefox];
    row_33_other_origin: make_test [Chromium];
    row_34_script_is_a_web_page: make_test [Chromium, WebKit];
    row_39_stylesheet: make_test [Chromium, Firefox, WebKit];
    row_40_integrity: make_test [Chromium, Firefox, WebKit];
    row_43_stable_fails_as_well: make_test [Chromium, Firefox, WebKit];
    row_43_page_with_a_guard: make_test [Chromium];
}

/// A canary of these scripts.
fn scripts(version: &str, scripts: &str) -> String {
    format!(r#""ASSETS": {{"canary": {{"version": "{version}", "scripts": [{scripts}]}}}}"#)
}

async fn row_33_script_missing(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page("")).await;
    for status in [404, 403, 500] {
        stage.server.on(CANARY_BUNDLE, Reply::sound().status(status));
        stage.visit().await;
        stage.fell_in_place(&["E401"]).await;
        assert!(stage.lines()[0].1.contains(&format!("/canary/main.js answered {status}; ")), "{:?}", stage.lines());
        assert_eq!(stage.ran(), [STABLE]);
    }
    stage.server.on(CANARY_BUNDLE, Reply::sound().reset());
    stage.visit().await;
    stage.fell_in_place(&["E401"]).await;
    // It is left alone in this browser, sound or not, until the config names another.
    stage.server.restore();
    stage.stays_with_stable(CANARY_BUNDLE).await;
    stage.set_page(&page(r#""SALT": "second""#));
    stage.open().await;
    stage.stays_with_canary().await;

    let versioned = |version: &str| page(&scripts(version, r#"{"src": "/canary/main.js"}"#));
    stage.set_page(&versioned("1.5.0"));
    stage.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    stage.visit().await;
    stage.fell_in_place(&["E401"]).await;
    stage.server.restore();
    stage.stays_with_stable(CANARY_BUNDLE).await;
    stage.set_page(&versioned("1.5.1"));
    stage.open().await;
    stage.stays_with_canary().await;
}

async fn row_33_second_script_missing(engine: Engine) {
    for type_ in ["module", "classic"] {
        let script = |name: &str| format!(r#"{{"src": "/canary/{name}.js", "type": "{type_}"}}"#);
        let list = [script("first"), script("main"), script("last")].join(", ");
        let page = page(&scripts("1.5.0", &list));
        let stage = FaultStage::new(engine, &page).await;
        stage.site.write("canary/first.js", "globalThis.e2e.tell('ran', 'first');");
        stage.site.write("canary/last.js", "globalThis.e2e.tell('ran', 'last');");
        stage.visit().await;
        stage.shows(CANARY).await;
        stage.says(&[]).await;
        until("the last", DEADLINE, || (stage.ran() == ["first", CANARY, "last"]).then_some(()));
        // What is missing comes so late that the first has run by then.
        stage.server.on(CANARY_BUNDLE, Reply::sound().status(404).delayed(std::time::Duration::from_millis(500)));
        stage.visit().await;
        stage.fell_by_reload(&["E401"]).await;
        assert_eq!(stage.ran()[0], "first");
        assert!(!stage.ran().contains(&CANARY.to_owned()));
        stage.stays_with_stable("/canary/first.js").await;
    }
}

/// Whatever is preloaded, a browser that may keep it asks once.
async fn row_33_requests(engine: Engine) {
    let hinted = r#"{"version": "1", "scripts": [{"src": "/canary/main.js"}, {"src": "/canary/old.js", "type": "classic"}],
        "preload": [{"href": "/canary/part.js", "as": "script"}]}"#;
    let stage = FaultStage::new(engine, &page(&format!(r#""ASSETS": {{"canary": {hinted}}}"#))).await;
    stage.site.write(CANARY_BUNDLE, format!(r#"import "./part.js"; {}"#, bundle(CANARY)));
    stage.site.write("canary/part.js", "globalThis.part = true;");
    stage.site.write("canary/old.js", "globalThis.old = true;");
    let kept = Reply::sound().header("Cache-Control", "public, max-age=31536000, immutable").without("Vary");
    for path in ["/canary/*", "/stable/*", "/runtime/*_*"] {
        stage.server.on(path, kept.clone());
    }
    stage.has_canary().await;
    let asked = |path: &str| stage.requests(path).len();
    let paths = [CANARY_BUNDLE, "/canary/old.js", "/canary/part.js"];
    assert_eq!(paths.map(asked), [1, 1, 1], "canary");
    stage.server.on(CONFIG, Reply::sound().body(config("0", "")));
    stage.visit().await;
    stage.shows(STABLE).await;
    stage.says(&["I120"]).await;
    assert_eq!(asked(STABLE_BUNDLE), 1);
    assert_eq!(paths.map(asked), [0, 0, 0]);
}

/// Both bundles come from elsewhere, and the page names them itself.
async fn row_33_other_origin(engine: Engine) {
    let site = Site::empty();
    let other = FaultServer::start(site.root());
    let cors = Reply::sound().header("Access-Control-Allow-Origin", "*");
    for (path, marker) in [(CANARY_BUNDLE, CANARY), (STABLE_BUNDLE, STABLE)] {
        site.write(path, bundle(marker));
        other.on(path, cors.clone());
    }
    let [canary, stable] = [CANARY_BUNDLE, STABLE_BUNDLE].map(|path| other.url(path));
    let attributes = format!(r#"data-decision-budget="15000" data-canary="{canary}" data-stable="{stable}""#);
    let stage = FaultStage::with_canary(engine, &page("").attributes(attributes)).await;

    other.on(CANARY_BUNDLE, cors.clone().status(404));
    stage.visit().await;
    stage.fell_in_place(&["E401"]).await;
    assert!(stage.lines()[0].1.contains("answered 404"), "{:?}", stage.lines());
    other.on(CANARY_BUNDLE, cors.body("globalThis.e2e.tell('ran', 'half'); throw new Error('boom');"));
    stage.visit().await;
    stage.fell_by_reload(&["E403"]).await;
    assert_eq!(stage.ran(), ["half", STABLE]);
    // Nothing can be told of what may not be read.
    other.on(CANARY_BUNDLE, Reply::sound());
    stage.visit().await;
    stage.fell_in_place(&["E401"]).await;
    assert!(stage.lines()[0].1.contains("did not load"), "{:?}", stage.lines());
}

async fn row_34_script_is_a_web_page(engine: Engine) {
    let html = "<!doctype html><title>secret</title>";
    let stage = FaultStage::with_canary(engine, &page("")).await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(html).header("Content-Type", "text/html; charset=utf-8"));
    stage.visit().await;
    stage.fell_in_place(&["E402"]).await;
    assert!(!stage.lines()[0].1.contains("secret"), "{:?}", stage.lines());
    stage.server.restore();
    stage.stays_with_stable(CANARY_BUNDLE).await;
    // By another name it is a script with an error in it, which may have run.
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(html));
    stage.visit().await;
    stage.fell_by_reload(&["E403"]).await;
    assert_eq!(stage.ran(), [STABLE]);
}

async fn row_39_stylesheet(engine: Engine) {
    let assets = r#""ASSETS": {"canary": {"version": "1", "scripts": [{"src": "/canary/main.js"}], "styles": [{"href": "/canary/main.css"}]}}"#;
    let stage = FaultStage::new(engine, &page(assets)).await;
    stage.site.write("canary/main.css", "p { color: rgb(1, 2, 3) }");
    stage.has_canary().await;
    let color = "getComputedStyle(document.querySelector('p')).color";
    assert_eq!(stage.browser.eval(color).await, "rgb(1, 2, 3)");
    let (missing, late) = ("/canary/main.css did not load", "a stylesheet, within 2000 ms, did not load");
    let replies = [
        (Reply::sound().status(404), missing),
        (Reply::sound().reset(), missing),
        (Reply::sound().hanging(), late),
        (Reply::sound().hanging_after(3), late),
    ];
    // Firefox holds back every request of a page, the tests' too, until its stylesheets have come or failed.
    let possible = if engine == Engine::Firefox { 2 } else { replies.len() };
    for (reply, line) in replies.into_iter().take(possible) {
        stage.server.on("/canary/main.css", reply);
        stage.visit().await;
        stage.fell_in_place(&["E407"]).await;
        assert!(stage.lines()[0].1.contains(line), "{:?}", stage.lines());
        assert_eq!(stage.ran(), [STABLE]);
        stage.server.release();
        stage.settle().await;
        assert_ne!(stage.browser.eval(color).await, "rgb(1, 2, 3)");
        assert_eq!((stage.ran(), stage.shown().await.as_deref()), (vec![STABLE.to_owned()], Some(STABLE)));
    }
    stage.server.restore();
    stage.stays_with_stable(CANARY_BUNDLE).await;
}

/// As it stands in an attribute `integrity`.
fn integrity(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    format!("sha384-{}", STANDARD.encode(Sha384::digest(text)))
}

async fn row_40_integrity(engine: Engine) {
    let sound = format!(r#"import "./part.js"; {}"#, bundle(CANARY));
    let list = |type_: &str| {
        format!(r#"{{"src": "/canary/main.js", "type": "{type_}", "integrity": "{}"}}"#, integrity(&sound))
    };
    let stage = FaultStage::new(engine, &page(&scripts("1", &list("module")))).await;
    stage.site.write("canary/part.js", "globalThis.part = true;");
    stage.site.write(CANARY_BUNDLE, &sound);
    stage.has_canary().await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(format!("{sound} ")));
    stage.visit().await;
    stage.fell_in_place(&["E408"]).await;
    assert_eq!(stage.ran(), [STABLE], "never executed");
    stage.stays_with_stable(CANARY_BUNDLE).await;
    // A part that is missing is no mismatch.
    stage.server.restore();
    stage.server.on("/canary/part.js", Reply::sound().status(404));
    stage.visit().await;
    stage.fell_in_place(&["E401"]).await;

    let sound = bundle(CANARY);
    stage.site.write(CANARY_BUNDLE, &sound);
    let classic = format!(r#"{{"src": "/canary/main.js", "type": "classic", "integrity": "{}"}}"#, integrity(&sound));
    stage.server.on(CONFIG, Reply::sound().body(config("100", &scripts("2", &classic))));
    stage.has_canary().await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(format!("{sound} ")));
    stage.visit().await;
    stage.fell_in_place(&["E408"]).await;
    assert_eq!(stage.ran(), [STABLE], "never executed");
}

const APOLOGY: &str = "This page could not be loaded. Try again";

/// What is on the screen is an error page, said once, and the page stays with it.
async fn apologises(stage: &FaultStage, codes: &[&str], views: usize) {
    stage.shows(APOLOGY).await;
    stage.says(codes).await;
    assert_eq!(stage.views(), views);
    assert_eq!(stage.browser.eval("document.querySelectorAll('button').length").await, 1);
}

async fn row_43_stable_fails_as_well(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page("")).await;
    let both = |reply: Reply| {
        stage.server.restore();
        stage.server.on(CANARY_BUNDLE, reply.clone());
        stage.server.on(STABLE_BUNDLE, reply);
    };
    both(Reply::sound().status(404));
    stage.visit().await;
    apologises(&stage, &["E401", "E501"], 1).await;
    // Again, and in vain.
    stage.open().await;
    apologises(&stage, &["E501"], 1).await;
    // The button works, once there is something to load.
    stage.server.restore();
    stage.browser.client().find(Locator::Css("button")).await.unwrap().click().await.unwrap();
    stage.shows(STABLE).await;
    assert_eq!(stage.views(), 2);

    both(Reply::sound().body("throw new Error('boom');"));
    stage.visit().await;
    apologises(&stage, &["E403", "E501"], 2).await;
    // The config is gone, and stable is a web page.
    stage.server.restore();
    stage.server.on(CONFIG, Reply::sound().status(500));
    stage.server.on(STABLE_BUNDLE, Reply::sound().body("<!doctype html>").header("Content-Type", "text/html"));
    stage.visit().await;
    apologises(&stage, &["E101", "E501"], 1).await;

    // A page that shows something by itself keeps it.
    stage.set_page(&page("").body("<h1>A shop</h1>"));
    both(Reply::sound().status(404));
    stage.visit().await;
    stage.says(&["E401", "E501"]).await;
    stage.shows("A shop").await;
    assert_eq!(stage.views(), 1);

    // Stable throws before it draws, and draws: that is as it was without a canary.
    stage.set_page(&page(""));
    let hasty = format!("void Promise.reject(new Error('harmless')); setTimeout(() => {{ {} }}, 700);", bundle(STABLE));
    stage.server.restore();
    stage.server.on(CONFIG, Reply::sound().body(config("0", "")));
    stage.server.on(STABLE_BUNDLE, Reply::sound().body(hasty));
    stage.visit().await;
    stage.shows(STABLE).await;
    assert!(stage.lines().iter().all(|(_, line)| !line.contains("E501")), "{:?}", stage.lines());

    // One file for both, sound and not.
    let attributes = r#"data-decision-budget="15000" data-stable="/main.js" data-canary="/main.js""#;
    stage.set_page(&page("").attributes(attributes));
    stage.site.write("main.js", bundle("ONE"));
    stage.server.restore();
    stage.visit().await;
    stage.shows("ONE").await;
    stage.says(&[]).await;
    stage.server.on("/main.js", Reply::sound().body("throw new Error('boom');"));
    stage.visit().await;
    apologises(&stage, &["E403", "E501"], 2).await;
    stage.server.on("/main.js", Reply::sound().status(404));
    stage.visit().await;
    apologises(&stage, &["E401", "E501"], 1).await;
}

/// The guard goes with all of it, and does nothing where the runtime is there.
async fn row_43_page_with_a_guard(engine: Engine) {
    let demo = read(&repo("www/index.html"));
    let (_, rest) = demo.split_once("<script data-canary-guard>").expect("a guard in the demo's page");
    let (script, _) = rest.split_once("</script>").expect("an end of the guard");
    let guarded = page("").head(format!("<script data-canary-guard>{script}</script>"));
    let stage = FaultStage::with_canary(engine, &guarded).await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    stage.visit().await;
    stage.fell_in_place(&["E401"]).await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().body("throw new Error('boom');"));
    stage.visit().await;
    stage.fell_by_reload(&["E403"]).await;
    stage.server.on(STABLE_BUNDLE, Reply::sound().status(404));
    stage.open().await;
    apologises(&stage, &["E501"], 1).await;
    // Without the runtime it is the guard that brings stable, and after a reload as well.
    stage.server.restore();
    stage.server.on("/runtime/canary.js", Reply::sound().status(404));
    stage.open().await;
    stage.shows(STABLE).await;
    stage.says(&["E201"]).await;
    assert_eq!((stage.ran(), stage.views()), (vec![STABLE.to_owned()], 1));
    // Late, and it finds that it is decided.
    let slow = guarded.attributes(r#"data-decision-budget="600""#);
    stage.set_page(&slow);
    stage.server.on("/runtime/canary.js", Plan::first(1, Reply::sound().hanging()));
    stage.visit().await;
    stage.shows(STABLE).await;
    stage.server.release();
    stage.browser.wait_for("globalThis[Symbol.for('canary-runtime')]?.ready.then(() => true)").await;
    stage.settle().await;
    assert_eq!((stage.ran(), stage.shown().await.as_deref()), (vec![STABLE.to_owned()], Some(STABLE)));
    assert_ne!(stage.shown().await.as_deref(), Some(BLANK));
}
