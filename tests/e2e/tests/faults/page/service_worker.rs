//! Row 54: a service worker that answers with an old config.

use super::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{Reply, http_date};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, STABLE};
use std::time::Duration;
use time::UtcDateTime;

/// A service worker that keeps the config as it was when it came, and answers with it: for that address alone, or, where
/// `/any` is kept as well, whatever the query.
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

pub(crate) async fn row_54_old_service_worker(engine: Engine) {
    let old = http_date(UtcDateTime::now() - Duration::from_mins(11));
    for (date, is_old) in [(old, true), (http_date(UtcDateTime::now()), false)] {
        let site = FaultSite::new(engine, &page()).await;
        site.files.write("worker.js", WORKER);
        site.server.on("/worker.js", Reply::sound().without("Vary"));
        // A cache takes nothing that varies by everything.
        site.server.on(CONFIG, Reply::sound().header("Date", date).without("Vary"));
        site.set_new_user("somebody").await;
        // Without a worker an old answer is as good as any.
        site.opens_with(CANARY, &[]).await;
        assert_eq!(site.requests(CONFIG)[0].path, CONFIG);
        site.browser.eval("navigator.serviceWorker.register('/worker.js').then(() => true)").await;
        site.browser.wait_for("navigator.serviceWorker.controller").await;

        // A query of its own gets past a worker that heeds it.
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

        // One that does not is known by the age of what it answers, if it is old enough to be in doubt.
        site.set_new_user("somebody").await;
        site.browser
            .eval("caches.open('kept').then((cache) => cache.put('/any', new Response(''))).then(() => true)")
            .await;
        let (arm, codes) = if is_old { (STABLE, &["E412"][..]) } else { (CANARY, &[][..]) };
        site.opens_with(arm, codes).await;
        assert_eq!((site.requests(CONFIG).len(), site.requests(CANARY_BUNDLE).is_empty()), (0, is_old));
        // So are refreshes.
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
