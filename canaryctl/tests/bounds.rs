//! Input that takes long, is no file, or is made to deceive a terminal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use support::{canaryctl, text};
use tempfile::TempDir;

const CONFIG: &str = "kind: ConfigMap\nmetadata: {name: canary-settings}\ndata: {config.json: '{}'}\n";

/// Twenty seconds on a busy machine, without optimization: what is not bounded takes minutes.
const STEPS: u32 = 200;

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Runs a verb in a folder, with at most 400 MB of address space beyond the program. Returns the exit code and all output.
#[track_caller]
fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 600000; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_canaryctl")]).args(args);
    let mut child = command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let [mut out, mut errors] = [String::new(), String::new()];
    for _ in 0..STEPS {
        if let Some(status) = child.try_wait().unwrap() {
            child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
            child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            return (status.code(), format!("{out}{errors}"));
        }
        sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    assert!(args.is_empty(), "{args:?} does not end");
    (None, String::new())
}

#[track_caller]
fn check(folder: &Path, args: &[&str], code: i32, message: &str) {
    let (found, output) = run(folder, args);
    assert!(found == Some(code) && output.contains(message), "{args:?} {found:?}: {output}, expected {message}");
}

#[test]
fn large_and_deep_files_are_refused() {
    let many = |count: usize, text: &str| text.repeat(count);
    let bomb: Vec<_> =
        (1..40).map(|at| format!("a{at}: &a{at} [{}]\n", vec![format!("*a{}", at - 1); 10].join(","))).collect();
    let bomb = bomb.concat();
    let scalars = format!("s: &s \"{}\"\nt: [{}]\n", many(1_000_000, "x"), many(20_000, "*s, "));
    let folder = folder(&[
        ("bomb.yaml", &format!("a0: &a0 [x, x]\n{bomb}{CONFIG}")),
        ("scalars.yaml", &format!("{scalars}{CONFIG}")),
        ("flow.yaml", &format!("{CONFIG}x: {}{}\n", many(200_000, "["), many(200_000, "]"))),
        ("items.yaml", &format!("{CONFIG}x:\n{}", many(600_000, "- a\n"))),
        ("deep.json", &format!("{{\"x\": {}{}}}", many(200_000, "["), many(200_000, "]"))),
        (
            "list.yaml",
            &format!(
                "kind: List\nitems:\n{}",
                many(8_000, &format!("- {}", CONFIG.replace('\n', "\n  "))).replace("  - ", "- ")
            ),
        ),
    ]);
    File::create(folder.path().join("big.yaml")).unwrap().set_len(1 << 30).unwrap();
    for verb in [&["validate"][..], &["set", "5", "--config"], &["explain", "--key", "u", "--config"]] {
        for (file, message) in [
            ("bomb.yaml", "its aliases make it larger than 16 MiB"),
            ("scalars.yaml", "its aliases make it larger than 16 MiB"),
            ("flow.yaml", "recursion limit exceeded"),
            ("items.yaml", "it has more than 400,000 nodes"),
            ("big.yaml", "cannot read big.yaml: it has more than 16 MiB"),
        ] {
            check(folder.path(), &[verb, &[file]].concat(), 2, message);
        }
    }
    check(folder.path(), &["validate", "deep.json"], 1, "expected at most 64 levels of nesting");
    check(folder.path(), &["validate", "list.yaml"], 1, "expected at most 2000 objects; the rest are not checked");
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder =
        folder(&[("k/kustomization.yaml", "resources: [pipe.yaml, loop.yaml, kernel.yaml]\n"), ("k/cm.yaml", CONFIG)]);
    let path = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").args([path("k/pipe.yaml"), path("pipe.json")]).status().unwrap().success());
    symlink("loop.yaml", path("k/loop.yaml")).unwrap();
    symlink("/proc/kmsg", path("k/kernel.yaml")).unwrap();
    symlink("..", path("k/up")).unwrap();
    for verb in [
        &["validate"][..],
        &["set", "5", "--config"],
        &["explain", "--key", "u", "--config"],
        &["simulate", "--config"],
    ] {
        let pipe = "cannot read pipe.json: it is a pipe, expected a file";
        check(folder.path(), &[verb, &["pipe.json"]].concat(), 2, pipe);
        check(folder.path(), &[verb, &["/dev/zero"]].concat(), 2, "it is a device, expected a file");
        check(folder.path(), &[verb, &["/proc/kmsg"]].concat(), 2, "it is a file of the system");
        check(folder.path(), &[verb, &["k/loop.yaml"]].concat(), 2, "Too many levels of symbolic links");
    }
    let (code, output) = run(folder.path(), &["validate", "k"]);
    assert_eq!(code, Some(1));
    for line in ["pipe.yaml: it is a pipe", "loop.yaml: Too many levels", "kernel.yaml: lies outside of "] {
        assert!(output.contains(line), "{output}");
    }
    // A pipe of the shell is no such pipe.
    let output = Command::new("bash")
        .args([
            "-c",
            "\"$0\" validate <(printf '{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}}')",
            env!("CARGO_BIN_EXE_canaryctl"),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn files_outside_of_the_repository_are_not_read() {
    let folder = folder(&[
        ("secret.txt", "token: hunter2: [\n"),
        ("shared/cm.yaml", CONFIG),
        ("repo/shared/cm.yaml", CONFIG),
        ("repo/k8s/kustomization.yaml", "resources: [../../secret.txt, link.yaml, ../shared/cm.yaml]\n"),
        (
            "repo/k8s/patch/kustomization.yaml",
            "patches: [{path: ../../../secret.txt}]\nconfigMapGenerator: [{name: canary-settings, files: [config.json=../../../secret.txt], envs: [../../../secret.txt]}]\n",
        ),
        ("repo/nginx.conf", "include ../secret.txt;\nserver { listen 1; }\n"),
    ]);
    symlink("../../secret.txt", folder.path().join("repo/k8s/link.yaml")).unwrap();
    for name in ["repo/k8s", "repo/k8s/patch", "repo/nginx.conf"] {
        let (_, output) = run(folder.path(), &["validate", name]);
        assert!(!output.contains("hunter2") && !output.contains("mapping values"), "{output}");
    }
    let count = || {
        let (code, output) = run(folder.path(), &["validate", "repo/k8s"]);
        assert_eq!(code, Some(1));
        output.matches("where kustomize reads nothing").count()
    };
    assert_eq!(count(), 3, "without a repository, as kustomize does");
    fs::create_dir(folder.path().join("repo/.git")).unwrap();
    assert_eq!(count(), 2, "in a repository, as Flux does");
}

#[test]
fn no_file_sends_commands_to_the_terminal() {
    let name = "\u{1b}]0;PWNED\u{7}\u{1b}[31mcm.yaml";
    let config = "kind: ConfigMap\nmetadata: {name: canary-settings}\ndata:\n  config.json: |\n    {\"CANARY_PERCENTAGE\": 50, \"X\\u001b[2J\\u009b2J\": 1, \"FEATURE_FLAGS\": {\"a\": {\"variants\": {\"v\\u001b[2J\\u009b2J\": {\"weight\": 100, \"value\": \"\\u009b2J\"}}}}}\n";
    let bare = config.split_once("|\n    ").unwrap().1.replace("\\u009b", "\u{9b}");
    let folder = folder(&[
        ("k/kustomization.yaml", "resources:\n  - \"\\e]0;PWNED\\a\\e[31mcm.yaml\"\n  - \"gone\\e[2J\"\n"),
        (&format!("k/{name}"), config),
        ("b.json", &bare),
    ]);
    let file = format!("k/{name}");
    let other = folder.path().join("other.yaml");
    fs::write(&other, config.replace("50", "60")).unwrap();
    for args in [
        &["validate", "k"][..],
        &["validate", &file],
        &["explain", "--key", "u", "--config", &file],
        &["simulate", "--users", "100", "--config", &file],
        &["validate", "b.json"],
        &["explain", "--key", "u", "--config", "b.json"],
        &["simulate", "--users", "100", "--config", "b.json"],
        &["set", "7", "--config", "b.json", "--dry-run"],
        &["diff", "--users", "100", &file, "other.yaml"],
        &["set", "7", "--dry-run", "--config", &file],
        &["set", "--flag", "a=5", "--config", &file],
        &["set", "7", "--config", "\u{1b}[2Jgone"],
    ] {
        let output = canaryctl(args).current_dir(folder.path()).env("NO_COLOR", "1").output().unwrap();
        for stream in [output.stdout, output.stderr] {
            let printed = text(&stream);
            let found = printed.chars().find(|char| char.is_control() && !matches!(char, '\n' | '\t'));
            assert_eq!(found, None, "{args:?}: {printed:?}");
        }
    }
}
