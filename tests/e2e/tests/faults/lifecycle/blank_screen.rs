//! Row 38: a canary that was up, and takes itself off the screen.

use super::{PATIENT, click, in_page, is_up, pass, quarantined};
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::fallback::page;
use canary_e2e::fault_site::{BLANK, CANARY, CANARY_BUNDLE, FaultStage, STABLE};
use serde_json::json;

/// Takes the canary off the screen, and throws.
pub(crate) const CRASH: &str =
    "void setTimeout(() => { document.getElementById('app').replaceChildren(); throw new Error('crash'); })";

pub(crate) async fn row_38_crashes(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
    let rejects = in_page(&CRASH.replace("throw new Error('crash')", "Promise.reject(new Error('crash'))"));
    for crash in [in_page(CRASH), rejects] {
        stage.visit().await;
        is_up(&stage).await;
        stage.browser.eval(&crash).await;
        stage.fell_by_reload(&["E406"]).await;
        assert_eq!(stage.ran(), [CANARY, STABLE]);
        // And that is the end of it.
        stage.browser.eval(&crash).await;
        stage.shows(BLANK).await;
        pass(&stage, 2600).await;
        assert_eq!((stage.views(), stage.lines().len()), (2, 1));
        stage.stays_with_stable(CANARY_BUNDLE).await;
    }
    // The page says what its root is.
    let shop = page(PATIENT).body(r#"<h1>A shop</h1><div id="app"></div>"#);
    for (root, views) in [("body", 1), ("#app", 2)] {
        let attributes = format!(r#"data-decision-budget="15000" data-root="{root}""#);
        stage.set_page(&shop.clone().attributes(attributes));
        stage.visit().await;
        stage.shows(&format!("A shop {CANARY}")).await;
        stage.browser.wait_for("!localStorage.canary_mark").await;
        stage.browser.eval(&in_page(CRASH)).await;
        if views == 1 {
            stage.shows("A shop").await;
            pass(&stage, 2600).await;
        } else {
            stage.shows(&format!("A shop {STABLE}")).await;
        }
        assert_eq!((stage.views(), stage.lines().len()), (views, views - 1));
    }
}

pub(crate) async fn row_38_is_no_crash(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
    let throws = "void setTimeout(() => { throw new Error('harmless'); })";
    let empties = "void document.getElementById('app').replaceChildren()";
    let picture = "void (document.head.append(Object.assign(new Image(), { src: '/gone.png' })), document.getElementById('app').replaceChildren())";
    let again =
        format!("{CRASH}, void setTimeout(() => {{ document.getElementById('app').textContent = '{CANARY}'; }}, 500)");
    for action in [throws, empties, picture, &again] {
        stage.visit().await;
        is_up(&stage).await;
        stage.browser.eval(&in_page(action)).await;
        pass(&stage, 2600).await;
        assert_eq!((stage.views(), stage.lines()), (1, vec![]), "{action}");
        assert_eq!(quarantined(&stage).await, json!(null));
    }
    // After input it is the page's own matter; what a script does is no input.
    stage.visit().await;
    is_up(&stage).await;
    click(&stage, "p").await;
    stage.browser.eval(&in_page(CRASH)).await;
    stage.shows(BLANK).await;
    pass(&stage, 2600).await;
    assert_eq!((stage.views(), stage.lines()), (1, vec![]));
    stage.visit().await;
    is_up(&stage).await;
    stage.browser.eval("void document.querySelector('p').click()").await;
    stage.browser.eval(&in_page(CRASH)).await;
    stage.fell_by_reload(&["E406"]).await;
    // After ten seconds as well.
    stage.visit().await;
    is_up(&stage).await;
    pass(&stage, 10_500).await;
    stage.browser.eval(&in_page(CRASH)).await;
    stage.shows(BLANK).await;
    pass(&stage, 2600).await;
    assert_eq!((stage.views(), stage.lines()), (1, vec![]));
}

pub(crate) async fn row_38_what_is_empty(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
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
        stage.visit().await;
        is_up(&stage).await;
        let html = serde_json::to_string(html).unwrap();
        let crash = CRASH.replace("replaceChildren()", &format!("innerHTML = {html}"));
        stage.browser.eval(&in_page(&format!("{define} {crash}"))).await;
        if is_empty {
            stage.fell_by_reload(&["E406"]).await;
        } else {
            pass(&stage, 2600).await;
            assert_eq!((stage.views(), stage.lines()), (1, vec![]), "{html}");
        }
    }
}
