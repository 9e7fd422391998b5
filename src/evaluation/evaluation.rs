//! An evaluation: a config, a context, overrides and a time.

use crate::config::config::Config;
use crate::evaluation::context::EvaluationContext;
use crate::evaluation::overrides::{NO_OVERRIDES, Overrides};
use crate::targeting::condition::TargetingContext;

/// The evaluation of a config for one context. Every result is a pure function of what it holds.
///
/// ```
/// use canary_runtime::{Config, Evaluation, EvaluationContext, Overrides};
///
/// let (config, _) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"search": {"from": "1970-01-01T00:00:01Z"}}}"#)?;
/// let (context, mut overrides) = (EvaluationContext::default(), Overrides::default());
/// let evaluation = Evaluation::new(&config, &context);
/// assert_eq!(evaluation.flag("search").to_json(), r#"{"value":false,"reason":"DISABLED"}"#);
/// assert_eq!(evaluation.at(1_000).flag("search").to_json(), r#"{"value":true,"reason":"STATIC"}"#);
///
/// overrides.set("search", "\"new\"");
/// let details = evaluation.with_overrides(&overrides).flag("search");
/// assert_eq!(details.to_json(), r#"{"value":"new","reason":"TARGETING_MATCH","override":true}"#);
/// # Ok::<(), canary_runtime::Diagnostic>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    pub(crate) config: &'a Config,
    pub(crate) context: &'a EvaluationContext,
    pub(crate) overrides: &'a Overrides,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

impl<'a> Evaluation<'a> {
    /// Creates an evaluation without overrides at the start of 1970.
    #[must_use]
    pub fn new(config: &'a Config, context: &'a EvaluationContext) -> Self {
        Self { config, context, overrides: NO_OVERRIDES, now: 0 }
    }

    /// Sets the overrides.
    #[must_use]
    pub fn with_overrides(self, overrides: &'a Overrides) -> Self {
        Self { overrides, ..self }
    }

    /// Sets the time, in milliseconds since 1970.
    #[must_use]
    pub fn at(self, now: i64) -> Self {
        Self { now, ..self }
    }

    /// Returns the values that conditions are matched against.
    pub(crate) fn targeting(&self) -> TargetingContext<'a> {
        TargetingContext { attributes: &self.context.attributes, segments: self.config.segments() }
    }
}
