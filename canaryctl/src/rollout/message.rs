//! The message of a commit: subject, reason, metrics and trailers.

use std::fmt::Write as _;

use canary_judge::Verdict;
use canary_rollout::{Decision, Trailers, evidence_line};

use crate::rollout::file::File;

/// The most characters of a subject.
const SUBJECT: usize = 72;

/// The rows that a decision was made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basis<'a> {
    pub(crate) verdict: &'a Verdict,
    pub(crate) through: Option<u64>,
    pub(crate) hash: &'a str,
}

/// The message of a decision's commit.
pub(crate) fn message(
    file: &File,
    decision: &Decision,
    basis: Option<Basis<'_>>,
    own: Option<&str>,
    events: &str,
) -> String {
    let subject = decision.change.as_ref().map_or("", |change| change.subject.as_str());
    let subject = format!("rollout({}): {subject}", file.rollout.name);
    let mut text = own.map_or_else(|| cut(&subject), str::to_owned);
    let _ = write!(text, "\n\n{}\n", sentence(&decision.reason));
    if let Some(basis) = basis.filter(|_| decision.verdict.is_some()) {
        text.push('\n');
        text.push_str(&table(basis.verdict));
    }
    if decision.run.is_none() {
        return text;
    }
    text.push('\n');
    text.push_str(&trailers(file, decision, basis, events).to_string());
    text
}

/// The trailers of a decision's commit.
pub(crate) fn trailers(file: &File, decision: &Decision, basis: Option<Basis<'_>>, events: &str) -> Trailers {
    let (run, version) = decision.run.clone().unwrap_or_default();
    let judged = basis.filter(|_| decision.verdict.is_some());
    Trailers {
        run,
        version,
        phase: decision.phase,
        step: (decision.step, file.rollout.analysis.ladder.len()),
        weight: decision.weight,
        verdict: decision.verdict.map(str::to_owned),
        through: judged.and_then(|basis| basis.through),
        windows: judged.map(|basis| basis.hash.to_owned()),
        evidence: judged.map(|basis| evidence_line(basis.verdict)).filter(|line| !line.is_empty()),
        events: Some(events.to_owned()),
    }
}

/// One line for each metric: both counts and rates, and the ratio with its range.
fn table(verdict: &Verdict) -> String {
    let mut text = String::new();
    for metric in &verdict.metrics {
        let side = |count: canary_judge::Count| {
            let rate = count.rate().map_or_else(|| "-".to_owned(), |rate| format!("{:.2} %", rate * 100.0));
            format!("{} of {} ({rate})", count.bad.max(0.0), count.of)
        };
        let high = metric.ratio.high.map_or_else(|| "inf".to_owned(), |high| format!("{high:.2}"));
        let ratio = metric.ratio.estimate.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        let _ = writeln!(
            text,
            "{}: canary {}, stable {}, ratio {ratio} ({:.2} to {high}), limit {}",
            metric.policy.metric,
            side(metric.canary),
            side(metric.stable),
            metric.ratio.low,
            metric.policy.rho
        );
    }
    text
}

fn sentence(reason: &str) -> String {
    let mut chars = reason.chars();
    let first = chars.next().map(|char| char.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

fn cut(subject: &str) -> String {
    if subject.chars().count() <= SUBJECT {
        return subject.to_owned();
    }
    let kept: String = subject.chars().take(SUBJECT.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}
