//! Which bundle this page view gets, and why.

use crate::bucketing::bucket::{BUCKETS, Domain, bucket};
use crate::bucketing::percentage::Percentage;
use crate::diagnostics::diagnostic::Code;
use crate::evaluation::Evaluation;
use crate::evaluation::reason::{ErrorCode, Reason};
use crate::json::writer::Writer;
use crate::targeting::canary_rule::CanaryRule;

/// The bundle that is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// The new one.
    Canary,
    /// The one that the page itself carries.
    Stable,
}

/// The group to which the user was assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cohort {
    /// Gets the canary.
    Canary,
    /// Gets stable, and is a concurrent group of the canary's expected size.
    Control,
    /// Gets stable.
    Rest,
}

/// How well the page knows who is looking at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visitor {
    /// Somebody whose id will be the same next time.
    #[default]
    Identified,
    /// The same, but a machine: served like everyone, and not counted unless the config says so.
    Bot,
    /// Nobody whom we may or can recognise again: no storage, no consent, a privacy control.
    Anonymous,
}

/// What this browser remembers of page views before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// This canary failed here.
    pub quarantined: bool,
    /// A config took this browser from canary to stable, too short a time ago to go back.
    pub held: bool,
}

/// A decision with its reason; `eligible` means counted, nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The bundle that is loaded.
    pub variant: Arm,
    /// The group that was assigned.
    pub cohort: Cohort,
    /// The user's bucket, where there was anyone to bucket.
    pub bucket: Option<u32>,
    /// Why.
    pub reason: Reason,
    /// What went wrong, where the reason is an error.
    pub error: Option<ErrorCode>,
    /// The config's label.
    pub revision: Option<u64>,
    /// Whether this page view may be counted.
    pub eligible: bool,
}

impl Decision {
    /// Decides: a pure function of its arguments.
    ///
    /// ```
    /// use canary_runtime::{Config, EvaluationContext, Decision, Evaluation, History, Overrides, Visitor, Arm};
    ///
    /// let (config, _) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}}"#)?;
    /// let context = EvaluationContext { targeting_key: "edge-38162".to_owned(), ..EvaluationContext::default() };
    /// let evaluation = Evaluation {
    ///     config: &config,
    ///     context: &context,
    ///     overrides: &Overrides::default(),
    ///     now: 0,
    /// };
    /// let decision = Decision::make(&evaluation, Visitor::Identified, History::default());
    /// assert_eq!((decision.bucket, decision.variant), (Some(4_999), Arm::Canary));
    /// # Ok::<(), canary_runtime::Diagnostic>(())
    /// ```
    #[must_use]
    pub fn make(evaluation: &Evaluation, standing: Visitor, history: History) -> Self {
        let Evaluation { config, context, overrides, .. } = *evaluation;
        let key = context.targeting_key.as_str();
        let bucket = (!key.is_empty()).then(|| bucket(Domain::Canary, config.salt(), key));
        let mut decision = Self { bucket, revision: config.revision(), ..Self::STABLE };
        let off = config.percentage == Percentage::NONE;
        let Some(place) = bucket.filter(|_| standing != Visitor::Anonymous) else {
            if !off && standing != Visitor::Anonymous {
                decision.reason = Reason::Error;
                decision.error = Some(ErrorCode::TargetingKeyMissing);
            }
            return decision;
        };
        let subject = evaluation.subject();
        let rule = |always: bool| {
            config.rules().find(|rule| rule.always() >= always && rule.matches(&subject)).map(CanaryRule::serve)
        };
        let mut wanted = rule(true);
        if wanted.is_none() {
            if off {
                return decision;
            }
            decision.cohort = cohort(config.percentage, place);
            decision.reason = if config.percentage == Percentage::ALL { Reason::Static } else { Reason::Split };
            decision.eligible = standing == Visitor::Identified || config.counts_automation();
            if history.quarantined || history.held {
                decision.reason = Reason::Cached;
                return decision;
            }
            if decision.cohort == Cohort::Canary {
                decision.variant = Arm::Canary;
            }
            wanted = overrides.variant(config.allows_query()).or_else(|| rule(false));
        }
        if let Some(variant) = wanted {
            decision.variant = variant;
            decision.cohort = if variant == Arm::Canary { Cohort::Canary } else { Cohort::Rest };
            decision.reason = Reason::TargetingMatch;
            decision.eligible = false;
        }
        decision
    }

    /// Stable, because no config could be used.
    #[must_use]
    pub fn without_config(code: Code) -> Self {
        let error = if code == Code::Expired { ErrorCode::General } else { ErrorCode::ParseError };
        Self { reason: Reason::Error, error: Some(error), ..Self::STABLE }
    }

    const STABLE: Self = Self {
        variant: Arm::Stable,
        cohort: Cohort::Rest,
        bucket: None,
        reason: Reason::Disabled,
        error: None,
        revision: None,
        eligible: false,
    };

    /// Writes the decision as the member `name`, with the words that the page sees.
    pub fn write(&self, out: &mut Writer, name: &str) {
        out.open(name, b'{')
            .string("variant", self.variant.as_str())
            .string("cohort", self.cohort.as_str())
            .number("bucket", self.bucket.map(u64::from))
            .string("reason", self.reason.as_str())
            .optional_string("errorCode", self.error.map(ErrorCode::as_str))
            .number("revision", self.revision)
            .bool("eligible", self.eligible)
            .close(b'}');
    }
}

/// The control takes as many buckets as the canary, from the middle on, so that stepping up to 50 % never moves anyone
/// between the two. Above that it is all of stable.
fn cohort(percentage: Percentage, bucket: u32) -> Cohort {
    if percentage.contains(bucket) {
        Cohort::Canary
    } else if bucket.checked_sub(BUCKETS / 2).is_some_and(|place| percentage.contains(place)) {
        Cohort::Control
    } else {
        Cohort::Rest
    }
}

impl Arm {
    /// The name, as it stands in `data-canary-variant`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Stable => "stable",
        }
    }
}

impl Cohort {
    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Control => "control",
            Self::Rest => "rest",
        }
    }
}

#[cfg(test)]
mod tests;
