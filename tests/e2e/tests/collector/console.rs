//! The console in a browser: each state as the controller says it, without a controller, and what a page must not do.

mod fixtures;
mod states;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use canary_e2e::browser::Browser;
use canary_e2e::driver::Driver;
use canary_e2e::files::{repo, temp_dir};
use canary_e2e::process::Process;
use serde_json::{Value, json};

use fixtures::{collecting, patched, progressing, with_history};

/// A controller that answers what the test says.
struct Controller {
    url: String,
    status: Arc<Mutex<Option<Value>>>,
}

impl Controller {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/status", listener.local_addr().unwrap());
        let status = Arc::new(Mutex::new(None::<Value>));
        let shown = Arc::clone(&status);
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
                let (code, body) = match &*shown.lock().unwrap() {
                    Some(status) => ("200 OK", status.to_string()),
                    None => ("503 Service Unavailable", "no step is done yet".to_owned()),
                };
                let length = body.len();
                let _ =
                    write!(stream, "HTTP/1.1 {code}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            }
        });
        Self { url, status }
    }

    fn set(&self, status: Value) {
        *self.status.lock().unwrap() = Some(status);
    }
}

/// A collector with a console.
struct Console {
    process: Process,
    url: String,
    _dir: tempfile::TempDir,
}

impl Console {
    fn start(more: &[&str]) -> Self {
        let program = std::env::var_os("CANARYCTL").map_or_else(|| repo("target/release/canaryctl"), PathBuf::from);
        let dir = temp_dir();
        let config = dir.path().join("canary.json");
        let text = r#"{"CANARY_PERCENTAGE": 10, "SALT": "2.5.0", "REVISION": 4, "FEATURE_FLAGS": {}}"#;
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(program);
        command.arg("collect").arg("--config").arg(&config).args(["--window", "1", "--horizon", "1"]);
        command.args(["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]).args(more);
        let mut process = Process::spawn("canaryctl", command);
        let [_, metrics] = process.first_lines();
        Self { process, url: format!("{metrics}/runtime/console/"), _dir: dir }
    }
}

/// The text of an element.
async fn text(browser: &Browser, selector: &str) -> String {
    let text = browser.eval(&format!("document.querySelector({selector:?}).innerText")).await;
    text.as_str().unwrap_or_default().to_owned()
}

/// Sets the color scheme, and the size of the window at a zoom.
async fn screen(browser: &Browser, scheme: &str, width: u32, zoom: u32) {
    let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
    browser.cdp("Emulation.setEmulatedMedia", media).await;
    let size = json!({"width": width / zoom, "height": 790 / zoom, "deviceScaleFactor": zoom, "mobile": false});
    browser.cdp("Emulation.setDeviceMetricsOverride", size).await;
}

/// What `axe-core` finds in the page.
async fn violations(browser: &Browser) -> Value {
    if browser.eval("window.axe === undefined").await == true {
        let axe = std::fs::read_to_string(repo("loader/node_modules/axe-core/axe.min.js")).unwrap();
        browser.client().execute(&axe, Vec::new()).await.unwrap();
    }
    let run = "axe.run().then(({ violations }) => violations.map((it) => `${it.id}: ${it.nodes[0].html}`))";
    browser.eval(run).await
}

/// Requests to other origins.
async fn foreign(browser: &Browser) -> Value {
    let names = "performance.getEntriesByType('resource').map((it) => it.name)";
    browser.eval(&format!("{names}.filter((it) => !it.startsWith(location.origin))")).await
}

async fn press_tab(browser: &Browser) {
    for kind in ["keyDown", "keyUp"] {
        let key = json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9});
        browser.cdp("Input.dispatchKeyEvent", key).await;
    }
}

async fn open(browser: &Browser, url: &str) {
    browser.goto(url).await;
    browser.wait_for("document.querySelector('#now .state')").await;
}

#[tokio::test]
async fn without_a_controller_it_shows_the_rest() {
    let (driver, console) = (Driver::chromium(), Console::start(&[]));
    let browser = Browser::new(&driver).await;
    open(&browser, &console.url).await;
    let all = text(&browser, "body").await;
    for expected in ["Not seen yet", "no browser has reported a view of this run", "No controller runs", "10 %"] {
        assert!(all.contains(expected), "{expected}: {all}");
    }
    let controller = Controller::start();
    let console = Console::start(&["--rollout-status", &controller.url]);
    open(&browser, &console.url).await;
    let banner = text(&browser, "#banner").await;
    assert_eq!(banner, "The controller does not say its state: the controller answered 503: no step is done yet");
}

#[tokio::test]
async fn it_says_when_it_cannot_read() {
    let (controller, driver) = (Controller::start(), Driver::chromium());
    controller.set(progressing());
    let mut console = Console::start(&["--rollout-status", &controller.url]);
    let browser = Browser::new(&driver).await;
    open(&browser, &console.url).await;
    console.process.stop();
    browser.wait_for("document.querySelector('#banner').innerText.startsWith('Cannot read new data since')").await;
    assert_eq!(text(&browser, "#poll").await, "Cannot read new data; trying again every 5 s");
    assert!(text(&browser, "#now").await.contains("Progressing"), "the last state stays");
    browser.assert_console(&["ERR_CONNECTION_REFUSED"]).await;
}

#[tokio::test]
async fn a_token_is_asked_for_once() {
    let dir = temp_dir();
    let file = dir.path().join("token");
    std::fs::write(&file, "secret").unwrap();
    let (driver, console) = (Driver::chromium(), Console::start(&["--token-file", file.to_str().unwrap()]));
    let browser = Browser::new(&driver).await;
    browser.goto(&console.url).await;
    browser.wait_for("!document.querySelector('#token').hidden").await;
    let field = browser.client().find(fantoccini::Locator::Css("#bearer")).await.unwrap();
    field.send_keys("secret\n").await.unwrap();
    browser.wait_for("document.querySelector('#now .state') && document.querySelector('#token').hidden").await;
    browser.assert_console(&["401"]).await;
}

#[tokio::test]
async fn nobody_is_kept_out_and_nothing_leaves_its_origin() {
    let (controller, driver) = (Controller::start(), Driver::chromium());
    controller.set(with_history(&patched(progressing(), &fixtures::above()), 120));
    let console = Console::start(&["--rollout-status", &controller.url]);
    let browser = Browser::new(&driver).await;
    for (scheme, width) in [("light", 1100), ("dark", 1100), ("light", 360), ("dark", 360)] {
        screen(&browser, scheme, width, 1).await;
        open(&browser, &console.url).await;
        browser.eval("document.querySelectorAll('details').forEach((it) => { it.open = true; })").await;
        browser.wait_for("document.querySelector('#how svg') && document.querySelector('#how-table table')").await;
        assert_eq!(violations(&browser).await, json!([]), "{scheme} {width}");
        assert_eq!(browser.eval("document.documentElement.scrollWidth <= innerWidth").await, true, "{width}");
        // Both metrics, both rates with their bands, the mark of a step, set and seen shares, and all curves of the evidence.
        for (selector, count) in [
            ("#ratios circle", 2),
            ("#rates path, #rates polygon", 4),
            ("#rates line.quiet", 2),
            ("#share path", 1),
            ("#share circle", 120),
            ("#how path", 3),
            ("#how line.limit", 2),
            ("#rates-table tbody tr", 120),
        ] {
            assert_eq!(
                browser.eval(&format!("document.querySelectorAll({selector:?}).length")).await,
                count,
                "{selector}"
            );
        }
        assert_eq!(foreign(&browser).await, json!([]));
        picture(&browser, scheme, width).await;
    }
    is_readable_on_paper(&browser).await;
    browser.assert_console(&[]).await;
}

/// On a sheet of A4 nothing is cut off, dark ink is on white paper, and what only a screen can do is left out.
async fn is_readable_on_paper(browser: &Browser) {
    screen(browser, "dark", 794, 1).await;
    let media = json!({"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]});
    browser.cdp("Emulation.setEmulatedMedia", media).await;
    let style = "(() => { const { backgroundColor, color } = getComputedStyle(document.body); return [backgroundColor, color]; })()";
    assert_eq!(browser.eval(style).await, json!(["rgb(255, 255, 255)", "rgb(22, 24, 29)"]));
    assert_eq!(browser.eval("document.documentElement.scrollWidth <= innerWidth").await, true);
    let cut = "[...document.querySelectorAll('.table')].filter((it) => it.scrollHeight > it.clientHeight + 1).length";
    assert_eq!(browser.eval(cut).await, 0, "a table is cut off");
    let shown = "[...document.querySelectorAll('button, #poll, .skip')].filter((it) => it.checkVisibility()).length";
    assert_eq!(browser.eval(shown).await, 0);
}

/// Keeps a picture for the docs, where they are to be updated.
async fn picture(browser: &Browser, scheme: &str, width: u32) {
    let name = match (scheme, width) {
        (_, 1100) => scheme,
        ("dark", _) => "phone",
        _ => return,
    };
    if std::env::var_os("CANARY_UPDATE_DOCS").is_some() {
        browser.eval("scrollTo(0, 0)").await;
        std::fs::write(repo("docs").join(format!("console-{name}.png")), browser.screenshot().await).unwrap();
    }
}

#[tokio::test]
async fn the_keyboard_reaches_everything() {
    let (controller, driver) = (Controller::start(), Driver::chromium());
    controller.set(with_history(&patched(progressing(), &json!({"command": "canaryctl rollout resume"})), 20));
    let console = Console::start(&["--rollout-status", &controller.url]);
    let browser = Browser::new(&driver).await;
    open(&browser, &console.url).await;
    let mut reached = Vec::new();
    for _ in 0..9 {
        press_tab(&browser).await;
        let name = browser.eval("(() => { const at = document.activeElement; return at.id || at.getAttribute('aria-label') || at.innerText; })()").await;
        reached.push(name.as_str().unwrap_or_default().to_owned());
    }
    let wanted = [
        "Skip to the state",
        "Metrics",
        "copy",
        "Commits",
        "Rates as a table",
        "Shares as a table",
        "Evidence over time",
        "Runs",
    ];
    assert_eq!(reached.iter().filter(|it| wanted.contains(&it.as_str())).collect::<Vec<_>>(), wanted, "{reached:?}");
}

#[tokio::test]
async fn ten_thousand_minutes_do_not_stall_it() {
    let (controller, driver) = (Controller::start(), Driver::chromium());
    controller.set(with_history(&collecting(), 10_000));
    let console = Console::start(&["--rollout-status", &controller.url]);
    let browser = Browser::new(&driver).await;
    let observe = "window.longest = 0; new PerformanceObserver((list) => { for (const it of list.getEntries()) \
        window.longest = Math.max(window.longest, it.duration); }).observe({ type: 'longtask', buffered: true });";
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": observe})).await;
    let (mut drawn, mut scrolled) = (f64::MAX, f64::MAX);
    // Other work on the machine may take the core for a while.
    for _ in 0..5 {
        open(&browser, &console.url).await;
        browser.eval("document.querySelectorAll('details').forEach((it) => { it.open = true; })").await;
        browser.wait_for("document.querySelector('#how path') && document.querySelector('#rates-table tr') && document.querySelector('#share-table tr') && document.querySelector('#rates path')").await;
        browser.eval("new Promise((done) => { setTimeout(done, 300); })").await;
        drawn = drawn.min(browser.eval("window.longest").await.as_f64().unwrap());
        browser.eval("window.longest = 0").await;
        let gesture = json!({"x": 400, "y": 300, "yDistance": -20_000, "speed": 12_000});
        browser.cdp("Input.synthesizeScrollGesture", gesture).await;
        browser.eval("new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); })").await;
        assert_eq!(browser.eval("innerHeight + scrollY >= document.body.scrollHeight - 20").await, true);
        scrolled = scrolled.min(browser.eval("window.longest").await.as_f64().unwrap());
        if drawn < 200.0 && scrolled < 100.0 {
            break;
        }
    }
    println!(
        "10,000 minutes: the longest task is {drawn} ms while it is drawn, {scrolled} ms while it is scrolled (0: below 50)"
    );
    assert!(drawn < 200.0 && scrolled < 100.0, "{drawn} ms, {scrolled} ms");
}
