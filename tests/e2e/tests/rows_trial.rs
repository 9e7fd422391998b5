//! Rows 35 to 38, 41 and 42, with the rules 2, 3 and 9: a canary whose code runs, and what becomes of it.
//!
//! Each fault meets a user who has the canary on the same page without it.

use canary_e2e::engine::Engine;
use canary_e2e::fallback::{config, page};
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_stage::{BLANK, CANARY, CANARY_BUNDLE, CONFIG, FaultStage, Page, STABLE, STABLE_BUNDLE, bundle};
use canary_e2e::told::FOLDER;
use canary_e2e::wait::{DEADLINE, until};
use fantoccini::Locator;
use serde_json::json;
use std::time::Duration;

canary_e2e::rows! {
    row_35_throws: make_test [Chromium, Firefox, WebKit];
    row_35_quarantine: make_test [Chromium];
    row_35_errors_of_others: make_test [Chromium, WebKit];
    row_35_one_reload: make_test [Chromium];
    row_36_waits_forever: make_test [Chromium, Firefox, WebKit];
    row_36_started: make_test [Chromium];
    row_36_too_late: make_test [Chromium, Firefox];
    row_36_under_the_hands: make_test [Chromium, Firefox];
    row_37_mark: make_test [Chromium, Firefox, WebKit];
    row_37_loops_forever: make_test [Chromium];
    row_37_bounce: make_test [Chromium, Firefox];
    row_37_tabs: make_test [Chromium];
    row_38_crashes: make_test [Chromium, Firefox, WebKit];
    row_38_is_no_crash: make_test [Chromium];
    row_38_what_is_empty: make_test [Chromium, WebKit];
    row_41_chunk_missing: make_test [Chromium, Firefox, WebKit];
    row_41_leaving: make_test [Chromium, WebKit];
    row_42_nothing_can_be_noted: make_test [Chromium, Firefox, WebKit];
}

/// A time-out that no sound canary meets, also on a busy machine.
const PATIENT: &str = r#""GUARD": {"readyTimeoutMs": 15000}"#;

/// One that is awaited.
const SHORT: &str = r#""GUARD": {"readyTimeoutMs": 1500}"#;

/// A canary that runs and gets no further.
const WAITS: &str = "globalThis.e2e.tell('ran', 'half'); await new Promise(() => {});";

/// A canary that runs and throws.
const THROWS: &str = "globalThis.e2e.tell('ran', 'half'); throw new Error('boom');";

/// A canary of one classic script.
const CLASSIC: &str =
    r#""ASSETS": {"canary": {"version": "1", "scripts": [{"src": "/canary/main.js", "type": "classic"}]}}"#;

/// A stage on which everybody has the canary, as has just been shown.
async fn stage(engine: Engine, page: &Page) -> FaultStage {
    let stage = FaultStage::new(engine, page).await;
    stage.has_canary().await;
    stage
}

/// What the browser remembers of a failed canary.
async fn quarantined(stage: &FaultStage) -> serde_json::Value {
    stage.browser.eval("JSON.parse(localStorage.canary_memory ?? '{}').bad ?? null").await
}

/// Waits until a canary that is on the screen is up.
async fn is_up(stage: &FaultStage) {
    stage.shows(CANARY).await;
    stage.browser.wait_for("!localStorage.canary_mark").await;
}

/// Lets so much of the page's time go by.
async fn pass(stage: &FaultStage, milliseconds: u32) {
    let until = stage.browser.eval(&format!("performance.now() + {milliseconds}")).await;
    stage.browser.wait_for(&format!("performance.now() > {until}")).await;
}

async fn click(stage: &FaultStage, selector: &str) {
    stage.browser.client().find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
}

async fn row_35_throws(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    let rejects = "globalThis.e2e.tell('ran', 'half'); await Promise.reject(new Error('boom'));";
    let drops = "globalThis.e2e.tell('ran', 'half'); Promise.reject(new Error('boom')); await new Promise(() => {});";
    for (type_, script) in [("module", THROWS), ("module", rejects), ("module", drops), ("classic", THROWS)] {
        // A module that awaits what is rejected is nowhere told of: its `import()` resolves.
        if engine == Engine::WebKit && script == rejects {
            continue;
        }
        let assets = CLASSIC.replace("classic", type_);
        stage.server.on(CONFIG, Reply::sound().body(config("100", &format!("{PATIENT}, {assets}"))));
        stage.server.on(CANARY_BUNDLE, Reply::sound().body(script));
        stage.begin().await;
        // And this one is up before it is told of, and then found to have drawn nothing.
        let code = if engine == Engine::WebKit && script == drops { "E406" } else { "E403" };
        stage.fell_by_reload(&[code]).await;
        assert_eq!(stage.lines()[0].1.contains("boom"), code == "E403", "{:?}", stage.lines());
        assert_eq!(stage.ran(), ["half", STABLE], "{script}");
        assert_eq!(stage.requests(CONFIG).len(), 2);
        stage.stays_with_stable(CANARY_BUNDLE).await;
    }
}

async fn row_35_quarantine(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    let versions = [
        (r#""SALT": "a""#.to_owned(), r#""SALT": "b""#.to_owned()),
        (CLASSIC.replace(r#""1""#, r#""1.5.0""#), CLASSIC.replace(r#""1""#, r#""1.5.1""#)),
    ];
    for (one, other) in versions {
        stage.set_page(&page(&one));
        stage.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS.replace("throw", ";throw")));
        stage.begin().await;
        stage.fell_by_reload(&["E403"]).await;
        stage.server.restore();
        for _ in 0..2 {
            stage.stays_with_stable(CANARY_BUNDLE).await;
        }
        // Another percentage is the same canary.
        stage.server.on(CONFIG, Reply::sound().body(config("99.999", &one)));
        stage.stays_with_stable(CANARY_BUNDLE).await;
        stage.server.on(CONFIG, Reply::sound().body(config("100", &other)));
        stage.open().await;
        stage.stays_with_canary().await;
        stage.server.restore();
    }
}

/// Errors of others while the canary starts, some of which nobody can make a text of.
const OTHERS: &str = "globalThis.others = () => new Promise((resolve) => {
    setTimeout(() => { throw new Error('foreign'); });
    setTimeout(() => Promise.reject(new Error('foreign')));
    setTimeout(() => Promise.reject(Symbol('foreign')));
    setTimeout(() => Promise.reject(Object.create(null)));
    setTimeout(() => Promise.reject({ get stack() { throw new Error('a trap'); } }));
    setTimeout(resolve, 300);
});";

async fn row_35_errors_of_others(engine: Engine) {
    let stage = FaultStage::new(engine, &page(PATIENT).first(OTHERS)).await;
    stage.site.write(CANARY_BUNDLE, format!("await globalThis.others(); {}", bundle(CANARY)));
    stage.begin().await;
    is_up(&stage).await;
    stage.browser.eval("globalThis.others().then(() => true)").await;
    stage.stays_with_canary().await;
    let errors = stage.errors();
    assert!(errors.iter().filter(|error| error.contains("foreign")).count() >= 6, "{errors:?}");
    assert!(!errors.iter().any(|error| error.contains("/runtime/")), "{errors:?}");
}

/// Even where a rule gives the canary against all else, a page loads again once.
async fn row_35_one_reload(engine: Engine) {
    let always = r#""CANARY_RULES": [{"if": {}, "serve": "canary", "always": true}]"#;
    let stage = FaultStage::new(engine, &page(&format!("{PATIENT}, {always}"))).await;
    stage.begin().await;
    stage.shows(CANARY).await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS));
    for views in [2, 1] {
        if views == 2 {
            stage.begin().await;
        } else {
            stage.open().await;
        }
        stage.shows(STABLE).await;
        stage.says(&["E403"].repeat(views)).await;
        assert!(stage.lines()[views - 1].1.ends_with("; stable loads"), "{:?}", stage.lines());
        assert_eq!(stage.views(), views);
    }
    // A quarter of a minute later not yet, half a minute later once more.
    for (ago, views) in [(15_000, 1), (31_000, 2)] {
        let past = format!(
            "Object.fromEntries(Object.keys(JSON.parse(sessionStorage.canary_reload)).map((key) => [key, Date.now() - {ago}]))"
        );
        stage
            .browser
            .eval(&format!("void (sessionStorage.canary_reload = JSON.stringify({{...{past}, from: 0}}))"))
            .await;
        stage.open().await;
        stage.shows(STABLE).await;
        stage.says(&["E403"].repeat(views)).await;
        assert_eq!(stage.views(), views);
    }
}

async fn row_36_waits_forever(engine: Engine) {
    let stage = stage(engine, &page(SHORT)).await;
    let slow = Reply::sound().body(WAITS);
    for (reply, ran) in [
        (slow, vec!["half", STABLE]),
        (Reply::sound().hanging(), vec![STABLE]),
        (Reply::sound().hanging_after(9), vec![STABLE]),
    ] {
        // `import()` waits for no top-level await there. Canaries that say when they are up can do without.
        let awaits = engine == Engine::WebKit && ran.len() == 2;
        let guard = if awaits { SHORT.replace("1500", r#"1500, "readyWhen": "started""#) } else { SHORT.to_owned() };
        stage.server.on(CONFIG, Reply::sound().body(config("100", &guard)));
        stage.server.on(CANARY_BUNDLE, reply);
        stage.begin().await;
        stage.fell_by_reload(&["E404"]).await;
        assert_eq!(stage.ran(), ran);
        let waited = stage.requests("/")[1].at.duration_since(stage.requests(CANARY_BUNDLE)[0].at);
        assert!(waited > Duration::from_millis(1400), "{waited:?}");
        stage.server.release();
        stage.stays_with_stable(CANARY_BUNDLE).await;
    }
}

async fn row_36_started(engine: Engine) {
    let when = r#""GUARD": {"readyTimeoutMs": 2500, "readyWhen": "started"}"#;
    let stage = FaultStage::new(engine, &page(when)).await;
    // It draws, and never says that it is up.
    stage.begin().await;
    stage.fell_by_reload(&["E404"]).await;
    assert_eq!(stage.ran(), [CANARY, STABLE]);
    let started = format!("{} globalThis[Symbol.for('canary-runtime')].started();", bundle(CANARY));
    for script in [started.clone(), format!("setTimeout(() => {{ {started} }}, 300);")] {
        stage.site.write(CANARY_BUNDLE, script);
        stage.begin().await;
        is_up(&stage).await;
        pass(&stage, 3000).await;
        stage.stays_with_canary().await;
    }
}

/// Takes nothing for the tab.
const NO_SESSION: &str = "{ const { setItem } = Storage.prototype; Storage.prototype.setItem = function (...item) {
    if (this === globalThis.sessionStorage) throw new DOMException('no', 'QuotaExceededError');
    setItem.apply(this, item);
}; }";

/// Where stable takes the place of a canary that is late, the canary stays away.
async fn row_36_too_late(engine: Engine) {
    let stage = FaultStage::new(engine, &page(SHORT).first(NO_SESSION)).await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    stage.begin().await;
    stage.fell_in_place(&["E404", "E410"]).await;
    stage.server.release();
    stays_stable(&stage, &[STABLE]).await;

    // A stylesheet that comes when the canary was given up already.
    let item = r#"{"version": "1", "scripts": [{"src": "/canary/main.js"}], "styles": [{"href": "/canary/main.css"}]}"#;
    stage.site.write("canary/main.css", "p { color: rgb(1, 2, 3) }");
    let assets = format!(r#""ASSETS": {{"canary": {item}}}"#);
    stage.set_page(&page(&format!(r#""GUARD": {{"readyTimeoutMs": 700}}, {assets}"#)).first(NO_SESSION));
    stage.server.on("/canary/main.css", Reply::sound().delayed(Duration::from_millis(1300)));
    stage.server.on(CANARY_BUNDLE, Reply::sound());
    stage.begin().await;
    stage.fell_in_place(&["E404", "E410"]).await;
    pass(&stage, 1500).await;
    stays_stable(&stage, &[STABLE]).await;
    let color = "getComputedStyle(document.querySelector('p')).color";
    assert_ne!(stage.browser.eval(color).await, "rgb(1, 2, 3)");

    // One script throws while the next is on its way.
    let two = r#"{"version": "1", "scripts": [{"src": "/canary/first.js", "type": "classic"}, {"src": "/canary/main.js", "type": "classic"}]}"#;
    stage.set_page(&page(&format!(r#"{PATIENT}, "ASSETS": {{"canary": {two}}}"#)).first(NO_SESSION));
    stage.site.write("canary/first.js", THROWS);
    stage.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    stage.begin().await;
    stage.fell_in_place(&["E403", "E410"]).await;
    stage.server.release();
    stays_stable(&stage, &["half", STABLE]).await;
}

/// Nothing else comes of it.
async fn stays_stable(stage: &FaultStage, ran: &[&str]) {
    stage.settle().await;
    pass(stage, 300).await;
    assert_eq!(
        (stage.ran(), stage.shown().await.as_deref()),
        (ran.iter().map(|&s| s.to_owned()).collect(), Some(STABLE))
    );
    assert_eq!(stage.views(), 1);
}

/// Rule 9: no reload under the hands of somebody who is at work.
async fn row_36_under_the_hands(engine: Engine) {
    let when = r#""GUARD": {"readyTimeoutMs": 5000, "readyWhen": "started"}"#;
    let stage = FaultStage::new(engine, &page(when).body(r#"<h1>A shop</h1><input id="field">"#)).await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(WAITS));
    for typed in [true, false] {
        stage.begin().await;
        until("the canary", DEADLINE, || (stage.ran() == ["half"]).then_some(()));
        if typed {
            let field = stage.browser.client().find(Locator::Css("#field")).await.unwrap();
            field.send_keys("text").await.unwrap();
        } else {
            click(&stage, "h1").await;
        }
        stage.says(&["E404"]).await;
        assert!(stage.lines()[0].1.ends_with("; it is left to the page"), "{:?}", stage.lines());
        assert_eq!((stage.views(), stage.events("fallback").len()), (1, 1));
        assert_eq!(stage.ran(), ["half"]);
        let value = stage.browser.eval("document.getElementById('field').value").await;
        assert_eq!(value, if typed { "text" } else { "" });
        stage.open().await;
        stage.shows(&format!("A shop {STABLE}")).await;
        assert_eq!(stage.decision()["reason"], "CACHED");
    }
    // What a script does is nobody's hand.
    stage.begin().await;
    until("the canary", DEADLINE, || (stage.ran() == ["half"]).then_some(()));
    stage.browser.eval("void document.querySelector('h1').click()").await;
    stage.shows(&format!("A shop {STABLE}")).await;
    stage.says(&["E404"]).await;
    assert_eq!(stage.views(), 2);
}

/// Has a mark in the storage that was made for so many milliseconds from now.
async fn mark(stage: &FaultStage, version: &str, milliseconds: i64) {
    stage.forget().await;
    stage.be("somebody").await;
    let mark = format!("{{ version: '{version}', until: Date.now() + {milliseconds}, tab: 1 }}");
    stage.browser.eval(&format!("void (localStorage.canary_mark = JSON.stringify({mark}))")).await;
    stage.open().await;
}

async fn row_37_mark(engine: Engine) {
    let stage = stage(engine, &page(&format!("{PATIENT}, {CLASSIC}"))).await;
    mark(&stage, "1", -1).await;
    stage.shows(STABLE).await;
    stage.says(&["E405"]).await;
    assert_eq!(stage.decision()["reason"], "CACHED");
    assert_eq!((stage.ran(), stage.requests(CANARY_BUNDLE).len()), (vec![STABLE.to_owned()], 0));
    assert_eq!(stage.browser.eval("localStorage.canary_mark ?? null").await, json!(null));
    stage.stays_with_stable(CANARY_BUNDLE).await;
    // Somebody else is at it, or it is of another version.
    mark(&stage, "1", 60_000).await;
    stage.stays_with_canary().await;
    mark(&stage, "0", -1).await;
    stage.shows(CANARY).await;
    stage.says(&["E405"]).await;
    assert!(!stage.lines()[0].1.contains("stable loads"), "{:?}", stage.lines());
}

async fn row_37_loops_forever(engine: Engine) {
    let stage = stage(engine, &page(SHORT)).await;
    stage.forget().await;
    stage.be("somebody").await;
    let client = stage.browser.client();
    let sound = client.window().await.unwrap();
    let lost = client.new_window(true).await.unwrap().handle;
    client.switch_to_window(lost.clone()).await.unwrap();
    stage.server.on(CANARY_BUNDLE, Reply::sound().body("globalThis.e2e.tell('ran', 'half'); for (;;);"));
    client.goto(&stage.server.url("/?lost")).await.unwrap();
    until("the loop", DEADLINE, || stage.ran().contains(&"half".to_owned()).then_some(()));
    client.switch_to_window(sound).await.unwrap();
    // Nobody is put off as long as it may still come up.
    stage.browser.wait_for("JSON.parse(localStorage.canary_mark).until < Date.now()").await;
    stage.open().await;
    stage.shows(STABLE).await;
    stage.says(&["E405"]).await;
    assert_eq!((stage.ran(), stage.views()), (vec![STABLE.to_owned()], 1));
    assert_eq!(stage.decision()["reason"], "CACHED");
    stage.stays_with_stable(CANARY_BUNDLE).await;
}

/// Leaves the page as a user does, and finds the canary again.
async fn row_37_bounce(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    let leave = format!("void (location.href = '{FOLDER}blank.html?left')");
    for (awaits, reply) in [
        (false, Reply::sound().hanging()),
        (false, Reply::sound().hanging_after(9)),
        (true, Reply::sound().body(WAITS)),
        (false, Reply::sound().body("import './part.js';")),
    ] {
        stage.server.on("/canary/part.js", Reply::sound().hanging());
        // That one is up there: `import()` waits for no top-level await.
        for reload in if engine == Engine::WebKit && awaits { &[][..] } else { &[false, true] } {
            let reload = *reload;
            stage.server.on(CANARY_BUNDLE, reply.clone());
            stage.begin().await;
            stage.browser.wait_for("localStorage.canary_mark").await;
            until("the request", DEADLINE, || (!stage.requests(CANARY_BUNDLE).is_empty()).then_some(()));
            if reload {
                stage.server.on(CANARY_BUNDLE, Reply::sound());
                stage.browser.eval("void location.reload()").await;
                stage.shows(CANARY).await;
            } else {
                stage.browser.eval(&leave).await;
                stage.browser.wait_for("document.title === 'blank'").await;
            }
            stage.browser.wait_for("!localStorage.canary_mark").await;
            assert_eq!(quarantined(&stage).await, json!(null));
            // WebKitGTK fails what a page still loads as soon as it is left, and the page has the time to say so.
            assert!(engine == Engine::WebKit || stage.lines().is_empty(), "{:?}", stage.lines());
            assert_eq!(stage.views(), 1 + usize::from(reload));
            stage.server.on(CANARY_BUNDLE, Reply::sound());
            stage.open().await;
            stage.stays_with_canary().await;
        }
    }
}

/// Twenty at once, each in a frame of its own, which share what the browser remembers.
async fn row_37_tabs(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    let frames = r#"<iframe src="/?frame"></iframe>"#.repeat(20);
    stage
        .site
        .write("tabs.html", format!("<!doctype html><title>tabs</title><script>e2e = {{ view: 1 }}</script>{frames}"));
    let ran = |marker: &str| stage.ran().iter().filter(|ran| *ran == marker).count();
    for script in [bundle(CANARY), WAITS.to_owned()] {
        stage.forget().await;
        stage.be("somebody").await;
        let before = stage.ran().len();
        stage.server.on(CANARY_BUNDLE, Reply::sound().body(&script));
        stage.browser.goto(&stage.server.url("/tabs.html")).await;
        until("all of them", DEADLINE * 2, || (stage.ran().len() == before + 20).then_some(()));
        stage.server.restore();
        stage.browser.goto(&stage.server.url(&format!("{FOLDER}blank.html?after"))).await;
        stage.browser.wait_for("location.search === '?after' && document.title === 'blank'").await;
        assert_eq!(stage.browser.eval("localStorage.canary_mark ?? null").await, json!(null));
        stage.open().await;
        stage.stays_with_canary().await;
        assert_eq!(ran(STABLE), 0);
    }
}

/// As a script of the page's own: nobody is told of the rejections of a driver's.
fn in_page(script: &str) -> String {
    let text = serde_json::to_string(script).unwrap();
    format!("void document.head.append(Object.assign(document.createElement('script'), {{ textContent: {text} }}))")
}

/// Takes the canary off the screen, and throws.
const CRASH: &str =
    "void setTimeout(() => { document.getElementById('app').replaceChildren(); throw new Error('crash'); })";

async fn row_38_crashes(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    let rejects = in_page(&CRASH.replace("throw new Error('crash')", "Promise.reject(new Error('crash'))"));
    for crash in [in_page(CRASH), rejects] {
        stage.begin().await;
        is_up(&stage).await;
        stage.browser.eval(&crash).await;
        stage.fell_by_reload(&["E406"]).await;
        assert_eq!(stage.ran(), [CANARY, STABLE]);
        // And that is the end of it.
        stage.browser.eval(&crash).await;
        stage.shows(BLANK).await;
        pass(&stage, 2600).await;
        assert_eq!((stage.views(), stage.lines().len()), (2, 1));
        stage.stays_with_stable(CANARY_BUNDLE).await;
    }
    // The page says what its root is.
    let shop = page(PATIENT).body(r#"<h1>A shop</h1><div id="app"></div>"#);
    for (root, views) in [("body", 1), ("#app", 2)] {
        let attributes = format!(r#"data-decision-budget="15000" data-root="{root}""#);
        stage.set_page(&shop.clone().attributes(attributes));
        stage.begin().await;
        stage.shows(&format!("A shop {CANARY}")).await;
        stage.browser.wait_for("!localStorage.canary_mark").await;
        stage.browser.eval(&in_page(CRASH)).await;
        if views == 1 {
            stage.shows("A shop").await;
            pass(&stage, 2600).await;
        } else {
            stage.shows(&format!("A shop {STABLE}")).await;
        }
        assert_eq!((stage.views(), stage.lines().len()), (views, views - 1));
    }
}

async fn row_38_is_no_crash(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    let throws = "void setTimeout(() => { throw new Error('harmless'); })";
    let empties = "void document.getElementById('app').replaceChildren()";
    let picture = "void (document.head.append(Object.assign(new Image(), { src: '/gone.png' })), document.getElementById('app').replaceChildren())";
    let again =
        format!("{CRASH}, void setTimeout(() => {{ document.getElementById('app').textContent = '{CANARY}'; }}, 500)");
    for action in [throws, empties, picture, &again] {
        stage.begin().await;
        is_up(&stage).await;
        stage.browser.eval(&in_page(action)).await;
        pass(&stage, 2600).await;
        assert_eq!((stage.views(), stage.lines()), (1, vec![]), "{action}");
        assert_eq!(quarantined(&stage).await, json!(null));
    }
    // After input it is the page's own matter; what a script does is no input.
    stage.begin().await;
    is_up(&stage).await;
    click(&stage, "p").await;
    stage.browser.eval(&in_page(CRASH)).await;
    stage.shows(BLANK).await;
    pass(&stage, 2600).await;
    assert_eq!((stage.views(), stage.lines()), (1, vec![]));
    stage.begin().await;
    is_up(&stage).await;
    stage.browser.eval("void document.querySelector('p').click()").await;
    stage.browser.eval(&in_page(CRASH)).await;
    stage.fell_by_reload(&["E406"]).await;
    // After ten seconds as well.
    stage.begin().await;
    is_up(&stage).await;
    pass(&stage, 10_500).await;
    stage.browser.eval(&in_page(CRASH)).await;
    stage.shows(BLANK).await;
    pass(&stage, 2600).await;
    assert_eq!((stage.views(), stage.lines()), (1, vec![]));
}

async fn row_38_what_is_empty(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    let define = "customElements.get('a-shop') ?? customElements.define('a-shop', class extends HTMLElement {
        constructor() { super(); this.attachShadow({ mode: 'closed' }).textContent = 'something'; } });";
    for (html, is_empty) in [
        ("<img width=9 height=9>", false),
        ("<canvas></canvas>", false),
        ("<input>", false),
        ("<button></button>", false),
        ("<a-shop></a-shop>", false),
        ("<svg width=9 height=9></svg>", false),
        ("<div style='height: 9px'><span> </span></div>", true),
        ("<input type=hidden><img hidden>", true),
        ("<p hidden>text</p><script>text</script><style>p {}</style>", true),
        ("<app-root></app-root>", true),
    ] {
        stage.begin().await;
        is_up(&stage).await;
        let html = serde_json::to_string(html).unwrap();
        let crash = CRASH.replace("replaceChildren()", &format!("innerHTML = {html}"));
        stage.browser.eval(&in_page(&format!("{define} {crash}"))).await;
        if is_empty {
            stage.fell_by_reload(&["E406"]).await;
        } else {
            pass(&stage, 2600).await;
            assert_eq!((stage.views(), stage.lines()), (1, vec![]), "{html}");
        }
    }
}

/// A bundle that asks for a part of it later.
fn chunked(marker: &str) -> String {
    format!("{} globalThis.more = () => void import('./gone.js');", bundle(marker))
}

const MORE: &str = "globalThis.more()";

/// The page is told, and nothing else is done.
async fn is_told(stage: &FaultStage, views: usize, lines: usize) {
    until("the event", DEADLINE, || (stage.events("stale").len() == 1).then_some(()));
    stage.settle().await;
    assert_eq!(stage.events("stale")[0]["code"], "E409");
    let (_, line) = stage.lines().pop().unwrap();
    assert!(line.starts_with("[canary] E409 ") && line.ends_with("; it is left to the page"), "{line}");
    assert_eq!((stage.views(), stage.lines().len()), (views, lines));
}

async fn row_41_chunk_missing(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    stage.site.write(CANARY_BUNDLE, chunked(CANARY));
    stage.site.write(STABLE_BUNDLE, chunked(STABLE));
    let vite = "void dispatchEvent(Object.assign(new Event('vite:preloadError', { cancelable: true }), { payload: new Error('no style') }))";
    for (marker, percentage) in [(CANARY, "100"), (STABLE, "0")] {
        stage.server.on(CONFIG, Reply::sound().body(config(percentage, PATIENT)));
        let codes = if marker == STABLE { ["I120", "E409", "I120"].as_slice() } else { &["E409"] };
        for lost in [MORE, vite] {
            stage.begin().await;
            stage.shows(marker).await;
            stage.browser.wait_for("!localStorage.canary_mark && localStorage.canary_good").await;
            stage.browser.eval(lost).await;
            until("the page again", DEADLINE, || (stage.ran() == [marker, marker]).then_some(()));
            stage.browser.wait_for("globalThis.more && !localStorage.canary_mark").await;
            stage.says(codes).await;
            let lines = stage.lines();
            let line = lines.iter().find(|(_, line)| line.contains("E409")).unwrap();
            assert!(line.1.ends_with("; the page loads again"), "{lines:?}");
            assert_eq!((stage.views(), stage.events("stale").len()), (2, 0));
            assert_eq!(quarantined(&stage).await, json!(null));
            // Not twice within half a minute.
            stage.browser.wait_for("globalThis.more && !localStorage.canary_mark").await;
            stage.settle().await;
            stage.browser.eval(lost).await;
            is_told(&stage, 2, codes.len() + 1).await;
        }
    }
    // Not under the hands of somebody.
    stage.server.restore();
    stage.begin().await;
    is_up(&stage).await;
    click(&stage, "p").await;
    stage.browser.eval(MORE).await;
    is_told(&stage, 1, 1).await;
    // What the page takes care of itself, and what is something else.
    stage.begin().await;
    is_up(&stage).await;
    stage.browser.eval("void import('/canary/gone.js').catch(() => {})").await;
    stage.browser.eval(&in_page("Promise.reject(new Error('some other matter'))")).await;
    pass(&stage, 2600).await;
    assert_eq!((stage.views(), stage.lines(), stage.events("stale").len()), (1, vec![], 0));
}

/// Whoever leaves a page cuts off what it loads: that is no part that is gone.
async fn row_41_leaving(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    stage.site.write(CANARY_BUNDLE, chunked(CANARY));
    stage.server.on("/canary/gone.js", Reply::sound().hanging());
    // The next page takes its time, as a real one does.
    stage.server.on(&format!("{FOLDER}blank.html"), Reply::sound().delayed(Duration::from_millis(300)));
    for leave in [format!("void (location.href = '{FOLDER}blank.html?left')"), "void location.reload()".to_owned()] {
        stage.begin().await;
        is_up(&stage).await;
        stage.browser.eval(MORE).await;
        until("the request", DEADLINE, || (!stage.requests("/canary/gone.js").is_empty()).then_some(()));
        stage.browser.eval(&leave).await;
        if leave.contains("blank") {
            stage.browser.wait_for("document.title === 'blank'").await;
            assert_eq!(stage.views(), 1);
        } else {
            until("the page again", DEADLINE, || (stage.ran().len() == 2).then_some(()));
            is_up(&stage).await;
            assert_eq!(stage.views(), 2);
        }
        pass(&stage, 1200).await;
        assert_eq!((stage.lines(), stage.events("stale").len()), (vec![], 0));
        let noted = stage.browser.eval("sessionStorage.canary_reload ?? null").await;
        assert_eq!(noted, json!(null));
    }
}

async fn row_42_nothing_can_be_noted(engine: Engine) {
    let stage = stage(engine, &page(PATIENT)).await;
    let getter = "Object.defineProperty(globalThis, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } });";
    let dropped = NO_SESSION.replace("throw new DOMException('no', 'QuotaExceededError')", "return");
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS));
    // The control: where it can be noted, the page loads again.
    stage.begin().await;
    stage.fell_by_reload(&["E403"]).await;
    for first in [NO_SESSION, getter, &dropped] {
        stage.set_page(&page(PATIENT).first(first));
        stage.begin().await;
        stage.fell_in_place(&["E403", "E410"]).await;
        assert_eq!(stage.ran(), ["half", STABLE]);
        // The version was noted all the same.
        stage.stays_with_stable(CANARY_BUNDLE).await;
    }
    // Where it is the version that cannot be noted, the page would fail again after a reload.
    let no_local =
        NO_SESSION.replace("globalThis.sessionStorage", "globalThis.localStorage && item[0] === 'canary_memory'");
    stage.set_page(&page(PATIENT).first(&no_local));
    stage.begin().await;
    stage.fell_in_place(&["E302", "E403", "E410"]).await;
    assert_eq!(stage.ran(), ["half", STABLE]);
    // A crash, and a part that is gone: none of them either.
    stage.server.restore();
    stage.site.write(CANARY_BUNDLE, chunked(CANARY));
    stage.set_page(&page(PATIENT).first(NO_SESSION));
    stage.site.write(CANARY_BUNDLE, chunked(CANARY));
    stage.begin().await;
    is_up(&stage).await;
    stage.browser.eval(&in_page(CRASH)).await;
    stage.fell_in_place(&["E406", "E410"]).await;
    stage.begin().await;
    is_up(&stage).await;
    stage.browser.eval(MORE).await;
    is_told(&stage, 1, 2).await;
}
