//! The harness itself: what it says it sees is there, and what is not it misses.

use canary_e2e::access_log::Mark;
use canary_e2e::atomic::Files;
use canary_e2e::browser::Browser;
use canary_e2e::driver::Driver;
use canary_e2e::nginx::{self, Nginx};
use canary_e2e::process::{children, is_running};
use canary_e2e::site::Site;
use canary_e2e::{http, wait};
use std::path::Path;

/// A page without an icon of its own would be asked for one, and that be an error.
fn page(body: &str) -> String {
    format!("<!doctype html><title>harness</title><link rel=icon href=data:,><body>{body}")
}

fn site(body: &str) -> Site {
    let site = Site::empty();
    site.write("index.html", page(body));
    site
}

fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    *panic.downcast::<String>().unwrap()
}

#[test]
fn nginx_logs_what_it_was_asked_for() {
    let site = site("");
    let nginx = Nginx::start(site.root());
    let log = nginx.access_log();
    assert_eq!(http::get(&nginx.url("/gone.js?early"), &[]).status, 404);
    log.wait_for("the first request", Mark::START, wait::DEADLINE, |line| line.path.starts_with("/gone.js"));
    let mark = log.mark();
    let answer = http::get(&nginx.url("/"), &[("Accept", "text/html")]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(answer.text().contains("<title>harness</title>"));
    let line = log.wait_for("the second request", mark, wait::DEADLINE, |_| true);
    assert_eq!((line.method.as_str(), line.path.as_str(), line.status), ("GET", "/", 200));
    assert_eq!(log.since(mark), [line]);
    assert!(log.requests_for("/gone.js", mark).is_empty());
}

#[test]
fn nginx_serves_a_swap_at_the_next_request() {
    let site = site("");
    let nginx = Nginx::start(site.root());
    let config = || http::get(&nginx.url("/config/canary.json"), &[]);
    assert_eq!(config().status, 404);
    for json in ["{\"percentage\":10}", "{\"percentage\":25}", "{\"percentage\":10}"] {
        assert!(site.mount_config(json));
        assert!(!site.mount_config(json));
        assert_eq!((config().status, config().text().as_str()), (200, json));
    }
    site.mount(&Files::new());
    assert_eq!(config().status, 404);
}

#[test]
fn nginx_takes_an_edited_configuration_and_stops() {
    let without_wasm = |config: &mut nginx::Config| nginx::replace(config, "headers.conf", " 'wasm-unsafe-eval'", "");
    let site = site("");
    let mut nginx = Nginx::start_with(site.root(), without_wasm);
    let policy = |nginx: &Nginx| http::get(&nginx.url("/"), &[]).header("Content-Security-Policy").map(str::to_owned);
    assert!(!policy(&nginx).unwrap().contains("wasm"));
    assert!(policy(&Nginx::start(site.root())).unwrap().contains("wasm"));
    let pid = nginx.pid();
    nginx.stop();
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    assert!(http::request("GET", &nginx.url("/healthz"), &[], b"").is_err());
}

#[test]
fn a_refused_configuration_is_shown() {
    let site = site("");
    let breaking =
        |config: &mut nginx::Config| nginx::replace(config, "nginx.conf", "listen 8080;", "listen 8080; lisssten;");
    let result = std::panic::catch_unwind(|| Nginx::start_with(site.root(), breaking));
    let message = message(result.unwrap_err());
    assert!(message.contains("nginx refuses its configuration") && message.contains("lisssten"), "{message}");
}

#[tokio::test]
async fn chromium_sees_the_page_and_its_console() {
    let site = site("<p>loud</p><script src=/assets/loud.js></script>");
    site.write("assets/loud.js", "console.warn('careful'); console.log('fine'); throw new Error('boom');");
    site.write("quiet.html", page("<p>quiet</p>"));
    let nginx = Nginx::start(site.root());
    let mark = nginx.access_log().mark();
    let driver = Driver::chromium();
    let browser = Browser::new(&driver).await;

    browser.goto(&nginx.url("/quiet.html")).await;
    assert_eq!(browser.eval("document.querySelector('p').textContent").await, "quiet");
    browser.assert_console(&[]).await;

    browser.goto(&nginx.url("/")).await;
    assert_eq!(browser.wait_for("document.querySelector('p')?.textContent").await, "loud");
    browser.assert_console(&["careful", "Uncaught Error: boom"]).await;
    assert!(browser.console().await.is_empty());
    assert!(browser.screenshot().await.starts_with(b"\x89PNG"));
    browser.close().await;
    assert_eq!(nginx.access_log().requests_for("/assets/loud.js", mark)[0].status, 200);
}

#[tokio::test]
#[should_panic(expected = "the console has what was not expected, at tests/e2e/tests/harness.rs")]
async fn an_error_on_the_console_fails_the_test() {
    let site = site("<script src=/assets/gone.js></script>");
    let nginx = Nginx::start(site.root());
    let driver = Driver::chromium();
    let browser = Browser::new(&driver).await;
    browser.goto(&nginx.url("/")).await;
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn cookies_storage_and_cache_are_set_and_cleared() {
    let site = Site::empty();
    site.write("assets/v1/kept.js", "");
    site.write("index.html", page("<script src=/assets/v1/kept.js></script>"));
    let nginx = Nginx::start(site.root());
    let url = nginx.url("/");
    let loads = || nginx.access_log().requests_for("/assets/v1/kept.js", Mark::START).len();
    let await_loads = |count| wait::until(format!("load {count}"), wait::DEADLINE, || (loads() == count).then_some(()));
    let driver = Driver::chromium();
    let browser = Browser::new(&driver).await;

    browser.set_cookie("canary_id", "abc", &url).await;
    browser.goto(&url).await;
    assert_eq!(browser.eval("document.cookie").await, "canary_id=abc");
    browser.eval("localStorage.a = sessionStorage.b = 'c'").await;
    browser.goto(&url).await;
    assert_eq!(loads(), 1, "the script is immutable and was in the cache");
    browser.set_cache_disabled(true).await;
    browser.goto(&url).await;
    await_loads(2);
    browser.set_cache_disabled(false).await;
    browser.clear_site_data().await;
    browser.goto(&url).await;
    await_loads(3);
    let left = browser.eval("document.cookie + Object.keys(localStorage) + Object.keys(sessionStorage)").await;
    assert_eq!(left, "");
}

#[tokio::test]
async fn sessions_share_nothing_and_end_with_their_driver() {
    let site = site("");
    let nginx = Nginx::start(site.root());
    let driver = Driver::chromium();
    let (one, two) = (Browser::new(&driver).await, Browser::new(&driver).await);
    one.set_cookie("a", "b", &nginx.url("/")).await;
    for (browser, cookie) in [(&one, "a=b"), (&two, "")] {
        browser.goto(&nginx.url("/")).await;
        assert_eq!(browser.eval("document.cookie").await, cookie);
    }
    let children = children(driver.pid());
    assert!(children.len() >= 2, "{children:?}");
    drop(two);
    drop(driver);
    wait::until("the browsers to end", wait::DEADLINE, || children.iter().all(|pid| !is_running(*pid)).then_some(()));
}

#[tokio::test]
#[should_panic(expected = "cannot evaluate nothing.here: ")]
async fn a_failing_script_fails_the_test() {
    let driver = Driver::chromium();
    Browser::new(&driver).await.eval("nothing.here").await;
}
