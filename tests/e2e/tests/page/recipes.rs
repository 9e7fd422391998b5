//! The recipes of `docs/reports.md` for other tools, run as they are printed there. What each tool takes is a stub of its global
//! function, as its own documentation describes it; nothing else is.

use canary_e2e::bucket::user_at;
use canary_e2e::files::{read, repo};
use canary_e2e::fixture::{config, ran, site_files};
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Records each call, by the name of the tool.
const STUBS: &str = r"
    globalThis.calls = { gtag: [], segment: [], posthog: [], opentelemetry: [] };
    globalThis.gtag = (...call) => calls.gtag.push(call);
    globalThis.analytics = { track: (...call) => calls.segment.push(call) };
    globalThis.posthog = {
        capture: (...call) => calls.posthog.push(call),
        register: (properties) => calls.posthog.push(properties),
    };
    globalThis.logger = { emit: (...call) => calls.opentelemetry.push(call) };
";

/// The code blocks of the section "Other tools".
fn recipes() -> Vec<String> {
    let guide = read(&repo("docs/reports.md"));
    let section = guide.split("\n### Other tools\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = section.split("\n```js\n").skip(1);
    blocks.map(|block| block.split("\n```\n").next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn recipes_pass_exposures_to_other_tools() {
    let recipes = recipes();
    assert_eq!(recipes.len(), 4);
    let user = user_at("s", 60_000);
    let flags = json!({ "on": true, "wide": { "variants": { "w1": { "weight": 50, "value": 3 }, "w2": { "weight": 50, "value": 4 } } } });
    let site = TestSite::new(site_files("", &config("5", &flags))).await;
    let mut scripts = String::new();
    for (number, recipe) in recipes.iter().enumerate() {
        let script = format!("import {{ canary }} from '/runtime/canary.js';\n{recipe}");
        site.files.write(&format!("recipe{number}.js"), script);
        let _ = writeln!(scripts, "await import('/recipe{number}.js');");
    }
    site.files.write("recipes.js", format!("{STUBS}\n{scripts}globalThis.isListening = true;"));
    site.set_user(&user.id).await;
    site.goto("/").await;
    ran(&site.browser).await;
    site.browser
        .eval("void document.head.append(Object.assign(document.createElement('script'), { type: 'module', src: '/recipes.js' }))")
        .await;
    site.browser.wait_for("globalThis.isListening").await;
    let wide =
        site.browser.eval("[canary.getBooleanValue('on', false), canary.getNumberDetails('wide', 0).variant][1]").await;
    let wide = wide.as_str().unwrap();
    let calls: Value = site.browser.wait_for("calls.opentelemetry.length === 2 && calls").await;

    // The bundle, whose exposure is earlier than the listeners, and a flag. A flag that is on for everyone is no exposure.
    assert_eq!(
        calls["gtag"],
        json!([
            ["event", "experience_impression", { "exp_variant_string": "canary-bundle-stable" }],
            ["event", "experience_impression", { "exp_variant_string": format!("canary-wide-{wide}") }],
        ])
    );
    assert_eq!(
        calls["segment"],
        json!([
            ["Experiment Viewed", { "experiment_id": "bundle", "variation_id": "stable" }],
            ["Experiment Viewed", { "experiment_id": "wide", "variation_id": wide }],
        ])
    );
    assert_eq!(
        calls["posthog"],
        json!([
            { "$feature/bundle": "stable" },
            ["$feature_flag_called", { "$feature_flag": "bundle", "$feature_flag_response": "stable" }],
            { "$feature/wide": wide },
            ["$feature_flag_called", { "$feature_flag": "wide", "$feature_flag_response": wide }],
        ])
    );
    let event = |key: &str, variant: &str| {
        json!([{ "eventName": "feature_flag.evaluation", "attributes": { "feature_flag.key": key,
            "feature_flag.result.variant": variant, "feature_flag.result.reason": "split",
            "feature_flag.provider.name": "canary-runtime" } }])
    };
    assert_eq!(calls["opentelemetry"], json!([event("bundle", "stable"), event("wide", wide)]));
    // None of them gets an id from the runtime.
    assert!(!calls.to_string().contains(&user.id), "{calls}");
    site.browser.assert_console(&[]).await;
}
