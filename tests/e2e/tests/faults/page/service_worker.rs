//! A service worker that answers with an old config.

use super::support::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{Reply, http_date};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, STABLE};
use std::time::Duration;
use time::UtcDateTime;

/// A service worker that caches the config when it is installed. It answers with it for that URL alone, or, where `/any` is
/// in the cache too, for any query.
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

pub(crate) async fn e412_old_service_worker(engine: Engine) {
    let old = http_date(UtcDateTime::now() - Duration::from_mins(11));
    for (date, is_old) in [(old, true), (http_date(UtcDateTime::now()), false)] {
        let site = FaultSite::new(engine, &page()).await;
        site.files.write("worker.js", WORKER);
        site.server.on("/worker.js", Reply::sound().without("Vary"));
        // A cache refuses an answer with `Vary: *`.
        site.server.on(CONFIG, Reply::sound().header("Date", date).without("Vary"));
        site.set_new_user("somebody").await;
        // Without a worker the age of the answer does not matter.
        site.opens_with(CANARY, &[]).await;
        assert_eq!(site.requests(CONFIG)[0].path, CONFIG);
        site.browser.eval("navigator.serviceWorker.register('/worker.js').then(() => true)").await;
        site.browser.wait_for("navigator.serviceWorker.controller").await;

        // A unique query bypasses a worker that respects queries.
        site.server.restore();
        site.files.mount_config(&config("0", ""));
        let mut queries = Vec::new();
        for codes in [&["I114", "I120"][..], &["I120"]] {
            site.opens_with(STABLE, codes).await;
            queries.push(site.requests(CONFIG)[0].path.clone());
        }
        assert!(
            queries[0] != queries[1] && queries.iter().all(|path| path.starts_with("/config/canary.json?")),
            "{queries:?}"
        );

        // Its age, beside that of newer answers, exposes a worker that ignores queries.
        if !is_old {
            site.set_new_user("somebody").await;
        }
        site.browser
            .eval("caches.open('kept').then((cache) => cache.put('/any', new Response(''))).then(() => true)")
            .await;
        let (arm, codes) = if is_old { (STABLE, &["E412"][..]) } else { (CANARY, &[][..]) };
        site.opens_with(arm, codes).await;
        assert_eq!((site.requests(CONFIG).len(), site.requests(CANARY_BUNDLE).is_empty()), (0, is_old));
        // The same for refreshes.
        site.browser.eval("caches.delete('kept').then(() => true)").await;
        if is_old {
            site.opens_with(STABLE, &["I120"]).await;
            let keep = "caches.open('kept').then((cache) => Promise.all([
                cache.put('/any', new Response('')),
                cache.put('/config/canary.json', new Response('{}', { headers: { Date: new Date(Date.now() - 660000).toUTCString() } }))]))";
            site.browser.eval(&format!("{keep}.then(() => true)")).await;
            site.browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
            site.says(&["E412", "I120"]).await;
            assert_eq!(site.events("stale").len(), 1);
        }
    }
}

/// A worker that passes answers on hides no kill switch, whatever the user's clock says, and where a proxy drops `Date`.
pub(crate) async fn e412_no_fault(engine: Engine) {
    const PASSES: &str = "self.oninstall = () => self.skipWaiting();
        self.onactivate = (event) => event.waitUntil(clients.claim());
        self.onfetch = (event) => { if (event.request.url.includes('/config/')) event.respondWith(fetch(event.request)); };";
    let skewed =
        |minutes: i32| format!("{{ const now = Date.now; Date.now = () => now.call(Date) + {minutes} * 60_000; }}");
    for (minutes, has_date) in [(11, true), (-11, true), (0, false)] {
        let page = page().first(skewed(minutes));
        let site = FaultSite::new(engine, &page).await;
        site.files.write("worker.js", PASSES);
        site.server.on("/worker.js", Reply::sound().without("Vary"));
        if !has_date {
            site.server.on(CONFIG, Reply::sound().without("Date"));
        }
        site.set_new_user("somebody").await;
        site.opens_with(CANARY, &[]).await;
        site.browser.eval("navigator.serviceWorker.register('/worker.js').then(() => true)").await;
        site.browser.wait_for("navigator.serviceWorker.controller").await;
        site.opens_with(CANARY, &[]).await;
        site.files.mount_config(&config("0", ""));
        site.opens_with(STABLE, &["I114", "I120"]).await;
        assert!(site.requests(CANARY_BUNDLE).is_empty());
    }
}
