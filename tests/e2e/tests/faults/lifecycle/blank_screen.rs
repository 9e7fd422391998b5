//! Row 38: a canary that was up, and takes itself off the screen.

use super::{PATIENT, click, in_page, is_up, pass, quarantined};
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::page;
use canary_e2e::fault_site::{BLANK, CANARY, CANARY_BUNDLE, FaultSite, STABLE};
use serde_json::json;

/// Takes the canary off the screen, and throws.
pub(crate) const CRASH: &str =
    "void setTimeout(() => { document.getElementById('app').replaceChildren(); throw new Error('crash'); })";

pub(crate) async fn row_38_crashes(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let rejects = in_page(&CRASH.replace("throw new Error('crash')", "Promise.reject(new Error('crash'))"));
    for crash in [in_page(CRASH), rejects] {
        site.visit().await;
        is_up(&site).await;
        site.browser.eval(&crash).await;
        site.fell_back_by_reload(&["E406"]).await;
        assert_eq!(site.ran(), [CANARY, STABLE]);
        // And that is the end of it.
        site.browser.eval(&crash).await;
        site.shows(BLANK).await;
        pass(&site, 2600).await;
        assert_eq!((site.views(), site.lines().len()), (2, 1));
        site.keeps_quarantine(CANARY_BUNDLE).await;
    }
    // The page says what its root is.
    let shop = page(PATIENT).body(r#"<h1>A shop</h1><div id="app"></div>"#);
    for (root, views) in [("body", 1), ("#app", 2)] {
        let attributes = format!(r#"data-decision-budget="15000" data-root="{root}""#);
        site.set_page(&shop.clone().attributes(attributes));
        site.visit().await;
        site.shows(&format!("A shop {CANARY}")).await;
        site.browser.wait_for("!localStorage.canary_mark").await;
        site.browser.eval(&in_page(CRASH)).await;
        if views == 1 {
            site.shows("A shop").await;
            pass(&site, 2600).await;
        } else {
            site.shows(&format!("A shop {STABLE}")).await;
        }
        assert_eq!((site.views(), site.lines().len()), (views, views - 1));
    }
}

pub(crate) async fn row_38_is_no_crash(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let throws = "void setTimeout(() => { throw new Error('harmless'); })";
    let empties = "void document.getElementById('app').replaceChildren()";
    let picture = "void (document.head.append(Object.assign(new Image(), { src: '/gone.png' })), document.getElementById('app').replaceChildren())";
    let again =
        format!("{CRASH}, void setTimeout(() => {{ document.getElementById('app').textContent = '{CANARY}'; }}, 500)");
    for action in [throws, empties, picture, &again] {
        site.visit().await;
        is_up(&site).await;
        site.browser.eval(&in_page(action)).await;
        pass(&site, 2600).await;
        assert_eq!((site.views(), site.lines()), (1, vec![]), "{action}");
        assert_eq!(quarantined(&site).await, json!(null));
    }
    // After input it is the page's own matter; what a script does is no input.
    site.visit().await;
    is_up(&site).await;
    click(&site, "p").await;
    site.browser.eval(&in_page(CRASH)).await;
    site.shows(BLANK).await;
    pass(&site, 2600).await;
    assert_eq!((site.views(), site.lines()), (1, vec![]));
    site.visit().await;
    is_up(&site).await;
    site.browser.eval("void document.querySelector('p').click()").await;
    site.browser.eval(&in_page(CRASH)).await;
    site.fell_back_by_reload(&["E406"]).await;
    // After ten seconds as well.
    site.visit().await;
    is_up(&site).await;
    pass(&site, 10_500).await;
    site.browser.eval(&in_page(CRASH)).await;
    site.shows(BLANK).await;
    pass(&site, 2600).await;
    assert_eq!((site.views(), site.lines()), (1, vec![]));
}

pub(crate) async fn row_38_what_is_empty(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
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
        site.visit().await;
        is_up(&site).await;
        let html = serde_json::to_string(html).unwrap();
        let crash = CRASH.replace("replaceChildren()", &format!("innerHTML = {html}"));
        site.browser.eval(&in_page(&format!("{define} {crash}"))).await;
        if is_empty {
            site.fell_back_by_reload(&["E406"]).await;
        } else {
            pass(&site, 2600).await;
            assert_eq!((site.views(), site.lines()), (1, vec![]), "{html}");
        }
    }
}
