//! Apps that begin with the events of the page, which are over when a bundle is inserted.

use super::support::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, Page, STABLE, STABLE_BUNDLE, bundle};
use canary_e2e::fixture::guard;
use canary_e2e::wait::{DEADLINE, until};
use std::time::Duration;

/// An app that begins with the events of the page, which are over when the decision comes, or not yet.
pub(crate) async fn late_listeners(engine: Engine) {
    // It waits for the first of two events, and draws in a handler object.
    const APP: &str = "const log = (name) => e2e.log('event', 'late', name);
        const first = ({ type }) => {
            document.removeEventListener('DOMContentLoaded', first);
            removeEventListener('load', first);
            log(`first ${type}`);
        };
        document.addEventListener('DOMContentLoaded', first);
        addEventListener('load', first);
        addEventListener('load', ({ type }) => log(type));
        document.addEventListener('load', () => log('load of the document'));
        document.addEventListener('readystatechange', () => document.readyState === 'complete' && log('complete'));
        addEventListener('DOMContentLoaded', () => log('DOMContentLoaded'), { once: true });
        if (hasHandler) window.onload = () => log('onload');
        if (hasHandler) document.onreadystatechange = () => document.readyState === 'complete' && log('oncomplete');
        document.addEventListener('DOMContentLoaded', { handleEvent() { log('object'); } });";
    for (arm, file, percentage, has_handler) in
        [(STABLE, STABLE_BUNDLE, "0", true), (STABLE, STABLE_BUNDLE, "0", false), (CANARY, CANARY_BUNDLE, "100", true)]
    {
        for is_late in [true, false] {
            let page = page().first("window.onload = () => e2e.log('event', 'page', 1);");
            let picture = r#"<div id="app"></div><img src="/slow.png">"#;
            let site = FaultSite::new(engine, &page.config(config(percentage, "")).body(picture)).await;
            site.files.write(
                file,
                format!(
                    "const hasHandler = {has_handler}; {APP} addEventListener('load', () => {{ {} }});",
                    bundle(arm)
                ),
            );
            if is_late {
                site.server.on(CONFIG, Reply::sound().hanging());
            } else {
                site.server.on("/slow.png", Reply::sound().delayed(Duration::from_secs(2)));
            }
            site.set_new_user("somebody").await;
            site.open().await;
            site.browser.wait_for("performance.timing.loadEventEnd > 0").await;
            site.server.release();
            site.shows(arm).await;
            // It draws before the last one.
            let count = 5 + 2 * usize::from(has_handler);
            until("all events", DEADLINE, || (site.events("late").len() >= count).then_some(()));
            let mut events: Vec<_> = site.events("late").iter().map(|it| it.as_str().unwrap().to_owned()).collect();
            if is_late {
                // In the order that they have in a page.
                assert_eq!(events.remove(0), "first DOMContentLoaded");
                let all = ["DOMContentLoaded", "object", "complete", "oncomplete", "load", "onload"];
                let expected = all.iter().filter(|it| has_handler || !it.starts_with("on"));
                assert!(events.iter().eq(expected), "{arm}: {events:?}");
            } else {
                events.sort();
                let all = [
                    "DOMContentLoaded",
                    "complete",
                    "first DOMContentLoaded",
                    "load",
                    "object",
                    "oncomplete",
                    "onload",
                ];
                assert_eq!(events, all[..5 + 2 * usize::from(has_handler)], "{arm}");
            }
            // The page's own handler, where the bundle did not replace it in time.
            assert_eq!(site.events("page").len(), usize::from(is_late || !has_handler), "{arm}");
            // The methods are the page's own again.
            let methods = "[window, document].every((target) => !Object.hasOwn(target, 'addEventListener'))";
            site.browser.wait_for(methods).await;
        }
    }
}

/// An app that draws once each of these has called it, which is once.
fn app_of_events() -> String {
    format!(
        "const left = ['DOMContentLoaded', 'readystatechange', 'load', 'onload'];
        const done = (name) => {{
            e2e.log('event', 'late', name);
            const place = left.indexOf(name);
            if (place >= 0) left.splice(place, 1);
            if (place >= 0 && !left.length) {{ {} }}
        }};
        document.addEventListener('DOMContentLoaded', ({{ type }}) => done(type));
        document.addEventListener('readystatechange', ({{ type }}) => document.readyState === 'complete' && done(type));
        window.addEventListener('load', ({{ type }}) => done(type));
        window.onload = () => done('onload');
        // Of no event of the page.
        addEventListener('unload', () => e2e.log('event', 'late', 'unload'));",
        bundle(STABLE)
    )
}

/// Stable draws although it came late, after each event has called it once.
async fn draws(site: &FaultSite, code: &str) {
    site.shows(STABLE).await;
    let mut events: Vec<_> = site.events("late").iter().map(|it| it.as_str().unwrap().to_owned()).collect();
    events.sort();
    assert_eq!(events, ["DOMContentLoaded", "load", "onload", "readystatechange"]);
    assert!(site.lines().iter().any(|(_, line)| line.starts_with(&format!("[canary] {code} "))), "{:?}", site.lines());
}

/// The runtime starts and decides nothing, so that the guard inserts stable.
pub(crate) async fn late_listeners_by_guard(engine: Engine) {
    let page = Page::new().attributes("data-decision-budget=300").head(guard());
    let site = FaultSite::new(engine, &page).await;
    site.files.write(STABLE_BUNDLE, app_of_events());
    site.server.on("/runtime/canary.js", Reply::sound().body("globalThis[Symbol.for('canary-runtime')] = {};"));
    site.open().await;
    draws(&site, "E103").await;
}

/// The lifecycle script is missing, so that `canary.js` inserts stable by itself.
pub(crate) async fn late_listeners_without_lifecycle(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    site.files.write(STABLE_BUNDLE, app_of_events());
    site.server.on("/runtime/lifecycle_*.js", Reply::sound().status(404));
    site.server.on(CONFIG, Reply::sound().hanging());
    site.set_new_user("somebody").await;
    site.open().await;
    site.browser.wait_for("performance.timing.loadEventEnd > 0").await;
    site.server.release();
    draws(&site, "E201").await;
}
