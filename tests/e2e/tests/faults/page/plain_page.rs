//! Pages that work with a plain script, and have to work with the runtime in front of it.

use super::support::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultSite, STABLE, STABLE_BUNDLE, bundle};
use canary_e2e::wait::{DEADLINE, until};
use std::time::Duration;

/// The page is the answer to a form, as after an order. The canary throws, and the page loads again.
pub(crate) async fn post_not_repeated(engine: Engine) {
    const SUBMIT: &str =
        "void document.body.insertAdjacentHTML('beforeend', '<form method=post action=/order></form>'),
        document.querySelector('form').submit()";
    for is_known in [false, true] {
        let site = FaultSite::new(engine, &page()).await;
        let html = page().html();
        let mut order = Reply::sound().header("Content-Type", "text/html").body(&html);
        if is_known {
            order = order.header("Server-Timing", "post");
        }
        site.server.on("/order", order);
        site.visit().await;
        site.shows(CANARY).await;
        site.server.on(CANARY_BUNDLE, Reply::sound().body("e2e.log('ran', 'half'); throw new Error('boom');"));
        site.browser.eval(SUBMIT).await;
        until("the order's page", DEADLINE, || (!site.requests("/order").is_empty()).then_some(()));
        site.shows(STABLE).await;
        let methods: Vec<_> = site.requests("/order").iter().map(|request| request.method.clone()).collect();
        assert_eq!(methods, if is_known { vec!["POST"] } else { vec!["POST", "GET"] });
    }
}

/// A reload without the fragment, which is there again before the bundle runs.
pub(crate) async fn fragment_kept_by_reload(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    site.server.on(CANARY_BUNDLE, Reply::sound().body("e2e.log('ran', 'half'); throw new Error('boom');"));
    site.files.write(STABLE_BUNDLE, format!("e2e.log('event', 'hash', location.hash); {}", bundle(STABLE)));
    site.set_new_user("somebody").await;
    site.open_at("/#/cart").await;
    site.shows(STABLE).await;
    assert_eq!(site.events("hash"), ["#/cart"]);
    assert_eq!(site.views(), 2);
}

/// `<base>` names another origin. The paths of the config are of this one.
pub(crate) async fn base_of_another_origin(engine: Engine) {
    let assets = r#", "ASSETS": {"canary": {"version": "2", "scripts": [{"src": "/canary/main.js"}]}}"#;
    let body = r#"<base href="http://127.0.0.1:9/"><div id="app"></div>"#;
    let site = FaultSite::new(engine, &page().config(config("100", assets)).body(body)).await;
    site.set_new_user("somebody").await;
    site.open().await;
    site.shows(CANARY).await;
    assert_eq!(site.requests(CANARY_BUNDLE).len(), 1);
}

/// Errors of others while the canary runs: it is on the screen in boxes without text, and a person has done nothing.
pub(crate) async fn errors_of_others(engine: Engine) {
    let boxes = "globalThis.e2e.log('ran', 'CANARY');";
    for (error, is_own) in [
        ("setTimeout(() => { throw new Error('inline'); })", false),
        ("setTimeout(() => Promise.reject(new TypeError('Failed to fetch')))", false),
        ("void import('http://127.0.0.1:9/widget.js')", false),
        (
            "dispatchEvent(new ErrorEvent('error', { filename: `${location.origin}/canary/main.js`,
                message: 'ResizeObserver loop completed with undelivered notifications.' }))",
            false,
        ),
        ("dispatchEvent(new ErrorEvent('error', { message: 'tracker', filename: 'https://ads.example/t.js' }))", false),
        // Negative control: an error of the canary in a page that is blank.
        (
            "dispatchEvent(new ErrorEvent('error', { message: 'own', filename: `${location.origin}/canary/main.js` }))",
            true,
        ),
    ] {
        let site = FaultSite::new(engine, &page()).await;
        site.files.write(CANARY_BUNDLE, boxes);
        site.visit().await;
        until("the canary", DEADLINE, || (site.ran() == [CANARY]).then_some(()));
        site.browser.wait_for("localStorage.getItem('canary_good') !== null").await;
        site.browser.eval(&format!("void ({{ run() {{ {error} }} }}).run()")).await;
        if is_own {
            site.shows(STABLE).await;
            assert_eq!(site.views(), 2);
        } else if engine == Engine::WebKit && error.contains("import") {
            // WebKit does not say what it could not import, so it may be a part of the app.
            until("a reload", DEADLINE, || (site.views() == 2).then_some(()));
            assert!(site.lines()[0].1.contains("E409"), "{:?}", site.lines());
        } else {
            // Longer than a blank page is watched before it counts as such.
            tokio::time::sleep(Duration::from_secs(3)).await;
            assert_eq!((site.views(), site.lines()), (1, Vec::new()), "{error}");
        }
    }
}

/// Errors while the canary starts that are none: notices that Chromium gives the file that runs, and what the app handles.
pub(crate) async fn errors_while_starting(engine: Engine) {
    const HANDLES: &str = "for (const type of ['error', 'unhandledrejection'])
        addEventListener(type, (event) => event.preventDefault());";
    const NOTICE: &str = "dispatchEvent(new ErrorEvent('error', { filename: `${location.origin}/canary/main.js`,
        message: 'ResizeObserver loop completed with undelivered notifications.' }));";
    let site = FaultSite::new(engine, &page()).await;
    for (error, is_fault) in [
        (NOTICE.to_owned(), false),
        (format!("{HANDLES} setTimeout(() => {{ throw new Error('mine'); }});"), false),
        (format!("{HANDLES} Promise.reject(new Error('mine'));"), false),
        // Negative control: nobody handles it.
        ("setTimeout(() => { throw new Error('mine'); });".to_owned(), true),
    ] {
        // WebKit does not wait for the end of such a module, so the canary is up by then.
        if is_fault && engine == Engine::WebKit {
            continue;
        }
        let pause = "await new Promise((resolve) => setTimeout(resolve, 200));";
        site.files.write(CANARY_BUNDLE, format!("{error} {pause} {}", bundle(CANARY)));
        site.visit().await;
        site.shows(if is_fault { STABLE } else { CANARY }).await;
        site.says(if is_fault { &["E403"] } else { &[] }).await;
        assert_eq!(site.views(), 1 + usize::from(is_fault), "{error}");
    }
}

/// One of stable's scripts is blocked, as by an ad blocker. The app comes up without it.
pub(crate) async fn blocked_script_of_stable(engine: Engine) {
    let block = r#"<script type="application/json" data-canary-stable>{"scripts":
        [{"src": "/stable/analytics.js"}, {"src": "/stable/main.js"}], "styles": [{"href": "/stable/main.css"}]}</script>"#;
    let site = FaultSite::new(engine, &page().config(config("0", "")).head(block)).await;
    site.files.write("stable/main.css", "p { color: green; }");
    site.set_new_user("somebody").await;
    site.open().await;
    site.shows(STABLE).await;
    site.says(&["I120", "E501"]).await;
    site.shows(STABLE).await;
    assert_eq!(site.ran(), [STABLE]);
    let color = site.browser.eval("getComputedStyle(document.querySelector('p')).color").await;
    assert_eq!(color, "rgb(0, 128, 0)");
}

/// A slow line: the canary's file takes longer than the canary may take to start.
pub(crate) async fn slow_line(engine: Engine) {
    let guard = r#", "GUARD": {"readyTimeoutMs": 800}"#;
    let arrival = r#"data-decision-budget="15000" data-arrival-timeout="15000""#;
    let site = FaultSite::new(engine, &page().config(config("100", guard)).attributes(arrival)).await;
    let file = bundle(CANARY);
    let part = file.len() / 3 + 1;
    site.server.on(CANARY_BUNDLE, Reply::sound().trickling(part, Duration::from_secs(1)));
    site.visit().await;
    site.shows(CANARY).await;
    site.says(&[]).await;
    assert_eq!((site.ran(), site.views()), (vec![CANARY.to_owned()], 1));
    // Negative control: its time ends once the file is there.
    let started = r#", "GUARD": {"readyTimeoutMs": 800, "readyWhen": "started"}"#;
    site.set_page(&page().config(config("100", started)).attributes(arrival));
    site.server.on(CANARY_BUNDLE, Reply::sound().body("e2e.log('ran', 'half');"));
    site.visit().await;
    site.shows(STABLE).await;
    assert_eq!(site.views(), 2);
}

/// The config waits for a call that this stable, which is older, does not make.
pub(crate) async fn stable_need_not_start(engine: Engine) {
    let guard = r#", "GUARD": {"readyWhen": "started"}"#;
    let site = FaultSite::new(engine, &page().config(config("0", guard))).await;
    site.visit().await;
    site.shows(STABLE).await;
    site.browser.wait_for("localStorage.getItem('canary_good') !== null").await;
}

/// The app draws into a shadow root, and throws.
pub(crate) async fn shadow_root(engine: Engine) {
    for root in ["body", "#app"] {
        let attributes = format!(r#"data-decision-budget="15000" data-root="{root}""#);
        let site = FaultSite::new(engine, &page().attributes(attributes)).await;
        let app = "globalThis.e2e.log('ran', 'CANARY');
        document.getElementById('app').attachShadow({ mode: 'open' }).innerHTML = '<p>drawn</p>';
        setTimeout(() => { throw new Error('mine'); }, 300);";
        site.files.write(CANARY_BUNDLE, app);
        site.visit().await;
        until("the canary", DEADLINE, || (site.ran() == [CANARY]).then_some(()));
        until("its error", DEADLINE, || (!site.errors().is_empty()).then_some(()));
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!((site.views(), site.lines()), (1, Vec::new()));
    }
}

/// Two apps on one origin: each remembers its own config, and its own canary that failed.
pub(crate) async fn two_apps(engine: Engine) {
    let at = |app: &str| page().attributes(format!(r#"data-decision-budget="15000" data-config="/{app}.json""#));
    let config = |version: &str| {
        let canary = format!(r#"{{"version": "{version}", "scripts": [{{"src": "{CANARY_BUNDLE}"}}]}}"#);
        config("100", &format!(r#", "ASSETS": {{"canary": {canary}}}"#))
    };
    let site = FaultSite::new(engine, &at("shop")).await;
    let serve = |app: &str, reply: Reply| site.server.on(&format!("/{app}.json"), reply);
    serve("shop", Reply::sound().body(config("1")));
    site.visit().await;
    site.shows(CANARY).await;
    site.browser.wait_for("localStorage.getItem('canary_good:/shop.json') !== null").await;

    serve("shop", Reply::sound().status(503));
    serve("admin", Reply::sound().status(503));
    site.open().await;
    site.shows(CANARY).await;
    assert_eq!(site.decision()["reason"], "STALE");
    site.set_page(&at("admin"));
    site.open().await;
    site.shows(STABLE).await;
    assert_eq!(site.decision()["reason"], "ERROR");

    // Both canaries fail, and stay in quarantine.
    site.server.on(CANARY_BUNDLE, Reply::sound().body("throw new Error('boom');"));
    for app in ["shop", "admin"] {
        serve(app, Reply::sound().body(config(app)));
        site.set_page(&at(app));
        site.open().await;
        site.shows(STABLE).await;
        assert_eq!(site.views(), 2, "{app}");
    }
    for app in ["shop", "admin"] {
        site.set_page(&at(app));
        site.open().await;
        site.shows(STABLE).await;
        assert_eq!((site.views(), &site.decision()["reason"]), (1, &"CACHED".into()), "{app}");
    }
}

/// A page into which others have written: Prototype.js, a form with a clobbering name, a prerenderer that saved the variant.
pub(crate) async fn page_of_others(engine: Engine) {
    let prototype =
        "Array.prototype.toJSON = function () { return `[${this.map((it) => JSON.stringify(it)).join()}]`; };
        document.documentElement.dataset.canaryVariant = 'stable';";
    let assets = r#", "ASSETS": {"canary": {"version": "2", "scripts": [{"src": "/canary/main.js"}]}}"#;
    let body = r#"<form name="querySelector"></form><div id="app"></div>"#;
    let site = FaultSite::new(engine, &page().first(prototype).config(config("100", assets)).body(body)).await;
    site.visit().await;
    site.shows(CANARY).await;
    site.says(&[]).await;
    // Its quarantine is a list.
    site.server.on(CANARY_BUNDLE, Reply::sound().body("throw new Error('boom');"));
    for views in [2, 1] {
        site.open().await;
        site.shows(STABLE).await;
        assert_eq!(site.views(), views);
    }
}

/// Classic scripts and styles of another origin, which sends no CORS headers.
pub(crate) async fn classic_scripts_without_cors(engine: Engine) {
    let other = FaultSite::new(engine, &page()).await;
    let [script, style] = ["/stable/main.js", "/stable/main.css"].map(|path| other.server.url(path));
    other.files.write("stable/main.css", "p { color: green; }");
    let block = format!(
        r#"<script type="application/json" data-canary-stable>{{"scripts": [{{"src": "{script}", "type": "classic"}}],
        "styles": [{{"href": "{style}"}}]}}</script>"#
    );
    let site = FaultSite::new(engine, &page().config(config("0", "")).head(block)).await;
    site.visit().await;
    site.shows(STABLE).await;
    assert_eq!(site.browser.eval("getComputedStyle(document.querySelector('p')).color").await, "rgb(0, 128, 0)");
    assert_eq!(site.ran(), [STABLE]);
}

/// A browser that lacks a function, without the guard.
pub(crate) async fn function_missing(engine: Engine) {
    let site = FaultSite::new(engine, &page().first("delete globalThis.AbortController;")).await;
    site.visit().await;
    site.shows(STABLE).await;
    site.says(&["E205"]).await;
}
