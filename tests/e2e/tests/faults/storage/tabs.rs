//! Rows 31 and 32: the runtime in many tabs at once, and twice in one page.

use super::{PATIENT, config, ids, is_new_id, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::{CANARY, CONFIG, FaultStage};
use canary_e2e::page_log::{Kind, Told};
use canary_e2e::wait::{DEADLINE, until_async};
use std::collections::BTreeSet;

pub(crate) async fn row_31_twenty_tabs_at_once(engine: Engine) {
    // Each page waits for the word before it makes an id, and then takes its time over it.
    let together = "{
        // A tab that the driver turns to would refresh, and be left meanwhile.
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
            e2e.tell('ran', 'made an id');
            for (const end = Date.now() + 1000; Date.now() < end; );
            return getRandomValues(bytes);
        };
    }";
    let page = page().config(config("100", "")).first(together).attributes(r#"data-decision-budget="60000""#);
    let stage = FaultStage::new(engine, &page).await;
    stage.forget().await;
    let client = stage.browser.client();
    let mut tabs = vec![client.window().await.unwrap()];
    while tabs.len() < 20 {
        tabs.push(client.new_window(true).await.unwrap().handle);
    }
    let from = stage.server.told().len();
    for tab in &tabs {
        client.switch_to_window(tab.clone()).await.unwrap();
        stage.open().await;
        stage.browser.wait_for("globalThis.isReady").await;
    }
    stage.browser.eval("void new BroadcastChannel('go').postMessage('go')").await;
    let since = || stage.server.told().split_off(from);
    let ready = || since().into_iter().filter(|told| told.name == "ready").count();
    // The channel does not bring it to the page that sends it, but to another one in the same tab.
    until_async("20 decisions", DEADLINE * 3, async || {
        stage.browser.eval("void new BroadcastChannel('go').postMessage('go')").await;
        (ready() == 20).then_some(())
    })
    .await;
    let made = since().iter().filter(|told| told.name == "made an id").count();
    assert!(made > 1, "no two tabs made an id at once");
    let lines = since().into_iter().filter(|told| told.kind == Kind::Console && told.text().starts_with("[canary]"));
    let other = |line: &Told| !line.text().contains("] I415 ") && !line.text().contains("] I306 ");
    assert_eq!(lines.filter(other).collect::<Vec<_>>(), []);

    let mut seen = BTreeSet::new();
    for tab in &tabs {
        client.switch_to_window(tab.clone()).await.unwrap();
        stage.open().await;
        let bucket = stage.decided(&["bucket"]).to_string();
        seen.insert((bucket, ids(&stage).await));
        stage.says(&[]).await;
    }
    let [(_, [cookie, copy])] = &seen.iter().collect::<Vec<_>>()[..] else { panic!("{seen:?}") };
    assert!(is_new_id(cookie) && cookie == copy, "{cookie} {copy}");
    assert_eq!(since().iter().filter(|told| told.name == "made an id").count(), made);
}

pub(crate) async fn row_32_script_included_twice(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    let is_one = async |codes: &[&str]| {
        stage.leads_to(CANARY, codes).await;
        assert_eq!((stage.events("exposure").len(), stage.requests(CONFIG).len()), (1, 1));
        assert_eq!(stage.events("ready").len(), 1);
    };
    stage.fresh("somebody").await;
    is_one(&[]).await;
    for address in ["/runtime/canary.js", "/runtime/canary.js?another"] {
        let tag = format!(r#"<script type="module" src="{address}" {PATIENT}></script>"#);
        // Before the tag and behind it.
        for page in [page().head(&tag), page().body(format!(r#"<div id="app"></div>{tag}"#))] {
            stage.set_page(&page);
            is_one(&["E307"]).await;
        }
        // A tag that is added later.
        stage.set_page(&page());
        is_one(&[]).await;
        let add = format!(
            "new Promise((onload, onerror) => document.head.append(Object.assign(document.createElement('script'),
                {{ type: 'module', src: '{address}', onload, onerror }}))).then(() => true)"
        );
        stage.browser.eval(&add).await;
        stage.settle().await;
        // The same address is the same module, and nothing runs again.
        stage.says(if address.contains('?') { &["E307"] } else { &[] }).await;
        assert_eq!((stage.ran().len(), stage.events("ready").len(), stage.requests(CONFIG).len()), (1, 1, 1));
    }
}
