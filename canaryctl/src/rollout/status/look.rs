//! All that a state is made from.

use canary_rollout::event::{Event, Kind};
use canary_rollout::evidence::{Collected, Evidence};
use canary_rollout::{Decision, Phase, Run};

use crate::rollout::file::File;
use crate::rollout::history::History;
use crate::rollout::proposal;

/// The file, the history, the evidence, and the decision that is next.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) file: &'a File,
    pub(crate) history: &'a History,
    pub(crate) evidence: Option<&'a Evidence>,
    pub(crate) collected: &'a Collected,
    pub(crate) decision: &'a Decision,
    /// Who paused or changed the run.
    pub(crate) person: Option<&'a str>,
    pub(crate) is_running: bool,
    pub(crate) now: i64,
}

impl Look<'_> {
    /// The phase in Git. A change that is due is none yet.
    pub(crate) fn phase(&self) -> Phase {
        self.history.run.as_ref().map(Run::phase).unwrap_or_default()
    }

    /// The check that has failed last, if nothing has come after it. A look asks no webhook, so it is all that is known.
    pub(crate) fn failed_check(&self) -> Option<&Event> {
        let last = self.history.run.as_ref().and_then(|run| run.events.last());
        last.filter(|event| event.kind == Kind::FailedCheck && self.is_running)
    }

    /// The event that says what the run waits for: news, or the last one in Git.
    pub(crate) fn event(&self) -> Option<&Event> {
        if let Some(failed) = self.failed_check() {
            return Some(failed);
        }
        if let Some(proposed) = self.proposed() {
            return Some(proposed);
        }
        let is_cause = |event: &&Event| event.kind.has_state() || event.kind == Kind::FailedCheck;
        let known = self.history.run.iter().flat_map(|run| &run.events).rfind(|event| event.kind.has_state());
        self.decision.events.iter().find(is_cause).or(known)
    }

    /// The proposal that people have not merged, where the decision is still to change something.
    pub(crate) fn proposed(&self) -> Option<&Event> {
        let run = self.history.run.as_ref().filter(|run| !run.phase().is_over())?;
        let last = run.events.iter().rfind(|event| event.kind.has_state());
        last.filter(|event| self.decision.change.is_some() && event.state.contains(proposal::STATE))
    }

    /// The cause of a wait in short.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.event().map(|event| event.state.as_str())
    }

    /// The cause in words.
    pub(crate) fn reason(&self) -> String {
        if let Some(event) = self.ended() {
            return event.message.clone();
        }
        if let Some(failed) = self.failed_check() {
            return failed.message.clone();
        }
        if let Some(proposed) = self.proposed() {
            return proposed.message.clone();
        }
        let run = self.history.run.as_ref();
        // Probes are not asked for a look: the controller's last answer is in the events.
        if self.decision.reason.ends_with("not asked")
            && let Some(event) = run.and_then(|run| run.events.iter().rfind(|event| event.kind == Kind::Hold))
            && Some(event.state.as_str()) == run.and_then(Run::state)
        {
            return event.message.clone();
        }
        let due = self.decision.change.as_ref().map(|change| format!("due: {}", change.subject));
        due.unwrap_or_else(|| self.decision.reason.replace(": not asked", ""))
    }

    /// The event that ended the run.
    pub(crate) fn ended(&self) -> Option<&Event> {
        let run = self.history.run.as_ref().filter(|run| run.phase().is_over())?;
        run.events.iter().rfind(|event| event.kind.has_state())
    }
}

/// The minute of a time.
pub(crate) fn minute(time: i64, window: u64) -> u64 {
    u64::try_from(time).unwrap_or_default().checked_div(window).unwrap_or_default()
}

/// The begin of a minute, in seconds since 1970.
pub(crate) fn begin(minute: u64, window: u64) -> i64 {
    i64::try_from(minute.saturating_mul(window)).unwrap_or(i64::MAX)
}

/// A figure with two decimals.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
