//! The answer: what to change, and what to write down.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::event::Event;
use crate::evidence::Evidence;
use crate::phase::Phase;
use crate::run::{Head, Run};
use crate::spec::Rollout;
use crate::webhook::HookKind;

/// All that a decision depends on but the answers of others.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The file.
    pub rollout: &'a Rollout,
    /// What `HEAD` says.
    pub head: &'a Head,
    /// The last run, over or not.
    pub run: Option<&'a Run>,
    /// The salt of a run that would begin now.
    pub next_salt: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

/// Something that has to be asked before it can be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The collectors' windows, judged.
    Evidence,
    /// The canary's files of a version on every address.
    Canary(String),
    /// Stable's page and files of a version on every address.
    Stable(String),
    /// All webhooks of a kind.
    Hooks(HookKind),
    /// The metrics' queries.
    Metrics,
}

/// The answers so far.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The verdict on the run.
    pub evidence: Option<Evidence>,
    /// The canary's bundle, or why it is not ready.
    pub canary: Option<Result<Value, String>>,
    /// Whether stable is ready, or why it is not.
    pub stable: Option<Result<(), String>>,
    /// For each kind of webhook, what failed; of `rollback`, what succeeded.
    pub hooks: BTreeMap<HookKind, Vec<String>>,
    /// The metrics that did not pass.
    pub metrics: Option<Vec<MetricAnswer>>,
}

/// A metric that did not pass, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricAnswer {
    /// Its value is out of range.
    Failed(String),
    /// It has no value.
    NoData(String),
}

/// A question, or the decision.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Ask this, and decide again.
    Ask(Question),
    /// It is decided.
    Done(Box<Decision>),
}

/// A decision.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// The phase after it.
    pub phase: Phase,
    /// The step after it.
    pub step: usize,
    /// The percentage after it.
    pub weight: f64,
    /// The judge's verdict, where one was due.
    pub verdict: Option<&'static str>,
    /// The reason in one sentence.
    pub reason: String,
    /// The run that the events belong to; none where there is nothing to write.
    pub run: Option<(String, String)>,
    /// The change of files.
    pub change: Option<Change>,
    /// Events to write down.
    pub events: Vec<Event>,
    /// The time of the next decision that may change something.
    pub next: Option<i64>,
}

/// A commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// The subject after `rollout(NAME): `.
    pub subject: String,
    /// The percentage.
    pub percentage: Option<f64>,
    /// A new run: the bundle, where it changes.
    pub start: Option<Start>,
    /// The tag that stable's image gets.
    pub image: Option<Image>,
    /// The rule of `match` is taken out again.
    pub is_end: bool,
    /// `spec.pause` in `rollout.yaml`.
    pub pause: Option<bool>,
}

/// The begin of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Its salt.
    pub salt: String,
    /// The canary's bundle.
    pub bundle: Option<Value>,
}

/// A change of stable's image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// The canary's tag and digest.
    Promote,
    /// What it was before the promotion.
    Restore,
}

impl Change {
    /// A commit that sets the percentage.
    #[must_use]
    pub fn percentage(subject: String, percentage: f64) -> Self {
        Self { subject, percentage: Some(percentage), ..Self::default() }
    }
}
