//! Builds of real frameworks and bundlers, by the tables of `docs/bundlers.md`: both arms of each, or the reason why it is refused.

use crate::npm::project::{canaryctl, npm, run};
use canary_e2e::files::{copy_tree, read, repo};
use canary_e2e::nginx;
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rows of the table: the name, what it was tested with, the options, the result.
fn rows() -> Vec<[String; 4]> {
    let text = read(&repo("docs/bundlers.md"));
    let table = text.lines().skip_while(|line| !line.starts_with("| framework")).skip(2);
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    table.take_while(|line| line.starts_with('|')).map(|line| cells(line).try_into().expect("four cells")).collect()
}

/// The folders of a framework's app. Of another major, as "Astro 4", the own folder has only what differs.
fn sources(name: &str) -> Vec<PathBuf> {
    let (root, name) = (repo("tests/frameworks"), name.to_lowercase());
    let base = name.split_once(' ').map(|(base, _)| root.join(base));
    base.into_iter().chain([root.join(name.replace(' ', "-"))]).collect()
}

#[test]
fn the_table_has_every_framework_and_its_versions() {
    let rows = rows();
    let folders = repo("tests/frameworks").read_dir().unwrap().count();
    assert_eq!(rows.len(), folders);
    for [name, versions, ..] in rows {
        let package: Value = serde_json::from_str(&read(&sources(&name).pop().unwrap().join("package.json"))).unwrap();
        for version in versions.split(", ") {
            let (library, version) = version.rsplit_once(' ').unwrap();
            assert_eq!(package["dependencies"][library], version, "{name}");
        }
    }
}

/// Builds the app in some folders twice. Returns the folders of version 1 and 2.
fn build(name: &str, sources: &[PathBuf]) -> [PathBuf; 2] {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("frameworks").join(name);
    for source in sources {
        copy_tree(source, &dir);
    }
    npm(&dir, &["install", "--no-package-lock", "--legacy-peer-deps", "--prefer-offline"]);
    ["1", "2"].map(|version| {
        let mut command = Command::new("npm");
        for telemetry in
            ["NG_CLI_ANALYTICS", "NUXT_TELEMETRY_DISABLED", "ASTRO_TELEMETRY_DISABLED", "NEXT_TELEMETRY_DISABLED"]
        {
            command.env(telemetry, if telemetry == "NG_CLI_ANALYTICS" { "false" } else { "1" });
        }
        run(command.current_dir(&dir).env("VERSION", version).env("CI", "1").args(["run", "build"]));
        let built = dir.join(format!("version-{version}"));
        let _ = std::fs::remove_dir_all(&built);
        std::fs::rename(dir.join("dist"), &built).unwrap();
        built
    })
}

fn tool(verb: &str, dir: &Path, args: &[&str]) -> Value {
    let mut command = Command::new(canaryctl());
    command.arg(verb).arg(dir).args(["--version", "1", "--output", "json"]).args(args);
    serde_json::from_str(&run(&mut command)).unwrap()
}

/// Checks that `inject` refuses the build for the reason of the table.
fn is_refused(dir: &Path, result: &str) {
    let reason = result.split('`').nth(1).expect("the message of the refusal");
    let output = Command::new(canaryctl()).arg("inject").arg(dir).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(reason), "{error}");
}

async fn works(name: &str, stable: &Path, canary: &Path) {
    let assets = tool("assets", canary, &[]);
    let report = tool("inject", stable, &["--data", "decision-budget=15000"]);
    let files = SiteFiles::new();
    // The pages are stable's.
    copy_tree(canary, files.root());
    copy_tree(stable, files.root());
    let assets = if assets["entries"].is_null() { json!({"canary": assets}) } else { assets };
    let config =
        |percentage: u8| json!({"CANARY_PERCENTAGE": percentage, "FEATURE_FLAGS": {}, "ASSETS": assets}).to_string();
    let hashes = report["pages"][0]["scriptSrc"].as_array().unwrap().iter();
    let hashes: Vec<_> = hashes.map(|it| it["source"].as_str().unwrap()).collect();
    let site = TestSite::with(files, |nginx| {
        nginx::replace(nginx, "headers.conf", "script-src 'self'", &format!("script-src 'self' {}", hashes.join(" ")));
    })
    .await;
    for (percentage, version) in [(0, 1), (100, 2)] {
        site.files.mount_config(&config(percentage));
        site.goto("/").await;
        let text = |selector: &str| format!("document.querySelector('{selector}')?.textContent");
        site.browser.wait_for(&format!("{} === 'lazy {version}'", text("#lazy"))).await;
        assert_eq!(site.browser.eval(&text("h1")).await, format!("App {version}"), "{name}");
        assert_eq!(site.browser.eval("getComputedStyle(document.querySelector('h1')).color").await, "rgb(1, 2, 3)");
        site.browser.eval("void document.querySelector('button').click()").await;
        site.browser.wait_for(&format!("{} === '1'", text("button"))).await;
        if name.starts_with("Astro") {
            site.goto("/about/index.html").await;
            site.browser.wait_for(&format!("{} === 'About {version}'", text("h1"))).await;
        }
    }
    site.browser.assert_console(&[]).await;
}

/// `CANARY_FRAMEWORK` names one of them.
#[tokio::test]
#[ignore = "installs and builds ten frameworks, which takes minutes: scripts/test-long frameworks"]
async fn real_frameworks() {
    let only = std::env::var("CANARY_FRAMEWORK").ok();
    for [name, _, _, result] in rows() {
        if only.as_ref().is_some_and(|only| !name.eq_ignore_ascii_case(only)) {
            continue;
        }
        eprintln!("{name}");
        let [stable, canary] = build(&name.to_lowercase().replace(' ', "-"), &sources(&name));
        if result.starts_with("works") { works(&name, &stable, &canary).await } else { is_refused(&stable, &result) }
    }
}

/// `CANARY_FRAMEWORK` names one of them, by its folder.
#[tokio::test]
#[ignore = "installs and builds with ten bundlers, which takes minutes: scripts/test-long frameworks"]
async fn real_bundlers() {
    let only = std::env::var("CANARY_FRAMEWORK").ok();
    let folders = repo("tests/bundlers").read_dir().unwrap().map(|folder| folder.unwrap().path());
    for folder in folders.filter(|folder| folder.join("package.json").is_file()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        eprintln!("{name}");
        let [stable, canary] = build(&name, &[repo("tests/bundlers/app"), folder]);
        works(&name, &stable, &canary).await;
    }
}
