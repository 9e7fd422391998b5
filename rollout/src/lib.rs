//! Decides the next step of a rollout from what Git, collectors, webhooks and probes say.
//!
//! [`Rollout::read`] reads `rollout.yaml`. [`decide()`] is a pure function of a [`Situation`] and the [`Answers`] to what it
//! asks: it returns a [`Question`], or a [`Decision`] with the commit to make and the events to write down. A [`Run`] is what
//! the trailers of its commits and its events say; there is no other memory.
//!
//! It has no I/O and no clock: who calls it reads Git, asks the collectors and webhooks, and pushes.

mod alert;
mod analysis;
mod decide;
mod decision;
pub mod event;
pub mod evidence;
mod freeze;
mod ladder;
mod metric;
mod object;
mod phase;
mod push;
mod run;
mod spec;
pub mod time;
mod trailers;
mod webhook;

pub use alert::{Address, Alert, Notifications, Provider, ProviderKind, Severity};
pub use decide::decide;
pub use decision::{
    Answers, Change, Decision, Image as ImageChange, MetricAnswer, Outcome, Question, Situation, Start,
};
pub use ladder::Ladder;
pub use metric::{Metric, TemplateRef};
pub use object::SpecError;
pub use phase::Phase;
pub use push::{ForgeKind, Push};
pub use run::{Commit, Head, Run, salt};
pub use spec::{Analysis, Image, Rollout, Side, Source};
pub use trailers::{Trailers, evidence_line};
pub use webhook::{HookKind, Payload, Webhook};
