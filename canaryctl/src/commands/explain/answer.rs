//! A question to the runtime, and its answer with all steps.

use canary_runtime::evaluation::{DecisionStep, FlagStep};
use canary_runtime::{
    Arm, Config, Decision, Details, Diagnostic, Document, Evaluation, EvaluationContext, History, Overrides, Visitor,
};

use crate::config::loaded::Loaded;

/// Everything that an answer depends on but the config.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) context: EvaluationContext,
    pub(crate) overrides: Overrides,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) visitor: Visitor,
    pub(crate) history: History,
    /// The page's `data-entry`.
    pub(crate) entry: Option<String>,
    /// The keys of the flags to explain; empty for all.
    pub(crate) flags: Vec<String>,
}

/// A config at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The config, or the reason why it cannot be used.
    pub(crate) config: Result<Config, Diagnostic>,
    /// The config as it is written.
    pub(crate) document: Document,
    warnings: Vec<Diagnostic>,
}

impl Snapshot {
    /// The config of a file at a time.
    pub(crate) fn of(loaded: Loaded, now: i64) -> Self {
        let (config, warnings) = match loaded.parsed {
            Ok((config, warnings)) => (config.check_expiry(Some(now)).map(|()| config), warnings),
            Err(error) => (Err(error), Vec::new()),
        };
        Self { config, document: loaded.document, warnings }
    }

    /// A config that is not in a file of its own.
    #[cfg(test)]
    pub(crate) fn parse(bytes: &[u8], now: i64) -> Self {
        Self::of(Loaded::parse("config".to_owned(), bytes), now)
    }
}

/// The results of the runtime.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) decision: Decision,
    /// The steps of the decision; none without a config.
    pub(crate) steps: Vec<DecisionStep>,
    pub(crate) flags: Vec<FlagAnswer<'a>>,
    /// The lines that the runtime prints to the console.
    pub(crate) warnings: Vec<String>,
}

/// The result for one flag.
#[derive(Debug)]
pub(crate) struct FlagAnswer<'a> {
    pub(crate) key: &'a str,
    pub(crate) details: Details<'a>,
    pub(crate) steps: Vec<FlagStep<'a>>,
}

impl<'a> Answer<'a> {
    /// Evaluates a config for a question.
    pub(crate) fn of(question: &'a Question, snapshot: &'a Snapshot) -> Self {
        let mut warnings: Vec<_> = snapshot.warnings.iter().map(Diagnostic::line).collect();
        let config = match &snapshot.config {
            Ok(config) => config,
            Err(error) => {
                warnings.push(error.line());
                let decision = Decision::without_config(error.code());
                return Self { decision, steps: Vec::new(), flags: Vec::new(), warnings };
            }
        };
        let evaluation =
            Evaluation::new(config, &question.context).with_overrides(&question.overrides).at(question.now);
        let ignored = question.overrides.check(config);
        warnings.extend(ignored.map(|ignored| ignored.line()));
        let mut keys: Vec<_> = question.flags.iter().map(String::as_str).collect();
        if keys.is_empty() {
            keys.extend(config.flag_keys());
        }
        keys.sort_unstable();
        keys.dedup();
        let flag = |key| {
            let mut steps = Vec::new();
            FlagAnswer { key, details: evaluation.flag_traced(key, &mut steps), steps }
        };
        let mut steps = Vec::new();
        let mut decision = evaluation.decide_traced(question.visitor, question.history, &mut steps);
        if question.entry.as_ref().is_some_and(|name| config.entry_bundle(name).is_none()) {
            if decision.variant == Arm::Canary {
                warnings.push("E119 ASSETS.entries has no bundle for the data-entry of this page".to_owned());
            }
            decision = decision.without_entry();
        }
        Self { decision, steps, flags: keys.into_iter().map(flag).collect(), warnings }
    }
}
