//! Frozen formats: rows of `/windows` in `tests/vectors/telemetry`, and the text of `/metrics`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use canary_collector::{Collector, ConfigLabels, Gaps, Labels, Outcome, Refusal, Sender, Timing, Windows, store};
use prometheus_client::collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text, text};
use prometheus_client::registry::Registry;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    name: String,
    window: u32,
    horizon: u32,
    start: f64,
    configs: Vec<Config>,
    reports: Vec<Sent>,
    expected: Vec<String>,
    refused: usize,
}

#[derive(Deserialize)]
struct Config {
    salt: String,
    revision: u64,
    version: String,
}

#[derive(Deserialize)]
struct Sent {
    at: f64,
    body: Option<Value>,
    text: Option<String>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../tests/vectors/telemetry/windows.json")).unwrap()
}

impl Case {
    /// Takes all reports, and returns the collector and how many it refuses.
    fn play(&self) -> (Collector, usize) {
        let timing = Timing::new(self.window, self.horizon);
        let windows = Windows::new(timing, Gaps::default(), timing.last_final(self.start));
        let mut collector = Collector::new(windows, Labels::default(), 1_000, (0, 0));
        for Config { salt, revision, version } in &self.configs {
            let (salt, version) = (salt.as_str().into(), Some(version.as_str().into()));
            collector.set_config(ConfigLabels { salt, revision: Some(*revision), version, endpoint: "/r".into() });
        }
        let mut refused = 0;
        for (nonce, Sent { at, body, text }) in self.reports.iter().enumerate() {
            let body = text.clone().unwrap_or_else(|| body.as_ref().unwrap().to_string());
            let sender = Sender { client: 1, nonce: Some(nonce as u64) };
            let outcome = collector.take(body.as_bytes(), sender, self.start + at);
            assert!(!matches!(outcome, Outcome::Dropped(_)), "{}: {body}", self.name);
            refused += usize::from(matches!(outcome, Outcome::Refused(Refusal::Malformed | Refusal::Age)));
        }
        (collector, refused)
    }
}

#[test]
fn reports_become_the_rows_of_an_independent_count() {
    assert_eq!(cases().len(), 6);
    for case in cases() {
        let (mut collector, refused) = case.play();
        let snapshot = collector.snapshot(case.start + 1e7, false);
        let found: Vec<u8> = snapshot.minutes.iter().flat_map(|(_, rows)| store::lines(rows).unwrap()).collect();
        let found: Vec<String> = String::from_utf8(found).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(found, case.expected, "{}", case.name);
        assert_eq!(refused, case.refused, "{}", case.name);
    }
}

#[derive(Debug)]
struct Exposition(Collector);

impl collector::Collector for Exposition {
    fn encode(&self, encoder: DescriptorEncoder) -> std::fmt::Result {
        self.0.metrics().encode(encoder)
    }
}

fn registry() -> Registry {
    let case = cases().swap_remove(0);
    let (mut collector, _) = case.play();
    collector.advance(case.start + 1e6);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Exposition(collector)));
    registry
}

fn exposition() -> String {
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry()).unwrap();
    text
}

/// To accept a change: `CANARY_UPDATE_DOCS=1 cargo test -p canary-collector --test vectors`.
#[test]
fn metrics_are_as_frozen() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/metrics.txt");
    if std::env::var_os("CANARY_UPDATE_DOCS").is_some() {
        fs::write(path, exposition()).unwrap();
    }
    assert_eq!(exposition(), fs::read_to_string(path).unwrap());
}

/// Prometheus asks for the other form, and has quantiles only of histograms that end at infinity.
#[test]
fn histograms_end_at_infinity_in_both_forms() {
    let mut open = String::new();
    text::encode(&mut open, &registry()).unwrap();
    for form in [exposition(), open] {
        let samples = |end: &str| -> BTreeSet<String> {
            let named = form.lines().filter(|line| line.split('{').next().is_some_and(|name| name.ends_with(end)));
            named.map(|line| line.replace(r#",le="+Inf""#, "").replace(r#"le="+Inf","#, "").replace(end, "")).collect()
        };
        let ends: BTreeSet<_> = samples("_bucket").into_iter().filter(|line| !line.contains("le=")).collect();
        assert_eq!(ends, samples("_count"));
        assert!(ends.len() > 10 && !form.contains("e308") && !form.contains("e+308"), "{form}");
    }
}

/// Every series is there before anything is reported, so that `rate` sees the first report.
#[test]
fn series_begin_at_zero() {
    let case = cases().swap_remove(0);
    let empty = Case { reports: Vec::new(), ..case };
    let (collector, _) = empty.play();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Exposition(collector)));
    let mut before = String::new();
    prometheus_text::encode(&mut before, &registry).unwrap();
    let series = |text: &str| -> BTreeSet<String> {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
    };
    let (before, after) = (series(&before), series(&exposition()));
    // Stable's version is known from its first report on.
    let missing: Vec<_> = after.difference(&before).filter(|series| !series.contains("1.4.2")).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(before.contains(r#"canary_failures_total{arm="canary",code="E401"}"#), "{before:?}");
}

#[test]
fn openmetrics_ends_with_its_mark() {
    let mut found = String::new();
    text::encode(&mut found, &registry()).unwrap();
    assert!(found.ends_with("# EOF\n") && found.contains("# TYPE canary_exposures counter\n"), "{found}");
}

#[test]
fn promtool_accepts_the_metrics() {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool, of Debian's prometheus");
    promtool.stdin.take().unwrap().write_all(exposition().as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A code that the collector does not know would be counted as `other`.
#[test]
fn every_fault_of_a_page_has_its_code() {
    let faults = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/faults.md")).unwrap();
    let codes = faults.split("| E").skip(1).filter_map(|rest| rest.get(..3));
    // E60x are faults of the reports themselves, which no report can name.
    let is_reported = |code: &&str| *code < "900" && !code.starts_with("60");
    let codes: BTreeSet<_> = codes.filter(is_reported).map(|code| format!("E{code}")).collect();
    assert!(codes.len() >= 40, "{codes:?}");
    let unknown: Vec<_> = codes.iter().filter(|code| !canary_collector::CODES.contains(&code.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
