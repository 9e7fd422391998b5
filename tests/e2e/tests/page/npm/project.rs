//! A project that has the package installed, and its tools.

use canary_e2e::files::{copy_tree, repo};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// A copy of `tests/npm` with its tools and the package that `npm pack` makes from `pkg/`. The packages of the lock file
/// are installed once for each run, so that nothing is left of an earlier one.
pub(crate) static PROJECT: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm");
    let _ = std::fs::remove_dir_all(&dir);
    copy_tree(&repo("tests/npm"), &dir);
    npm(&dir, &["ci", "--ignore-scripts", "--prefer-offline"]);
    let packed = npm(&dir, &["pack", "--json", &repo("pkg").display().to_string()]);
    let packed: Value = serde_json::from_str(&packed).unwrap_or_else(|e| panic!("npm pack: {e}: {packed}"));
    let tarball = format!("./{}", packed[0]["filename"].as_str().expect("npm pack names the file"));
    npm(&dir, &["install", "--no-save", "--no-package-lock", "--ignore-scripts", "--prefer-offline", &tarball]);
    dir
});

/// The output of npm.
#[track_caller]
pub(crate) fn npm(dir: &Path, args: &[&str]) -> String {
    let quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
    run(Command::new("npm").current_dir(dir).args(args).args(quiet))
}

/// Runs a tool of the project in one of its folders.
#[track_caller]
pub(crate) fn tool(folder: &str, name: &str, args: &[&str]) {
    let program = PROJECT.join("node_modules/.bin").join(name);
    run(Command::new(program).current_dir(PROJECT.join(folder)).args(args));
}

/// The standard output of a command that has to succeed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("cannot run {command:?}: {e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out
}

/// The program, as built for release or as the environment names it.
pub(crate) fn canaryctl() -> PathBuf {
    std::env::var_os("CANARYCTL").map_or_else(|| repo("target/release/canaryctl"), Into::into)
}
