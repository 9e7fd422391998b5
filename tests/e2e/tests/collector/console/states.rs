//! Every state of the console: what it says, and that nobody is kept out of it.

use canary_e2e::browser::Browser;
use canary_e2e::driver::Driver;
use canary_e2e::files::repo;
use serde_json::{Value, json};

use super::fixtures::{CASES, Case};
use super::{Console, Controller, foreign, open, press_tab, screen, text, violations};

/// The widths at which the page must not scroll sideways: a window, a phone, and a window at a zoom of 200 %.
const SCREENS: [(&str, u32, u32); 3] = [("light", 1100, 1), ("dark", 360, 1), ("light", 1100, 2)];

#[tokio::test]
async fn each_state_says_what_is_going_on_and_what_to_do() {
    let (controller, driver) = (Controller::start(), Driver::chromium());
    let browser = Browser::new(&driver).await;
    for case in CASES {
        controller.set((case.status)());
        // The answer of the case before would be given for two seconds.
        let console = Console::start(&["--rollout-status", &controller.url]);
        screen(&browser, "light", 1100, 1).await;
        open(&browser, &console.url).await;
        says(&browser, &case).await;
        for (scheme, width, zoom) in SCREENS {
            screen(&browser, scheme, width, zoom).await;
            let name = format!("{} {scheme} {width} {zoom}", case.name);
            if zoom == 1 {
                assert_eq!(violations(&browser).await, json!([]), "{name}");
            }
            assert_eq!(browser.eval("document.documentElement.scrollWidth <= innerWidth").await, true, "{name}");
        }
        follows_the_keyboard(&browser, case.name).await;
        assert_eq!(foreign(&browser).await, json!([]), "{}", case.name);
        browser.assert_console(&[]).await;
        picture(&browser, case.name).await;
        // It would ask a console that is gone.
        browser.goto("about:blank").await;
    }
}

/// The words, the tone, and what may not be seen.
async fn says(browser: &Browser, case: &Case) {
    let name = case.name;
    let all = text(browser, "body").await;
    for expected in case.shows {
        assert!(all.contains(expected), "{name}: no {expected:?} in {all}");
    }
    for forbidden in case.hides {
        assert!(!all.contains(forbidden), "{name}: {forbidden:?} is in {all}");
    }
    assert_eq!(browser.eval("document.querySelector('#now').dataset.tone").await, case.tone, "{name}");
    browser.wait_for("document.querySelector('#share').children.length > 0").await;
    let (gaps, dimmed) = (u64::from(name == "gap"), u64::from(name == "stale"));
    assert_eq!(browser.eval("document.querySelectorAll('#rates .gap').length").await, gaps, "{name}");
    assert_eq!(browser.eval("document.querySelectorAll('.stale #metrics').length").await, dimmed, "{name}");
    if name == "gap" {
        // Both lines break, and begin again behind the gap.
        let pieces = "[...document.querySelectorAll('#rates path.canary, #rates path.stable')]\
            .map((it) => it.getAttribute('d').split('M').length > 2)";
        assert_eq!(browser.eval(pieces).await, json!([true, true]));
    }
}

/// Goes through the page with the Tab key: everything is reached once, in the order of the page, with a visible focus.
async fn follows_the_keyboard(browser: &Browser, name: &str) {
    browser.eval("(document.activeElement.blur(), scrollTo(0, 0))").await;
    let mut order = Vec::new();
    loop {
        press_tab(browser).await;
        let at = "(() => {
            const at = document.activeElement;
            if (at === document.body) return null;
            const { outlineStyle, outlineWidth } = getComputedStyle(at);
            const box = at.getBoundingClientRect();
            const isSeen = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0;
            const isMarked = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
            return [[...document.querySelectorAll('*')].indexOf(at), isSeen && isMarked];
        })()";
        let at = browser.eval(at).await;
        if at == Value::Null {
            break;
        }
        assert_eq!(at[1], true, "{name}: the focus is not visible at {at}");
        order.push(at[0].as_u64().unwrap());
        assert!(order.is_sorted() && order.len() < 40, "{name}: {order:?}");
    }
    let all = "[...document.querySelectorAll('a[href], button, input, summary, [tabindex=\"0\"]')]\
        .filter((it) => it.checkVisibility()).length";
    assert_eq!(browser.eval(all).await, order.len(), "{name}: {order:?}");
}

/// Keeps a picture of what one sees first, where the docs are to be updated.
async fn picture(browser: &Browser, name: &str) {
    if std::env::var_os("CANARY_UPDATE_DOCS").is_some() {
        screen(browser, "light", 800, 1).await;
        // Small, because there are many.
        let size = json!({"width": 760, "height": 600, "deviceScaleFactor": 0.75, "mobile": false});
        browser.cdp("Emulation.setDeviceMetricsOverride", size).await;
        browser.eval("scrollTo(0, 0)").await;
        let folder = repo("docs/console");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{}.png", name.replace(' ', "-"))), browser.screenshot().await).unwrap();
    }
}
