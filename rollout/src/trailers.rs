//! The trailers of a commit, from which a run's state is read.

use std::fmt;

use canary_judge::{Verdict, reason::evidence};

use crate::phase::Phase;

/// The trailers of one of the controller's commits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trailers {
    /// The run's salt.
    pub run: String,
    /// The canary's version.
    pub version: String,
    /// The phase after the commit.
    pub phase: Phase,
    /// The step, from 1, and the number of steps.
    pub step: (usize, usize),
    /// The percentage after the commit.
    pub weight: f64,
    /// The judge's verdict, where one was due.
    pub verdict: Option<String>,
    /// The last minute of the rows that it was made from.
    pub through: Option<u64>,
    /// The hash of these rows.
    pub windows: Option<String>,
    /// The figures.
    pub evidence: Option<String>,
    /// The hash of the run's events up to this commit's.
    pub events: Option<String>,
}

impl Trailers {
    /// The trailers at the end of a message; none where the commit belongs to no run.
    #[must_use]
    pub fn parse(message: &str) -> Option<Self> {
        let last = message.trim_end().rsplit("\n\n").next()?;
        let get = |key: &str| last.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).map(str::trim);
        let step = get("Rollout-Step").and_then(|step| step.split_once('/'));
        let text = |key: &str| get(key).map(str::to_owned);
        Some(Self {
            run: text("Rollout-Run")?,
            version: text("Rollout-Version").unwrap_or_default(),
            phase: get("Rollout-Phase").and_then(Phase::from_name)?,
            step: step.and_then(|(step, of)| Some((step.parse().ok()?, of.parse().ok()?))).unwrap_or_default(),
            weight: get("Rollout-Weight").and_then(|weight| weight.parse().ok()).unwrap_or_default(),
            verdict: text("Rollout-Verdict"),
            through: get("Rollout-Through").and_then(|through| through.parse().ok()),
            windows: text("Rollout-Windows"),
            evidence: text("Rollout-Evidence"),
            events: text("Rollout-Events"),
        })
    }
}

impl fmt::Display for Trailers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "Rollout-Run: {}", self.run)?;
        writeln!(formatter, "Rollout-Version: {}", self.version)?;
        writeln!(formatter, "Rollout-Phase: {}", self.phase.name())?;
        writeln!(formatter, "Rollout-Step: {}/{}", self.step.0, self.step.1)?;
        writeln!(formatter, "Rollout-Weight: {}", self.weight)?;
        let through = self.through.map(|through| through.to_string());
        for (key, value) in [
            ("Verdict", &self.verdict),
            ("Through", &through),
            ("Windows", &self.windows),
            ("Evidence", &self.evidence),
            ("Events", &self.events),
        ] {
            if let Some(value) = value {
                writeln!(formatter, "Rollout-{key}: {value}")?;
            }
        }
        Ok(())
    }
}

/// The figures of each metric on one line: `not-ready 1.02 (0.81 to 1.29) E=0.12; ...`.
#[must_use]
pub fn evidence_line(verdict: &Verdict) -> String {
    let metric = |it: &canary_judge::MetricEvidence| {
        let ratio = it.ratio.estimate.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        let high = it.ratio.high.map_or_else(|| "inf".to_owned(), |high| format!("{high:.2}"));
        let e = if it.ln_e < 2.3 { format!("{:.2}", it.ln_e.exp()) } else { evidence(it.ln_e) };
        format!("{} {ratio} ({:.2} to {high}) E={e}", it.policy.metric, it.ratio.low)
    };
    verdict.metrics.iter().map(metric).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_lead_back() {
        let trailers = Trailers {
            run: "1.6.0".to_owned(),
            version: "1.6.0".to_owned(),
            phase: Phase::Progressing,
            step: (2, 5),
            weight: 5.0,
            verdict: Some("advance".to_owned()),
            through: Some(29_712_345),
            windows: Some("sha256:4f0c".to_owned()),
            evidence: Some("error 0.97 (0.60 to 1.55) E=0.08".to_owned()),
            events: Some("sha256:9a".to_owned()),
        };
        let text = trailers.to_string();
        assert!(text.starts_with("Rollout-Run: 1.6.0\nRollout-Version: 1.6.0\nRollout-Phase: Progressing\nRollout-Step: 2/5\nRollout-Weight: 5\nRollout-Verdict: advance\nRollout-Through: 29712345\n"), "{text}");
        assert_eq!(Trailers::parse(&format!("subject\n\nbody\n\n{text}")), Some(trailers));
        assert_eq!(Trailers::parse("subject\n\nRollout-Run: 1\n\nmore text"), None);
    }
}
