//! The debug panel: when it opens, what it shows and what it overrides.

mod flag_list;
mod tester;

use canary_e2e::access_log::Mark;
use canary_e2e::atomic::Files;
use canary_e2e::bucket::user_at;
use canary_e2e::fixture::{PATIENT, ran, settle, site_files};
use canary_e2e::nginx;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};
use tester::{config, flags, goto, panel, press, press_text, see};

fn asked_for_panel(site: &TestSite, mark: Mark) -> usize {
    let lines = site.nginx.access_log().since(mark);
    lines.iter().filter(|line| line.path.starts_with("/runtime/panel_")).count()
}

#[tokio::test]
async fn it_opens_on_request_where_the_config_allows() {
    let site = TestSite::new(site_files(PATIENT, &config(5.0, &flags()))).await;
    let TestSite { browser, files, nginx, .. } = &site;
    let none = "document.querySelector('canary-panel') === null";
    for path in ["/", "/?canary.debugger", "/?canary.flag=on:false", "/?q=canary.debug"] {
        let mark = nginx.access_log().mark();
        site.goto(path).await;
        ran(browser).await;
        browser.wait_for("canary.getNumberValue('size', 0)").await;
        settle(&site, mark).await;
        assert_eq!(asked_for_panel(&site, mark), 0, "{path}");
        assert_eq!(browser.eval(none).await, true, "{path}");
        assert_eq!(browser.eval("Symbol.for('canary-lines') in globalThis").await, false, "{path}");
    }
    for path in ["/?canary.debug", "/?a=b&canary.debug=1#c"] {
        let mark = nginx.access_log().mark();
        goto(&site, path).await;
        settle(&site, mark).await;
        assert!(asked_for_panel(&site, mark) <= 1, "{path}");
    }
    assert_eq!(asked_for_panel(&site, Mark::START), 1);
    browser.assert_console(&[]).await;

    let mark = nginx.access_log().mark();
    files.mount_config(&config(5.0, &flags()).replace("true},\"REV", "false},\"REV"));
    for path in ["/?canary.debug", "/?canary.debug=%3Cscript%3Ealert(1)%3C/script%3E"] {
        site.goto(path).await;
        ran(browser).await;
        let line = "[canary] E701 canary.debug: expected OVERRIDES.query to be on in the config; it is ignored";
        let entries = browser.assert_console(&[line]).await;
        assert!(!entries.iter().any(|entry| entry.text.contains("alert")), "{entries:?}");
        assert_eq!(browser.eval(none).await, true);
    }
    // A malformed config allows nothing.
    files.mount_config("{");
    browser.eval("localStorage.clear()").await;
    site.goto("/?canary.debug").await;
    ran(browser).await;
    browser.assert_console(&["[canary] E105 ", "[canary] E701 canary.debug: "]).await;
    settle(&site, mark).await;
    assert_eq!(asked_for_panel(&site, mark), 0);
    // A later config allows it.
    files.mount_config(&config(5.0, &flags()));
    browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
    browser.wait_for(&panel("root.querySelector('[data-flag=on]')")).await;
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn it_shows_the_decision() {
    let site = TestSite::new(site_files(PATIENT, &config(5.0, &flags()))).await;
    let browser = &site.browser;
    for (place, arm, cohort, side) in [
        (4_999, "canary", "canary", "within"),
        (5_000, "stable", "rest", "outside"),
        (54_999, "stable", "control", "outside"),
    ] {
        site.set_user(&user_at("s", place).id).await;
        // Without the hold of the page view before.
        site.goto("/404.html").await;
        browser.eval("localStorage.clear()").await;
        goto(&site, "/?canary.debug").await;
        assert_eq!(see(&site, "root.querySelector('.arm').textContent").await, arm);
        let why = see(&site, "root.querySelector('.why').textContent").await;
        let number = format!("{},{:03}", place / 1_000, place % 1_000);
        assert_eq!(why, format!("Bucket {number} of 100,000 is {side} the canary’s 5 %."));
        let facts = see(&site, "Object.fromEntries([...root.querySelectorAll('.pairs > div')].map((it) => [...it.children].map((child) => child.textContent)))").await;
        let wanted = json!([arm, "SPLIT", cohort, "no", "7", "s", "/canary/main.js s"]);
        let found =
            ["decided", "reason", "cohort", "counted", "revision", "salt", "canary"].map(|key| facts[key].clone());
        assert_eq!(json!(found), wanted);
        // The bucket scale: start and width of each range.
        let at = |name: &str| {
            format!("['--from', '--size'].map((it) => root.querySelector('.track .{name}').style.getPropertyValue(it))")
        };
        assert_eq!(see(&site, &at("canary")).await, json!(["0%", "5%"]));
        assert_eq!(see(&site, &at("control")).await, json!(["50%", "5%"]));
        assert_eq!(see(&site, &at("marker")).await[0], format!("{}%", f64::from(place) / 1_000.0));
    }
    let row = |key: &str, what: &str| format!("root.querySelector('[data-flag={key}] {what}')");
    assert_eq!(see(&site, &format!("{}.ariaChecked", row("on", "[role=switch]"))).await, "true");
    assert_eq!(see(&site, &format!("{}.value", row("rank", "select"))).await, "v1");
    assert_eq!(see(&site, &format!("{}.value", row("size", "input"))).await, "12");
    assert_eq!(
        see(&site, "[...root.querySelectorAll('.chip')].map((it) => it.textContent)").await,
        json!(["static", "split", "default"])
    );
    // The values are those of the config, and are evaluated on demand.
    assert_eq!(see(&site, &format!("{}.hidden", row("size", "> div"))).await, true);
    press(&site, "[data-flag=size] .name").await;
    let definition: Value =
        serde_json::from_str(see(&site, &format!("{}.textContent", row("size", "pre"))).await.as_str().unwrap())
            .unwrap();
    assert_eq!(definition, flags()["size"]);

    // After a refresh, percentage and flags are new and the arm stays.
    site.files.mount_config(&config(60.0, &json!({ "on": false })).replace(":7", ":8"));
    browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
    browser.wait_for(&panel("root.querySelector('.legend').textContent.includes('canary 60 %control 40 %')")).await;
    assert_eq!(see(&site, "root.querySelectorAll('.flag').length").await, 1);
    assert_eq!(see(&site, &format!("{}.ariaChecked", row("on", "[role=switch]"))).await, "false");
    assert_eq!(
        see(
            &site,
            "root.querySelector('.why').textContent.endsWith(' the canary’s 5 %. The next page view gets canary.')"
        )
        .await,
        true
    );
    assert_eq!(see(&site, "root.querySelector('.pairs').textContent.includes('7, now 8')").await, true);
    // A config that no longer allows the panel closes it.
    site.files.mount_config(&config(60.0, &json!({ "on": false })).replace("{\"query\":true}", "{}"));
    browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
    browser.wait_for("!document.querySelector('canary-panel')").await;
    browser.assert_console(&["404"]).await;
}

#[tokio::test]
async fn an_arm_override_reloads_the_page() {
    let site = TestSite::new(site_files(PATIENT, &config(5.0, &flags()))).await;
    let browser = &site.browser;
    site.set_user(&user_at("s", 60_000).id).await;
    goto(&site, "/?canary.debug").await;
    press(&site, "[data-flag=on] [role=switch]").await;
    let pressed = "root.querySelector('[aria-pressed=true]').textContent";
    for (text, query, arm) in [
        ("canary", "?canary=canary&canary.flag=on%3Afalse&canary.debug", "canary"),
        ("stable", "?canary=stable&canary.flag=on%3Afalse&canary.debug", "stable"),
        ("as decided", "?canary.flag=on%3Afalse&canary.debug", "stable"),
    ] {
        press_text(&site, text).await;
        browser.wait_for(&format!("location.search === {query:?}")).await;
        assert_eq!(ran(browser).await, json!([arm]));
        browser.wait_for(&panel(&format!("root.querySelector('.arm').textContent === {arm:?}"))).await;
        assert_eq!(see(&site, pressed).await, text);
        assert_eq!(browser.eval("canary.getBooleanValue('on', true)").await, false);
    }
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn values_are_not_parsed_as_html() {
    let nasty = "<img src=x onerror=boom()>";
    let flags = json!({ "text": { "rules": [{ "if": { "no": nasty }, "serve": "<img src=y>" }], "default": nasty }, "<b>": 5,
        "rank": { "variants": { nasty: { "weight": 1, "value": nasty } } } });
    let config = json!({ "CANARY_PERCENTAGE": 5, "OVERRIDES": { "query": true }, "FEATURE_FLAGS": flags });
    let policy = |config: &mut nginx::Config| {
        let strict = "require-trusted-types-for 'script'; trusted-types canary-runtime; base-uri 'none'";
        nginx::replace(config, "headers.conf", "base-uri 'self'", strict);
    };
    let files = site_files(PATIENT, &config.to_string());
    files.write(
        "page.css",
        "* { all: unset !important; display: none !important; } canary-panel { position: static !important; }",
    );
    let index = canary_e2e::fixture::page(
        r#"<link rel="stylesheet" href="/page.css"><script type="module" src="/runtime/canary.js" data-user-id="<img src=y>" data-decision-budget="15000"></script>"#,
    );
    files.write("index.html", index);
    let site = TestSite::with(files, policy).await;
    let browser = &site.browser;
    // Overrides of an unknown flag and with an invalid value.
    goto(
        &site,
        "/?canary.debug&canary.flag=gone:%22%3Cimg%3E%22&canary=%3Cimg%3E&canary.flag=text:%22%3Cimg%20src=y%3E%22",
    )
    .await;
    press(&site, "[data-flag=text] .name").await;
    assert_eq!(see(&site, "root.querySelectorAll('img, b b, script').length").await, 0);
    assert_eq!(see(&site, "root.querySelector('[data-flag=text] input').value").await, "<img src=y>");
    assert_eq!(see(&site, "root.querySelector('[data-flag=rank] option').textContent").await, nasty);
    assert_eq!(
        see(&site, "root.querySelector('[data-flag=text] pre').textContent.includes('<img src=x onerror=boom()>')")
            .await,
        true
    );
    assert_eq!(see(&site, "root.querySelector('.pairs').textContent.includes('<img src=y>')").await, true);
    assert_eq!(see(&site, "root.querySelector('aside').textContent.includes('gone')").await, false);
    // Styles of the page do not apply to the panel, nor the other way around.
    let style = |what: &str| format!("((style) => [style.display, style.position])(getComputedStyle({what}))");
    assert_eq!(see(&site, &style("root.host")).await, json!(["block", "fixed"]));
    assert_eq!(see(&site, &style("root.querySelector('aside')")).await[0], "flex");
    assert_eq!(browser.eval("document.adoptedStyleSheets.length").await, 0);
    browser.assert_console(&["[canary] E701 ", "[canary] E112 "]).await;
}

#[tokio::test]
async fn it_stays_open_after_stop() {
    let site = TestSite::new(site_files(PATIENT, &config(5.0, &flags()))).await;
    let browser = &site.browser;
    goto(&site, "/?canary.debug").await;
    browser.eval("void canary.stop()").await;
    press(&site, "[data-flag=on] [role=switch]").await;
    browser.wait_for(&panel("root.querySelector('[data-flag=on] .chip').textContent === 'override'")).await;
    assert_eq!(browser.eval("canary.getBooleanValue('on', true)").await, false);
    browser.eval("void canary.clearOverrides()").await;
    browser.wait_for(&panel("root.querySelector('[data-flag=on] .chip').textContent === 'static'")).await;
    // Keys typed into the panel do not reach the page.
    let heard = "(() => {
        let heard = 0;
        document.addEventListener('keydown', () => heard++);
        const press = () => new KeyboardEvent('keydown', { key: 'k', bubbles: true, composed: true });
        document.querySelector('canary-panel').shadowRoot.querySelector('input').dispatchEvent(press());
        document.body.dispatchEvent(press());
        return heard;
    })()";
    assert_eq!(browser.eval(heard).await, 1);
    // A collapsed panel stays collapsed in this tab.
    press(&site, ".toggle").await;
    assert_eq!(see(&site, "root.querySelector('.body').hidden").await, true);
    goto(&site, "/?canary.debug").await;
    assert_eq!(
        see(&site, "[root.querySelector('.body').hidden, root.querySelector('.toggle').ariaExpanded]").await,
        json!([true, "false"])
    );
    press(&site, ".close").await;
    assert_eq!(browser.eval("document.querySelector('canary-panel') === null").await, true);
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn it_shows_faults_and_storage() {
    let site = TestSite::new(site_files(PATIENT, &config(100.0, &json!({ "on": true, "bad": "yes" })))).await;
    let TestSite { browser, files, .. } = &site;
    let has = |text: &str| panel(&format!("root.querySelector('aside').textContent.includes({text:?})"));
    files.remove("canary/main.js");
    goto(&site, "/?canary.debug").await;
    // Exposures of flags, then of the bundle.
    browser.wait_for(&has("E112 FEATURE_FLAGS.bad ")).await;
    browser.wait_for(&has("E401 /canary/main.js answered 404")).await;
    browser.wait_for(&has("The canary was decided and did not come up, so stable is in its place.")).await;
    browser.wait_for(&has("/canary/main.js s, which is this canary")).await;
    assert_eq!(see(&site, "root.querySelector('.arm').textContent").await, "stable");
    browser.assert_console(&["E112 ", "E401 ", "404"]).await;

    goto(&site, "/?canary.debug").await;
    browser.wait_for(&has("This canary failed in this browser before")).await;
    browser.wait_for("localStorage.getItem('canary_good')").await;
    // The last good config opens the panel too, with lines from before it opened.
    files.mount(&Files::new());
    goto(&site, "/?canary.debug").await;
    browser.wait_for(&has("E101 ")).await;
    assert_eq!(
        see(&site, "[...root.querySelectorAll('li')].filter((it) => it.textContent.includes('E101')).length").await,
        1
    );
    browser.assert_console(&["E112 ", "E101 ", "404"]).await;

    files.mount_config(&config(100.0, &json!({})));
    files.write("canary/main.js", "(globalThis.ran ??= []).push('canary')");
    browser.eval("void (globalThis.isOld = true)").await;
    press_text(&site, "Forget and reload").await;
    browser.wait_for("!globalThis.isOld && globalThis.ran").await;
    assert_eq!(ran(browser).await, json!(["canary"]));
    browser.wait_for(&panel("root.querySelector('.arm').textContent === 'canary'")).await;
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn it_lists_the_reports_of_the_page_view() {
    let reports =
        "[...root.querySelectorAll('section')].find((it) => it.textContent.startsWith('Reports of this page view'))";
    let site = TestSite::new(site_files(PATIENT, &config(100.0, &flags()))).await;
    goto(&site, "/?canary.debug").await;
    assert_eq!(see(&site, &format!("({reports}).hidden")).await, true);
    let telemetry = r#""TELEMETRY": {"countAutomation": true}, "FEATURE_FLAGS""#;
    site.files.mount_config(&config(100.0, &flags()).replace(r#""FEATURE_FLAGS""#, telemetry));
    goto(&site, "/?canary.debug").await;
    // This nginx has no collector, which ends the reports of the view.
    let first = panel(&format!("({reports}).querySelector('li')?.textContent"));
    assert_eq!(site.browser.wait_for(&first).await.as_str().map(|text| &text[..19]), Some("exposure after 0 ms"));
    site.browser.wait_for(&panel("root.textContent.includes('E603 the collector answered 404')")).await;
}
