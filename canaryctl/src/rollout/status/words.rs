//! A state in words: one word, one sentence, and the next command.

use canary_judge::Verdict;
use canary_rollout::{Phase, time};

use crate::rollout::file::File;
use crate::rollout::history::History;
use crate::rollout::metric_table::{Mark, mark};
use crate::rollout::news::word;
use crate::rollout::repository::Repository;
use crate::rollout::status::facts::{Time, Views};
use crate::rollout::status::look::Look;
use crate::terminal::format::thousands;

/// Who suspended or paused the run: the author of the newest commit that did.
pub(crate) fn person(repository: &Repository, file: &File, history: &History) -> anyhow::Result<Option<String>> {
    let author = |args: &[&str]| -> anyhow::Result<Option<String>> {
        let name = repository.git(&[&["log", "-1", "--format=%an"], args].concat())?;
        Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
    };
    if let Some((commit, _)) = history.head.foreign.last() {
        return author(&[commit]);
    }
    let key = match &file.rollout {
        rollout if rollout.suspend => "suspend:",
        rollout if rollout.pause => "pause:",
        _ => return Ok(None),
    };
    let Some(path) = &file.path else { return Ok(None) };
    author(&["-G", key, &history.commit, "--", path])
}

/// The word for a state.
pub(crate) fn state(look: Look<'_>) -> String {
    let (rollout, decision, phase) = (&look.file.rollout, look.decision, look.phase());
    let is_paused = rollout.suspend || rollout.pause || !look.history.head.foreign.is_empty();
    let is_running = !matches!(phase, Phase::Succeeded | Phase::Failed | Phase::Initialized);
    if is_running && decision.phase == Phase::Failed {
        return "Rolling back".to_owned();
    }
    if is_running && is_paused {
        return look.person.map_or_else(|| "Paused".to_owned(), |person| format!("Paused by {person}"));
    }
    let word = word(phase, look.event());
    if look.failed_check().is_some() {
        return "Holding".to_owned();
    }
    // A change that is due ends a hold.
    let is_due = word == "Holding" && decision.change.is_some() && look.proposed().is_none();
    if is_due { "Progressing".to_owned() } else { word.to_owned() }
}

/// What ends a wait, as a sentence without a full stop.
pub(crate) fn ends(look: Look<'_>) -> Option<String> {
    if look.proposed().is_some() {
        return Some("Goes on when it is merged".to_owned());
    }
    if !look.is_running || (look.decision.change.is_some() && look.failed_check().is_none()) {
        return None;
    }
    let words = match look.cause()? {
        "evidence" => "Advances when the evidence falls below the hold line, rolls back when it is proven",
        "sample-ratio" | "both" | "uncapped" => "Advances when the views of both arms fit the share again",
        "gap" => "Decides after a whole interval without a gap",
        "collectors" => "Decides when they are back",
        "not-seen" => "The step's clock starts with the first view",
        "few-views" | "no-rows" | "no-canary-views" | "no-stable-views" | "alert:no-data" => {
            "Decides when enough views have come"
        }
        "freeze" => "Advances after the freeze",
        "pause" => "Goes on with canaryctl rollout resume",
        "people" => "Goes on with canaryctl rollout resume, ends with canaryctl rollout abort",
        "alert:unsigned" => "Goes on when the commit is replaced by a signed one, or its key is trusted",
        "rewritten" => "Ends with canaryctl rollout abort, or when the branch is restored",
        "waiting" | "confirm-traffic-increase" | "confirm-promotion" => "Goes on when the webhook agrees",
        "not-ready" | "stable-not-ready" | "promoting" => "Goes on when every address serves the version",
        "metric-no-data" => "Decides when the metric has a value",
        "failed-check" => "Checks again after the interval",
        "alert:stalled" => "Promote it with canaryctl rollout promote, or end it with canaryctl rollout abort",
        _ => return None,
    };
    Some(words.to_owned())
}

/// State, cause, what happens next, and when.
pub(crate) fn sentence(
    look: Look<'_>,
    state: &str,
    verdict: Option<&Verdict>,
    views: &Views,
    time: Option<&Time>,
) -> String {
    let head = &look.history.head;
    let stable = head.stable_tag.as_deref().unwrap_or("stable");
    let reason = look.reason();
    let reason = reason.trim_end_matches('.');
    let weight = head.percentage;
    let since = look.ended().map(|event| format!(" since {}", clock(event.at, look.now))).unwrap_or_default();
    match state {
        "No run" if look.history.run.is_none() && head.canary_tag.is_some() && head.canary_tag != head.stable_tag => {
            let version = head.canary_tag.as_deref().unwrap_or_default();
            return format!("No run: everyone on {stable}. The run of {version} begins when every address serves it.");
        }
        "No run" => {
            let reason = reason.trim_start_matches("no run: ").trim_start_matches("no run; ");
            let set =
                if weight > 0.0 { format!(" The config has {weight} %, which no run has set.") } else { String::new() };
            return format!("No run: {reason}.{set}");
        }
        "Promoted" => return format!("Promoted: everyone on {stable}{since}."),
        "Rolled back" => return format!("Rolled back: everyone on {stable}{since}. {}.", capital(reason)),
        _ => {}
    }
    let cause = match (state, look.cause(), views.canary) {
        ("Progressing", Some("step"), _) => verdict.map_or_else(|| reason.to_owned(), limits),
        ("Collecting", Some("few-views"), Some(canary)) => {
            let left = views.left.map(|left| format!(", about {}", time::length(left.max(60)))).unwrap_or_default();
            format!("{} of {} views{left}", thousands(canary), thousands(views.needed))
        }
        _ => reason.to_owned(),
    };
    let is_timed = matches!(state, "Progressing" | "Collecting");
    let next = time.and_then(|time| time.step_left).filter(|_| is_timed && look.decision.change.is_none());
    let next = match (next, ends(look)) {
        (Some(left), _) => format!(" Decides {}.", clock(look.now.saturating_add(left), look.now)),
        (None, Some(ends)) => format!(" {ends}."),
        (None, None) => String::new(),
    };
    format!("{state} at {weight} %: {cause}.{next}")
}

/// The metrics above their limit.
fn limits(verdict: &Verdict) -> String {
    let above = verdict.metrics.iter().filter(|metric| mark(metric, verdict) <= Mark::Above);
    let above: Vec<_> = above.map(|metric| metric.policy.metric.name()).collect();
    match above.as_slice() {
        [] => "no metric is above its limit".to_owned(),
        [one] => format!("{one} is above its limit, unproven"),
        several => format!("{} are above their limits, unproven", several.join(", ")),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|char| char.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

/// A time of day in UTC, with the date where it is another day.
pub(crate) fn clock(at: i64, now: i64) -> String {
    let (text, today) = (time::format(at), time::format(now));
    let day = text.get(..10).filter(|day| Some(*day) != today.get(..10));
    let day = day.map(|day| format!("{day} ")).unwrap_or_default();
    format!("{day}{} UTC", text.get(11..16).unwrap_or_default())
}

/// The command for the next thing to do.
pub(crate) fn command(look: Look<'_>) -> Option<String> {
    let head = &look.history.head;
    let command = match (look.phase(), look.cause()) {
        (Phase::Succeeded, _) => "canaryctl rollout verify".to_owned(),
        (Phase::Failed | Phase::Initialized, _) => {
            // Not the one that has just failed.
            let failed = look.history.run.as_ref().map(|run| run.version.as_str());
            let version =
                head.canary_tag.as_deref().filter(|tag| head.stable_tag.as_deref() != Some(tag) && failed != Some(tag));
            format!("canaryctl rollout start --version {}", version.unwrap_or("VERSION"))
        }
        _ if look.file.rollout.pause || !head.foreign.is_empty() => "canaryctl rollout resume".to_owned(),
        (_, Some("rewritten" | "alert:stalled")) => "canaryctl rollout abort".to_owned(),
        _ => return None,
    };
    Some(command)
}
