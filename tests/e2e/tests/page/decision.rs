//! The decision, the flags and the ways to include the runtime, as a page sees them.

use canary_e2e::atomic::Files;
use canary_e2e::bucket::{bucket, user_at};
use canary_e2e::fixture::{CANARY, CONFIG, config, page, ran, settle, site_files};
use canary_e2e::nginx;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpListener;

/// Hides that the browser is automated.
const PERSON: &str = "Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false });";

#[tokio::test]
async fn decisions_have_the_documented_fields() {
    let decision = |variant: &str, cohort: &str, bucket: u32, reason: &str| json!({ "variant": variant, "cohort": cohort, "bucket": bucket, "reason": reason, "revision": 7, "eligible": true });
    let without_config = |code: &str| {
        json!({ "variant": "stable", "cohort": "rest", "bucket": null, "reason": "ERROR", "errorCode": code,
            "revision": null, "eligible": false })
    };
    let mut off = decision("stable", "rest", 4_999, "DISABLED");
    off["eligible"] = json!(false);
    let site = TestSite::new(site_files("", "")).await;
    let browser = &site.browser;
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": PERSON })).await;
    for (percentage, bucket, expected) in [
        ("5", 4_999, decision("canary", "canary", 4_999, "SPLIT")),
        ("5", 5_000, decision("stable", "rest", 5_000, "SPLIT")),
        ("5", 50_000, decision("stable", "control", 50_000, "SPLIT")),
        ("100", 99_999, decision("canary", "canary", 99_999, "STATIC")),
        ("0", 4_999, off),
        ("\"5\"", 4_999, without_config("PARSE_ERROR")),
        ("", 4_999, without_config("GENERAL")),
    ] {
        if percentage.is_empty() {
            site.files.mount(&Files::new());
        } else {
            site.files.mount_config(&config(percentage, &json!({})));
        }
        // Without the hold and the last good config of the page view before.
        site.goto("/404.html").await;
        browser.eval("localStorage.clear()").await;
        site.set_user(&user_at("s", bucket).id).await;
        site.goto("/").await;
        assert_eq!(ran(browser).await, json!([expected["variant"]]), "{percentage} {bucket}");
        let seen = browser.eval("({ decision, heard, same: heard[0] === decision, found })").await;
        let wanted = json!({ "decision": expected, "heard": [expected], "same": true, "found": expected["variant"] });
        assert_eq!(seen, wanted, "{percentage} {bucket}");
    }
    browser.assert_console(&["[canary] E109 ", "[canary] E101 ", "404"]).await;
}

#[tokio::test]
async fn automated_browsers_get_their_arm_and_do_not_count() {
    let site = TestSite::new(site_files("", &config("5", &json!({})))).await;
    site.set_user(&user_at("s", 0).id).await;
    site.goto("/").await;
    assert_eq!(ran(&site.browser).await, json!(["canary"]));
    assert_eq!(site.browser.eval("[decision.cohort, decision.eligible]").await, json!(["canary", false]));
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn stable_loads_without_its_stylesheet() {
    let site = TestSite::new(site_files(r#"data-stable-styles="/gone.css""#, &config("0", &json!({})))).await;
    site.goto("/").await;
    assert_eq!(ran(&site.browser).await, json!(["stable"]));
    site.browser.assert_console(&["/gone.css"]).await;
}

#[tokio::test]
async fn minimal_tag_and_minimal_config() {
    let site = TestSite::new(site_files("", r#"{ "CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {} }"#)).await;
    site.files.write("index.html", page(r#"<script type="module" src="/runtime/canary.js"></script>"#));
    for (bucket, arm) in [(4_999, "canary"), (5_000, "stable")] {
        site.set_user(&user_at("canary", bucket).id).await;
        site.goto("/").await;
        assert_eq!(ran(&site.browser).await, json!([arm]));
        assert_eq!(site.browser.eval("decision.revision").await, Value::Null);
    }
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn the_config_names_the_canarys_scripts() {
    let site = TestSite::new(site_files("", "")).await;
    // Only a module has `import.meta`, only a classic script is a document's current one.
    site.files.write("module.js", "import.meta; globalThis.ran = ['module'];");
    site.files.write("classic.js", "globalThis.ran = [document.currentScript && 'classic'];");
    for (script, expected) in [
        (json!({ "src": "/module.js" }), "module"),
        (json!({ "src": "/module.js", "type": "module" }), "module"),
        (json!({ "src": "/classic.js", "type": "classic" }), "classic"),
    ] {
        let assets = json!({ "canary": { "version": "2", "scripts": [script] } });
        let config = json!({ "CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {}, "ASSETS": assets });
        site.files.mount_config(&config.to_string());
        site.goto("/").await;
        assert_eq!(ran(&site.browser).await, json!([expected]), "{script}");
    }
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn flags_have_values_and_reasons() {
    let user = user_at("s", 60_000);
    // The lowest percentage that includes this user, and the highest that does not.
    let percent = |key: &str, more: u32| f64::from(bucket("flag", key, &user.id) + more) / 1_000.0;
    let flags = json!({ "on": true, "off": false, "none": 0, "all": 100, "bad": "on", "in": percent("in", 1), "out": percent("out", 0) });
    let site = TestSite::new(site_files("", &config("5", &flags))).await;
    let browser = &site.browser;
    site.set_user(&user.id).await;
    site.goto("/").await;
    ran(browser).await;

    let details = |key: &str, value: bool, reason: &str| json!({ "flagKey": key, "value": value, "variant": null, "reason": reason, "flagMetadata": {} });
    let error = |key: &str, value: bool, code: &str| {
        let mut details = details(key, value, "ERROR");
        details["errorCode"] = json!(code);
        details
    };
    let early = error("on", false, "PROVIDER_NOT_READY");
    assert_eq!(browser.eval("before").await, json!([early, error("on", true, "PROVIDER_NOT_READY"), true]));
    for (key, default, expected) in [
        ("on", false, details("on", true, "STATIC")),
        ("off", true, details("off", false, "STATIC")),
        ("none", true, details("none", false, "STATIC")),
        ("all", false, details("all", true, "STATIC")),
        ("in", false, details("in", true, "SPLIT")),
        ("out", true, details("out", false, "SPLIT")),
        ("bad", true, error("bad", true, "PARSE_ERROR")),
        ("bad", false, error("bad", false, "PARSE_ERROR")),
        ("gone", true, error("gone", true, "FLAG_NOT_FOUND")),
    ] {
        let asked = browser.eval(&format!("details({key:?}, {default})")).await;
        assert_eq!(asked, expected);
        let value = browser.eval(&format!("{CANARY}.getBooleanValue({key:?}, {default})")).await;
        assert_eq!(value, expected["value"], "{key}");
    }
    browser.assert_console(&["[canary] E112 FEATURE_FLAGS.bad "]).await;
}

#[tokio::test]
async fn two_tags_decide_once() {
    let include = r#"<script type="module" src="/runtime/canary.js"></script>"#;
    let elsewhere = r#"<script type="module" src="/runtime/canary.js?again"></script>"#;
    let site = TestSite::new(site_files("", &config("100", &json!({})))).await;
    let log = site.nginx.access_log();
    for twice in [include, elsewhere] {
        site.files.write("index.html", page(&format!("{include}{twice}")));
        let mark = log.mark();
        site.goto("/").await;
        assert_eq!(ran(&site.browser).await, json!(["canary"]));
        assert_eq!(site.browser.eval("heard.length").await, 1);
        settle(&site, mark).await;
        assert_eq!(log.requests_for(CONFIG, mark).len(), 1);
        assert_eq!(log.requests_for("/canary/main.js", mark).len(), 1);
        site.browser.assert_console(&["[canary] E307 the script is included twice; "]).await;
    }
}

#[tokio::test]
async fn the_fallback_event_follows_the_insertion_of_stable() {
    let files = site_files(r#"data-canary="/gone.js""#, &config("100", &json!({})));
    files.write(
        "late.js",
        r#"
        import { canary } from "/runtime/canary.js";
        canary.ready.then((decision) => (globalThis.decision = decision));
        canary.on("fallback", ({ variant }) => {
            globalThis.told = [variant, document.documentElement.dataset.canaryVariant, globalThis.ran];
        });
    "#,
    );
    let site = TestSite::new(files).await;
    site.goto("/").await;
    assert_eq!(site.browser.wait_for("globalThis.told").await, json!(["canary", "stable", ["stable"]]));
    site.browser.assert_console(&["[canary] E401 /gone.js answered 404; stable loads", "404"]).await;
}

#[tokio::test]
async fn a_canary_whose_stylesheet_hangs_is_replaced() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let text = config("100", &json!({}));
    let assets =
        r#"{"canary": {"version": "2", "scripts": [{"src": "/canary/main.js"}], "styles": [{"href": "/slow.css"}]}}"#;
    let files = site_files("", &text.replacen('{', &format!("{{\"ASSETS\": {assets}, "), 1));
    let slow =
        format!("location = /slow.css {{ proxy_pass http://127.0.0.1:{port}; }}\n        location = /healthz {{");
    let site =
        TestSite::with(files, |config| nginx::replace(config, "nginx.conf", "location = /healthz {", &slow)).await;
    site.goto("/").await;
    assert_eq!(ran(&site.browser).await, json!(["stable"]));
    site.browser.assert_console(&["[canary] E407 a stylesheet, within 2000 ms, did not load; stable loads"]).await;
}

#[tokio::test]
async fn stable_bundle_in_the_page() {
    let site = TestSite::new(site_files("", &config("0", &json!({})))).await;
    let TestSite { browser, files, .. } = &site;
    for name in ["one", "two"] {
        files.write(&format!("{name}.js"), format!("(globalThis.ran ??= []).push('{name}');"));
    }
    files.write("stable.css", "html { color: rgb(1, 2, 3); }");
    let tag = r#"<script type="module" src="/runtime/canary.js" data-stable="/stable/main.js"></script>"#;
    let block =
        |text: &str| page(&format!(r#"<script type="application/json" data-canary-stable>{text}</script>{tag}"#));
    let scripts = r#"{"version": "1", "scripts": [{"src": "/one.js"}, {"src": "/two.js", "type": "classic"}], "styles": [{"href": "/stable.css"}]}"#;
    files.write("index.html", block(scripts));
    site.goto("/").await;
    browser.wait_for("globalThis.ran?.length === 2").await;
    assert_eq!(browser.eval("getComputedStyle(document.documentElement).color").await, "rgb(1, 2, 3)");
    browser.assert_console(&[]).await;
    // Without a bundle in the page, the attributes name stable.
    for text in [
        "{",
        "null",
        "[]",
        "{}",
        r#"{"scripts": []}"#,
        r#"{"scripts": {"src": "/one.js"}}"#,
        r#"{"scripts": [{"src": 5}]}"#,
        r#"{"scripts": [null]}"#,
        r#"{"scripts": [{"src": "/one.js"}], "styles": "/stable.css"}"#,
        r#"{"scripts": [{"src": "/one.js"}], "preload": [{}]}"#,
    ] {
        files.write("index.html", block(text));
        site.goto("/").await;
        assert_eq!(ran(browser).await, json!(["stable"]), "{text}");
        let entries = browser.assert_console(&[]).await;
        let expected = "[canary] I118 data-canary-stable: expected a bundle; it is ignored";
        assert!(entries.iter().any(|entry| entry.text.contains(expected)), "{text}: {entries:?}");
    }
}

#[tokio::test]
async fn preloads_become_modulepreloads() {
    let site = TestSite::new(site_files("", "")).await;
    let TestSite { browser, files, nginx, .. } = &site;
    files.write("dependency.js", "export const name = 'module';");
    files.write("module.js", "import { name } from '/dependency.js'; globalThis.ran = [name];");
    files.write("classic.js", "globalThis.ran = ['classic'];");
    for (script, hint, rel) in [
        (json!({ "src": "/module.js" }), "/dependency.js", "modulepreload"),
        (json!({ "src": "/classic.js", "type": "classic" }), "/classic.js", "preload"),
    ] {
        let assets =
            json!({ "canary": { "version": "2", "scripts": [script], "preload": [{ "href": hint, "as": "script" }] } });
        files.mount_config(&json!({ "CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {}, "ASSETS": assets }).to_string());
        let mark = nginx.access_log().mark();
        site.goto("/").await;
        ran(browser).await;
        let links = "[...document.querySelectorAll('link')].filter(({ as, href }) => as && href.endsWith('HINT')).map(({ rel, as, crossOrigin }) => [rel, as, crossOrigin])";
        // The runtime preloads a classic script too.
        let of_hint = json!([rel, "script", "anonymous"]);
        let found = browser.eval(&links.replace("HINT", hint)).await;
        assert!(found.as_array().is_some_and(|links| links.contains(&of_hint)), "{found}");
        settle(&site, mark).await;
        assert_eq!(nginx.access_log().requests_for(hint, mark).len(), 1, "{hint}");
    }
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn a_flag_key_that_is_not_text_harms_no_flag() {
    let site = TestSite::new(site_files("", &config("0", &json!({ "on": true })))).await;
    site.goto("/").await;
    ran(&site.browser).await;
    let odd = "[Symbol('x'), null, undefined, 5].map((key) => details(key, true).errorCode)";
    assert_eq!(site.browser.eval(odd).await, json!(vec!["FLAG_NOT_FOUND"; 4]));
    assert_eq!(site.browser.eval("details('on', false).value").await, true);
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn an_import_waits_for_a_later_tag() {
    // The server answers for `slow.js` only after it has seen the import.
    let gate = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = gate.local_addr().unwrap().port();
    let opener = std::thread::spawn(move || {
        let waiting: Vec<_> = (0..2).map(|_| gate.accept().unwrap().0).collect();
        for mut connection in waiting {
            let answer = b"HTTP/1.0 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: 0\r\n\r\n";
            connection.write_all(answer).unwrap();
        }
    });
    let files = site_files("", &config("0", &json!({})));
    files.write(
        "early.js",
        "import('/runtime/canary.js').then(({ canary }) => {
            fetch('/signal.js');
            canary.ready.then((decision) => (globalThis.decision = decision));
        });",
    );
    files.write("home/main.js", "(globalThis.ran ??= []).push('home');");
    let tag = r#"<script src="/slow.js"></script>
        <script type="module" src="/runtime/canary.js" data-stable="/home/main.js"></script>"#;
    files.write("index.html", page(tag));
    let gated = format!(
        "location ~ ^/(slow|signal).js {{ proxy_pass http://127.0.0.1:{port}; }}\n        location = /healthz {{"
    );
    let site =
        TestSite::with(files, |config| nginx::replace(config, "nginx.conf", "location = /healthz {", &gated)).await;
    site.goto("/").await;
    assert_eq!(ran(&site.browser).await, json!(["home"]));
    opener.join().unwrap();
    site.browser.assert_console(&[]).await;
}
