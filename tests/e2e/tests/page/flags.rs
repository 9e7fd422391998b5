//! Flags of every type as a page reads them: values, details and overrides.

use canary_e2e::bucket::{bucket, user_at};
use canary_e2e::fixture::{config, ran, settle, site_files};
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};

/// A flag with this value for everyone.
fn always(value: &Value) -> Value {
    json!({ "variants": { "v": { "weight": 1, "value": value } }, "rules": [{ "if": {}, "serve": "v" }], "default": "v" })
}

/// The lowest percentage of a flag that includes this user, and the highest that does not.
fn around(key: &str, user: &str) -> (f64, f64) {
    let bucket = f64::from(bucket("flag", key, user));
    ((bucket + 1.0) / 1_000.0, bucket / 1_000.0)
}

/// An open page with these flags, whose bundle has run.
async fn open(attributes: &str, flags: &Value, user: &str) -> TestSite {
    let site = TestSite::new(site_files(attributes, &config("5", flags))).await;
    site.set_user(user).await;
    site.goto("/").await;
    ran(&site.browser).await;
    site
}

#[tokio::test]
async fn the_bundle_is_requested_once_and_the_lifecycle_script_before_the_decision() {
    let assets = json!({ "canary": { "version": "2", "scripts": [
        { "src": "/canary/main.js" }, { "src": "/classic.js", "type": "classic" }] } });
    let text = config("100", &json!({ "on": true }));
    let files = site_files("", &text.replacen('{', &format!("{{\"ASSETS\": {assets}, "), 1));
    files.write("classic.js", "");
    let site = TestSite::new(files).await;
    let mark = site.nginx.access_log().mark();
    site.goto("/").await;
    assert_eq!(ran(&site.browser).await, json!(["canary"]));
    settle(&site, mark).await;
    let lines = site.nginx.access_log().since(mark);
    // The log has requests in the order in which they ended.
    let asked = "performance.getEntriesByType('resource').sort((a, b) => a.startTime - b.startTime).map(({ name }) => new URL(name).pathname)";
    let asked = site.browser.eval(asked).await;
    let place =
        |part: &str| asked.as_array()?.iter().position(|path| path.as_str().is_some_and(|path| path.starts_with(part)));
    for script in ["/canary/main.js", "/classic.js"] {
        assert_eq!(lines.iter().filter(|line| line.path == script).count(), 1, "{script} {lines:?}");
        assert!(place("/runtime/lifecycle_") < place(script) && place(script).is_some(), "{script} {asked}");
    }
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn each_getter_returns_its_type_alone() {
    let values = json!({ "boolean": true, "string": "blue", "number": 7.5, "object": { "a": [1, { "b": null }] }, "list": [1, "x"], "null": null });
    let flags: Value = values
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (key.clone(), always(value)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let site = open("", &flags, "user-1").await;
    for (getter, default) in
        [("Boolean", json!(false)), ("String", json!("d")), ("Number", json!(1)), ("Object", json!({ "d": 1 }))]
    {
        for (key, value) in values.as_object().unwrap() {
            let fits = key == &getter.to_lowercase() || (getter == "Object" && key == "list");
            let expected = if fits {
                json!({ "flagKey": key, "value": value, "variant": "v", "reason": "TARGETING_MATCH", "flagMetadata": {} })
            } else {
                json!({ "flagKey": key, "value": default, "variant": null, "reason": "ERROR", "errorCode": "TYPE_MISMATCH", "flagMetadata": {} })
            };
            let read = |what: &str| format!("canary.get{getter}{what}({key:?}, {default})");
            let details = site.browser.eval(&format!("JSON.parse(JSON.stringify({}))", read("Details"))).await;
            assert_eq!(details, expected, "{getter} {key}");
            assert_eq!(site.browser.eval(&read("Value")).await, expected["value"], "{getter} {key}");
        }
    }
    // `evaluate` takes the type of the default, or any type without a default.
    for (call, expected) in [
        ("evaluate('string', 'd')", json!("blue")),
        ("evaluate('string', 1)", json!(1)),
        ("evaluate('number', null)", json!(7.5)),
        ("evaluate('number', undefined)", json!(7.5)),
        ("evaluate('list', [], {})", json!([1, "x"])),
        ("evaluate('gone', 'd', {})", json!("d")),
    ] {
        assert_eq!(site.browser.eval(&format!("canary.{call}")).await, expected, "{call}");
    }
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn object_values_are_frozen() {
    let site = open("", &json!({ "theme": always(&json!({ "a": [1], "": { "b": 2 } })) }), "user-1").await;
    let browser = &site.browser;
    let change = "(() => {
        const value = canary.getObjectValue('theme', {});
        const attempts = [() => (value.a = 0), () => value.a.push(2), () => (value[''].b = 0), () => delete value.a];
        attempts.forEach((attempt) => { try { attempt(); } catch {} });
        canary.getObjectDetails('theme', {}).value = 0;
        return canary.getObjectValue('theme', {});
    })()";
    assert_eq!(browser.eval(change).await, json!({ "a": [1], "": { "b": 2 } }));
    // Frameworks compare by identity.
    assert_eq!(browser.eval("canary.getObjectValue('theme', {}) === canary.getObjectValue('theme', {})").await, true);
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn evaluate_accepts_any_context() {
    let user = user_at("s", 60_000);
    let (inside, outside) = around("split", "user-7");
    let flags = |percentage: f64| json!({ "split": percentage, "pro": { "rules": [{ "if": { "plan": "pro" }, "serve": true }], "default": false } });
    for (percentage, expected) in [(inside, true), (outside, false)] {
        let site = open("", &flags(percentage), &user.id).await;
        let browser = &site.browser;
        let split = format!("canary.evaluate('split', {}, {{ targetingKey: 'user-7' }})", !expected);
        assert_eq!(browser.eval(&split).await, expected);
        let pro = "['pro', 'free'].map((plan) => canary.evaluate('pro', false, { attributes: { plan } }))";
        assert_eq!(browser.eval(pro).await, json!([true, false]));
        // Without a context it evaluates for the user of the page, as the getter does.
        assert_eq!(
            browser.eval("canary.evaluate('split', false) === canary.getBooleanValue('split', false)").await,
            true
        );
        // An invalid context gets the default.
        let odd = "[null, 5, 'user-7', [], { targetingKey: 7 }, { targetingKey: null }, { attributes: [] }, { attributes: 'x' },
            { attributes: { n: 1n } }, { attributes: globalThis }].map((context) => canary.evaluate('pro', 'none', context))";
        assert_eq!(browser.eval(odd).await, json!(vec!["none"; 10]));
        browser.assert_console(&[]).await;
    }
}

/// A short key is written to a buffer of the engine; a long one, and one with attributes, is a context of its own.
#[tokio::test]
async fn keys_of_any_length_are_evaluated() {
    let keys = ["user-7".to_owned(), "é".repeat(80), "x".repeat(85), "x".repeat(86), "長い".repeat(500), String::new()];
    let rules = json!([{ "if": { "plan": "pro" }, "serve": true }]);
    for key in keys {
        let (inside, outside) = around("split", &key);
        let split = |percentage: f64| json!({ "percentage": percentage, "salt": "split" });
        let flags = json!({ "in": split(inside), "out": split(outside), "pro": { "rules": rules, "percentage": 0 } });
        let site = open("", &flags, &user_at("s", 60_000).id).await;
        let values = |more: &str| {
            let user = format!("{{ targetingKey: {}{more} }}", json!(key));
            format!("['in', 'out', 'pro'].map((key) => canary.evaluate(key, null, {user}))")
        };
        let known = !key.is_empty();
        let [inside, outside] = [json!(true), json!(false)].map(|value| if known { value } else { Value::Null });
        assert_eq!(site.browser.eval(&values("")).await, json!([inside, outside, false]), "{key}");
        let pro = ", attributes: { plan: 'pro' }";
        assert_eq!(site.browser.eval(&values(pro)).await, json!([inside, outside, true]), "{key}");
    }
}

#[tokio::test]
async fn overrides_hold_until_they_are_cleared() {
    let site = open("", &json!({ "on": true, "text": always(&json!("a")) }), "user-1").await;
    let browser = &site.browser;
    browser.eval("void canary.on('configurationChanged', ({ flagsChanged }) => (globalThis.changed ??= []).push(flagsChanged))").await;
    assert_eq!(
        browser.eval("[canary.getBooleanValue('on', false), canary.getStringValue('text', '')]").await,
        json!([true, "a"])
    );
    browser.eval("void canary.setOverride('on', false)").await;
    assert_eq!(
        browser.eval("details('on', true)").await,
        json!({ "flagKey": "on", "value": false, "variant": null, "reason": "TARGETING_MATCH", "flagMetadata": { "override": true } })
    );
    browser.eval("void canary.setOverride('text', 'b')").await;
    // The same value again, an unknown flag and invalid calls change nothing.
    browser.eval("void [['text', 'b'], ['gone', 1], ['', 1], ['text'], ['text', () => 0], ['text', 1n], [5, 1]].forEach((a) => canary.setOverride(...a))").await;
    assert_eq!(
        browser.eval("[canary.getStringValue('text', ''), details('gone', true).errorCode]").await,
        json!(["b", "FLAG_NOT_FOUND"])
    );
    browser.eval("void canary.clearOverrides()").await;
    assert_eq!(
        browser.eval("[canary.getBooleanValue('on', false), canary.getStringValue('text', '')]").await,
        json!([true, "a"])
    );
    assert_eq!(browser.eval("changed").await, json!([["on"], ["text"], ["on", "text"]]));
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn query_overrides_need_permission_of_the_config() {
    for allowed in [true, false] {
        let text = config("5", &json!({ "on": true }));
        let overrides = format!("{{\"OVERRIDES\": {{\"query\": {allowed}}}, ");
        let site = TestSite::new(site_files("", &text.replacen('{', &overrides, 1))).await;
        site.goto("/?canary.flag=on:false").await;
        ran(&site.browser).await;
        assert_eq!(site.browser.eval("canary.getBooleanValue('on', true)").await, !allowed);
        site.browser.eval("void canary.clearOverrides()").await;
        assert_eq!(site.browser.eval("canary.getBooleanValue('on', false)").await, true);
    }
}

#[tokio::test]
async fn overrides_before_the_decision_hold() {
    let files = site_files("", &config("5", &json!({ "on": true })));
    let late = "import { canary } from '/runtime/canary.js';
        canary.setOverride('on', false);
        canary.on('ready', () => (globalThis.first = canary.getBooleanValue('on', true)));
        canary.ready.then((decision) => (globalThis.decision = decision));";
    files.write("late.js", late);
    let site = TestSite::new(files).await;
    site.goto("/").await;
    ran(&site.browser).await;
    assert_eq!(site.browser.eval("first").await, false);
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn no_argument_makes_the_runtime_throw() {
    let site = open("", &json!({ "on": true, "split": 50 }), "user-1").await;
    let browser = &site.browser;
    // `stop` comes last. Listeners that are not functions are not called, which would be an error of the page.
    let thrown = "(() => {
        const cycle = {}; cycle.cycle = cycle;
        let deep = {}; for (let i = 0; i < 1e5; i++) deep = { deep };
        const fail = () => { throw new Error('thrown by the page'); };
        const hostile = new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail });
        const odd = [undefined, null, NaN, 5, 10n, true, '', 'on', 'split', '__proto__', 'constructor', '\\ud800', 'a\\nb\\0', 'x'.repeat(1e5), Symbol('s'),
            {}, [], Object.create(null), hostile, cycle, deep, { toString: fail }, { toJSON: fail }, { get targetingKey() { fail(); } },
            { targetingKey: 5 }, { attributes: cycle }, { attributes: { n: 1n } }, { attributes: hostile }, new Date(NaN), new Map()];
        const names = Object.keys(canary).filter((name) => !['ready', 'stop', 'setConsent'].includes(name)).concat('setConsent', 'stop');
        const thrown = [];
        for (const name of names) {
            for (const [i, a] of odd.entries()) {
                for (const [j, b] of odd.entries()) {
                    try { canary[name](a, b, odd[(i + j) % odd.length]); } catch (error) { thrown.push(`${name} ${i} ${j} ${error}`); }
                }
            }
        }
        canary.identify('user-1');
        canary.clearOverrides();
        return [thrown, names.length, canary.getBooleanValue('on', false), details('split', true).reason];
    })()";
    assert_eq!(browser.eval(thrown).await, json!([[], 16, true, "SPLIT"]));
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn flag_names_do_not_reach_prototypes() {
    let attributes =
        r#"data-attributes='{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'"#;
    let flags = r#"{"on": true, "__proto__": true, "constructor": true, "prototype": true}"#;
    let text = config("5", &json!({})).replace("\"FEATURE_FLAGS\": {}", &format!("\"FEATURE_FLAGS\": {flags}"));
    let site = TestSite::new(site_files(attributes, &text)).await;
    let browser = &site.browser;
    browser.set_cookie("__proto__", "polluted", &site.nginx.origin()).await;
    site.goto("/?__proto__=polluted&constructor=polluted&toJSON=x").await;
    ran(browser).await;
    let seen = browser.eval(r#"(() => {
        const hostile = JSON.parse('{"__proto__": {"polluted": 1}}');
        canary.identify("user-1", hostile);
        canary.evaluate("on", false, { attributes: hostile });
        canary.setOverride("on", hostile);
        const override = canary.getObjectValue("on", {});
        const keys = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
        return [keys.map((key) => details(key, true).value), keys.map((key) => canary.getObjectDetails(key, 0).reason),
            Object.keys(override), override.polluted === undefined, ({}).polluted === undefined, Object.keys(Object.prototype)];
    })()"#).await;
    assert_eq!(seen, json!([vec![true; 5], vec!["ERROR"; 5], ["__proto__"], true, true, []]));
    browser.assert_console(&["E112"]).await;
}

#[tokio::test]
async fn repeated_reads_use_no_memory() {
    let files =
        site_files("", &config("5", &json!({ "on": true, "split": 50, "theme": always(&json!({ "a": [1, 2, 3] })) })));
    // Exposes the memory of the module to the test.
    files.write(
        "early.js",
        "const { instantiate } = WebAssembly;
        WebAssembly.instantiate = async (...args) => {
            const started = await instantiate(...args);
            (globalThis.memories ??= []).push(started.instance.exports.memory);
            return started;
        };
        const { decode } = TextDecoder.prototype;
        globalThis.answers = 0;
        TextDecoder.prototype.decode = function (...args) {
            globalThis.answers++;
            return decode.apply(this, args);
        };
        globalThis.heard = [];",
    );
    let site = TestSite::new(files).await;
    site.goto("/").await;
    ran(&site.browser).await;
    let bytes = "memories[0].buffer.byteLength";
    let read = |times: &str| {
        format!(
            "(() => {{
                for (let i = 0; i < {times}; i++) {{
                    canary.getBooleanValue('split', false);
                    canary.getObjectDetails('theme', {{}});
                    canary.evaluate('on', false);
                }}
                for (let i = 0; i < {times} / 20; i++) {{
                    canary.evaluate('split', false, {{ targetingKey: 'user-' + i, attributes: {{ i }} }});
                    canary.identify('user-' + i, {{ i }});
                    canary.setOverride('on', i);
                    canary.clearOverrides();
                }}
                return {bytes};
            }})()"
        )
    };
    let before = site.browser.eval(&read("100")).await;
    assert!(before.as_u64().is_some_and(|bytes| bytes > 0), "{before}");
    assert_eq!(site.browser.eval(&read("1e5")).await, before);
    // Repeated reads of one flag do not call the module.
    let asked = "(() => {
        canary.getBooleanValue('split', false);
        const before = answers;
        for (let i = 0; i < 1e5; i++) canary.getBooleanDetails('split', false);
        return [before > 0, answers - before];
    })()";
    assert_eq!(site.browser.eval(asked).await, json!([true, 0]));
    site.browser.assert_console(&[]).await;
}
