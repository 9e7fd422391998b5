//! The site as this collector counted it, for the console.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use canary_collector::server::{Overview, Server};
use canary_judge::windows::Window;
use canary_judge::{MetricEvidence, Verdict};
use serde_json::{Value, json};

use crate::console::history::{Arms, History, Minute, Views, mark};
use crate::console::known_config::KnownConfigs;
use crate::rollout::report::number;

/// Everything that is shown of the current run. `history` is brought up to date, and begun anew for another salt.
pub(crate) fn site(
    collector: &Arc<Server>,
    configs: &KnownConfigs,
    history: &mut Option<History>,
) -> anyhow::Result<Value> {
    let Some(config) = configs.current() else { return Ok(Value::Null) };
    let overview = collector.overview();
    let rows = |minute: u64| windows(&collector.minute(minute)?).with_context(|| format!("minute {minute}"));
    if history.as_ref().is_none_or(|history| history.salt != config.salt) {
        *history = None;
    }
    let history = history.get_or_insert_with(|| History::new(config.salt.clone(), overview.since));
    history.read(&overview, configs, &config, rows)?;
    let (mut open, mut recent) = (Arms::default(), Arms::default());
    for minute in overview.through.saturating_add(1)..=overview.minute {
        for window in rows(minute)?.iter().filter(|it| it.salt.as_deref() == Some(&config.salt)) {
            open.add(window);
        }
    }
    for minute in overview.minute.saturating_sub(9)..=overview.minute {
        for window in rows(minute)?.iter().filter(|it| it.salt.as_deref() == Some(&config.salt)) {
            recent.add(window);
        }
    }
    let verdict = history.verdict(&overview);
    let all = recent.canary.exposed.saturating_add(recent.stable.exposed);
    #[expect(clippy::cast_precision_loss, reason = "it is shown with one decimal")]
    let seen = (all > 0).then(|| (recent.canary.exposed as f64 / all as f64 * 1000.0).round() / 10.0);
    Ok(json!({
        "run": config.salt,
        "version": config.version,
        "percentage": number(config.percentage),
        "configAt": config.at / 1000,
        "revision": config.revision,
        "window": overview.window,
        "through": seconds(overview.through.saturating_add(1), &overview),
        "gaps": gaps(&overview, history),
        // All views of the minutes that are not final: they may still get reports.
        "open": open,
        "recent": {"views": recent, "seconds": overview.window.saturating_mul(10)},
        "views": {
            "canary": verdict.canary_views.0,
            "stable": verdict.stable_views,
            "needed": verdict.min_views,
        },
        "verdict": verdict.decision.name(),
        "stratum": verdict.stratum,
        "seen": seen,
        "metrics": metrics(&verdict),
        "lines": {"rollBack": verdict.lines.0.ln(), "hold": verdict.lines.1.ln()},
        "isSampleRatioAlarm": verdict.is_sample_ratio_alarm(),
        "series": series(history, &verdict, &overview),
        "strata": history.strata.iter().map(|((engine, device), arms)| {
            json!({"engine": engine, "device": device, "canary": arms.canary, "stable": arms.stable})
        }).collect::<Vec<_>>(),
        "codes": history.codes.iter().map(|(code, [canary, stable])| {
            json!({"code": code, "canary": canary, "stable": stable})
        }).collect::<Vec<_>>(),
    }))
}

/// The rows of JSON lines.
fn windows(text: &str) -> anyhow::Result<Vec<Window>> {
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Seconds since 1970 of a minute's begin.
fn seconds(minute: u64, overview: &Overview) -> u64 {
    minute.saturating_mul(overview.window)
}

/// Lost minutes of the run, as begin and end in seconds since 1970.
fn gaps(overview: &Overview, history: &History) -> Vec<[u64; 2]> {
    let Some(first) = history.minutes.first().map(|minute| minute.number) else { return Vec::new() };
    let of_run = overview.gaps.iter().filter(|(_, to)| *to >= first);
    let time =
        |(from, to): &(u64, u64)| [seconds((*from).max(first), overview), seconds(to.saturating_add(1), overview)];
    of_run.map(time).collect()
}

fn metrics(verdict: &Verdict) -> Vec<Value> {
    let metric = |it: &MetricEvidence| {
        json!({
            "name": it.policy.metric.name(),
            "canary": {"bad": it.canary.bad, "of": it.canary.of},
            "stable": {"bad": it.stable.bad, "of": it.stable.of},
            "ratio": it.ratio.estimate,
            "low": it.ratio.low,
            "high": it.ratio.high,
            "limit": it.policy.rho,
            "logE": it.ln_e,
            "mark": mark(it, verdict),
        })
    };
    verdict.metrics.iter().map(metric).collect()
}

/// Counts and evidence, in the form of the controller's series. The evidence has minutes of its own: there are fewer looks.
fn series(history: &History, verdict: &Verdict, overview: &Overview) -> Value {
    let of = |get: fn(&Arms) -> u64| history.minutes.iter().map(|it| get(&it.arms)).collect::<Vec<_>>();
    let bad = |views: &Views| views.exposed.saturating_sub(views.ready).saturating_sub(views.left);
    let set = |it: &Minute| it.share.map_or(Value::Null, number);
    let rounded = |value: f64| json!((value * 1000.0).round() / 1000.0);
    let looks = &history.looks;
    let ln_e = |index: usize| looks.iter().map(move |look| look.ln_e.get(index).copied().map_or(Value::Null, rounded));
    let names = verdict.metrics.iter().map(|metric| metric.policy.metric.name());
    let log_e: BTreeMap<_, Vec<_>> = names.enumerate().map(|(index, name)| (name, ln_e(index).collect())).collect();
    let bad_canary: Vec<_> = history.minutes.iter().map(|it| bad(&it.arms.canary)).collect();
    let bad_stable: Vec<_> = history.minutes.iter().map(|it| bad(&it.arms.stable)).collect();
    json!({
        "window": overview.window,
        "every": 1,
        "minutes": history.minutes.iter().map(|it| it.number).collect::<Vec<_>>(),
        "canary": {"exposed": of(|it| it.canary.exposed), "bad": {"not-ready": bad_canary}},
        "stable": {"exposed": of(|it| it.stable.exposed), "bad": {"not-ready": bad_stable}},
        "set": history.minutes.iter().map(set).collect::<Vec<_>>(),
        "lookMinutes": looks.iter().map(|look| look.minute).collect::<Vec<_>>(),
        "logE": log_e,
        "logMeanE": looks.iter().map(|look| look.ln_mean_e.map_or(Value::Null, rounded)).collect::<Vec<_>>(),
        "logHoldLine": verdict.lines.1.ln(),
        "logRollbackLine": verdict.lines.0.ln(),
    })
}
