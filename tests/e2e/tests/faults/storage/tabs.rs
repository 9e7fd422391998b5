//! The runtime in many tabs at once, and twice in one page.

use super::support::{config, ids, is_new_id, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::{CANARY, CONFIG, FaultSite};
use canary_e2e::fixture::PATIENT;
use canary_e2e::page_log::{Kind, LogEntry};
use canary_e2e::wait::{DEADLINE, until_async};
use std::collections::BTreeSet;

pub(crate) async fn i306_twenty_tabs(engine: Engine) {
    // Each page waits for a message before it makes an id, and then takes a second for it.
    let together = "{
        // A tab that becomes visible would refresh.
        document.addEventListener('visibilitychange', (event) => event.stopImmediatePropagation(), true);
        const { fetch, crypto } = globalThis;
        const word = new Promise((resolve) => (new BroadcastChannel('go').onmessage = resolve));
        globalThis.fetch = async (...values) => {
            const reply = await fetch(...values);
            if (/canary_.*wasm/.test(values[0]) && !document.cookie.includes('canary_id')) {
                globalThis.isReady = true;
                await word;
            }
            return reply;
        };
        const getRandomValues = crypto.getRandomValues.bind(crypto);
        crypto.getRandomValues = (bytes) => {
            e2e.log('ran', 'made an id');
            for (const end = Date.now() + 1000; Date.now() < end; );
            return getRandomValues(bytes);
        };
    }";
    let page = page().config(config("100", "")).first(together).attributes(r#"data-decision-budget="60000""#);
    let mut site = FaultSite::new(engine, &page).await;
    site.browser.discard();
    site.clear_data().await;
    let client = site.browser.client();
    let mut tabs = vec![client.window().await.unwrap()];
    while tabs.len() < 20 {
        tabs.push(client.new_window(true).await.unwrap().handle);
    }
    let from = site.server.page_log().len();
    for tab in &tabs {
        client.switch_to_window(tab.clone()).await.unwrap();
        site.open().await;
        site.browser.wait_for("globalThis.isReady").await;
    }
    site.browser.eval("void new BroadcastChannel('go').postMessage('go')").await;
    let since = || site.server.page_log().split_off(from);
    // A tab that is left while its bundle loads, and takes long to leave, has a bundle that did not load.
    let shown = || since().into_iter().filter(|entry| entry.kind == Kind::Ran && entry.name == CANARY).count();
    // A channel does not deliver to the page that sends, so the message is sent again from the others.
    until_async("20 bundles", DEADLINE * 3, async || {
        site.browser.eval("void new BroadcastChannel('go').postMessage('go')").await;
        (shown() == 20).then_some(())
    })
    .await;
    let made = since().iter().filter(|entry| entry.name == "made an id").count();
    assert!(made > 1, "no two tabs made an id at once");
    let lines = since().into_iter().filter(|entry| entry.kind == Kind::Console && entry.text().starts_with("[canary]"));
    let other = |line: &LogEntry| !line.text().contains("] I415 ") && !line.text().contains("] I306 ");
    assert_eq!(lines.filter(other).collect::<Vec<_>>(), []);

    let mut seen = BTreeSet::new();
    for tab in &tabs {
        client.switch_to_window(tab.clone()).await.unwrap();
        site.open().await;
        let bucket = site.decided(&["bucket"]).to_string();
        seen.insert((bucket, ids(&site).await));
        site.says(&[]).await;
    }
    let [(_, [cookie, copy])] = &seen.iter().collect::<Vec<_>>()[..] else { panic!("{seen:?}") };
    assert!(is_new_id(cookie) && cookie == copy, "{cookie} {copy}");
    assert_eq!(since().iter().filter(|entry| entry.name == "made an id").count(), made);
}

pub(crate) async fn e307_script_included_twice(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    let is_one = async |codes: &[&str]| {
        site.opens_with(CANARY, codes).await;
        assert_eq!((site.events("exposure").len(), site.requests(CONFIG).len()), (1, 1));
        assert_eq!(site.events("ready").len(), 1);
    };
    site.set_new_user("somebody").await;
    is_one(&[]).await;
    for address in ["/runtime/canary.js", "/runtime/canary.js?another"] {
        let tag = format!(r#"<script type="module" src="{address}" {PATIENT}></script>"#);
        // Before and after the other tag.
        for page in [page().head(&tag), page().body(format!(r#"<div id="app"></div>{tag}"#))] {
            site.set_page(&page);
            is_one(&["E307"]).await;
        }
        // A tag added later.
        site.set_page(&page());
        is_one(&[]).await;
        let add = format!(
            "new Promise((onload, onerror) => document.head.append(Object.assign(document.createElement('script'),
                {{ type: 'module', src: '{address}', onload, onerror }}))).then(() => true)"
        );
        site.browser.eval(&add).await;
        site.settle().await;
        // A module with the same URL runs once.
        site.says(if address.contains('?') { &["E307"] } else { &[] }).await;
        assert_eq!((site.ran().len(), site.events("ready").len(), site.requests(CONFIG).len()), (1, 1, 1));
    }
}
