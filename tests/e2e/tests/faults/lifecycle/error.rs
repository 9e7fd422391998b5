//! A canary that throws, and errors of other scripts.

use super::support::{CLASSIC, PATIENT, THROWS, is_up};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, STABLE, bundle};
use canary_e2e::fault_site::{config, page};

pub(crate) async fn e403_canary_throws(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let drops = "globalThis.e2e.log('ran', 'half'); Promise.reject(new Error('boom')); await new Promise(() => {});";
    for (type_, script) in [("module", THROWS), ("module", drops), ("classic", THROWS)] {
        let assets = CLASSIC.replace("classic", type_);
        site.server.on(CONFIG, Reply::sound().body(config("100", &format!("{PATIENT}, {assets}"))));
        site.server.on(CANARY_BUNDLE, Reply::sound().body(script));
        site.visit().await;
        site.fell_back_by_reload(&["E403"]).await;
        assert!(site.lines()[0].1.contains("boom"), "{:?}", site.lines());
        assert_eq!(site.ran(), ["half", STABLE], "{script}");
        assert_eq!(site.requests(CONFIG).len(), 2);
        site.keeps_quarantine(CANARY_BUNDLE).await;
    }
}

pub(crate) async fn e403_canary_awaits_rejection(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let rejects = "globalThis.e2e.log('ran', 'half'); await Promise.reject(new Error('boom'));";
    site.server.on(CANARY_BUNDLE, Reply::sound().body(rejects));
    site.visit().await;
    site.fell_back_by_reload(&["E403"]).await;
    assert!(site.lines()[0].1.contains("boom"), "{:?}", site.lines());
    site.keeps_quarantine(CANARY_BUNDLE).await;
}

pub(crate) async fn e403_quarantine(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let versions = [
        (r#""SALT": "a""#.to_owned(), r#""SALT": "b""#.to_owned()),
        (CLASSIC.replace(r#""1""#, r#""1.5.0""#), CLASSIC.replace(r#""1""#, r#""1.5.1""#)),
    ];
    for (one, other) in versions {
        site.set_page(&page(&one));
        site.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS.replace("throw", ";throw")));
        site.visit().await;
        site.fell_back_by_reload(&["E403"]).await;
        site.server.restore();
        for _ in 0..2 {
            site.keeps_quarantine(CANARY_BUNDLE).await;
        }
        // Another percentage does not make it another canary.
        site.server.on(CONFIG, Reply::sound().body(config("99.999", &one)));
        site.keeps_quarantine(CANARY_BUNDLE).await;
        site.server.on(CONFIG, Reply::sound().body(config("100", &other)));
        site.open().await;
        site.has_canary().await;
        site.server.restore();
    }
}

/// Errors of other scripts while the canary starts. Some of them cannot be converted to text.
const OTHERS: &str = "globalThis.others = () => new Promise((resolve) => {
    setTimeout(() => { throw new Error('foreign'); });
    setTimeout(() => Promise.reject(new Error('foreign')));
    setTimeout(() => Promise.reject(Symbol('foreign')));
    setTimeout(() => Promise.reject(Object.create(null)));
    setTimeout(() => Promise.reject({ get stack() { throw new Error('a trap'); } }));
    setTimeout(resolve, 300);
});";

pub(crate) async fn e403_errors_of_other_scripts(engine: Engine) {
    let site = FaultSite::new(engine, &page(PATIENT).first(OTHERS)).await;
    site.files.write(CANARY_BUNDLE, format!("await globalThis.others(); {}", bundle(CANARY)));
    site.visit().await;
    is_up(&site).await;
    site.browser.eval("globalThis.others().then(() => true)").await;
    site.has_canary().await;
    let errors = site.errors();
    assert!(errors.iter().filter(|error| error.contains("foreign")).count() >= 6, "{errors:?}");
    assert!(!errors.iter().any(|error| error.contains("/runtime/")), "{errors:?}");
}

/// A rule with `always` gives the canary although it is in quarantine: the page reloads once all the same.
pub(crate) async fn e403_reloads_once(engine: Engine) {
    let always = r#""CANARY_RULES": [{"if": {}, "serve": "canary", "always": true}]"#;
    let site = FaultSite::new(engine, &page(&format!("{PATIENT}, {always}"))).await;
    site.visit().await;
    site.shows(CANARY).await;
    site.server.on(CANARY_BUNDLE, Reply::sound().body(THROWS));
    for views in [2, 1] {
        if views == 2 {
            site.visit().await;
        } else {
            site.open().await;
        }
        site.shows(STABLE).await;
        site.says(&["E403"].repeat(views)).await;
        assert!(site.lines()[views - 1].1.ends_with("; stable loads"), "{:?}", site.lines());
        assert_eq!(site.views(), views);
    }
    // Not again after 15 s, once more after 31 s.
    for (ago, views) in [(15_000, 1), (31_000, 2)] {
        let past = format!(
            "Object.fromEntries(Object.keys(JSON.parse(sessionStorage.canary_reload)).map((key) => [key, Date.now() - {ago}]))"
        );
        site.browser
            .eval(&format!("void (sessionStorage.canary_reload = JSON.stringify({{...{past}, from: 0}}))"))
            .await;
        site.open().await;
        site.shows(STABLE).await;
        site.says(&["E403"].repeat(views)).await;
        assert_eq!(site.views(), views);
    }
}
