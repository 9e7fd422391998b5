//! The images, built once for all tests of a run by `scripts/images`.

use crate::archive::run;
use crate::container::check_tools;
use canary_e2e::files::{copy_tree, repo, temp_dir, write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Instant;

/// A file of an older runtime, which is in 1.4.2 alone.
pub(crate) const OLD_MODULE: &str = "runtime/flags_0123456789abcdef.js";

/// Runs `scripts/images` with these variables.
#[track_caller]
pub(crate) fn images(to: &Path, images: &[&str], env: &[(&str, String)]) -> Output {
    let mut command = Command::new(repo("scripts/images"));
    // Not the time of the commit, which may change while the tests run.
    command
        .arg(to)
        .args(images)
        .env("SOURCE_DATE_EPOCH", "1767225600")
        .envs(env.iter().map(|(name, value)| (name, value)));
    command.output().unwrap_or_else(|e| panic!("cannot run scripts/images: {e}"))
}

/// Runs `scripts/images`, which has to succeed.
#[track_caller]
pub(crate) fn must(to: &Path, names: &[&str], env: &[(&str, String)]) {
    let output = images(to, names, env);
    assert!(output.status.success(), "{names:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The archive of a front end: 1.4.2 with an older runtime, or 1.5.0 or 1.6.0, each with the files of the one before.
#[track_caller]
pub(crate) fn frontend(version: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let (start, to) = (Instant::now(), Path::new(env!("CARGO_TARGET_TMPDIR")).join("images"));
        build(&to);
        println!("three front ends: {:.1?}", start.elapsed());
        to
    });
    built.join(format!("frontend-{version}.tar"))
}

/// Two builds, so that 1.5.0 gets the files of 1.4.2 from its image alone.
#[track_caller]
pub(crate) fn build(to: &Path) {
    check_tools();
    let runtime = temp_dir();
    copy_tree(&repo("pkg"), runtime.path());
    write(&runtime.path().join(OLD_MODULE.strip_prefix("runtime/").unwrap()), "export const old = true;\n".repeat(50));
    must(to, &["frontend:1.4.2"], &[("RUNTIME", runtime.path().display().to_string())]);
    let previous = format!("docker-archive:{}", to.join("frontend-1.4.2.tar").display());
    must(to, &["frontend:1.5.0", "frontend:1.6.0"], &[("PREVIOUS", previous)]);
}

/// Decompresses Brotli.
#[track_caller]
pub(crate) fn unbrotli(bytes: &[u8]) -> Vec<u8> {
    let dir = temp_dir();
    let file = dir.path().join("it.br");
    write(&file, bytes);
    run(Command::new("brotli").arg("-d").arg(&file));
    std::fs::read(dir.path().join("it")).unwrap()
}
