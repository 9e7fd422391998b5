//! Recomputes every verdict of a run from Git alone.

use anyhow::Context;
use canary_rollout::event::{Event, Kind};
use canary_rollout::evidence::{Collected, Evidence};
use canary_rollout::{Commit, Run, evidence_line};
use sha2::{Digest, Sha256};

use crate::rollout::controller::{Controller, hash, shown};
use crate::rollout::file::File;
use crate::rollout::history::{self, History};

/// The outcome of one commit.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Checked {
    pub(crate) run: String,
    pub(crate) commit: String,
    pub(crate) verdict: String,
    /// What differs; nothing where all is as it was.
    pub(crate) difference: Option<String>,
}

impl Controller {
    /// Checks a run, or all that the repository has.
    pub(crate) fn verify(&mut self, run: Option<&str>) -> anyhow::Result<Vec<Checked>> {
        let (file, history) = self.read()?;
        let names = self.repository.git(&["for-each-ref", "--format=%(refname)", &self.repository.runs])?;
        let salts: Vec<_> =
            names.lines().filter_map(|name| name.strip_prefix(&self.repository.runs)).map(str::to_owned).collect();
        let wanted: Vec<_> = match run {
            Some(run) => {
                vec![salts.into_iter().find(|salt| salt == run).with_context(|| format!("{run}: no such run"))?]
            }
            None => salts,
        };
        let mut checked = Vec::new();
        for salt in wanted {
            let (run, _) = history::load(&self.repository, &salt, &history.commit, &history::paths(&file), &file)?;
            self.check(&file, &history, &run, &mut checked)?;
        }
        Ok(checked)
    }

    fn check(&self, file: &File, history: &History, run: &Run, checked: &mut Vec<Checked>) -> anyhow::Result<()> {
        let tip = format!("{}{}", self.repository.runs, run.salt);
        let rows = self.repository.read(&tip, "windows.jsonl")?.unwrap_or_default();
        let events = self.repository.read(&tip, "events.jsonl")?.unwrap_or_default();
        if let Some((commit, difference)) = self.rewritten(&tip)? {
            let verdict = String::new();
            checked.push(Checked { run: run.salt.clone(), commit, verdict, difference: Some(difference) });
        }
        for (index, commit) in run.commits.iter().enumerate() {
            let trailers = &commit.trailers;
            if let Some(difference) = recorded(commit, run, &events) {
                let (commit, verdict) = (commit.hash.clone(), trailers.verdict.clone().unwrap_or_default());
                checked.push(Checked { run: run.salt.clone(), commit, verdict, difference: Some(difference) });
            }
            let (Some(verdict), Some(windows)) = (&trailers.verdict, &trailers.windows) else { continue };
            let through = trailers.through.unwrap_or_default();
            let mut difference = None;
            let lines = rows.split_inclusive(|byte| *byte == b'\n').zip(&run.rows);
            let prefix: Vec<u8> =
                lines.filter(|(_, row)| row.minute <= through).flat_map(|(line, _)| line).copied().collect();
            if hash(&prefix) != *windows {
                difference = Some(format!(
                    "the rows up to minute {through} have the hash {}, expected {windows}",
                    hash(&prefix)
                ));
            }
            let before = run.commits.get(..index).unwrap_or_default();
            let weight = before.last().map_or(0.0, |commit| commit.trailers.weight);
            let then = Run {
                commits: before.to_vec(),
                events: run.events.iter().filter(|event| event.at <= commit.time).cloned().collect(),
                rows: run.rows.iter().filter(|row| row.minute <= through).cloned().collect(),
                uncapped: run.uncapped.iter().filter(|row| row.minute <= through).cloned().collect(),
                ..run.clone()
            };
            let head = canary_rollout::Head {
                percentage: weight,
                is_balanced: history.head.is_balanced,
                ..canary_rollout::Head::default()
            };
            // The file as it was when the verdict was made.
            let rollout = match &file.path {
                Some(_) => File::read(&self.repository, &format!("{}^", commit.hash), &self.path)?.rollout,
                None => file.rollout.clone(),
            };
            let evidence = Evidence::gather(&rollout.analysis, &then, &head, &Collected::default(), commit.time);
            let found = evidence.verdict.decision.name();
            let line = evidence_line(&evidence.verdict);
            if found != verdict {
                difference = difference.or_else(|| Some(format!("the rows give {found}, expected {verdict}")));
            } else if trailers.evidence.as_ref().is_some_and(|expected| *expected != line) {
                difference = difference.or_else(|| Some(format!("the rows give {line:?}")));
            }
            checked.push(Checked {
                run: run.salt.clone(),
                commit: commit.hash.clone(),
                verdict: verdict.clone(),
                difference,
            });
        }
        Ok(())
    }
    /// The first commit of a run's ref that changed a line of an earlier one, as lines are only added.
    fn rewritten(&self, tip: &str) -> anyhow::Result<Option<(String, String)>> {
        let commits = self.repository.git(&["rev-list", "--reverse", tip])?;
        let mut before: [Vec<u8>; 2] = Default::default();
        for commit in commits.lines() {
            for (name, before) in ["events.jsonl", "windows.jsonl"].iter().zip(&mut before) {
                let now = self.repository.read(commit, name)?.unwrap_or_default();
                if !now.starts_with(before) {
                    let same = now.iter().zip(before.iter()).take_while(|(new, old)| new == old);
                    let line = same.filter(|(byte, _)| **byte == b'\n').count().saturating_add(1);
                    return Ok(Some((commit.to_owned(), format!("line {line} of {name} is another than before"))));
                }
                *before = now;
            }
        }
        Ok(None)
    }
}

/// Where a commit's trailers and the run's events disagree.
fn recorded(commit: &Commit, run: &Run, events: &[u8]) -> Option<String> {
    let trailers = &commit.trailers;
    // A commit of before this trailer has none.
    let expected = trailers.events.as_ref()?;
    let mut digest = Sha256::new();
    let is_prefix = events.split_inclusive(|byte| *byte == b'\n').any(|line| {
        digest.update(line);
        shown(&digest.clone().finalize()) == *expected
    });
    if !is_prefix {
        return Some(format!("the events up to this commit do not have the hash {expected}"));
    }
    #[expect(clippy::float_cmp, reason = "both are the same number, written and read")]
    let is_same = |event: &&Event| {
        event.kind == Kind::Commit
            && event.at == commit.time
            && (event.phase, event.step) == (trailers.phase, trailers.step.0)
            && event.weight == trailers.weight
    };
    let is_known = run.events.iter().any(|event| is_same(&event));
    (!is_known).then(|| "no event has the phase, step and weight of its trailers".to_owned())
}
