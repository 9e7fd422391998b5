//! The state of a run in one word, and its changes, which people are alerted about.

use canary_rollout::event::{Event, Kind};
use canary_rollout::{Decision, Phase, Run};

use crate::rollout::file::File;
use crate::rollout::history::History;

/// The reason for an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The state was another one.
    Change { from: &'static str },
    /// It has held for so many seconds.
    Reminder(i64),
    /// The push of a roll-back was refused.
    Refused(String),
}

/// The word for a state in which nobody has paused the run: its phase, and the last event that says what it waits for.
pub(crate) fn word(phase: Phase, event: Option<&Event>) -> &'static str {
    match phase {
        Phase::Succeeded => "Promoted",
        Phase::Failed => "Rolled back",
        Phase::Initialized => "No run",
        Phase::Promoting | Phase::Finalising => "Promoting",
        _ => match event.map(|event| event.state.as_str()) {
            Some("few-views" | "not-seen" | "no-canary-views") => "Collecting",
            Some("step") => "Progressing",
            _ if event.is_some_and(|event| event.kind == Kind::Commit) => "Progressing",
            _ => "Holding",
        },
    }
}

/// The change of the state by a decision. Checks are none, and neither is another cause for the same state.
pub(crate) fn change(file: &File, history: &History, decision: &Decision) -> Option<News> {
    let run = history.run.as_ref();
    let event = decision.events.iter().find(|event| event.kind.has_state())?;
    let before = run.and_then(last);
    let from = word(run.map(Run::phase).unwrap_or_default(), before);
    let is_same = event.kind == Kind::Hold
        && !event.state.starts_with("alert:")
        && run.is_some()
        && (from == word(event.phase, Some(event)) || file.rollout.pause);
    (!is_same).then_some(News::Change { from })
}

/// A reminder of a long hold, once in each `reminderSeconds`.
pub(crate) fn reminder(file: &File, history: &History, now: i64) -> Option<News> {
    let run = history.run.as_ref().filter(|run| !run.phase().is_over())?;
    let is_held = word(run.phase(), last(run)) == "Holding" || file.rollout.pause || file.rollout.suspend;
    let (length, every) = (now.saturating_sub(run.state_since()?), file.rollout.notifications.reminder);
    let before = length.saturating_sub(file.rollout.analysis.interval);
    let count = |length: i64| length.checked_div(every).unwrap_or_default();
    (is_held && count(length) > count(before.max(0))).then_some(News::Reminder(length))
}

fn last(run: &Run) -> Option<&Event> {
    run.events.iter().rfind(|event| event.kind.has_state())
}
