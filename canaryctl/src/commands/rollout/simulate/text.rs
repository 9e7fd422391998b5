//! The figures for people.

use std::fmt::Write as _;

use canary_judge::simulation::{Fault, Quantiles, Scenario, Summary, upper_bound};

use crate::commands::rollout::simulate::json::Played;
use crate::terminal::format::{percent, thousands};

/// A table of at most 80 columns, in ASCII.
pub(crate) fn report(played: &Played) -> String {
    let Played { seed, views_per_second: rate, has_flagger, results, .. } = played;
    let runs = thousands(played.runs);
    let mut text = format!("{runs} runs each, seed {seed}; page views a second: {rate}\n\n");
    text.push_str("SCENARIO               ROLLED BACK        MINUTES   CANARY VIEWS    HELD\n");
    text.push_str("                                     median / p95   median / p95\n");
    for (scenario, summary) in results {
        let _ = writeln!(
            text,
            "{:22} {:>11}  {:>13}  {:>13}  {:>6}",
            scenario.name,
            share(summary.found().saturating_add(summary.too_early), summary.runs),
            pair(summary.minutes()),
            pair(summary.units()),
            share(summary.held, summary.runs),
        );
    }
    if *has_flagger {
        text.push_str(&flagger(results));
    }
    let notes: String = results.iter().map(|(scenario, summary)| notes(scenario, summary)).collect();
    if notes.is_empty() { text } else { format!("{text}\n{notes}") }
}

fn flagger(results: &[(&Scenario, &Summary)]) -> String {
    let mut text = String::from("\nFlagger's rule on the same views: 1 % failing views a minute, threshold 5\n\n");
    text.push_str("SCENARIO               ROLLED BACK        MINUTES  TOO EARLY   WITH VIEWS*\n");
    for (scenario, summary) in results {
        let [(found, minutes), (with_views, _)] = summary.flagger();
        let [early, early_with_views] = summary.flagger_too_early;
        let _ = writeln!(
            text,
            "{:22} {:>11}  {:>13}  {:>9}   {:>11}",
            scenario.name,
            share(found.saturating_add(early), summary.runs),
            pair(minutes),
            share(early, summary.runs),
            share(with_views.saturating_add(early_with_views), summary.runs),
        );
    }
    text.push_str("\n* if a minute without canary views were no failed check\n");
    text
}

/// What the columns do not say.
fn notes(scenario: &Scenario, summary: &Summary) -> String {
    let mut notes = Vec::new();
    let rolled_back = summary.found().saturating_add(summary.too_early);
    if scenario.fault == Fault::None && scenario.forged.is_none() {
        let bound = upper_bound(rolled_back, summary.runs) * 100.0;
        notes.push(format!("{rolled_back} of {} rolled back, at most {bound:.3} % (95 %)", thousands(summary.runs)));
    } else if summary.too_early > 0 {
        notes.push(format!("{} rolled back before the fault began", thousands(summary.too_early)));
    }
    if scenario.is_webkit_only {
        let named = percent(summary.named_webkit, summary.found());
        notes.push(format!("WebKit is named in {named:.1} % of roll-backs"));
    }
    if scenario.forged.is_some() {
        notes.push(format!("{} end with a hold that suspects the counts", share(summary.suspect, summary.runs)));
    }
    let (promoted, minutes) = summary.promoted();
    if promoted > 0 {
        notes.push(format!("{} promoted, after {} minutes", share(promoted, summary.runs), pair(minutes)));
    }
    let mut text = String::new();
    for note in notes {
        let _ = writeln!(text, "{}: {note}", scenario.name);
    }
    text
}

fn share(count: u64, runs: u64) -> String {
    let percent = percent(count, runs);
    if percent == 0.0 || percent >= 1.0 { format!("{percent:.1} %") } else { format!("{percent:.2} %") }
}

fn pair(quantiles: Quantiles) -> String {
    let text = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), thousands);
    format!("{} / {}", text(quantiles.median), text(quantiles.p95))
}
