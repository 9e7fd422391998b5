//! A canary that was up, throws and leaves the screen blank.

use super::support::{PATIENT, SHORT, click, in_document, in_page, is_up, pass};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{BLANK, CANARY, CANARY_BUNDLE, FaultSite, STABLE, page};
use canary_e2e::page_log::FOLDER;

/// Empties the root of the app, whose code throws.
pub(crate) const CRASH: &str = "void crash(() => document.getElementById('app').replaceChildren())";

pub(crate) async fn e406_blank_after_error(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let rejects = in_page("void crash(() => document.getElementById('app').replaceChildren(), true)");
    for crash in [in_page(CRASH), rejects] {
        site.visit().await;
        is_up(&site).await;
        site.browser.eval(&crash).await;
        site.fell_back_by_reload(&["E406"]).await;
        assert_eq!(site.ran(), [CANARY, STABLE]);
        // Stable that goes blank does not reload.
        site.browser.eval(&crash).await;
        site.shows(BLANK).await;
        pass(&site, 2600).await;
        assert_eq!((site.views(), site.lines().len()), (2, 1));
        site.keeps_quarantine(CANARY_BUNDLE).await;
    }
    // `data-root` names the root.
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

/// An app that has caught its own error and draws nothing is up; with `data-root` it has failed all the same.
pub(crate) async fn e406_never_drawn(engine: Engine) {
    let draws_nothing = "e2e.log('ran', 'CANARY');".replace("CANARY", CANARY);
    let pending = format!("{draws_nothing} document.getElementById('app').innerHTML = '<i data-canary-pending></i>';");
    let later = format!(
        "{draws_nothing} setTimeout(() => {{ document.getElementById('app').textContent = '{CANARY}'; }}, 900);"
    );
    let shop = page(SHORT).body(r#"<h1>A shop</h1><div id="app"></div>"#);
    for (root, script, failed) in [
        ("#app", &draws_nothing, true),
        ("#app", &pending, false),
        ("#app", &later, false),
        // The page itself shows something.
        ("body", &draws_nothing, false),
    ] {
        let site = FaultSite::new(engine, &shop).await;
        site.set_page(&shop.clone().attributes(format!(r#"data-decision-budget="15000" data-root="{root}""#)));
        site.server.on(CANARY_BUNDLE, Reply::sound().body(script));
        site.visit().await;
        if failed {
            site.shows(&format!("A shop {STABLE}")).await;
            site.says(&["E406"]).await;
            assert_eq!((site.ran(), site.views()), (vec![CANARY.to_owned(), STABLE.to_owned()], 2));
            // This browser does not try the version again.
            site.open().await;
            site.shows(&format!("A shop {STABLE}")).await;
            assert!(site.requests(CANARY_BUNDLE).is_empty());
        } else {
            site.browser.wait_for("!localStorage.canary_mark").await;
            pass(&site, 2600).await;
            assert_eq!((site.lines(), site.views()), (vec![], 1), "{root} {script}");
        }
    }
}

pub(crate) async fn e406_no_fault(engine: Engine) {
    let throws = "void setTimeout(() => { throw new Error('harmless'); })";
    let empties = "void document.getElementById('app').replaceChildren()";
    let image_fails = "void (document.head.append(Object.assign(new Image(), { src: '/gone.png' })), document.getElementById('app').replaceChildren())";
    let redraws =
        format!("{CRASH}, void setTimeout(() => {{ document.getElementById('app').textContent = '{CANARY}'; }}, 500)");
    stays_in_frames(engine, &[throws, empties, image_fails, &redraws].map(str::to_owned)).await;
}

/// Opens the canary in frames, one for each script, and runs the script there: none of the frames counts as blank, but
/// one more, in which the canary crashes.
async fn stays_in_frames(engine: Engine, scripts: &[String]) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let count = scripts.len() + 1;
    let frames = (0..count).map(|number| format!(r#"<iframe src="/?{number}"></iframe>"#)).collect::<Vec<_>>().concat();
    let html = format!(r#"<!doctype html><script src="{FOLDER}recorder.js"></script>{frames}"#);
    site.files.write("frames.html", html);
    site.set_new_user("somebody").await;
    site.open_at("/frames.html").await;
    let shown = format!("Array.from(frames).filter((frame) => frame.document.body?.innerText.trim() === '{CANARY}')");
    site.browser.wait_for(&format!("{shown}.length === {count} && !localStorage.canary_mark")).await;
    for (number, script) in scripts.iter().chain([&CRASH.to_owned()]).enumerate() {
        site.browser.eval(&in_document(&format!("frames[{number}].document"), script)).await;
    }
    pass(&site, 2600).await;
    let views: Vec<_> = site.requests("/").into_iter().map(|request| request.path).collect();
    let crashed = format!("/?{}", count - 1);
    assert_eq!(views.iter().filter(|path| **path == crashed).count(), 2, "{views:?}");
    assert_eq!(views.len(), count + 1, "{views:?}");
    site.says(&["E406"]).await;
}

pub(crate) async fn e406_after_input(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    is_up(&site).await;
    click(&site, "p").await;
    site.browser.eval(&in_page(CRASH)).await;
    site.shows(BLANK).await;
    pass(&site, 2600).await;
    assert_eq!((site.views(), site.lines()), (1, vec![]));
    // A click by a script is no input.
    site.visit().await;
    is_up(&site).await;
    site.browser.eval("void document.querySelector('p').click()").await;
    site.browser.eval(&in_page(CRASH)).await;
    site.fell_back_by_reload(&["E406"]).await;
}

pub(crate) async fn e406_after_ten_seconds(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    is_up(&site).await;
    pass(&site, 10_500).await;
    site.browser.eval(&in_page(CRASH)).await;
    site.shows(BLANK).await;
    pass(&site, 2600).await;
    assert_eq!((site.views(), site.lines()), (1, vec![]));
}

pub(crate) async fn e406_what_counts_as_blank(engine: Engine) {
    let define = "customElements.get('a-shop') ?? customElements.define('a-shop', class extends HTMLElement {
        constructor() { super(); this.attachShadow({ mode: 'closed' }).textContent = 'something'; } });";
    let crash = |html: &str| {
        let html = serde_json::to_string(html).unwrap();
        format!("{define} {}", CRASH.replace("replaceChildren()", &format!("innerHTML = {html}")))
    };
    let visible = [
        "<img width=9 height=9>",
        "<canvas></canvas>",
        "<input>",
        "<button></button>",
        "<a-shop></a-shop>",
        "<svg width=9 height=9></svg>",
    ];
    let mut scripts = visible.map(crash).to_vec();
    // The app hides its page until it is complete.
    let hide = "void (document.body.style.visibility = 'hidden'), void crash(";
    scripts.push(crash("<p>text</p>").replace("void crash(", hide));
    stays_in_frames(engine, &scripts).await;

    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    for html in [
        "<div style='height: 9px'><span> </span></div>",
        "<input type=hidden><img hidden>",
        "<p hidden>text</p><script>text</script><style>p {}</style>",
        "<app-root></app-root>",
    ] {
        site.visit().await;
        is_up(&site).await;
        site.browser.eval(&in_page(&crash(html))).await;
        site.fell_back_by_reload(&["E406"]).await;
    }
}
