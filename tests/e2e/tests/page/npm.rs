//! The npm package with the real type checker, bundler and OpenFeature SDK.

mod filter_lists;
mod frameworks;
mod plugin;
pub(crate) mod project;

use crate::guard::page::GUARD;
use canary_e2e::browser::Browser;
use canary_e2e::bucket::{bucket, user_at};
use canary_e2e::files::{copy_tree, read, repo};
use canary_e2e::fixture::{config, page, ran, site_files};
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::LazyLock;

use project::{PROJECT, canaryctl, run, tool};

#[test]
fn declarations_pass_a_strict_type_check() {
    // The samples also have lines that must not compile: `tsc` reports each line that does.
    tool("types", "tsc", &["--project", "."]);
}

/// A misspelt flag, or one that is read as another type, is an error where the config's flags are declared.
#[test]
fn declared_flags_are_checked() {
    let flags = json!({ "new-checkout": 25, "mixed": { "rules": [{ "if": {}, "serve": "x" }] },
        "search-ranking": { "variants": { "a": { "weight": 1, "value": "v1" } } },
        "theme": { "rules": [{ "if": {}, "serve": { "accent": "#00f" } }], "default": { "accent": "#f00" } } });
    let path = PROJECT.join("declared/config.json");
    std::fs::write(&path, config("5", &flags)).unwrap();
    let declarations = run(Command::new(canaryctl()).args(["types", "--config"]).arg(&path));
    std::fs::write(PROJECT.join("declared/flags.d.ts"), declarations).unwrap();
    // The samples also have lines that must not compile: `tsc` reports each line that does.
    tool("declared", "tsc", &["--project", "."]);
}

#[test]
fn the_fake_works_in_vitest() {
    let printed = run(Command::new(PROJECT.join("node_modules/.bin/vitest")).current_dir(&*PROJECT).args([
        "run",
        "--dir",
        "fake",
        "--reporter",
        "json",
    ]));
    // It also hides the cursor.
    let json = printed.find('{').zip(printed.rfind('}')).map(|(start, end)| &printed[start..=end]);
    let report: Value = serde_json::from_str(json.unwrap_or_default()).unwrap_or_else(|e| panic!("{e}: {printed}"));
    assert_eq!([&report["numPassedTests"], &report["numTotalTests"]], [&json!(7), &json!(7)], "{printed}");
}

#[test]
fn the_package_contains_its_exports() {
    let package: Value = serde_json::from_str(&read(&repo("pkg/package.json"))).unwrap();
    assert!(package["version"].as_str().is_some_and(|version| !version.is_empty()), "{package}");
    let packed = PROJECT.join("node_modules/canary-runtime");
    let exports = package["exports"].as_object().unwrap();
    let files = exports.values().flat_map(|export| match export {
        Value::Object(by_condition) => by_condition.values().cloned().collect(),
        file => vec![file.clone()],
    });
    for file in files.chain(["main", "types"].map(|key| package[key].clone())) {
        let file = file.as_str().unwrap();
        assert!(packed.join(file).is_file(), "{file}");
    }
    // With the modules that `canary.js` loads, without the compressed copies.
    let names: Vec<_> =
        packed.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let count =
        |start: &str, end: &str| names.iter().filter(|name| name.starts_with(start) && name.ends_with(end)).count();
    assert_eq!([count("canary_", ".wasm"), count("refresh_", ".wasm"), count("refresh_", ".js")], [1; 3], "{names:?}");
    assert_eq!([count("", ".br"), count("", ".gz"), count("LICENSE-", "")], [0, 0, 2], "{names:?}");
}

#[tokio::test]
async fn both_entries_have_the_declared_members() {
    let declarations = read(&repo("pkg/canary.d.ts"));
    let (_, rest) = declarations.split_once("export interface Canary {").unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let name = |line: &str| {
        let line = line.strip_prefix("  ")?.trim_start_matches("readonly ");
        let end = line.find(|c: char| !c.is_ascii_alphanumeric())?;
        (end > 0).then(|| line[..end].to_owned())
    };
    let declared: BTreeSet<String> = body.lines().filter_map(name).collect();
    let site = TestSite::new(site_files("", &config("5", &json!({})))).await;
    site.goto("/").await;
    ran(&site.browser).await;
    for entry in ["canary", "client"] {
        let members = format!("import('/runtime/{entry}.js').then(({{ canary }}) => Object.keys(canary))");
        let members: BTreeSet<String> = serde_json::from_value(site.browser.eval(&members).await).unwrap();
        assert_eq!(members, declared, "{entry}");
    }
    site.browser.assert_console(&[]).await;
}

#[test]
fn servers_can_import_the_package() {
    let script = "
        import { canary } from 'canary-runtime';
        import { CanaryProvider } from 'canary-runtime/openfeature';
        const off = canary.on('ready', () => {});
        off();
        canary.identify('user-1');
        new CanaryProvider();
        const { variant, reason, errorCode } = await canary.ready;
        console.log(JSON.stringify([variant, reason, errorCode, canary.getStringValue('f', 'd'), canary.evaluate('f', 1), canary.getNumberDetails('f', 2)]));
    ";
    let printed = run(Command::new("node").current_dir(&*PROJECT).args(["--input-type=module", "--eval", script]));
    let details = json!({ "flagKey": "f", "value": 2, "variant": null, "reason": "ERROR", "errorCode": "PROVIDER_NOT_READY", "flagMetadata": {} });
    assert_eq!(
        serde_json::from_str::<Value>(&printed).unwrap(),
        json!(["stable", "ERROR", "PROVIDER_NOT_READY", "d", 1, details])
    );
}

#[tokio::test]
async fn bundles_can_import_the_package_before_the_runtime() {
    let files = site_files(
        "",
        &config(
            "5",
            &json!({ "on": true, "pro": { "rules": [{ "if": { "plan": "pro" }, "serve": true }], "default": false } }),
        ),
    );
    files.write("index.html", page(""));
    let late = "
        import { canary } from '/runtime/client.js';
        globalThis.client = canary;
        globalThis.told = [];
        globalThis.before = [canary.getBooleanValue('on', false), canary.getStringDetails('on', 'd').errorCode];
        canary.identify('user-1', { plan: 'free' });
        canary.identify('user-1', { plan: 'pro' });
        canary.on('ready', () => told.push('left'))();
        const off = canary.on('ready', () => told.push(canary.getBooleanValue('pro', false)));
        canary.on('configurationChanged', () => told.push('changed'));
        canary.ready.then((decision) => (globalThis.decision = decision));
        globalThis.off = off;";
    files.write("late.js", late);
    let site = TestSite::new(files).await;
    let browser = &site.browser;
    site.goto("/").await;
    assert_eq!(browser.wait_for("globalThis.before").await, json!([false, "PROVIDER_NOT_READY"]));
    let include = "void document.head.append(Object.assign(document.createElement('script'), { type: 'module', src: '/runtime/canary.js' }))";
    browser.eval(include).await;
    ran(browser).await;
    assert_eq!(browser.wait_for("told.length && told").await, json!([true]));
    let same = "import('/runtime/canary.js').then(({ canary }) => Promise.all([canary.ready, client.ready])).then(([a, b]) => a === b)";
    assert_eq!(browser.eval(same).await, true);
    assert_eq!(browser.eval("client.getBooleanValue('on', false)").await, true);
    browser.eval("void client.setOverride('on', false)").await;
    assert_eq!(browser.eval("told").await, json!([true, "changed"]));
    browser.assert_console(&[]).await;
}

/// The real SDK and the provider, bundled once for all tests that load them.
static OPENFEATURE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    tool("openfeature", "vite", &["build", "--logLevel", "error"]);
    std::fs::read(PROJECT.join("openfeature/dist/openfeature.js")).expect("what was built")
});

/// A page with the real SDK and the provider, both bundled.
/// Where the guard has loaded stable, and where there is no tag at all, as in a test or a story, the client settles.
#[tokio::test]
async fn ready_settles_without_the_runtime() {
    let app = "import { canary } from '/runtime/client.js';
        const { variant, errorCode } = await canary.ready;
        globalThis.settled = [variant, errorCode, canary.getBooleanValue('on', true)];";
    let guard = format!(r#"{}<script type="module" src="/gone/canary.js"></script>"#, *GUARD);
    for tag in ["", &guard] {
        let files = SiteFiles::new();
        files.write("app.js", app);
        files.write(
            "index.html",
            format!(r#"<!doctype html><title>client</title>{tag}<script type="module" src="/app.js"></script><body>"#),
        );
        let site = TestSite::new(files).await;
        site.goto("/").await;
        let settled = site.browser.wait_for("globalThis.settled").await;
        assert_eq!(settled, json!(["stable", "PROVIDER_NOT_READY", true]), "{tag}");
    }
}

async fn with_openfeature(user: &str, config: &str) -> TestSite {
    let files = site_files("", config);
    let include = r#"<script type="module" src="/runtime/canary.js"></script><script type="module" src="/openfeature.js"></script>"#;
    files.write("index.html", page(include));
    files.write("openfeature.js", &*OPENFEATURE);
    let site = TestSite::new(files).await;
    site.set_user(user).await;
    site.goto("/").await;
    site.browser.wait_for("globalThis.status").await;
    site
}

/// What the browser does when the tab becomes visible.
async fn look(browser: &Browser) {
    browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
}

#[tokio::test]
async fn openfeature_evaluates_through_the_provider() {
    let user = user_at("s", 60_000);
    let split = f64::from(bucket("flag", "split", &user.id) + 1) / 1_000.0;
    let value = |value: Value| json!({ "variants": { "v": { "weight": 1, "value": value } }, "rules": [{ "if": {}, "serve": "v" }], "default": "v" });
    let flags = |on: bool| {
        json!({ "on": on, "split": split, "text": value(json!("blue")), "size": value(json!(7.5)), "theme": value(json!({ "a": [1] })),
            "pro": { "rules": [{ "if": { "plan": "pro" }, "serve": true }], "default": false } })
    };
    let site = with_openfeature(&user.id, &config("5", &flags(true))).await;
    let browser = &site.browser;
    assert_eq!(
        browser.eval("[status, early.errorCode, client.metadata.providerMetadata.name]").await,
        json!(["READY", "PROVIDER_NOT_READY", "canary-runtime"])
    );
    let values = "[client.getBooleanValue('on', false), client.getBooleanValue('split', false), client.getStringValue('text', 'd'),
        client.getNumberValue('size', 1), client.getObjectValue('theme', {}), client.getBooleanValue('pro', true)]";
    assert_eq!(browser.eval(values).await, json!([true, true, "blue", 7.5, { "a": [1] }, false]));
    for (call, value, variant, reason, code) in [
        ("getBooleanDetails('on', false)", json!(true), Value::Null, "STATIC", Value::Null),
        ("getBooleanDetails('split', false)", json!(true), Value::Null, "SPLIT", Value::Null),
        ("getStringDetails('text', 'd')", json!("blue"), json!("v"), "TARGETING_MATCH", Value::Null),
        ("getNumberDetails('text', 1)", json!(1), Value::Null, "ERROR", json!("TYPE_MISMATCH")),
        ("getObjectDetails('gone', [])", json!([]), Value::Null, "ERROR", json!("FLAG_NOT_FOUND")),
    ] {
        let details = browser.eval(&format!("JSON.parse(JSON.stringify(client.{call}))")).await;
        let seen = ["value", "variant", "reason", "errorCode"].map(|key| details[key].clone());
        assert_eq!(seen, [value, variant, json!(reason), code], "{call}");
    }

    browser.eval("openfeature.setContext({ targetingKey: 'user-7', plan: 'pro' }).then(() => 0)").await;
    assert_eq!(browser.eval("client.getBooleanValue('pro', false)").await, true);
    // Without a key: the user that the page began with.
    browser.eval("openfeature.setContext({}).then(() => 0)").await;
    assert_eq!(
        browser.eval("[client.getBooleanValue('pro', true), client.getBooleanValue('split', false)]").await,
        json!([false, true])
    );
    browser.eval("openfeature.setContext({ targetingKey: 7 }).then(() => 0)").await;
    assert_eq!(browser.eval("client.getBooleanDetails('on', false).errorCode").await, "INVALID_CONTEXT");
    browser.eval("openfeature.setContext({}).then(() => 0)").await;
    let changes = json!([
        ["Ready", null],
        ["ContextChanged", null],
        ["ContextChanged", null],
        ["ContextChanged", null],
        ["ContextChanged", null]
    ]);
    assert_eq!(browser.eval("told").await, changes);

    // A new config, a malformed one, and the new one again.
    browser.eval("void told.splice(0)").await;
    site.files.mount_config(&config("5", &flags(false)));
    look(browser).await;
    browser.wait_for("told.length === 1").await;
    assert_eq!(browser.eval("client.getBooleanValue('on', true)").await, false);
    site.files.mount_config("{");
    look(browser).await;
    browser.wait_for("client.providerStatus === 'STALE'").await;
    assert_eq!(browser.eval("client.getStringValue('text', 'd')").await, "blue");
    site.files.mount_config(&config("5", &flags(false)));
    look(browser).await;
    browser.wait_for("client.providerStatus === 'READY'").await;
    assert_eq!(browser.eval("told").await, json!([["ConfigurationChanged", ["on"]], ["Stale", null], ["Ready", null]]));

    // After it is closed, it gets no more events.
    browser.eval("openfeature.clearProviders().then(() => 0)").await;
    browser.eval("void told.splice(0)").await;
    browser.eval(r#"void globalThis[Symbol.for("canary-runtime")].setOverride("on", true)"#).await;
    assert_eq!(browser.eval("told").await, json!([]));
    browser.assert_console(&["[canary] E105 "]).await;
}

#[tokio::test]
async fn openfeature_reports_a_missing_config() {
    let site = with_openfeature("user-1", "{").await;
    let browser = &site.browser;
    assert_eq!(browser.eval("status").await, "ERROR: no usable config: PARSE_ERROR");
    assert_eq!(
        browser.eval("[client.getBooleanValue('on', false), told.map(([type]) => type)]").await,
        json!([false, ["Error"]])
    );
    site.files.mount_config(&config("5", &json!({ "on": true })));
    look(browser).await;
    browser.wait_for("client.providerStatus === 'READY'").await;
    assert_eq!(browser.eval("client.getBooleanValue('on', false)").await, true);
    browser.assert_console(&["[canary] E105 "]).await;
}

#[tokio::test]
async fn a_vite_app_shares_the_runtime_of_the_page() {
    tool("app", "vite", &["build", "--logLevel", "error"]);
    let dist = PROJECT.join("app/dist");
    run(Command::new(canaryctl()).arg("inject").arg(dist.join("index.html")));

    let files = SiteFiles::new();
    copy_tree(&dist, files.root());
    let manifest: Value = serde_json::from_str(&read(&dist.join(".vite/manifest.json"))).unwrap();
    let entry = &manifest["index.html"];
    let address = |file: &Value| format!("/{}", file.as_str().unwrap());
    let styles: Vec<_> = entry["css"].as_array().unwrap().iter().map(|file| json!({ "href": address(file) })).collect();
    let assets =
        json!({ "canary": { "version": "2", "scripts": [{ "src": address(&entry["file"]) }], "styles": styles } });
    let value = json!({ "variants": { "v": { "weight": 1, "value": "v2" } } });
    let text = config("5", &json!({ "new-checkout": true, "search-ranking": value }));
    files.mount_config(&text.replacen('{', &format!("{{\"ASSETS\": {assets}, "), 1));
    let site = TestSite::new(files).await;
    let browser = &site.browser;
    for (bucket, arm) in [(60_000, "stable"), (0, "canary")] {
        site.set_user(&user_at("s", bucket).id).await;
        site.goto("/").await;
        browser.wait_for("document.querySelector('#lazy')").await;
        let shown = "['arm', 'flag', 'lazy'].map((id) => document.getElementById(id).textContent)";
        assert_eq!(browser.eval(shown).await, json!([arm, "true", "v2"]));
        let colours = "['main', '#lazy'].map((selector) => getComputedStyle(document.querySelector(selector)).color)";
        assert_eq!(browser.eval(colours).await, json!(["rgb(1, 2, 3)", "rgb(4, 5, 6)"]));
        let here = browser.eval("[runs, isSame, document.documentElement.dataset.canaryVariant]").await;
        assert_eq!(here, json!([1, true, arm]));
    }
    browser.assert_console(&[]).await;
}
