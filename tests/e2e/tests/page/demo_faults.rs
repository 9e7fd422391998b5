//! Faults of the demo behind nginx: stable is on the screen, and one line on the console says why.
//!
//! Negative control: without the fault, the same user gets the canary.

use canary_e2e::atomic::Files;
use canary_e2e::base::Base;
use canary_e2e::console::Level;
use canary_e2e::demo::{self, CANARY, STABLE};
use canary_e2e::files::{read, repo};
use canary_e2e::fixture::PATIENT;
use canary_e2e::nginx::{self, Config};
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::LazyLock;

/// The line of the browser about an answer with an error status.
const NOT_FOUND: &str = "Failed to load resource: the server responded with a status of 404";

/// An edit of the nginx configuration.
type Edit = Box<dyn FnOnce(&mut Config)>;

/// A fault and what the console has to say.
struct Fault {
    /// The code of the fault.
    code: &'static str,
    /// The decision's reason.
    reason: &'static str,
    /// Lines of the browser itself.
    browser: &'static [&'static str],
    /// An edit of the nginx configuration.
    nginx: Option<Edit>,
    /// An edit of the served files.
    files: Box<dyn FnOnce(&SiteFiles)>,
    /// A script that runs first in the page.
    script: &'static str,
    /// Attributes of the script tag, also without the fault.
    attributes: &'static str,
}

impl Fault {
    fn new(code: &'static str, reason: &'static str) -> Self {
        Self { code, reason, browser: &[], nginx: None, files: Box::new(|_| ()), script: "", attributes: PATIENT }
    }

    fn files(self, files: impl FnOnce(&SiteFiles) + 'static) -> Self {
        Self { files: Box::new(files), ..self }
    }

    fn nginx(self, nginx: impl FnOnce(&mut Config) + 'static) -> Self {
        Self { nginx: Some(Box::new(nginx)), ..self }
    }

    fn browser(self, browser: &'static [&'static str]) -> Self {
        Self { browser, ..self }
    }

    /// Checks for the canary without the fault and for stable with it. Returns the site for more checks.
    async fn falls_back(self) -> TestSite {
        let mut site = TestSite::new(site_files(self.attributes)).await;
        site.set_user("somebody").await;
        site.goto("/").await;
        assert_eq!(demo::shown(&site.browser).await, CANARY.shown());
        site.browser.assert_console(&[]).await;

        if let Some(edit) = self.nginx {
            site = TestSite::with(site_files(self.attributes), edit).await;
        }
        (self.files)(&site.files);
        let browser = &site.browser;
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": self.script })).await;
        browser.clear_site_data().await;
        site.set_user("somebody").await;
        let mark = site.nginx.access_log().mark();
        site.goto("/").await;
        assert_eq!(demo::shown(browser).await, STABLE.shown());
        assert_eq!(demo::strip(browser).await["reason"], self.reason);
        // A reader sees it.
        let text = browser.eval("document.body.innerText").await;
        assert!(text.as_str().unwrap_or_default().contains("Lamps for rooms you stay in"), "{text}");
        let place = "document.elementFromPoint(innerWidth / 2, innerHeight / 2)";
        assert_eq!(browser.eval(&format!("document.getElementById('app').contains({place})")).await, true);

        let own = format!("[canary] {} ", self.code);
        let entries = browser.assert_console(&[&[own.as_str()], self.browser].concat()).await;
        let lines: Vec<_> =
            entries.iter().filter(|entry| entry.level >= Level::Warning && entry.text.contains("[canary]")).collect();
        assert!(lines.len() == 1 && lines[0].text.contains("; stable loads"), "{lines:?}");
        let pages = site.nginx.access_log().requests_for("/", mark).len();
        assert_eq!(pages, 1, "stable loads in the same page view");
        site
    }
}

/// The config of the manifest with 100 %.
static CONFIG: LazyLock<String> = LazyLock::new(|| {
    let base = Base::new();
    base.set_percentage("100");
    base.config()
});

/// The demo with 100 %.
fn site_files(attributes: &str) -> SiteFiles {
    let files = SiteFiles::new();
    files.mount_config(&CONFIG);
    let page = read(&repo("www/index.html"));
    let tag = r#"src="/runtime/canary.js" "#;
    assert_eq!(page.matches(tag).count(), 1);
    files.write("index.html", page.replace(tag, &format!("{tag}{attributes} ")));
    files
}

/// A config that is rejected.
async fn config_falls_back(code: &'static str, text: impl Into<String>) -> TestSite {
    let text = text.into();
    let fault = Fault::new(code, "ERROR").files(move |files| assert!(files.mount_config(&text)));
    fault.falls_back().await
}

/// The config with one edit.
fn edited(from: &str, to: &str) -> String {
    assert_eq!(CONFIG.matches(from).count(), 1, "{from:?} in {}", *CONFIG);
    CONFIG.replace(from, to)
}

/// The module that decides, and its compressed copies.
fn modules(files: &SiteFiles) -> Vec<PathBuf> {
    let files = fs::read_dir(files.root().join("runtime")).unwrap().map(|entry| entry.unwrap().path());
    let modules: Vec<_> =
        files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("canary_")).collect();
    assert_eq!(modules.len(), 3, "{modules:?}");
    modules
}

#[tokio::test]
async fn config_missing() {
    let fault = Fault::new("E101", "ERROR").browser(&[NOT_FOUND]);
    fault.files(|files| assert!(files.mount(&Files::new()))).falls_back().await;
}

#[tokio::test]
async fn config_hangs() {
    // The system accepts connections, which nobody reads.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hang = format!("location = /config/canary.json {{ proxy_pass http://{}; ", silent.local_addr().unwrap());
    let mut fault = Fault::new("E103", "ERROR")
        .nginx(move |config| nginx::replace(config, "nginx.conf", "location = /config/canary.json {", &hang));
    fault.attributes = r#"data-decision-budget="1000""#;
    fault.falls_back().await;
}

#[tokio::test]
async fn config_is_html() {
    let site = config_falls_back("E104", "<!doctype html><title>secret</title>").await;
    assert_eq!(site.browser.eval("document.documentElement.outerHTML.includes('secret')").await, false);
}

#[tokio::test]
async fn config_is_not_json() {
    config_falls_back("E105", edited("\"FEATURE_FLAGS\": {", "\"FEATURE_FLAGS\": [")).await;
}

#[tokio::test]
async fn config_is_truncated() {
    config_falls_back("E105", &CONFIG[..CONFIG.len() / 2]).await;
}

#[tokio::test]
async fn config_is_empty() {
    config_falls_back("E105", "").await;
}

#[tokio::test]
async fn config_is_too_large() {
    config_falls_back("E106", CONFIG.clone() + &" ".repeat(2 << 20)).await;
}

#[tokio::test]
async fn config_has_a_duplicate_key() {
    let twice = r#""CANARY_PERCENTAGE": 100, "CANARY_PERCENTAGE": 100,"#;
    config_falls_back("E108", edited(r#""CANARY_PERCENTAGE": 100,"#, twice)).await;
}

#[tokio::test]
async fn percentage_is_a_string() {
    config_falls_back("E109", edited("100", r#""10""#)).await;
}

#[tokio::test]
async fn asset_is_a_javascript_url() {
    let text = edited("\"/assets/1.5.0/main.js\"", "\"javascript:globalThis.evil=1\"");
    let site = config_falls_back("E113", text).await;
    let touched = "globalThis.evil !== undefined || document.querySelector('[src^=\"javascript:\"]') !== null";
    assert_eq!(site.browser.eval(touched).await, false);
}

#[tokio::test]
async fn module_missing() {
    let remove = |files: &SiteFiles| modules(files).iter().for_each(|path| fs::remove_file(path).unwrap());
    Fault::new("E201", "ERROR").browser(&[NOT_FOUND]).files(remove).falls_back().await;
}

/// Replaces each module by `change(module)`.
fn change_modules(files: &SiteFiles, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    for path in modules(files) {
        if path.extension().unwrap() == "wasm" {
            let bytes = fs::read(&path).unwrap();
            fs::write(path, change(bytes)).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

#[tokio::test]
async fn module_corrupt() {
    let damage = |files: &SiteFiles| {
        change_modules(files, |mut bytes| {
            bytes.truncate(bytes.len() / 2);
            bytes
        });
    };
    Fault::new("E202", "ERROR").files(damage).falls_back().await;
}

/// The smallest valid module, without the exports that the glue needs.
#[tokio::test]
async fn module_of_another_build() {
    let replace = |files: &SiteFiles| change_modules(files, |_| b"\0asm\x01\0\0\0".to_vec());
    Fault::new("E202", "ERROR").files(replace).falls_back().await;
}

#[tokio::test]
async fn module_traps() {
    let mut fault = Fault::new("E205", "ERROR");
    fault.script = "const { instantiate } = WebAssembly;
        WebAssembly.instantiate = async (...values) => {
            const { exports } = (await instantiate(...values)).instance;
            const decide = () => { throw new WebAssembly.RuntimeError('unreachable'); };
            return { instance: { exports: { ...exports, decide } } };
        };";
    fault.falls_back().await;
}

#[tokio::test]
async fn module_blocked_by_csp() {
    let block = |config: &mut Config| nginx::replace(config, "headers.conf", " 'wasm-unsafe-eval'", "");
    Fault::new("E204", "ERROR").nginx(block).falls_back().await;
}

/// The content type of the module does not matter.
#[tokio::test]
async fn module_with_another_content_type() {
    let mistype = |config: &mut Config| {
        nginx::replace(config, "nginx.conf", "application/wasm          wasm;", "text/plain wasm;");
    };
    let site = TestSite::with(site_files(PATIENT), mistype).await;
    site.set_user("somebody").await;
    site.goto("/").await;
    assert_eq!(demo::shown(&site.browser).await, CANARY.shown());
    site.browser.assert_console(&[]).await;
    let module = "performance.getEntriesByType('resource').find(({ name }) => name.endsWith('.wasm')).name";
    let type_ = format!("fetch({module}).then((reply) => reply.headers.get('content-type'))");
    assert_eq!(site.browser.eval(&type_).await, "text/plain; charset=utf-8");
}

#[tokio::test]
async fn storage_blocked() {
    let mut fault = Fault::new("E301", "DISABLED");
    fault.script = r#"
        Object.defineProperty(Document.prototype, "cookie", { get: () => "", set: () => {} });
        Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("no", "SecurityError"); } });
    "#;
    fault.falls_back().await;
}

#[tokio::test]
async fn canary_script_missing() {
    let fault = Fault::new("E401", "STATIC").browser(&[NOT_FOUND]);
    fault.files(|files| files.remove("assets/1.5.0/main.js")).falls_back().await;
}

#[tokio::test]
async fn canary_stylesheet_missing() {
    let fault = Fault::new("E407", "STATIC").browser(&["Refused to apply style"]);
    fault.files(|files| files.remove("assets/1.5.0/main.css")).falls_back().await;
}

#[tokio::test]
async fn canary_script_altered() {
    let alter = |files: &SiteFiles| {
        let script = fs::read_to_string(files.root().join("assets/1.5.0/main.js")).unwrap();
        files.write("assets/1.5.0/main.js", format!("globalThis.altered = true;\n{script}"));
    };
    let fault = Fault::new("E408", "STATIC")
        .browser(&["Failed to find a valid digest in the 'integrity' attribute", "SRI's integrity checks failed"]);
    let site = fault.files(alter).falls_back().await;
    assert_eq!(site.browser.eval("globalThis.altered === undefined").await, true);
}
