//! What is asked, and the runtime's answer.

use canary_runtime::{
    Config, Decision, Details, Diagnostic, Document, Evaluation, EvaluationContext, History, Overrides, Visitor,
};

use crate::commands::explain::lines;
use crate::config::loaded::Loaded;

/// Everything that an answer depends on but the config.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) context: EvaluationContext,
    pub(crate) overrides: Overrides,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) standing: Visitor,
    pub(crate) history: History,
    /// The flags that are asked for; none means all.
    pub(crate) flags: Vec<String>,
}

/// What was typed and what it means.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The config, or why there is none to be used.
    pub(crate) config: Result<Config, Diagnostic>,
    /// What was typed, for words about it.
    pub(crate) document: Document,
    warnings: Vec<Diagnostic>,
}

impl Snapshot {
    /// The config of a file at a time.
    pub(crate) fn of(loaded: Loaded, now: i64) -> Self {
        let (config, warnings) = match loaded.parsed {
            Ok((config, warnings)) => (config.check_expiry(Some(now)).map(|()| config), warnings),
            Err(fault) => (Err(fault), Vec::new()),
        };
        Self { config, document: loaded.document, warnings }
    }

    /// A config that is not in a file of its own.
    #[cfg(test)]
    pub(crate) fn read(bytes: &[u8], now: i64) -> Self {
        Self::of(Loaded::parse("config".to_owned(), bytes), now)
    }
}

/// What the runtime says.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) decision: Decision,
    pub(crate) flags: Vec<(&'a str, Details<'a>)>,
    /// What it prints to the console.
    pub(crate) warnings: Vec<String>,
}

impl<'a> Answer<'a> {
    /// Asks it.
    pub(crate) fn of(question: &'a Question, snapshot: &'a Snapshot) -> Self {
        let mut warnings = lines(&snapshot.warnings);
        let config = match &snapshot.config {
            Ok(config) => config,
            Err(fault) => {
                warnings.push(fault.line());
                return Self { decision: Decision::without_config(fault.code()), flags: Vec::new(), warnings };
            }
        };
        let evaluation = question.evaluation(config);
        let ignored = question.overrides.check(config.allows_query(), |key| config.find(key).is_some());
        warnings.extend(ignored.map(|fault| fault.line()));
        let mut keys: Vec<_> = question.flags.iter().map(String::as_str).collect();
        if keys.is_empty() {
            keys.extend(config.flag_keys());
        }
        keys.sort_unstable();
        keys.dedup();
        Self {
            decision: Decision::make(&evaluation, question.standing, question.history),
            flags: keys.into_iter().map(|key| (key, evaluation.flag(key))).collect(),
            warnings,
        }
    }
}

impl Question {
    /// The question to a config.
    pub(crate) fn evaluation<'a>(&'a self, config: &'a Config) -> Evaluation<'a> {
        Evaluation { config, context: &self.context, overrides: &self.overrides, now: self.now }
    }
}
