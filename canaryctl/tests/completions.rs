//! `canaryctl completions` for every supported shell.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::process::Command;

use support::{run, text};

#[test]
fn every_script_has_the_verbs() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell], "");
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{shell}");
        let script = text(&output.stdout);
        for word in ["init", "serve", "inject", "--proxy", "runtime"] {
            assert!(script.contains(word.trim_start_matches("--")), "{shell}: {word}");
        }
    }
}

#[test]
fn bash_runs_its_script() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("canaryctl");
    fs::write(&path, run(&["completions", "bash"], "").stdout).unwrap();
    let syntax = Command::new("bash").arg("-n").arg(&path).output().unwrap();
    assert_eq!((syntax.status.code(), text(&syntax.stderr).as_str()), (Some(0), ""));
    let ask = "source \"$1\"; COMP_WORDS=(canaryctl inj) COMP_CWORD=1; _canaryctl canaryctl inj canaryctl; echo \"${COMPREPLY[@]}\"";
    let answer = Command::new("bash").args(["-c", ask, "bash"]).arg(&path).output().unwrap();
    assert_eq!(text(&answer.stdout), "inject\n", "{}", text(&answer.stderr));
}
