//! Configs that are swapped while they are read: each answer is one whole config, and never an outdated one.
//!
//! `scripts/test-long swap` runs the long form, also under the load of wrk.

mod numbered_config;
mod readers;
mod wrk;

use canary_e2e::atomic::{AtomicWriter, Files};
use canary_e2e::console::unexpected;
use canary_e2e::fixture::{self, CANARY, ran};
use canary_e2e::nginx::{self, Config, Nginx};
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use canary_e2e::wait::{self, DEADLINE};
use readers::Report;
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::thread;
use wrk::Wrk;

/// The directives that keep nginx from caching a config.
const FORGETS: &str = "            etag              off;
            if_modified_since off;
            open_file_cache   off;
";

fn site_files() -> SiteFiles {
    let files = SiteFiles::empty();
    files.mount_config(&numbered_config::text(0));
    files
}

fn swap(files: &SiteFiles) -> impl Fn(u64) + Sync {
    |number| assert!(files.mount_config(&numbered_config::text(number)))
}

#[track_caller]
fn assert_sound(report: &Report) {
    println!("{report}");
    assert!(report.faults.is_empty(), "{report}: {:#?}", report.faults);
    assert!(report.conditional > report.answers / 2 && report.compressed > report.answers / 4, "{report}");
    // A 404 during a swap is rare.
    assert!(report.missing * 100 <= report.answers, "{report}");
}

#[test]
fn readers_get_whole_configs_during_200_swaps() {
    let files = site_files();
    let nginx = Nginx::start(files.root());
    let workers = nginx.workers();
    assert_sound(&readers::run(&nginx.origin(), 200, swap(&files)));
    assert_eq!(nginx.workers(), workers);
}

#[test]
#[ignore = "long: scripts/test-long swap"]
fn readers_get_whole_configs_during_3000_swaps_under_load() {
    let files = site_files();
    let nginx = Nginx::start(files.root());
    let workers = nginx.workers();
    let wrk = Wrk::start(&nginx.url(fixture::CONFIG), numbered_config::text(0).len());
    let report = readers::run(&nginx.origin(), 3_000, swap(&files));
    let load = wrk.stop();
    println!("{load}");
    assert_sound(&report);
    assert!(load.answers > 10_000 && load.wrong == 0, "{load}");
    assert!(load.missing * 100 <= load.answers, "{load}");
    assert_eq!(nginx.workers(), workers);
}

/// wrk finds torn configs too.
#[test]
#[ignore = "long: scripts/test-long swap"]
fn wrk_finds_a_torn_config() {
    let files = site_files();
    let nginx = Nginx::start(files.root());
    let wrk = Wrk::start(&nginx.url(fixture::CONFIG), numbered_config::text(0).len());
    let report = readers::run(&nginx.origin(), 1_000, write_in_place(&files));
    let load = wrk.stop();
    assert!(load.wrong > 0, "{load}, {report}");
}

/// Negative controls: `edit`, or another way to write, causes faults of this kind alone.
#[track_caller]
fn assert_found(kind: &str, edit: impl FnOnce(&mut Config), write: impl Fn(&SiteFiles, u64) + Sync) {
    let files = site_files();
    let nginx = Nginx::start_with(files.root(), edit);
    let report = readers::run(&nginx.origin(), 200, |number| write(&files, number));
    let of_kind = report.faults.iter().filter(|fault| fault.starts_with(kind)).count();
    assert!(of_kind > 0 && of_kind == report.faults.len(), "{kind:?} {of_kind}: {report}: {:#?}", report.faults);
}

#[test]
fn a_stale_304_is_found() {
    let remember =
        |config: &mut Config| nginx::replace(config, "nginx.conf", FORGETS, "etag on; if_modified_since exact;");
    let write = |files: &SiteFiles, number| assert!(files.mount_config(&numbered_config::text(number)));
    // By the ETag alone: the time of an answer differs from that of the file.
    assert_found("304: ", remember, write);
}

#[test]
fn an_outdated_config_is_found() {
    let remember = |config: &mut Config| {
        nginx::replace(config, "nginx.conf", FORGETS, "etag off; if_modified_since off; open_file_cache max=9;");
    };
    assert_found("older: ", remember, |files, number| assert!(files.mount_config(&numbered_config::text(number))));
}

#[test]
fn a_torn_config_is_found() {
    assert_found("torn: ", |_| (), |files, number| write_in_place(files)(number));
}

/// Writes in place, as an editor does and a volume never does.
fn write_in_place(files: &SiteFiles) -> impl Fn(u64) + Sync {
    let file = files.root().join("config/canary.json");
    move |number| {
        let text = numbered_config::text(number);
        let (first, second) = text.split_at(text.len() / 2);
        fs::write(&file, first).unwrap();
        thread::yield_now();
        OpenOptions::new().append(true).open(&file).unwrap().write_all(second.as_bytes()).unwrap();
    }
}

#[tokio::test]
async fn pages_work_during_200_swaps() {
    pages_live_through(200).await;
}

#[tokio::test]
#[ignore = "long: scripts/test-long swap"]
async fn pages_work_during_3000_swaps() {
    pages_live_through(3_000).await;
}

/// The lines that a page may print about a 404.
const GONE: [&str; 2] = ["[canary] E101 ", "the server responded with a status of 404"];

async fn pages_live_through(swaps: u64) {
    let site = TestSite::new(fixture::site_files("", &numbered_config::text(0))).await;
    let (origin, root) = (site.nginx.origin(), site.files.root().join("config"));
    let storm = thread::spawn(move || {
        let volume = AtomicWriter::new(root);
        readers::run(&origin, swaps, |number| {
            let file = ("canary.json".to_owned(), numbered_config::text(number).into_bytes());
            assert!(volume.write(&Files::from([file])));
        })
    });
    let TestSite { browser, .. } = &site;
    let number = format!("{CANARY}.getNumberValue('number', 0)");
    let look = "void document.dispatchEvent(new Event('visibilitychange'))";
    let (mut views, mut refreshes, mut last) = (0, 0, 0);
    loop {
        // A view after the last swap shows the last config.
        let over = storm.is_finished();
        site.goto("/").await;
        assert_eq!(ran(browser).await, json!(["canary"]), "view {views}");
        let seen = browser.wait_for(&number).await.as_u64().unwrap();
        assert!(seen >= last, "view {views}: {seen} after {last}");
        last = seen;
        views += 1;
        if over {
            break;
        }
        // A refresh may come before the next swap, or meet a 404. Then another one follows.
        wait::until_async("a refresh to bring a later config", DEADLINE, async || {
            browser.eval(look).await;
            let now = browser.eval(&number).await.as_u64().unwrap();
            (now > last || storm.is_finished()).then_some(())
        })
        .await;
        refreshes += 1;
    }
    let report = storm.join().unwrap();
    println!("{views} page views and {refreshes} refreshes");
    assert_sound(&report);
    assert!(views > 1 && refreshes > 0);
    assert_eq!(last, numbered_config::value(swaps));
    let said = browser.console().await;
    let other = unexpected(&said, &GONE);
    assert!(other.is_empty(), "{other:?}");

    // Every answer is a 404 now. An open page keeps its config.
    site.files.mount(&Files::new());
    browser.eval(look).await;
    browser.assert_console(&GONE).await;
    assert_eq!(browser.eval(&format!("[ran, {number}]")).await, json!([["canary"], last]));
    // A new view uses the last good config, and a new browser gets stable.
    site.goto("/").await;
    assert_eq!(ran(browser).await, json!(["canary"]));
    assert_eq!(browser.wait_for(&number).await, last);
    assert_eq!(browser.eval("decision.reason").await, "STALE");
    browser.assert_console(&GONE).await;
    let other = site.another_browser().await;
    other.goto(&site.nginx.url("/")).await;
    assert_eq!(ran(&other).await, json!(["stable"]));
    other.assert_console(&GONE).await;
    // When the config is back, everything is as before.
    site.files.mount_config(&numbered_config::text(swaps + 1));
    for browser in [browser, &other] {
        browser.goto(&site.nginx.url("/")).await;
        assert_eq!(ran(browser).await, json!(["canary"]));
        assert_eq!(browser.wait_for(&number).await, numbered_config::value(swaps + 1));
        browser.assert_console(&[]).await;
    }
}
