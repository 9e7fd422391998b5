//! Row 36, with rule 9: a canary that is not up in time.

use super::unrecorded_reload::NO_SESSION;
use super::{PATIENT, SHORT, THROWS, WAITS, click, is_up, pass};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::fallback::{config, page};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultStage, STABLE, bundle};
use canary_e2e::wait::{DEADLINE, until};
use fantoccini::Locator;
use std::time::Duration;

pub(crate) async fn row_36_waits_forever(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(SHORT)).await;
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
        stage.visit().await;
        stage.fell_by_reload(&["E404"]).await;
        assert_eq!(stage.ran(), ran);
        let waited = stage.requests("/")[1].at.duration_since(stage.requests(CANARY_BUNDLE)[0].at);
        assert!(waited > Duration::from_millis(1400), "{waited:?}");
        stage.server.release();
        stage.stays_with_stable(CANARY_BUNDLE).await;
    }
}

pub(crate) async fn row_36_started(engine: Engine) {
    let when = r#""GUARD": {"readyTimeoutMs": 2500, "readyWhen": "started"}"#;
    let stage = FaultStage::new(engine, &page(when)).await;
    // It draws, and never says that it is up.
    stage.visit().await;
    stage.fell_by_reload(&["E404"]).await;
    assert_eq!(stage.ran(), [CANARY, STABLE]);
    let started = format!("{} globalThis[Symbol.for('canary-runtime')].started();", bundle(CANARY));
    for script in [started.clone(), format!("setTimeout(() => {{ {started} }}, 300);")] {
        stage.site.write(CANARY_BUNDLE, script);
        stage.visit().await;
        is_up(&stage).await;
        pass(&stage, 3000).await;
        stage.stays_with_canary().await;
    }
}

/// Where stable takes the place of a canary that is late, the canary stays away.
pub(crate) async fn row_36_too_late(engine: Engine) {
    let stage = FaultStage::new(engine, &page(SHORT).first(NO_SESSION)).await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    stage.visit().await;
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
    stage.visit().await;
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
    stage.visit().await;
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
pub(crate) async fn row_36_under_the_hands(engine: Engine) {
    let when = r#""GUARD": {"readyTimeoutMs": 5000, "readyWhen": "started"}"#;
    let stage = FaultStage::new(engine, &page(when).body(r#"<h1>A shop</h1><input id="field">"#)).await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(WAITS));
    for typed in [true, false] {
        stage.visit().await;
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
    stage.visit().await;
    until("the canary", DEADLINE, || (stage.ran() == ["half"]).then_some(()));
    stage.browser.eval("void document.querySelector('h1').click()").await;
    stage.shows(&format!("A shop {STABLE}")).await;
    stage.says(&["E404"]).await;
    assert_eq!(stage.views(), 2);
}
