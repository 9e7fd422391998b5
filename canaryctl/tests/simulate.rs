//! `canaryctl simulate` as a process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "a panic is how a test fails, and tests may look at the clock"
)]

mod support;

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::fixture::Build;
use support::{DEADLINE, canaryctl, fails, repo, run, text};

const CONFIG: &str =
    r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"pro": {"rules": [{"if": {"plan": "pro"}, "serve": "yes"}]}}}"#;

fn json(args: &[&str], input: &str) -> Value {
    let args: Vec<_> = ["simulate", "--output", "json"].iter().chain(args).copied().collect();
    let output = run(&args, input);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_repositorys_config_has_the_expected_shares() {
    let path = repo("k8s/base/canary-config-cm.yaml").display().to_string();
    let json = json(&["--config", &path, "--users", "50000"], "");
    let expected = &json["expected"]["arms"]["canary"];
    let share = json["arms"]["canary"].as_f64().unwrap() / 500.0;
    assert!((share - expected.as_f64().unwrap()).abs() < 0.5, "{share} {expected}");
    assert_eq!(json["arms"]["canary"].as_u64().unwrap() + json["arms"]["stable"].as_u64().unwrap(), 50_000);
}

#[test]
fn the_buckets_are_those_of_canaryctl_bucket() {
    let keys = (0..3_000).map(|number| format!("id {number}\n")).collect::<Vec<_>>().concat();
    let buckets = text(&run(&["bucket", "--salt", "canary"], keys.as_str()).stdout);
    let inside = |line: &&str| line.split('\t').next().unwrap().parse::<u32>().unwrap() < 5_000;
    let build = Build::of("vite-root");
    std::fs::write(build.path("cm.json"), CONFIG).unwrap();
    let path = build.path("cm.json").display().to_string();
    let json = json(&["--config", &path, "--keys", "-"], &keys);
    assert_eq!(json["arms"]["canary"], buckets.lines().filter(inside).count());
    assert_eq!(json["users"], 3_000);
}

#[test]
fn rules_see_the_attributes() {
    for (attributes, expected) in [(r#"{"plan": "pro"}"#, r#"{"TARGETING_MATCH":10}"#), ("{}", r#"{"DEFAULT":10}"#)] {
        let json = json(&["--config", "-", "--users", "10", "--attributes", attributes], CONFIG);
        assert_eq!(json["flags"]["pro"]["reasons"].to_string(), expected);
    }
}

/// The chart of the repository's config in a locale, with color variables that the test sets.
fn chart(locale: &str, args: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = canaryctl(["simulate", "--config", "k8s/base/canary-config-cm.yaml", "--users", "100"]);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.args(args).current_dir(repo("")).env("LC_ALL", locale).envs(variables.iter().copied());
    text(&command.output().unwrap().stdout)
}

#[test]
fn a_chart_on_a_pipe_has_no_colors() {
    let ascii = chart("C.UTF-8", &["--ascii"], &[]);
    assert!(ascii.starts_with("k8s/base/canary-config-cm.yaml, revision 1: 100 synthetic users (user-0 to user-99)\n"));
    assert!(ascii.is_ascii() && !ascii.contains('\x1b') && ascii.contains("####"), "{ascii}");
    assert!(chart("C.UTF-8", &[], &[]).contains('█'));
    assert_eq!(chart("C", &[], &[]), ascii);
}

#[test]
fn colors_are_forced_and_disabled_by_the_environment() {
    let plain = chart("C", &[], &[]);
    let forced = chart("C", &[], &[("CLICOLOR_FORCE", "1")]);
    assert!(forced.contains("\n\x1b[1mbundle\x1b[0m\n") && forced.contains("\x1b[36m#"), "{forced}");
    assert_eq!(forced.replace("\x1b[1m", "").replace("\x1b[36m", "").replace("\x1b[0m", ""), plain);
    assert_eq!(chart("C", &[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), plain);
}

/// A run that does not end by itself, killed on drop.
struct EndlessRun(Child);

impl EndlessRun {
    const ARGS: [&str; 5] = ["simulate", "--config", "k8s/base/canary-config-cm.yaml", "--users", "1000000000000"];

    fn start(mut command: Command) -> Self {
        command.current_dir(repo("")).env("TERM", "xterm").stdin(Stdio::null());
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }
}

impl Drop for EndlessRun {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn only_a_terminal_gets_a_progress_bar() {
    let begin = Instant::now();
    let mut on_a_terminal = Command::new("script");
    let command = format!("exec {} {}", env!("CARGO_BIN_EXE_canaryctl"), EndlessRun::ARGS.join(" "));
    on_a_terminal.args(["--quiet", "--command", &command, "/dev/null"]);
    let mut run = EndlessRun::start(on_a_terminal);
    let output = chunks(run.0.stdout.take().unwrap());
    let mut seen = String::new();
    while !seen.contains(" % of 1,000,000,000,000 users, ") {
        seen += &output.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("no progress bar in {seen:?}"));
    }
    drop(run);

    let mut run = EndlessRun::start(canaryctl(EndlessRun::ARGS));
    let output = [chunks(run.0.stdout.take().unwrap()), chunks(run.0.stderr.take().unwrap())];
    thread::sleep(begin.elapsed() + Duration::from_millis(500));
    assert_eq!(output.map(|output| output.try_recv().ok()), [None, None]);
}

/// What a stream delivers, piece by piece.
fn chunks(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, chunks) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            if sender.send(text(&buffer[..length])).is_err() {
                break;
            }
        }
    });
    chunks
}

#[test]
fn a_rejected_config_exits_with_1() {
    let output = run(&["simulate", "--config", "-"], r#"{"CANARY_PERCENTAGE": 101, "FEATURE_FLAGS": {}}"#);
    let message = "\
canaryctl: the config is rejected: standard input:1:23: error E109 CANARY_PERCENTAGE: expected a number from 0 to 100 with \
                   at most 3 decimals
  |
1 | {\"CANARY_PERCENTAGE\": 101, \"FEATURE_FLAGS\": {}}
  |                       ^^^ found 101
";
    let outcome = (output.status.code(), text(&output.stdout), text(&output.stderr));
    assert_eq!(outcome, (Some(1), String::new(), message.to_owned()));
}

#[test]
fn unreadable_input_is_named() {
    let message = "canaryctl: cannot read no/such.yaml: No such file or directory (os error 2)\n";
    fails(&["simulate", "--config", "no/such.yaml"], b"", message);
    fails(
        &["simulate", "--config", "-", "--keys", "-"],
        b"",
        "canaryctl: --config and --keys cannot both be standard input\n",
    );
    fails(
        &["simulate", "--config", "-", "--attributes", "[]"],
        CONFIG.as_bytes(),
        "canaryctl: --attributes: expected a JSON object\n",
    );
    for args in [["--users", "0"], ["--now", "tomorrow"]] {
        let output = run(&["simulate", "--config", "-", args[0], args[1]], CONFIG);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}
