//! Reports that do not arrive, and the collector's refusal of what other origins send.

use super::support::{ENDPOINT, accepted, arrive, config, page, report, requests, site};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{FaultServer, Reply};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultSite, Page};
use canary_e2e::files::repo;
use canary_e2e::http;
use canary_e2e::process::Process;
use canary_e2e::wait::{DEADLINE, until};
use serde_json::Value;
use std::process::Command;

/// Opens the page, whose bundle waits until the runtime has printed `code`, and checks that nothing more is sent then.
async fn gives_up(site: &FaultSite, code: &str) {
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    site.visit().await;
    site.says(&[code]).await;
    let tries = requests(site).len();
    // The endpoint still fails.
    site.server.on(CANARY_BUNDLE, Reply::sound());
    site.server.release();
    site.shows(CANARY).await;
    site.browser.eval("void crash(() => {})").await;
    site.settle().await;
    site.says(&[code]).await;
    assert_eq!(requests(site).len(), tries);
    assert_eq!((site.ran(), site.views(), site.events("fallback").len()), (vec![CANARY.to_owned()], 1, 0));
}

pub(crate) async fn e601_reports_blocked(engine: Engine) {
    let site = site(engine, &page()).await;
    site.server.on(ENDPOINT, Reply::sound().reset());
    gives_up(&site, "E601").await;
    // Once with keepalive and once without; browsers may repeat each.
    assert!((1..=4).contains(&requests(&site).len()), "{:?}", requests(&site));
}

pub(crate) async fn e602_keepalive_refused(engine: Engine) {
    // A page may have 64 KiB under way with keepalive.
    let full = "fetch('/full', { method: 'POST', keepalive: true, body: 'x'.repeat(65536) }).catch(() => {});";
    let site = site(engine, &page().first(full)).await;
    site.server.on("/full", Reply::sound().hanging());
    site.visit().await;
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    site.says(&["E602"]).await;
    site.server.release();
}

pub(crate) async fn e603_collector_fails(engine: Engine) {
    let site = site(engine, &page()).await;
    site.server.on(ENDPOINT, Reply::sound().status(500));
    gives_up(&site, "E603").await;
    assert_eq!(requests(&site).len(), 1);
    // A collector that never answers delays nothing.
    site.server.restore();
    site.server.on(ENDPOINT, Reply::sound().hanging());
    site.visit().await;
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    site.says(&[]).await;
    site.server.release();
}

pub(crate) async fn e603_endpoint_elsewhere(engine: Engine) {
    let site = site(engine, &page()).await;
    let other = FaultServer::start(site.files.root());
    other.on(ENDPOINT, accepted().header("Access-Control-Allow-Origin", "*"));
    site.files.mount_config(&config("100", &format!(r#", "endpoint": "{}""#, other.url(ENDPOINT)), ""));
    site.visit().await;
    site.shows(CANARY).await;
    site.says(&["E603"]).await;
    assert_eq!(other.log().since(canary_e2e::access_log::Mark::START).len() + requests(&site).len(), 0);
    // An endpoint that passes reports on to another origin.
    let away = Reply::sound().status(307).header("Location", other.url(ENDPOINT));
    site.files.mount_config(&config("100", r#", "endpoint": "/away?a=b""#, ""));
    site.server.on("/away", away);
    site.visit().await;
    site.shows(CANARY).await;
    site.says(&["E601"]).await;
    assert_eq!(other.log().since(canary_e2e::access_log::Mark::START).len(), 0);
    assert!(site.requests("/away")[0].path.starts_with("/away?a=b&n="));
    // Negative control: another path on this origin.
    site.files.mount_config(&config("100", r#", "endpoint": "/r""#, ""));
    site.server.on("/r", accepted());
    site.visit().await;
    site.shows(CANARY).await;
    until("the reports", DEADLINE, || (site.requests("/r").len() == 2).then_some(()));
}

/// The sum of a metric over the series that contain `label`.
fn sum(metrics: &str, name: &str, label: &str) -> u64 {
    let lines = http::get(&format!("{metrics}/metrics"), &[]).text();
    let series = lines.lines().filter(|line| line.starts_with(name) && line.contains(label));
    series.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// Starts the site in `canaryctl serve`, with the collector in it. Returns the addresses of pages and of metrics.
fn serve(site: &FaultSite) -> (Process, [String; 2]) {
    let program = std::env::var_os("CANARYCTL").unwrap_or_else(|| repo("target/release/canaryctl").into_os_string());
    let root = site.files.root();
    let mut command = Command::new(program);
    command.arg("serve").arg(root).arg("--config").arg(root.join("config/canary.json"));
    command.arg("--runtime").arg(root.join("runtime"));
    command.args(["--port=0", "--metrics-port=0", "--window=1", "--horizon=2"]);
    let mut server = Process::spawn("serve", command);
    let addresses = server.first_lines().map(|line| line.trim_end_matches('/').to_owned());
    (server, addresses)
}

pub(crate) async fn other_origin_counts_nothing(engine: Engine) {
    let site = site(engine, &Page::patient().config(config("100", r#", "horizonSeconds": 2"#, ""))).await;
    site.files.write("blank.html", "<!doctype html><title>blank</title><body>");
    let (_server, [origin, metrics]) = serve(&site);
    site.visit().await;
    site.shows(CANARY).await;
    // It is a report that counts from a page of the collector's origin: its text is valid also as a form's.
    let body = report(&site, "exposure").to_string();
    let body = format!(r#"{}, "form": ""#, body.trim_end_matches('}'));
    let endpoint = format!("{origin}{ENDPOINT}?n=0123456789abcdef");
    let attack = format!(
        r#"(async () => {{
            const [url, body] = [{endpoint:?}, {body:?}];
            const whole = body + '="}}';
            for (const more of [{{}}, {{ keepalive: true }}, {{ credentials: "include" }}]) {{
                await fetch(url, {{ method: "POST", mode: "no-cors", body: whole, ...more }}).catch(() => {{}});
            }}
            await fetch(url, {{ method: "POST", body: whole }}).catch(() => {{}});
            navigator.sendBeacon(url, whole);
            const frame = Object.assign(document.createElement("iframe"), {{ name: "sink" }});
            const form = Object.assign(document.createElement("form"), {{
                method: "post", action: url, enctype: "text/plain", target: "sink" }});
            form.append(Object.assign(document.createElement("input"), {{ name: body, value: '"}}' }}));
            document.body.append(frame, form);
            form.submit();
            return true;
        }})()"#
    );
    let refused = || {
        sum(&metrics, "canary_reports_refused_total", "site") + sum(&metrics, "canary_reports_refused_total", "origin")
    };
    // Pages of the same site, which has another port, and of another one.
    for (index, page) in
        [site.server.origin(), site.server.origin().replace("127.0.0.1", "localhost")].iter().enumerate()
    {
        site.browser.goto(&format!("{page}/blank.html")).await;
        site.browser.wait_for(&format!("document.title === 'blank' && origin === '{page}'")).await;
        site.browser.eval(&attack).await;
        let expected = 6 * (index as u64 + 1);
        until(format!("{expected} refusals, found {}", refused()), DEADLINE, || (refused() >= expected).then_some(()));
    }
    assert_eq!(sum(&metrics, "canary_exposures_total", ""), 0);

    // Negative control: a page of that origin counts, with the same text and by itself.
    site.browser.goto(&format!("{origin}/blank.html")).await;
    site.browser.wait_for(&format!("document.title === 'blank' && origin === '{origin}'")).await;
    site.browser.eval(&attack).await;
    until("a count", DEADLINE, || (sum(&metrics, "canary_exposures_total", "") >= 6).then_some(()));
    let before = sum(&metrics, "canary_exposures_total", "");
    site.browser.goto(&format!("{origin}/")).await;
    until("one more", DEADLINE, || (sum(&metrics, "canary_exposures_total", "") > before).then_some(()));
    let windows = || {
        let text = http::get(&format!("{metrics}/windows?since=0"), &[]).text();
        let rows: Vec<Value> = text.lines().skip(1).filter_map(|line| serde_json::from_str(line).ok()).collect();
        let total = |name: &str| rows.iter().filter_map(|row| row[name].as_u64()).sum::<u64>();
        (total("exposed"), total("ready"))
    };
    until("final windows", DEADLINE, || (windows().1 == 1).then_some(()));
    assert_eq!(windows(), (before + 1, 1));
}
