//! A decision for people and machines.

use std::io::Write;

use canary_rollout::{Decision, time};
use serde::Serialize;
use serde_json::{Number, Value};

use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// What was decided, as it is printed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) phase: &'static str,
    pub(crate) run: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) step: usize,
    pub(crate) steps: usize,
    pub(crate) weight: Value,
    pub(crate) verdict: Option<&'static str>,
    pub(crate) reason: String,
    pub(crate) commit: Option<String>,
    pub(crate) next: Option<String>,
}

impl Report {
    pub(crate) fn new(decision: &Decision, steps: usize, commit: Option<String>) -> Self {
        Self {
            phase: decision.phase.name(),
            run: decision.run.as_ref().map(|(salt, _)| salt.clone()),
            version: decision.run.as_ref().map(|(_, version)| version.clone()),
            step: decision.step,
            steps,
            weight: number(decision.weight),
            verdict: decision.verdict,
            reason: decision.reason.clone(),
            commit,
            next: decision.next.map(time::format),
        }
    }

    /// Prints it: one line, or one JSON value.
    pub(crate) fn print(&self, output: Output) -> anyhow::Result<()> {
        let mut out = stdout(output);
        match output {
            Output::Text => writeln!(out, "{}", self.line())?,
            Output::Json => writeln!(out, "{}", serde_json::to_string(self)?)?,
        }
        out.flush()?;
        Ok(())
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let commit = self
            .commit
            .as_deref()
            .map_or_else(String::new, |commit| format!("; commit {}", commit.get(..12).unwrap_or(commit)));
        format!("{} at {} %, step {} of {}: {}{commit}", self.phase, self.weight, self.step, self.steps, self.reason)
    }
}

/// A percentage without a decimal point where it is whole.
pub(crate) fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number from 0 to 100")]
    if value.fract() == 0.0 && (0.0..=100.0).contains(&value) {
        return Value::from(value as u64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
