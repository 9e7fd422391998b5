//! The test support itself: what it reports is there, and what is missing fails a test.

use canary_e2e::access_log::Mark;
use canary_e2e::atomic::Files;
use canary_e2e::browser::Browser;
use canary_e2e::driver::Driver;
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{BLANK, CANARY, CANARY_BUNDLE, CONFIG, FaultSite, Page, STABLE};
use canary_e2e::nginx::{self, Nginx};
use canary_e2e::process::{descendants, is_running};
use canary_e2e::site_files::SiteFiles;
use canary_e2e::{http, wait};
use std::fs;
use std::path::{Path, PathBuf};

/// A page with an icon: without one the browser requests a default icon, which is an error.
fn page(body: &str) -> String {
    format!("<!doctype html><title>harness</title><link rel=icon href=data:,><body>{body}")
}

fn site_files(body: &str) -> SiteFiles {
    let files = SiteFiles::empty();
    files.write("index.html", page(body));
    files
}

fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    *panic.downcast::<String>().unwrap()
}

#[test]
fn nginx_logs_requests() {
    let files = site_files("");
    let nginx = Nginx::start(files.root());
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
    let files = site_files("");
    let nginx = Nginx::start(files.root());
    let config = || http::get(&nginx.url("/config/canary.json"), &[]);
    assert_eq!(config().status, 404);
    for json in ["{\"percentage\":10}", "{\"percentage\":25}", "{\"percentage\":10}"] {
        assert!(files.mount_config(json));
        assert!(!files.mount_config(json));
        assert_eq!((config().status, config().text().as_str()), (200, json));
    }
    files.mount(&Files::new());
    assert_eq!(config().status, 404);
}

#[test]
fn nginx_runs_an_edited_configuration_and_stops() {
    let without_wasm = |config: &mut nginx::Config| nginx::replace(config, "headers.conf", " 'wasm-unsafe-eval'", "");
    let files = site_files("");
    let mut nginx = Nginx::start_with(files.root(), without_wasm);
    let policy = |nginx: &Nginx| http::get(&nginx.url("/"), &[]).header("Content-Security-Policy").map(str::to_owned);
    assert!(!policy(&nginx).unwrap().contains("wasm"));
    assert!(policy(&Nginx::start(files.root())).unwrap().contains("wasm"));
    let pid = nginx.pid();
    nginx.stop();
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    assert!(http::request("GET", &nginx.url("/healthz"), &[], b"").is_err());
}

#[test]
fn a_rejected_configuration_is_shown() {
    let files = site_files("");
    let breaking =
        |config: &mut nginx::Config| nginx::replace(config, "nginx.conf", "listen 8080;", "listen 8080; lisssten;");
    let result = std::panic::catch_unwind(|| Nginx::start_with(files.root(), breaking));
    let message = message(result.unwrap_err());
    assert!(message.contains("nginx refuses its configuration") && message.contains("lisssten"), "{message}");
}

#[tokio::test]
async fn chromium_reads_the_page_and_the_console() {
    let files = site_files("<p>loud</p><script src=/assets/loud.js></script>");
    files.write("assets/loud.js", "console.warn('careful'); console.log('fine'); throw new Error('boom');");
    files.write("quiet.html", page("<p>quiet</p>"));
    let nginx = Nginx::start(files.root());
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
    let files = site_files("<script src=/assets/gone.js></script>");
    let nginx = Nginx::start(files.root());
    let driver = Driver::chromium();
    let browser = Browser::new(&driver).await;
    browser.goto(&nginx.url("/")).await;
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn cookies_storage_and_cache_are_set_and_cleared() {
    let files = SiteFiles::empty();
    files.write("assets/v1/kept.js", "");
    files.write("index.html", page("<script src=/assets/v1/kept.js></script>"));
    let nginx = Nginx::start(files.root());
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
async fn sessions_share_nothing() {
    let files = site_files("");
    let nginx = Nginx::start(files.root());
    let driver = Driver::chromium();
    let (one, two) = (Browser::new(&driver).await, Browser::new(&driver).await);
    one.set_cookie("a", "b", &nginx.url("/")).await;
    for (browser, cookie) in [(&one, "a=b"), (&two, "")] {
        browser.goto(&nginx.url("/")).await;
        assert_eq!(browser.eval("document.cookie").await, cookie);
    }
}

/// The directories below /tmp in which processes hold files open.
fn directories(pids: &[u32]) -> Vec<PathBuf> {
    let files = pids.iter().flat_map(|pid| fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten());
    let paths = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    let mut directories: Vec<PathBuf> =
        paths.filter(|path| path.starts_with("/tmp")).map(|path| path.components().take(3).collect()).collect();
    directories.sort();
    directories.dedup();
    directories
}

/// Each session begins with an empty profile and leaves neither processes nor files.
async fn sessions_leave_nothing(engine: Engine) {
    let files = site_files("");
    let nginx = Nginx::start(files.root());
    let driver = Driver::start(engine);
    for _ in 0..2 {
        let browser = Browser::new(&driver).await;
        browser.goto(&nginx.url("/")).await;
        assert_eq!(browser.eval("document.cookie + Object.keys(localStorage)").await, "", "{engine}");
        browser.eval("void [document.cookie = 'a=b; Max-Age=999', localStorage.a = 'b']").await;
        assert_eq!(browser.eval("document.cookie + Object.keys(localStorage)").await, "a=ba");
        browser.close().await;
    }
    let browser = Browser::new(&driver).await;
    browser.goto(&nginx.url("/")).await;

    let mut all = [vec![driver.pid()], descendants(driver.pid())].concat();
    assert!(all.len() >= 3, "{engine}: {all:?}");
    all.extend(driver.display_pid());
    assert_eq!(driver.display_pid().is_some(), engine == Engine::WebKit);
    let directories = directories(&all);
    assert!(!directories.is_empty());
    let is_own = |directory: &PathBuf| directory.to_string_lossy().starts_with("/tmp/canary-e2e-");
    assert!(directories.iter().all(is_own), "{engine}: {directories:?}");
    // A panicking test drops them in this order.
    drop((driver, browser));
    wait::until(format!("all of {engine} to end"), wait::DEADLINE, || {
        all.iter().all(|pid| !is_running(*pid)).then_some(())
    });
    assert!(directories.iter().all(|directory| !directory.exists()), "{engine}: {directories:?}");
}

#[tokio::test]
async fn sessions_of_chromium_leave_nothing() {
    sessions_leave_nothing(Engine::Chromium).await;
}

#[tokio::test]
async fn sessions_of_firefox_leave_nothing() {
    sessions_leave_nothing(Engine::Firefox).await;
}

#[tokio::test]
async fn sessions_of_webkit_leave_nothing() {
    sessions_leave_nothing(Engine::WebKit).await;
}

/// A test finds nothing of the one before it, although both have the same browser.
#[tokio::test]
async fn pooled_browsers_are_cleaned() {
    for engine in Engine::ALL {
        let kept = "document.cookie + Object.keys(localStorage) + Object.keys(sessionStorage) + history.length";
        for _ in 0..2 {
            let site = FaultSite::new(engine, &Page::new()).await;
            assert_eq!(site.browser.client().windows().await.unwrap().len(), 1, "{engine}");
            site.open().await;
            site.shows(CANARY).await;
            site.browser.eval("void [document.cookie = 'a=b; Max-Age=999', sessionStorage.c = 'd']").await;
            let found = site.browser.eval(kept).await;
            assert!(found.as_str().unwrap().contains("a=b"), "{engine}: {found}");
            let window = site.browser.client().new_window(true).await.unwrap();
            site.browser.client().switch_to_window(window.handle).await.unwrap();
        }
        let site = FaultSite::new(engine, &Page::new()).await;
        assert_eq!(site.browser.eval(&kept.replace(" + history.length", "")).await, "", "{engine}");
    }
}

/// A static holds the pool, so nothing drops it: each of its processes ends with that of the tests.
#[test]
fn pooled_browsers_end_with_their_process() {
    let program = std::env::current_exe().unwrap();
    let test = ["--exact", "leaves_browsers_in_the_pool", "--ignored", "--nocapture"];
    let output = std::process::Command::new(program).args(test).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let values = |name: &str| printed.lines().filter_map(|line| line.strip_prefix(name)).collect::<Vec<_>>();
    let (pids, directories) = (values("process "), values("directory "));
    assert!(pids.len() > 9 && directories.len() > 3, "{printed}");
    wait::until("all of the pool to end", wait::DEADLINE, || {
        let ended = pids.iter().all(|pid| !is_running(pid.parse().unwrap()));
        (ended && directories.iter().all(|directory| !Path::new(directory).exists())).then_some(())
    });
}

#[tokio::test]
#[ignore = "run by pooled_browsers_end_with_their_process"]
async fn leaves_browsers_in_the_pool() {
    for engine in Engine::ALL {
        FaultSite::new(engine, &Page::new()).await;
    }
    let pids = descendants(std::process::id());
    for directory in directories(&pids) {
        println!("directory {}", directory.display());
    }
    for pid in pids {
        println!("process {pid}");
    }
}

/// The page log has what a page reports in every engine, also before a reload.
async fn page_log_works(engine: Engine) {
    let first = "
        console.debug('[canary] I1', 'one');
        console.warn('[canary] E2 two');
        console.log('something else');
        setTimeout(() => { throw new Error('boom'); });
        Promise.reject(new Error('bang'));";
    let site = FaultSite::new(engine, &Page::new().first(first)).await;
    site.open().await;
    site.shows(CANARY).await;
    site.browser.eval("void setTimeout(() => location.reload())").await;
    wait::until_async("the reload", wait::DEADLINE, async || (site.views() == 2).then_some(())).await;
    wait::until_async("the second run", wait::DEADLINE, async || (site.ran() == [CANARY; 2]).then_some(())).await;
    let line = |level: &str, text: &str| (level.to_owned(), text.to_owned());
    let lines = [line("debug", "[canary] I1 one"), line("warn", "[canary] E2 two")];
    assert_eq!(site.lines(), [lines.clone(), lines].concat());
    let errors = site.errors();
    let count = |text: &str| errors.iter().filter(|error| error.contains(text)).count();
    assert_eq!((count("boom"), count("bang"), errors.len()), (2, 2, 4), "{errors:?}");
    assert_eq!(site.decision()["variant"], "canary");

    // Another view begins with an empty page log, and this one with empty storage.
    site.clear_data().await;
    site.server.on(CONFIG, Reply::sound().status(500));
    site.set_page(&Page::new());
    site.open().await;
    site.shows(STABLE).await;
    site.says(&["E101"]).await;
    assert_eq!((site.views(), site.ran(), site.errors()), (1, vec![STABLE.to_owned()], Vec::new()));
    assert_eq!(site.events("error")[0]["code"], "E101");
}

#[tokio::test]
async fn the_page_log_works_in_chromium() {
    page_log_works(Engine::Chromium).await;
}

#[tokio::test]
async fn the_page_log_works_in_firefox() {
    page_log_works(Engine::Firefox).await;
}

#[tokio::test]
async fn the_page_log_works_in_webkit() {
    page_log_works(Engine::WebKit).await;
}

#[tokio::test]
async fn visible_text_and_user_id() {
    let site = FaultSite::new(Engine::Chromium, &Page::new().body("<p hidden>nothing</p>")).await;
    site.files.write(CANARY_BUNDLE, "globalThis.e2e.log('ran', 'SILENT');");
    site.set_user("somebody").await;
    site.open().await;
    wait::until_async("the bundle", wait::DEADLINE, async || (site.ran() == ["SILENT"]).then_some(())).await;
    site.shows(BLANK).await;
    assert_eq!(site.browser.eval("document.cookie").await, "canary_id=somebody");
    site.clear_data().await;
    assert_eq!(site.browser.eval("document.cookie + Object.keys(localStorage)").await, "");
}

#[tokio::test]
#[should_panic(expected = "[(\"warn\", \"[canary] E101 ")]
async fn an_unexpected_line_fails_the_test() {
    let site = FaultSite::new(Engine::Chromium, &Page::new()).await;
    site.server.on(CONFIG, Reply::sound().status(500));
    site.open().await;
    site.shows(STABLE).await;
    site.says(&[]).await;
}

#[tokio::test]
#[should_panic(expected = "cannot evaluate nothing.here: ")]
async fn a_failing_script_fails_the_test() {
    let driver = Driver::chromium();
    Browser::new(&driver).await.eval("nothing.here").await;
}
