//! The content of an alert.

use canary_rollout::{Notifications, Severity};
use serde::Serialize;
use serde_json::Value;

use crate::rollout::news::News;
use crate::rollout::status::Status;

/// An alert with all its figures, as a generic webhook gets it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) cluster: Option<String>,
    pub(crate) timestamp: String,
    pub(crate) severity: &'static str,
    /// The state before, in one word; null of a reminder.
    pub(crate) from: Option<&'static str>,
    pub(crate) to: String,
    pub(crate) phase: &'static str,
    #[serde(rename = "message")]
    pub(crate) text: String,
    pub(crate) cause: String,
    pub(crate) run: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) stable: Option<String>,
    pub(crate) weight: Value,
    pub(crate) share_seen: Option<f64>,
    pub(crate) canary_views: Option<u64>,
    pub(crate) stable_views: Option<u64>,
    /// Bad canary views beyond stable's rate, of the worst metric.
    pub(crate) harmed_views: Option<u64>,
    pub(crate) worst: Option<Worst>,
    pub(crate) commits: Vec<Commit>,
    /// Seconds since the last final minute ended.
    pub(crate) data_age: Option<i64>,
    pub(crate) console: Option<String>,
    pub(crate) command: Option<String>,
}

/// The worst metric.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Worst {
    pub(crate) metric: &'static str,
    pub(crate) mark: &'static str,
    pub(crate) canary: (f64, f64),
    pub(crate) stable: (f64, f64),
    pub(crate) ratio: Option<f64>,
    pub(crate) low: f64,
    pub(crate) high: Option<f64>,
    pub(crate) limit: f64,
    pub(crate) e: f64,
    pub(crate) stratum: Option<String>,
    pub(crate) code: Option<String>,
}

/// A commit with its address, where one is configured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Commit {
    #[serde(rename = "commit")]
    pub(crate) hash: String,
    pub(crate) subject: String,
    pub(crate) url: Option<String>,
}

impl Message {
    pub(crate) fn new(settings: &Notifications, status: &Status, news: &News, severity: Severity) -> Self {
        let worst = status.metrics.first();
        let text = match news {
            News::Change { .. } => status.sentence.clone(),
            News::Reminder(length) => {
                format!("{} It has been so for {}.", status.sentence, canary_rollout::time::length(*length))
            }
            News::Refused(reason) => {
                let version = status.version.as_deref().unwrap_or_default();
                format!("The roll-back of {version} cannot be pushed: {reason}. It is tried again at each interval.")
            }
        };
        let (from, to) = match news {
            News::Change { from } => (Some(*from), status.state.clone()),
            News::Reminder(_) => (None, status.state.clone()),
            News::Refused(_) => (None, "Rolling back".to_owned()),
        };
        // The first and the last: the start of the run, and what happened to it.
        let commits = status.commits.first().into_iter().chain(status.commits.iter().skip(1).last());
        let url = |hash: &str| settings.commits.as_ref().map(|base| format!("{}/{hash}", base.trim_end_matches('/')));
        Self {
            name: status.name.clone(),
            namespace: status.namespace.clone(),
            cluster: settings.cluster.clone(),
            timestamp: status.at.clone(),
            severity: severity.name(),
            from,
            to,
            phase: status.phase,
            text,
            cause: status.reason.clone(),
            run: status.run.clone(),
            version: status.version.clone(),
            stable: status.stable.clone(),
            weight: status.weight.clone(),
            share_seen: status.share.seen,
            canary_views: status.views.canary,
            stable_views: status.views.stable,
            harmed_views: worst.and_then(|worst| harmed(worst.canary.bad, worst.canary.of, worst.stable.rate?)),
            worst: worst.map(|it| Worst {
                metric: it.name,
                mark: it.mark,
                canary: (it.canary.bad.max(0.0), it.canary.of),
                stable: (it.stable.bad.max(0.0), it.stable.of),
                ratio: it.ratio,
                low: it.low,
                high: it.high,
                limit: it.limit,
                e: it.e,
                stratum: it.stratum.clone(),
                code: it.code.clone(),
            }),
            commits: commits
                .map(|commit| Commit {
                    hash: commit.hash.clone(),
                    subject: commit.subject.clone(),
                    url: url(&commit.hash),
                })
                .collect(),
            data_age: status.data.age,
            console: settings.console.clone(),
            command: status.command.clone(),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a number of views")]
fn harmed(bad: f64, of: f64, rate: f64) -> Option<u64> {
    of.is_finite().then(|| (bad - of * rate).max(0.0).round() as u64)
}
