//! The inline guard: stable loads even where `canary.js` cannot.
//!
//! Each fault is met twice: with the guard, and on the same page without it, which stays blank.

use canary_e2e::access_log::{AccessLog, Mark};
use canary_e2e::files::{read, repo};
use canary_e2e::fixture;
use canary_e2e::nginx::{self, Config};
use canary_e2e::site::Site;
use canary_e2e::stage::Stage;
use canary_e2e::wait::{self, DEADLINE};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

/// The element in the demo's page, of which `canaryctl`'s tests say that it is the present one.
static GUARD: LazyLock<String> = LazyLock::new(|| {
    let page = read(&repo("www/index.html"));
    let (_, rest) = page.split_once("<script data-canary-guard>").expect("a guard in the demo's page");
    let (script, _) = rest.split_once("</script>").expect("an end of the guard");
    format!("<script data-canary-guard>{script}</script>")
});

/// The tag, but for its other attributes.
const TAG: &str = r#"<script type="module" src="/runtime/canary.js""#;

/// A short budget, in milliseconds, for what has to pass.
const BUDGET: u32 = 400;

/// Both budgets have passed, and the guard has had time to see it.
const OVER: &str = "performance.now() > 1500";

/// What is in the page, and what ran there.
const STATE: &str = r#"({
    variant: document.documentElement.dataset.canaryVariant ?? null,
    ran: globalThis.ran ?? [],
    scripts: document.querySelectorAll('script[src$="main.js"]').length,
})"#;

/// A page with these elements; everybody is in the canary. It notes violations of its policy.
fn site(elements: &str) -> Site {
    let site = Site::new();
    site.write("index.html", page(elements));
    site.write("early.js", EARLY);
    for arm in ["stable", "canary"] {
        site.write(&format!("{arm}/main.js"), bundle(arm));
    }
    site.mount_config(&fixture::config("100", &json!({})));
    site
}

fn page(elements: &str) -> String {
    format!(
        r#"<!doctype html><title>guard</title><link rel="icon" href="data:,"><script nonce="n" src="/early.js"></script>
        {elements}<body>"#
    )
}

const EARLY: &str = r#"
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective + " " + event.blockedURI));
"#;

fn bundle(name: &str) -> String {
    format!(r#"(globalThis.ran ??= []).push("{name}"); globalThis.ranAt = performance.now();"#)
}

/// What the page has when an arm is there, once.
fn shown(arm: &str) -> Value {
    json!({ "variant": arm, "ran": [arm], "scripts": 1 })
}

/// What keeps `canary.js` from running, and what is said of it.
struct Fault {
    /// The guard's line.
    line: &'static str,
    /// What the browser says.
    browser: &'static [&'static str],
    /// Attributes of the tag.
    attributes: String,
    site: Box<dyn Fn(&Site)>,
    nginx: Box<dyn Fn(&mut Config)>,
}

const FAILED: &str = "[canary] E201 canary.js did not load; stable loads";

impl Fault {
    fn new(browser: &'static [&'static str]) -> Self {
        let attributes = format!("data-decision-budget={BUDGET}");
        Self { line: FAILED, browser, attributes, site: Box::new(|_| ()), nginx: Box::new(|_| ()) }
    }

    fn site(self, site: impl Fn(&Site) + 'static) -> Self {
        Self { site: Box::new(site), ..self }
    }

    fn nginx(self, nginx: impl Fn(&mut Config) + 'static) -> Self {
        Self { nginx: Box::new(nginx), ..self }
    }

    /// Something else in the place of `canary.js`.
    fn script(self, text: &'static str) -> Self {
        self.site(move |site| write_runtime(site, text))
    }

    async fn stage(&self, guard: &str) -> Stage {
        let site = site(&format!("{guard}{TAG} {}></script>", self.attributes));
        (self.site)(&site);
        let stage = Stage::with(site, |config| (self.nginx)(config)).await;
        stage.goto("/").await;
        stage.browser.wait_for(OVER).await;
        stage
    }

    /// Sees stable with the guard, and a blank page without it.
    async fn leads_to_stable(self) -> Stage {
        let bare = self.stage("").await;
        assert_eq!(bare.browser.eval(STATE).await, json!({ "variant": null, "ran": [], "scripts": 0 }));
        drop(bare);

        let stage = self.stage(&GUARD).await;
        assert_eq!(stage.browser.eval(STATE).await, shown("stable"));
        let entries = stage.browser.assert_console(&[&[self.line], self.browser].concat()).await;
        let lines: Vec<_> = entries.iter().filter(|entry| entry.text.contains("[canary]")).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        stage
    }
}

/// Replaces `canary.js` and its compressed copies.
fn write_runtime(site: &Site, text: &str) {
    remove_runtime(site);
    site.write("runtime/canary.js", text);
}

fn remove_runtime(site: &Site) {
    for suffix in ["", ".br", ".gz"] {
        site.remove(&format!("runtime/canary.js{suffix}"));
    }
}

/// Puts directives before those that nginx has for `canary.js`.
fn runtime_location(config: &mut Config, directives: &str) {
    const LOCATION: &str = "location = /runtime/canary.js {";
    nginx::replace(config, "nginx.conf", LOCATION, &format!("{LOCATION} {directives}"));
}

const NOT_FOUND: &str = "the server responded with a status of 404";

#[tokio::test]
async fn runtime_missing() {
    let stage = Fault::new(&[NOT_FOUND]).site(remove_runtime).leads_to_stable().await;
    assert_eq!(stage.browser.eval("violations").await, json!([]), "the policy of the repository allows it all");
}

#[tokio::test]
async fn connection_closed() {
    Fault::new(&["net::ERR_CONNECTION_RESET"])
        .nginx(|config| runtime_location(config, "return 444;"))
        .leads_to_stable()
        .await;
}

#[tokio::test]
async fn syntax_error() {
    Fault::new(&["Uncaught SyntaxError"]).script("export const = {").leads_to_stable().await;
}

#[tokio::test]
async fn error_at_top_level() {
    Fault::new(&["Uncaught Error: boom"]).script("throw new Error('boom');").leads_to_stable().await;
}

const HTML_REFUSED: &str =
    "Expected a JavaScript-or-Wasm module script but the server responded with a MIME type of \"text/html\"";

#[tokio::test]
async fn web_page_in_the_place_of_the_script() {
    let html = r#"types { } default_type text/html; return 200 "<!doctype html><title>app</title>";"#;
    Fault::new(&[HTML_REFUSED]).nginx(|config| runtime_location(config, html)).leads_to_stable().await;
    Fault::new(&["Uncaught SyntaxError"]).script("<!doctype html><title>app</title>").leads_to_stable().await;
}

#[tokio::test]
async fn blocked_by_policy() {
    let block = |config: &mut Config| {
        nginx::replace(config, "headers.conf", "script-src 'self'", "script-src 127.0.0.1:*/stable/ 'nonce-n'");
    };
    let stage =
        Fault::new(&["violates the following Content Security Policy directive"]).nginx(block).leads_to_stable().await;
    let violations = stage.browser.eval("violations").await;
    let address = stage.nginx.url("/runtime/canary.js");
    assert_eq!(violations, json!([format!("script-src-elem {address}")]));
}

#[tokio::test]
async fn runtime_that_never_decides() {
    let mut fault = Fault::new(&[]).script("globalThis[Symbol.for('canary-runtime')] = {};");
    fault.line = "[canary] E103 canary.js did not decide within 800 ms; stable loads";
    fault.leads_to_stable().await;
}

/// A server that takes a request for `canary.js` and is silent until stable has been asked for, or for `patience`. A page
/// does not finish loading before.
struct Silent {
    patience: Duration,
    /// What it says at last.
    answer: Option<String>,
}

impl Silent {
    fn serve(self, listener: TcpListener, log: AccessLog) -> thread::JoinHandle<()> {
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Else the system would throw the answer away with the request.
            let mut head = BufReader::new(&stream).lines();
            while head.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let start = Instant::now();
            let is_over = || start.elapsed() > self.patience || !log.requests_for(STABLE, Mark::START).is_empty();
            wait::until("stable", DEADLINE, || is_over().then_some(()));
            if let Some(body) = self.answer {
                let length = body.len();
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            }
        })
    }

    /// The page while `canary.js` is silent, and after that.
    async fn stage(self, guard: &str, attributes: &str) -> Stage {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let site = site(&format!("{guard}{TAG} {attributes}></script>"));
        let proxy = format!("proxy_pass http://{};", listener.local_addr().unwrap());
        let stage = Stage::with(site, |config| runtime_location(config, &proxy)).await;
        let server = self.serve(listener, stage.nginx.access_log());
        stage.goto("/").await;
        server.join().unwrap();
        stage
    }
}

const STABLE: &str = "/stable/main.js";

#[tokio::test]
async fn runtime_hangs() {
    let silent = Silent { patience: Duration::from_secs(1), answer: None };
    let bare = silent.stage("", "data-decision-budget=400").await;
    assert_eq!(bare.browser.eval(STATE).await, json!({ "variant": null, "ran": [], "scripts": 0 }));
    drop(bare);

    for (attributes, budget) in [
        ("data-decision-budget=400", 400),
        ("data-decision-budget=60001", 1500),
        ("data-decision-budget=0", 1500),
        ("data-decision-budget=soon", 1500),
    ] {
        let silent = Silent { patience: DEADLINE, answer: None };
        let stage = silent.stage(&GUARD, attributes).await;
        stage.browser.wait_for("globalThis.ran").await;
        assert_eq!(stage.browser.eval(STATE).await, shown("stable"), "{attributes}");
        let waited = stage.browser.eval("ranAt - globalThis[Symbol.for('canary-guard')]").await.as_f64().unwrap();
        assert!(waited > f64::from(budget), "{attributes}: {waited}");
        let line = format!("[canary] E103 canary.js did not start within {budget} ms; stable loads");
        // The server that went away at last is the browser's matter: the guard has said its line.
        let entries = stage.browser.assert_console(&[&line, "status of 502"]).await;
        assert_eq!(entries.iter().filter(|entry| entry.text.contains("[canary]")).count(), 1, "{entries:?}");
    }
}

#[tokio::test]
async fn late_runtime_inserts_nothing() {
    let silent = Silent { patience: DEADLINE, answer: Some(read(&repo("pkg/canary.js"))) };
    let stage = silent.stage(&GUARD, "data-decision-budget=400").await;
    stage.browser.wait_for(&format!("{}.ready", fixture::CANARY)).await;
    stage.browser.wait_for("performance.now() > 3000").await;
    assert_eq!(stage.browser.eval(STATE).await, shown("stable"));
}

/// And where it is decided, the guard is gone: neither its timer nor its listener does anything any more.
#[tokio::test]
async fn sound_page_is_left_alone() {
    let elements = format!("{}{TAG} data-decision-budget=3000></script><p>shop</p>", *GUARD);
    let stage = Stage::new(site(&elements)).await;
    let browser = &stage.browser;
    stage.be("somebody").await;
    stage.goto("/").await;
    browser.wait_for("globalThis.ran").await;
    assert_eq!(browser.eval("globalThis[Symbol.for('canary-guard')] < performance.now()").await, true);
    // Its timer looks once more.
    browser.wait_for("performance.now() > ranAt + 200").await;
    let fail = "delete document.documentElement.dataset.canaryVariant;
        const tag = document.querySelector('[type=module]');
        tag.dispatchEvent(new Event('error'));
        dispatchEvent(new ErrorEvent('error', { filename: tag.src }));";
    browser.eval(&format!("(() => {{ {fail} }})()")).await;
    browser.wait_for("performance.now() > 6500").await;
    assert_eq!(browser.eval(STATE).await, json!({ "variant": null, "ran": ["canary"], "scripts": 1 }));
    browser.assert_console(&[]).await;
    assert_eq!(browser.eval("violations").await, json!([]));
}

/// What the listener sees of others is not its own.
#[tokio::test]
async fn faults_of_others_are_none() {
    let elements = format!(
        r#"{}<script src="/none.js"></script><script src="/throws.js"></script>{TAG}></script>
        <script type="module" src="/none.mjs"></script><link rel="stylesheet" href="/none.css">"#,
        *GUARD
    );
    let site = site(&elements);
    site.write("throws.js", "setTimeout(() => { throw new Error('of another'); });\nthrow new Error('of another');");
    let stage = Stage::new(site).await;
    stage.be("somebody").await;
    stage.goto("/").await;
    stage.browser.wait_for("globalThis.ran").await;
    assert_eq!(stage.browser.eval(STATE).await, shown("canary"));
    stage.browser.assert_console(&["none.js", "none.mjs", "none.css", "of another"]).await;
}

/// What the guard puts into a page whose `canary.js` is missing.
async fn inserted(elements: &str, policy: impl FnOnce(&mut Config), console: &[&str]) -> Stage {
    let site = site(elements);
    remove_runtime(&site);
    site.write("classic.js", format!("var classic = 1; {}", bundle("classic")));
    for name in ["a", "b"] {
        // With an import, so that what needs none would run before it, were there no order.
        site.write(&format!("{name}.js"), module(name));
        site.write(&format!("{name}/import.js"), "");
        site.write(&format!("{name}.css"), format!("body {{ --{name}: 1; }}"));
    }
    let stage = Stage::with(site, policy).await;
    stage.goto("/").await;
    stage.browser.assert_console(&[&[NOT_FOUND, FAILED], console].concat()).await;
    stage
}

fn module(name: &str) -> String {
    format!(r#"import "/{name}/import.js"; {}"#, bundle(name))
}

const INSERTED: &str = r#"[...document.head.querySelectorAll("[crossorigin]")].map((it) => {
    const address = it.getAttribute("href") ?? it.getAttribute("src");
    return [it.localName, address, it.type, it.integrity, it.nonce, it.crossOrigin];
})"#;

#[tokio::test]
async fn stable_as_the_tag_says() {
    let integrity = format!("sha256-{}", hash(&module("b")));
    let elements = format!(
        r#"{}{TAG} nonce="n" data-stable="/b.js" data-stable-integrity="{integrity}" data-stable-styles=" /a.css  /b.css"></script>"#,
        *GUARD
    );
    let stage = inserted(&elements, |_| (), &[]).await;
    stage.browser.wait_for("globalThis.ran").await;
    assert_eq!(
        stage.browser.eval(INSERTED).await,
        json!([
            ["link", "/a.css", "", "", "n", "anonymous"],
            ["link", "/b.css", "", "", "n", "anonymous"],
            ["script", "/b.js", "module", integrity, "n", "anonymous"]
        ])
    );
    let styles = "getComputedStyle(document.body).getPropertyValue('--a') + getComputedStyle(document.body).getPropertyValue('--b')";
    stage.browser.wait_for(&format!("{styles} === '11'")).await;
    assert_eq!(stage.browser.eval("globalThis.ran").await, json!(["b"]));
}

fn hash(text: &str) -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text))
}

#[tokio::test]
async fn another_stable_than_the_hash_says_does_not_run() {
    let integrity = format!("sha256-{}", hash("another"));
    let elements = format!("{}{TAG} data-stable=/b.js data-stable-integrity={integrity}></script>", *GUARD);
    let stage = inserted(&elements, |_| (), &["Failed to find a valid digest"]).await;
    assert_eq!(stage.browser.eval("globalThis.ran ?? null").await, Value::Null);
}

#[tokio::test]
async fn stable_as_the_block_says() {
    let block = r#"{"version": "1", "scripts": [{"src": "/b.js"}, {"src": "/classic.js", "type": "classic"},
        {"src": "/a.js", "type": "module"}], "styles": [{"href": "/a.css"}], "preload": [{"href": "/x.js"}]}"#;
    let elements = format!(
        r#"{}<script type="application/json" data-canary-stable>{block}</script>{TAG} data-stable="/none.js"></script>"#,
        *GUARD
    );
    let stage = inserted(&elements, |_| (), &[]).await;
    stage.browser.wait_for("globalThis.ran?.length === 3").await;
    assert_eq!(stage.browser.eval("[globalThis.ran, globalThis.classic]").await, json!([["b", "classic", "a"], 1]));
    let script = |address: &str, kind: &str| json!(["script", address, kind, "", "", "anonymous"]);
    assert_eq!(
        stage.browser.eval(INSERTED).await,
        json!([
            ["link", "/a.css", "", "", "", "anonymous"],
            script("/b.js", "module"),
            script("/classic.js", ""),
            script("/a.js", "module")
        ])
    );
}

#[tokio::test]
async fn block_that_is_no_bundle() {
    let elements = |block: &str| {
        let block = format!(r#"<script type="application/json" data-canary-stable>{block}</script>"#);
        format!(r#"{}{block}{TAG} data-stable="/b.js"></script>"#, *GUARD)
    };
    let stage = inserted(&elements("{"), |_| (), &[]).await;
    for block in [
        "",
        "null",
        "[]",
        r#"{"scripts": []}"#,
        r#"{"scripts": [{}]}"#,
        r#"{"scripts": [{"src": 1}]}"#,
        r#"{"scripts": [{"src": "/none.js"}], "styles": 1}"#,
        r#"{"scripts": [{"src": "/none.js"}], "styles": [{"href": 2}]}"#,
    ] {
        stage.browser.wait_for("globalThis.ran").await;
        assert_eq!(stage.browser.eval("globalThis.ran").await, json!(["b"]), "the one before {block}");
        stage.site.write("index.html", page(&elements(block)));
        stage.goto("/").await;
        stage.browser.assert_console(&[NOT_FOUND, FAILED]).await;
    }
    stage.browser.wait_for("globalThis.ran").await;
    assert_eq!(stage.browser.eval("globalThis.ran").await, json!(["b"]));
}

/// Neither a tag nor anything else.
#[tokio::test]
async fn page_without_a_tag() {
    let stage = Stage::new(site(&GUARD)).await;
    stage.goto("/").await;
    stage
        .browser
        .eval("dispatchEvent(new ErrorEvent('error')) && document.body.dispatchEvent(new Event('error'))")
        .await;
    assert_eq!(stage.browser.eval(STATE).await, json!({ "variant": null, "ran": [], "scripts": 0 }));
    stage.browser.wait_for("globalThis.ran").await;
    assert_eq!(stage.browser.eval(STATE).await, shown("stable"));
    stage.browser.assert_console(&["[canary] E103 canary.js did not start within 1500 ms; stable loads"]).await;
}

/// A policy of nonces and Trusted Types, as strict as they come.
#[tokio::test]
async fn strict_policy() {
    let strict = |trusted: &'static str| {
        move |config: &mut Config| {
            let policy = format!(
                "script-src 'nonce-n' 'strict-dynamic'; require-trusted-types-for 'script'; trusted-types {trusted}; "
            );
            let text = config.get_mut("headers.conf").unwrap();
            let (before, rest) = text.split_once("script-src ").unwrap();
            let (_, after) = rest.split_once("; ").unwrap();
            *text = format!("{before}{policy}{after}");
        }
    };
    let guard = GUARD.replace("<script ", "<script nonce=\"n\" ");
    let elements = format!(r#"{guard}{TAG} nonce="n" data-stable="/b.js"></script>"#);
    let stage = inserted(&elements, strict("canary-runtime"), &[]).await;
    stage.browser.wait_for("globalThis.ran").await;
    assert_eq!(stage.browser.eval("[ran, violations]").await, json!([["b"], []]));

    // Without the name there is no way, and no error in the page either.
    let refused =
        ["Creating a TrustedTypePolicy named 'canary-runtime' violates", "requires 'TrustedScriptURL' assignment"];
    let site = site(&elements);
    site.write(
        "early.js",
        format!("{EARLY} globalThis.errors = []; addEventListener('error', (event) => errors.push(event.message));"),
    );
    remove_runtime(&site);
    let stage = Stage::with(site, strict("another")).await;
    stage.goto("/").await;
    stage.browser.assert_console(&[&[NOT_FOUND, FAILED], refused.as_slice()].concat()).await;
    assert_eq!(stage.browser.eval("[globalThis.ran ?? null, errors]").await, json!([null, []]));
}

/// The page of the repository, with the policy of the repository.
#[tokio::test]
async fn demo_without_its_runtime() {
    let site = Site::new();
    site.mount_config(&fixture::config("100", &json!({})));
    remove_runtime(&site);
    let stage = Stage::new(site).await;
    stage.goto("/").await;
    let drawn = "document.querySelector('#app').dataset.bundle";
    assert_eq!(stage.browser.wait_for(drawn).await, "stable");
    stage.browser.wait_for("document.body.innerText.includes('Lamps for rooms you stay in')").await;
    stage.browser.assert_console(&[NOT_FOUND, FAILED]).await;
}
