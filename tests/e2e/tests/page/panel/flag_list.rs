//! Flags in the panel: filtered and overridden, without an exposure.

use super::tester::{config, enter, flags, goto, panel, press, press_text, see};
use canary_e2e::bucket::{bucket, user_at};
use canary_e2e::fixture::{PATIENT, ran, site_files};
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};

#[tokio::test]
async fn overrides_can_be_set_and_removed() {
    let site = TestSite::new(site_files(PATIENT, &config(5.0, &flags()))).await;
    let browser = &site.browser;
    goto(&site, "/?a=1%202&canary.debug").await;
    let read = "[canary.getBooleanValue('on', null), canary.getStringValue('rank', ''), canary.evaluate('size', null)]";
    assert_eq!(browser.eval(read).await, json!([true, "first", 12]));
    browser.eval("void canary.on('configurationChanged', ({ flagsChanged }) => (globalThis.told ??= []).push(...flagsChanged))").await;
    let told = async || browser.eval("globalThis.told?.splice(0) ?? null").await;

    press(&site, "[data-flag=on] [role=switch]").await;
    assert_eq!((browser.eval(read).await, told().await), (json!([false, "first", 12]), json!(["on"])));
    browser.wait_for(&panel("root.querySelector('[data-flag=on] [role=switch]').ariaChecked === 'false'")).await;
    assert_eq!(see(&site, "root.querySelector('.count').textContent").await, "1 override");
    see(&site, "void ((it) => { it.selectedIndex = 1; it.dispatchEvent(new Event('change')); })(root.querySelector('[data-flag=rank] select'))").await;
    enter(&site, "size", "{\"a\": [1]}").await;
    assert_eq!(
        (browser.eval(read).await, told().await),
        (json!([false, "second", { "a": [1] }]), json!(["rank", "size"]))
    );
    // Invalid JSON changes nothing.
    browser.wait_for(&panel("root.querySelector('[data-flag=size] input').value === '{\"a\":[1]}'")).await;
    enter(&site, "size", "no JSON").await;
    assert_eq!(see(&site, "root.querySelector('[data-flag=size] input').ariaInvalid").await, "true");
    assert_eq!(told().await, json!([]));

    // One override is removed, the others stay.
    press(&site, "[data-flag=rank] .reset").await;
    assert_eq!((browser.eval(read).await, told().await), (json!([false, "first", { "a": [1] }]), json!(["rank"])));
    // The link that applies the overrides to another page view. It gives a flag only what it declares.
    enter(&site, "size", "2").await;
    assert_eq!((browser.eval(read).await, told().await), (json!([false, "first", 2]), json!(["size"])));
    press_text(&site, "Copy link").await;
    let link = browser.wait_for(&panel("root.querySelector('.link').value")).await;
    let wanted = site.nginx.url("/?a=1%202&canary.flag=on%3Afalse&canary.flag=size%3A2&canary.debug");
    assert_eq!(link, wanted);
    press_text(&site, "Reset flags").await;
    assert_eq!((browser.eval(read).await, told().await), (json!([true, "first", 12]), json!(["on", "size"])));
    browser.wait_for(&panel("root.querySelector('.count').textContent === ''")).await;

    browser.goto(link.as_str().unwrap()).await;
    ran(browser).await;
    browser.wait_for(&panel("root.querySelector('.count').textContent === '2 overrides'")).await;
    assert_eq!(browser.eval(read).await, json!([false, "first", 2]));
    // Overrides of the address too.
    press(&site, "[data-flag=on] .reset").await;
    assert_eq!(browser.eval(read).await, json!([true, "first", 2]));
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn opening_the_panel_is_no_exposure() {
    let user = user_at("s", 60_000);
    let split = f64::from(bucket("flag", "split", &user.id) + 1) / 1_000.0;
    let site = TestSite::new(site_files(PATIENT, &config(5.0, &json!({ "split": split, "other": split })))).await;
    let browser = &site.browser;
    site.set_user(&user.id).await;
    goto(&site, "/?canary.debug").await;
    assert_eq!(see(&site, "root.querySelector('[data-flag=split] [role=switch]').ariaChecked").await, "true");
    press(&site, "[data-flag=split] .name").await;
    press(&site, "[data-flag=split] [role=switch]").await;
    browser.wait_for(&panel("root.querySelector('[data-flag=split] .chip').textContent === 'override'")).await;
    press(&site, "[data-flag=split] .reset").await;
    // The page gets no events of flags that it has not read.
    let told = "new Promise((resolve) => {
        const told = [];
        for (const type of ['exposure', 'configurationChanged']) canary.on(type, (detail) => told.push(detail.flagsChanged ?? detail.flagKey));
        canary.setOverride('other', 5);
        canary.clearOverrides();
        setTimeout(resolve, 0, told);
    })";
    assert_eq!(browser.eval(told).await, json!([null]));
    // A read by the page is an exposure.
    browser.eval("void canary.getBooleanValue('split', false)").await;
    let told = "new Promise((resolve) => { const told = []; canary.on('exposure', ({ flagKey }) => told.push(flagKey)); setTimeout(resolve, 0, told); })";
    assert_eq!(browser.eval(told).await, json!([null, "split"]));
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn flags_can_be_filtered() {
    let many: serde_json::Map<String, Value> = (0..1_000).map(|n| (format!("flag-{n:04}"), json!(true))).collect();
    let site = TestSite::new(site_files(PATIENT, &config(5.0, &Value::Object(many)))).await;
    goto(&site, "/?canary.debug").await;
    let shown = "[root.querySelectorAll('.flag').length, root.querySelector('.flags + p').textContent]";
    assert_eq!(see(&site, shown).await, json!([100, "and 900 more"]));
    let filter = |text: &str| {
        format!(
            "void ((it) => {{ it.value = {text:?}; it.dispatchEvent(new Event('input')); }})(root.querySelector('[type=search]'))"
        )
    };
    see(&site, &filter("g-012")).await;
    assert_eq!(see(&site, shown).await, json!([10, ""]));
    see(&site, &filter("none")).await;
    assert_eq!(see(&site, shown).await, json!([0, "No flag has that in its key."]));
    site.browser.assert_console(&[]).await;
}
