//! The runs of a rollout, by the commits of its branch.

use canary_rollout::{Trailers, time};
use serde::Serialize;
use serde_json::Value;

use crate::rollout::history::{Logged, log, paths};
use crate::rollout::report::number;
use crate::rollout::{file::File, repository::Repository};

/// The commits that are looked at: about 30 runs.
const COMMITS: &str = "-n300";

/// A run, which may still go on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PastRun {
    pub(crate) run: String,
    pub(crate) version: String,
    /// Its phase after the last commit.
    pub(crate) phase: &'static str,
    pub(crate) started: String,
    /// When it ended.
    pub(crate) ended: Option<String>,
    /// The largest weight that a commit has set.
    pub(crate) weight: Value,
    /// The last commit, and its subject.
    pub(crate) commit: String,
    pub(crate) subject: String,
}

/// The runs, the newest first.
pub(crate) fn past(repository: &Repository, file: &File, head: &str) -> anyhow::Result<Vec<PastRun>> {
    let newest_first = log(repository, &[COMMITS, "--grep=^Rollout-Run: ", head], &paths(file))?;
    let commits: Vec<_> =
        newest_first.iter().filter_map(|logged| Some((logged, Trailers::parse(&logged.message)?))).collect();
    let mut runs = Vec::new();
    for (at, (_, trailers)) in commits.iter().enumerate() {
        if commits.iter().take(at).all(|(_, newer)| newer.run != trailers.run) {
            let own: Vec<_> = commits.iter().filter(|(_, other)| other.run == trailers.run).collect();
            runs.extend(run(&own));
        }
    }
    Ok(runs)
}

/// A run of its commits, the newest first.
fn run(commits: &[&(&Logged, Trailers)]) -> Option<PastRun> {
    let ((last, trailers), (first, _)) = (commits.first()?, commits.last()?);
    let weight = commits.iter().map(|(_, trailers)| trailers.weight).fold(0.0, f64::max);
    Some(PastRun {
        run: trailers.run.clone(),
        version: trailers.version.clone(),
        phase: trailers.phase.name(),
        started: time::format(first.time),
        ended: trailers.phase.is_over().then(|| time::format(last.time)),
        weight: number(weight),
        commit: last.hash.clone(),
        subject: last.message.lines().next().unwrap_or_default().to_owned(),
    })
}
