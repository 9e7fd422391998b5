//! Two pages of one build, each with a canary of its own.

use crate::npm::project::{canaryctl, run};
use canary_e2e::files::copy_tree;
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// The pages of a site, with the names of their scripts.
const PAGES: [(&str, &str); 2] = [("index.html", "shop"), ("other.html", "other")];

/// A build of a version: each page writes what it is, and the version.
fn build(dir: &Path, version: u8) {
    for (page, app) in PAGES {
        let script = format!("{app}-{version}.js");
        std::fs::write(dir.join(&script), format!("document.querySelector('#app').append('{app} {version}')")).unwrap();
        let html = format!(
            "<!doctype html><title>{app}</title><link rel=icon href=\"data:,\">\n<script type=module src=/{script}></script>\n<div id=app></div>\n"
        );
        std::fs::write(dir.join(page), html).unwrap();
    }
}

fn tool(args: &[&str], dir: &Path) -> String {
    run(Command::new(canaryctl()).args(args).arg(dir).args(["--output", "json", "--version"]).arg("1"))
}

#[tokio::test]
async fn each_page_has_its_own_canary() {
    let (stable, canary) = (canary_e2e::files::temp_dir(), canary_e2e::files::temp_dir());
    build(canary.path(), 2);
    let assets: Value = serde_json::from_str(&tool(&["assets"], canary.path())).unwrap();
    build(stable.path(), 1);
    tool(&["inject", "--data", "decision-budget=15000"], stable.path());

    let files = SiteFiles::new();
    copy_tree(stable.path(), files.root());
    for (_, app) in PAGES {
        let script = format!("{app}-2.js");
        std::fs::copy(canary.path().join(&script), files.root().join(&script)).unwrap();
    }
    let config = |percentage: u8, assets: &Value| {
        json!({"CANARY_PERCENTAGE": percentage, "FEATURE_FLAGS": {}, "ASSETS": assets}).to_string()
    };
    files.mount_config(&config(100, &assets));
    let site = TestSite::new(files).await;
    let shows = async |page: &str, text: &str| {
        site.goto(&format!("/{page}")).await;
        let shown =
            format!("document.querySelector('#app').innerText === {text:?} && document.readyState === 'complete'");
        site.browser.wait_for(&shown).await;
    };
    for (page, app) in PAGES {
        shows(page, &format!("{app} 2")).await;
    }
    site.files.mount_config(&config(0, &assets));
    for (page, app) in PAGES {
        shows(page, &format!("{app} 1")).await;
    }
    site.browser.assert_console(&[]).await;
    // Negative control: pages without names have one canary, whichever page they are.
    for (page, _) in PAGES {
        let html = std::fs::read_to_string(site.files.root().join(page)).unwrap();
        let (before, after) = html.split_once(" data-entry=").unwrap();
        let rest = after.split_once('"').and_then(|(_, rest)| rest.split_once('"')).unwrap().1;
        site.files.write(page, format!("{before}{rest}"));
    }
    site.browser.clear_site_data().await;
    site.files.mount_config(&config(100, &json!({"canary": assets["entries"]["index"]})));
    for (page, _) in PAGES {
        shows(page, "shop 2").await;
    }
}
