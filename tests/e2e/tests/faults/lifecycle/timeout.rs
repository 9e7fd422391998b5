//! A canary that is not up in time.

use super::support::{PATIENT, SHORT, THROWS, WAITS, click, is_up, pass};
use super::unrecorded_reload::NO_SESSION;
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, STABLE, bundle};
use canary_e2e::fault_site::{config, page};
use canary_e2e::wait::{DEADLINE, until};
use fantoccini::Locator;
use std::time::Duration;

pub(crate) async fn e404_canary_never_up(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let slow = Reply::sound().body(WAITS);
    for (reply, ran) in [
        (slow, vec!["half", STABLE]),
        (Reply::sound().hanging(), vec![STABLE]),
        (Reply::sound().hanging_after(9), vec![STABLE]),
    ] {
        // In WebKitGTK `import()` does not wait for a top-level await, so this canary has to say when it is up.
        let awaits = engine == Engine::WebKit && ran.len() == 2;
        let guard = if awaits { SHORT.replace("1500", r#"1500, "readyWhen": "started""#) } else { SHORT.to_owned() };
        site.server.on(CONFIG, Reply::sound().body(config("100", &guard)));
        site.server.on(CANARY_BUNDLE, reply);
        site.visit().await;
        site.fell_back_by_reload(&["E404"]).await;
        assert_eq!(site.ran(), ran);
        let waited = site.requests("/")[1].at.duration_since(site.requests(CANARY_BUNDLE)[0].at);
        assert!(waited > Duration::from_millis(1400), "{waited:?}");
        site.server.release();
        site.keeps_quarantine(CANARY_BUNDLE).await;
    }
}

pub(crate) async fn e404_up_when_started(engine: Engine) {
    let when = r#""GUARD": {"readyTimeoutMs": 2500, "readyWhen": "started"}"#;
    let site = FaultSite::new(engine, &page(when)).await;
    // It draws, and never calls `started`.
    site.visit().await;
    site.fell_back_by_reload(&["E404"]).await;
    assert_eq!(site.ran(), [CANARY, STABLE]);
    let started = format!("{} globalThis[Symbol.for('canary-runtime')].started();", bundle(CANARY));
    for script in [started.clone(), format!("setTimeout(() => {{ {started} }}, 300);")] {
        site.files.write(CANARY_BUNDLE, script);
        site.visit().await;
        is_up(&site).await;
        pass(&site, 3000).await;
        site.has_canary().await;
    }
}

/// A canary that comes after stable has replaced it does not run.
pub(crate) async fn e404_late_canary_discarded(engine: Engine) {
    let site = FaultSite::new(engine, &page(SHORT).first(NO_SESSION)).await;
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    site.visit().await;
    site.fell_back_in_place(&["E404", "E410"]).await;
    site.server.release();
    stays_stable(&site, &[STABLE]).await;

    // A stylesheet comes after the fallback.
    let item = r#"{"version": "1", "scripts": [{"src": "/canary/main.js"}], "styles": [{"href": "/canary/main.css"}]}"#;
    site.files.write("canary/main.css", "p { color: rgb(1, 2, 3) }");
    let assets = format!(r#""ASSETS": {{"canary": {item}}}"#);
    site.set_page(&page(&format!(r#""GUARD": {{"readyTimeoutMs": 700}}, {assets}"#)).first(NO_SESSION));
    site.server.on("/canary/main.css", Reply::sound().delayed(Duration::from_millis(1300)));
    site.server.on(CANARY_BUNDLE, Reply::sound());
    site.visit().await;
    site.fell_back_in_place(&["E404", "E410"]).await;
    pass(&site, 1500).await;
    stays_stable(&site, &[STABLE]).await;
    let color = "getComputedStyle(document.querySelector('p')).color";
    assert_ne!(site.browser.eval(color).await, "rgb(1, 2, 3)");

    // A script throws while the next one loads.
    let two = r#"{"version": "1", "scripts": [{"src": "/canary/first.js", "type": "classic"}, {"src": "/canary/main.js", "type": "classic"}]}"#;
    site.set_page(&page(&format!(r#"{PATIENT}, "ASSETS": {{"canary": {two}}}"#)).first(NO_SESSION));
    site.files.write("canary/first.js", THROWS);
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    site.visit().await;
    site.fell_back_in_place(&["E403", "E410"]).await;
    site.server.release();
    stays_stable(&site, &["half", STABLE]).await;
}

/// Stable stays on the screen and nothing else runs.
async fn stays_stable(site: &FaultSite, ran: &[&str]) {
    site.settle().await;
    pass(site, 300).await;
    assert_eq!(
        (site.ran(), site.shown().await.as_deref()),
        (ran.iter().map(|&s| s.to_owned()).collect(), Some(STABLE))
    );
    assert_eq!(site.views(), 1);
}

/// No reload destroys what a user has typed.
pub(crate) async fn e404_no_reload_after_input(engine: Engine) {
    let when = r#""GUARD": {"readyTimeoutMs": 5000, "readyWhen": "started"}"#;
    let site = FaultSite::new(engine, &page(when).body(r#"<h1>A shop</h1><input id="field">"#)).await;
    site.server.on(CANARY_BUNDLE, Reply::sound().body(WAITS));
    for typed in [true, false] {
        site.visit().await;
        until("the canary", DEADLINE, || (site.ran() == ["half"]).then_some(()));
        if typed {
            let field = site.browser.client().find(Locator::Css("#field")).await.unwrap();
            field.send_keys("text").await.unwrap();
        } else {
            click(&site, "h1").await;
        }
        site.says(&["E404"]).await;
        assert!(site.lines()[0].1.ends_with("; it is left to the page"), "{:?}", site.lines());
        assert_eq!((site.views(), site.events("fallback").len()), (1, 1));
        assert_eq!(site.ran(), ["half"]);
        let value = site.browser.eval("document.getElementById('field').value").await;
        assert_eq!(value, if typed { "text" } else { "" });
        site.open().await;
        site.shows(&format!("A shop {STABLE}")).await;
        assert_eq!(site.decision()["reason"], "CACHED");
    }
    // A click by a script is no input.
    site.visit().await;
    until("the canary", DEADLINE, || (site.ran() == ["half"]).then_some(()));
    site.browser.eval("void document.querySelector('h1').click()").await;
    site.shows(&format!("A shop {STABLE}")).await;
    site.says(&["E404"]).await;
    assert_eq!(site.views(), 2);
}
