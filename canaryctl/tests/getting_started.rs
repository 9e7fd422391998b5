//! Every command of docs/getting-started.md, in the order of the page.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use support::{Server, canaryctl, repo, text};

/// A build of Vite, whose script has a name of its own.
const BUILD: &str = r#"#!/bin/sh
dir=dist name=index-AAAA1111.js
[ "$#" -le 2 ] || { dir=next; name=index-BBBB2222.js; }
mkdir -p $dir/assets $dir/.vite
echo "document.title = '$name'" >$dir/assets/$name
echo "{\"index.html\": {\"file\": \"assets/$name\", \"src\": \"index.html\", \"isEntry\": true}}" >$dir/.vite/manifest.json
echo "<!doctype html><title>shop</title><div id=app></div><script type=module crossorigin src=/assets/$name></script>" >$dir/index.html
"#;

/// Runs a line of the page with this program and the build on the `PATH`.
fn run(line: &str, dir: &Path) -> String {
    let program = Path::new(canaryctl([""; 0]).get_program()).parent().unwrap().to_owned();
    let path = format!("{}:{}:{}", dir.join("bin").display(), program.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh").args(["-c", line]).current_dir(dir).env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{line}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn every_command_of_the_page_works() {
    let page = fs::read_to_string(repo("docs/getting-started.md")).unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let lines: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert_eq!(lines.len(), 13, "{lines:#?}");
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let write = |path: &str, text: &str| {
        fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
        fs::write(dir.join(path), text).unwrap();
    };
    write("package.json", r#"{"version": "1.0.0"}"#);
    write("vite.config.js", "");
    write("node_modules/canary-runtime/canary.js", "loader");
    write("bin/npm", BUILD);
    fs::set_permissions(dir.join("bin/npm"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut answers = Vec::new();
    for line in lines {
        if line == "canaryctl serve dist" {
            let mut command = canaryctl(["serve", "dist", "--port", "0"]);
            let server = Server::start(
                {
                    command.current_dir(dir);
                    command
                },
                &dir.join("stderr"),
            );
            answers.push((server.get("/").body, server.get("/config/canary.json").body));
        } else {
            let out = run(line, dir);
            assert!(!line.contains("--dry-run") || !dir.join("k8s").exists());
            assert!(!line.contains("explain") || out.starts_with("user-1 gets canary"), "{out}");
        }
    }
    assert!(
        answers[0].0.contains("data-canary-guard") && answers[0].0.contains("/assets/index-AAAA1111.js"),
        "{}",
        answers[0].0
    );
    assert!(answers[0].1.contains("\"CANARY_PERCENTAGE\": 0,") && answers[1].1.contains("\"CANARY_PERCENTAGE\": 1,"));
    assert!(answers[1].1.contains("/assets/index-BBBB2222.js"), "{}", answers[1].1);
}
