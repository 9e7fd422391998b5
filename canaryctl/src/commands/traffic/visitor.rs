//! A simulated visitor: a random id with the core's decision, and the reports of its one view.

use std::time::Duration;

use canary_runtime::{Arm, Cohort, Config, Decision, Evaluation, EvaluationContext, History};
use serde_json::{Value, json};

/// The share of views that fail where nothing else is said, in percent.
const USUAL: f64 = 1.0;
/// The share of views that are left before they are up, in percent.
const LEFT: f64 = 2.0;
/// The share of views with an error of the bundle's own, in percent.
const ERROR: f64 = 0.5;

/// Engine, device and their part of all visitors.
const BROWSERS: [(&str, &str, f64); 5] = [
    ("chromium", "desktop", 0.40),
    ("chromium", "mobile", 0.25),
    ("webkit", "mobile", 0.20),
    ("gecko", "desktop", 0.10),
    ("webkit", "desktop", 0.05),
];

/// A share of views that fail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// `canary`, `stable` or a version.
    what: String,
    engine: Option<String>,
    percent: f64,
}

impl Failure {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("found {text:?}, expected WHAT[@ENGINE]=PERCENT, such as canary=20");
        let (what, percent) = text.split_once('=').ok_or_else(expected)?;
        let percent: f64 = percent.trim_end_matches('%').parse().map_err(|_| expected())?;
        let (what, engine) = what.split_once('@').map_or((what, None), |(what, engine)| (what, Some(engine)));
        let is_known = engine.is_none_or(|engine| BROWSERS.iter().any(|(known, ..)| *known == engine));
        if what.is_empty() || !is_known || !(0.0..=100.0).contains(&percent) {
            return Err(expected());
        }
        Ok(Self { what: what.to_owned(), engine: engine.map(str::to_owned), percent })
    }
}

/// One visitor.
#[derive(Debug)]
pub(crate) struct Visitor {
    decision: Decision,
    engine: &'static str,
    device: &'static str,
    is_failing: bool,
}

/// How many visitors came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Visits {
    pub(crate) all: u64,
    pub(crate) canary: u64,
    pub(crate) failed: u64,
    pub(crate) canary_failed: u64,
}

impl Visits {
    pub(crate) fn add(&mut self, visitor: &Visitor) {
        let is_canary = visitor.decision.cohort == Cohort::Canary;
        self.all = self.all.saturating_add(1);
        self.canary = self.canary.saturating_add(u64::from(is_canary));
        let sum = if is_canary { &mut self.canary_failed } else { &mut self.failed };
        *sum = sum.saturating_add(u64::from(visitor.is_failing));
    }
}

impl Visitor {
    /// A visitor with a new id.
    pub(crate) fn random(config: &Config, fails: &[Failure]) -> anyhow::Result<Self> {
        let context = EvaluationContext { targeting_key: hex()?, ..EvaluationContext::default() };
        let evaluation = Evaluation::new(config, &context);
        let decision = evaluation.decide(canary_runtime::Visitor::Identified, History::default());
        let mut part = random()?;
        let found = BROWSERS.iter().find(|(.., share)| {
            part -= share;
            part < 0.0
        });
        let (engine, device, _) = found.copied().unwrap_or(("chromium", "desktop", 0.0));
        let percent = percent(&decision, config, engine, fails);
        let is_failing = random()? * 100.0 < percent;
        Ok(Self { decision, engine, device, is_failing })
    }

    /// Its reports, each with the time after which it is sent and the number of the view. At 0 % a view reports nothing.
    pub(crate) fn reports(&self, config: &Config) -> anyhow::Result<Vec<(Duration, String, String)>> {
        if !self.decision.eligible {
            return Ok(Vec::new());
        }
        let nonce = hex()?;
        let mut reports = Vec::new();
        let mut add = |age: f64, kind: &str, more: Value| {
            let mut report = json!({
                "v": 1, "kind": kind, "age": age, "salt": config.salt(), "cohort": self.decision.cohort.as_str(),
                "arm": self.decision.variant.as_str(), "first": "run", "both": false, "returning": false,
                "engine": self.engine, "device": self.device,
            });
            if let Some(report) = report.as_object_mut() {
                report.extend(config.revision().map(|revision| ("revision".to_owned(), json!(revision))));
                report.extend(version(&self.decision, config).map(|version| ("version".to_owned(), json!(version))));
                report.extend(more.as_object().cloned().unwrap_or_default());
            }
            reports.push((Duration::from_secs_f64(age / 1000.0), nonce.clone(), report.to_string()));
        };
        let up = (random()? * 600.0 + 200.0).round();
        add(0.0, "exposure", json!({"decisionMs": 40}));
        if self.is_failing {
            add(up, "failed", json!({"code": "E401"}));
        } else if random()? * 100.0 < LEFT {
            add(up, "left", json!({}));
        } else {
            add(up, "ready", json!({"readyMs": up + 150.0}));
            let slow = random()?;
            let lcp = (900.0 + slow * slow * slow * 3_500.0).round();
            let vitals = json!({"lcpMs": lcp, "inpMs": (40.0 + slow * 120.0).round(), "cls": 0.02});
            add(up + 700.0, "vitals", vitals);
            if random()? * 100.0 < ERROR {
                add(up + 500.0, "error", json!({"own": true}));
            }
        }
        Ok(reports)
    }
}

/// The version of the bundle; that of stable is in the page, which nobody loads here.
fn version<'a>(decision: &Decision, config: &'a Config) -> Option<&'a str> {
    config.canary_version().filter(|_| decision.variant == Arm::Canary)
}

fn percent(decision: &Decision, config: &Config, engine: &str, fails: &[Failure]) -> f64 {
    let version = version(decision, config);
    let fits = |it: &&Failure| {
        let is_arm = it.what == decision.variant.as_str() || Some(it.what.as_str()) == version;
        is_arm && it.engine.as_deref().is_none_or(|wanted| wanted == engine)
    };
    fails.iter().rfind(fits).map_or(USUAL, |it| it.percent)
}

/// A random number from 0 to 1.
fn random() -> anyhow::Result<f64> {
    Ok(f64::from(getrandom::u32()?) / (f64::from(u32::MAX) + 1.0))
}

/// 16 random hexadecimal digits.
fn hex() -> anyhow::Result<String> {
    Ok(format!("{:016x}", getrandom::u64()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(percentage: u32) -> Config {
        let text = format!(
            r#"{{"CANARY_PERCENTAGE": {percentage}, "SALT": "a", "REVISION": 7, "FEATURE_FLAGS": {{}},
            "ASSETS": {{"canary": {{"version": "2.0.0", "scripts": [{{"src": "/assets/2.0.0/main.js"}}]}}}}}}"#
        );
        Config::parse(text.as_bytes()).unwrap().0
    }

    #[test]
    fn the_last_failure_that_fits_counts() {
        let fails = ["canary=20", "2.0.0@webkit=100", "1.0.0=50"].map(|text| Failure::parse(text).unwrap());
        for (percentage, engine, expected) in [(100, "gecko", 20.0), (100, "webkit", 100.0), (0, "webkit", 1.0)] {
            let config = config(percentage);
            let decision = Visitor::random(&config, &fails).unwrap().decision;
            assert!((percent(&decision, &config, engine, &fails) - expected).abs() < 1e-9, "{percentage} {engine}");
        }
        for bad in ["", "canary", "=5", "canary=x", "canary=101", "canary@opera=5"] {
            assert!(Failure::parse(bad).unwrap_err().contains("expected WHAT[@ENGINE]=PERCENT"), "{bad}");
        }
    }

    #[test]
    fn a_view_reports_its_exposure_and_one_outcome() {
        let (config, fails) = (config(100), [Failure::parse("canary=100").unwrap()]);
        let visitor = Visitor::random(&config, &fails).unwrap();
        let reports = visitor.reports(&config).unwrap();
        let bodies: Vec<Value> = reports.iter().map(|(.., body)| serde_json::from_str(body).unwrap()).collect();
        let kinds: Vec<_> = bodies.iter().map(|body| body["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["exposure", "failed"]);
        assert_eq!((&bodies[0]["cohort"], &bodies[0]["version"]), (&json!("canary"), &json!("2.0.0")));
        assert_eq!(
            (&bodies[1]["code"], &bodies[1]["revision"], &bodies[1]["first"]),
            (&json!("E401"), &json!(7), &json!("run"))
        );
    }

    #[test]
    fn nobody_reports_at_0_percent() {
        let config = config(0);
        assert!(Visitor::random(&config, &[]).unwrap().reports(&config).unwrap().is_empty());
    }
}
