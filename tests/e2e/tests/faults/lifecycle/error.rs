//! Row 35: a canary that throws, and errors of others.

use super::{CLASSIC, PATIENT, THROWS, is_up};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::fallback::{config, page};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultStage, STABLE, bundle};

pub(crate) async fn row_35_throws(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
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
        stage.visit().await;
        // And this one is up before it is told of, and then found to have drawn nothing.
        let code = if engine == Engine::WebKit && script == drops { "E406" } else { "E403" };
        stage.fell_by_reload(&[code]).await;
        assert_eq!(stage.lines()[0].1.contains("boom"), code == "E403", "{:?}", stage.lines());
        assert_eq!(stage.ran(), ["half", STABLE], "{script}");
        assert_eq!(stage.requests(CONFIG).len(), 2);
        stage.stays_with_stable(CANARY_BUNDLE).await;
    }
}

pub(crate) async fn row_35_quarantine(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
    let versions = [
        (r#""SALT": "a""#.to_owned(), r#""SALT": "b""#.to_owned()),
        (CLASSIC.replace(r#""1""#, r#""1.5.0""#), CLASSIC.replace(r#""1""#, r#""1.5.1""#)),
    ];
    for (one, other) in versions {
        stage.set_page(&page(&one));
        stage.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS.replace("throw", ";throw")));
        stage.visit().await;
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

pub(crate) async fn row_35_errors_of_others(engine: Engine) {
    let stage = FaultStage::new(engine, &page(PATIENT).first(OTHERS)).await;
    stage.site.write(CANARY_BUNDLE, format!("await globalThis.others(); {}", bundle(CANARY)));
    stage.visit().await;
    is_up(&stage).await;
    stage.browser.eval("globalThis.others().then(() => true)").await;
    stage.stays_with_canary().await;
    let errors = stage.errors();
    assert!(errors.iter().filter(|error| error.contains("foreign")).count() >= 6, "{errors:?}");
    assert!(!errors.iter().any(|error| error.contains("/runtime/")), "{errors:?}");
}

/// Even where a rule gives the canary against all else, a page loads again once.
pub(crate) async fn row_35_one_reload(engine: Engine) {
    let always = r#""CANARY_RULES": [{"if": {}, "serve": "canary", "always": true}]"#;
    let stage = FaultStage::new(engine, &page(&format!("{PATIENT}, {always}"))).await;
    stage.visit().await;
    stage.shows(CANARY).await;
    stage.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS));
    for views in [2, 1] {
        if views == 2 {
            stage.visit().await;
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
