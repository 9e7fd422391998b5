//! Traces: the steps of an evaluation, for tools that explain its result.

use core::ops::Range;

use crate::bucketing::cohort::Cohort;
use crate::bucketing::percentage::Percentage;
use crate::evaluation::details::Value;
use crate::evaluation::visitor::History;
use crate::json::document::Json;
use crate::targeting::arm::Arm;

/// A receiver of the steps of an evaluation, in order.
pub trait Trace<Step> {
    /// Receives a step. It is made only if the receiver asks for it.
    fn record(&mut self, step: impl FnOnce() -> Step);
}

/// A trace that ignores every step and costs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTrace;

impl<Step> Trace<Step> for NoTrace {
    fn record(&mut self, _: impl FnOnce() -> Step) {}
}

impl<Step> Trace<Step> for alloc::vec::Vec<Step> {
    fn record(&mut self, step: impl FnOnce() -> Step) {
        self.push(step());
    }
}

/// A step of a decision. The last one decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionStep {
    /// The visitor is anonymous.
    Anonymous,
    /// There is no targeting key.
    NoTargetingKey,
    /// The targeting key has a bucket.
    Bucket(u32),
    /// The rules of the canary are checked next, or only those that apply even at 0 %.
    Rules {
        /// Whether only rules with `always` are checked.
        always: bool,
    },
    /// A rule of the canary was checked.
    Rule {
        /// Its number in the config, counted from 1.
        number: usize,
        /// The result.
        result: RuleResult,
    },
    /// The percentage is 0.
    KillSwitch,
    /// The browser stays with stable because of past page views.
    History(History),
    /// Overrides in the page's URL were looked for.
    Override {
        /// The arm that the URL asks for.
        requested: Option<Arm>,
        /// Whether the config allows it.
        allowed: bool,
    },
    /// The bucket belongs to a cohort of the percentage.
    Percentage(Cohort),
}

/// The result of checking a rule of the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleResult {
    /// The rule matches and serves an arm.
    Matches(Arm),
    /// The condition does not match.
    DoesNotMatch,
    /// This runtime does not support the condition, so it never matches.
    NotSupported,
}

/// A step of the evaluation of a flag.
#[derive(Clone, Debug)]
pub enum FlagStep<'a> {
    /// The flag has the same value for everyone.
    Constant,
    /// `enabled` is false.
    Disabled,
    /// The time of `from` has not come.
    NotStarted(Json<'a>),
    /// The time of `until` has passed.
    Ended(Json<'a>),
    /// A required flag has another value than the required one.
    Unmet {
        /// The key of the required flag.
        key: &'a str,
        /// The required value.
        expected: Json<'a>,
        /// The value of the required flag.
        actual: Option<Value<'a>>,
    },
    /// The rules are checked next.
    Rules {
        /// The number of rules.
        count: usize,
    },
    /// A rule matches.
    RuleMatches {
        /// Its number in the config, counted from 1.
        number: usize,
    },
    /// A percentage includes or excludes the user.
    Percentage {
        /// The percentage as it is written in the config.
        source: Json<'a>,
        /// The percentage.
        percentage: Percentage,
        /// The user's bucket, unless the percentage is 0 or 100.
        bucket: Option<u32>,
        /// Whether the percentage includes the user.
        included: bool,
    },
    /// A variant was chosen by its weight.
    Variant {
        /// The name of the variant.
        name: &'a str,
        /// The user's bucket, unless all buckets belong to the variant.
        bucket: Option<u32>,
        /// The buckets of the variant.
        buckets: Range<u32>,
    },
}
