//! The decision which bundle a page view gets.

use alloc::string::String;

use crate::bucketing::bucket::{Domain, bucket_of_bytes};
use crate::bucketing::cohort::Cohort;
use crate::bucketing::percentage::Percentage;
use crate::config::config::Config;
use crate::diagnostics::diagnostic::Code;
use crate::evaluation::evaluation::Evaluation;
use crate::evaluation::reason::{ErrorCode, Reason};
use crate::evaluation::trace::{DecisionStep, NoTrace, RuleResult, Trace};
use crate::evaluation::visitor::{History, Visitor};
use crate::json::writer::Writer;
use crate::targeting::arm::Arm;
use crate::targeting::condition::TargetingContext;

/// A decision with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The bundle to load.
    pub variant: Arm,
    /// The group that the user was assigned to.
    pub cohort: Cohort,
    /// The user's bucket, if there is a targeting key.
    pub bucket: Option<u32>,
    /// The reason.
    pub reason: Reason,
    /// The error, if that is the reason.
    pub error: Option<ErrorCode>,
    /// The revision of the config.
    pub revision: Option<u64>,
    /// Whether the page view counts when the cohorts are compared.
    pub eligible: bool,
}

impl Evaluation<'_> {
    /// Decides which bundle a page view gets.
    ///
    /// ```
    /// use canary_runtime::{Arm, Config, Evaluation, EvaluationContext, History, Visitor};
    ///
    /// let (config, _) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}}"#)?;
    /// let context = EvaluationContext { targeting_key: "edge-38162".to_owned(), ..EvaluationContext::default() };
    /// let decision = Evaluation::new(&config, &context).decide(Visitor::Identified, History::default());
    /// assert_eq!((decision.bucket, decision.variant), (Some(4_999), Arm::Canary));
    /// # Ok::<(), canary_runtime::Diagnostic>(())
    /// ```
    #[must_use]
    pub fn decide(&self, visitor: Visitor, history: History) -> Decision {
        self.decide_traced(visitor, history, &mut NoTrace)
    }

    /// Decides which bundle a page view gets, and records each step.
    pub fn decide_traced(&self, visitor: Visitor, history: History, trace: &mut impl Trace<DecisionStep>) -> Decision {
        let subject = Subject {
            targeting_key: self.context.targeting_key.as_bytes(),
            targeting: self.targeting(),
            requested: self.overrides.arm(true),
            token: None,
        };
        decide(self.config, &subject, visitor, history, trace)
    }
}

/// The browser that a bundle is decided for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The key as UTF-8, which is hashed; empty if there is none.
    pub(crate) targeting_key: &'a [u8],
    pub(crate) targeting: TargetingContext<'a>,
    /// The arm that the page's URL asks for.
    pub(crate) requested: Option<Arm>,
    /// Whether a listed token of a QA link asks for the canary, and with `true` also for one that is off.
    pub(crate) token: Option<bool>,
}

/// See [`Evaluation::decide_traced`].
pub(crate) fn decide(
    config: &Config,
    subject: &Subject,
    visitor: Visitor,
    history: History,
    trace: &mut impl Trace<DecisionStep>,
) -> Decision {
    let key = subject.targeting_key;
    let bucket = (!key.is_empty()).then(|| bucket_of_bytes(Domain::Canary, config.salt(), key));
    let mut decision = Decision { bucket, revision: config.revision(), ..Decision::STABLE };
    let is_off = config.percentage == Percentage::NONE;
    if visitor == Visitor::Anonymous {
        trace.record(|| DecisionStep::Anonymous);
        return decision;
    }
    let Some(bucket) = bucket else {
        if is_off {
            trace.record(|| DecisionStep::KillSwitch);
        } else {
            trace.record(|| DecisionStep::NoTargetingKey);
            decision.reason = Reason::Error;
            decision.error = Some(ErrorCode::TargetingKeyMissing);
        }
        return decision;
    };
    trace.record(|| DecisionStep::Bucket(bucket));
    let by_token = subject.token.map(|_| Arm::Canary);
    let mut arm = by_token.filter(|_| subject.token == Some(true));
    arm = arm.or_else(|| matching_rule(config, true, &subject.targeting, trace));
    if arm.is_none() {
        if is_off {
            trace.record(|| DecisionStep::KillSwitch);
            return decision;
        }
        decision.cohort = Cohort::of(config.percentage, bucket);
        decision.reason = if config.percentage == Percentage::ALL { Reason::Static } else { Reason::Split };
        decision.eligible = visitor == Visitor::Identified || config.counts_automation();
        if history.quarantined || history.held {
            trace.record(|| DecisionStep::History(history));
            decision.reason = Reason::Cached;
            return decision;
        }
        if decision.cohort == Cohort::Canary {
            decision.variant = Arm::Canary;
        }
        let allowed = config.allows_query();
        trace.record(|| DecisionStep::Override { requested: subject.requested, allowed });
        let requested = subject.requested.filter(|_| allowed).or(by_token);
        arm = requested.or_else(|| matching_rule(config, false, &subject.targeting, trace));
    }
    match arm {
        Some(arm) => {
            decision.variant = arm;
            decision.cohort = if arm == Arm::Canary { Cohort::Canary } else { Cohort::Rest };
            decision.reason = Reason::TargetingMatch;
            decision.eligible = false;
        }
        None => trace.record(|| DecisionStep::Percentage(decision.cohort)),
    }
    decision
}

/// Returns the arm of the first rule that matches, of all rules or only of those that apply even at 0 %.
fn matching_rule(
    config: &Config,
    always: bool,
    targeting: &TargetingContext,
    trace: &mut impl Trace<DecisionStep>,
) -> Option<Arm> {
    trace.record(|| DecisionStep::Rules { always });
    for (rule, number) in config.canary_rules().zip(1..) {
        if always && !rule.always() {
            continue;
        }
        let matches = rule.matches(targeting);
        trace.record(|| {
            let result = match (matches, rule.is_supported()) {
                (true, _) => RuleResult::Matches(rule.serve()),
                (false, true) => RuleResult::DoesNotMatch,
                (false, false) => RuleResult::NotSupported,
            };
            DecisionStep::Rule { number, result }
        });
        if matches {
            return Some(rule.serve());
        }
    }
    None
}

impl Decision {
    const STABLE: Self = Self {
        variant: Arm::Stable,
        cohort: Cohort::Rest,
        bucket: None,
        reason: Reason::Disabled,
        error: None,
        revision: None,
        eligible: false,
    };

    /// Returns the decision for stable that replaces a config which was rejected with `code`.
    #[must_use]
    pub fn without_config(code: Code) -> Self {
        let error = if code == Code::Expired { ErrorCode::General } else { ErrorCode::ParseError };
        Self { reason: Reason::Error, error: Some(error), ..Self::STABLE }
    }

    /// Returns this decision for a page whose entry the config does not have: stable, which is not counted.
    #[must_use]
    pub fn without_entry(self) -> Self {
        match self.variant {
            Arm::Canary => Self { reason: Reason::Error, error: Some(ErrorCode::General), ..Self::STABLE },
            Arm::Stable => Self { eligible: false, ..self },
        }
    }

    /// Returns the decision as the JSON object that the page receives.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Writer::default();
        self.write(&mut out, "");
        out.into_string()
    }

    /// Writes the decision as the member `name`.
    pub(crate) fn write(&self, out: &mut Writer, name: &str) {
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

#[cfg(test)]
mod tests;
