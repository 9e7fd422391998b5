//! Proposals: commits on a branch beside the followed one, which people merge. The state counts what they have merged alone.

use canary_rollout::event::{Event, Kind};
use canary_rollout::{Commit, Decision, Phase, Push, Run, Trailers};
use serde_json::Value;

use crate::platform::forge;
use crate::rollout::apply;
use crate::rollout::controller::{Controller, hash};
use crate::rollout::file::File;
use crate::rollout::history::{self, History};
use crate::rollout::message::{message, trailers};
use crate::rollout::pull_request::{Forge, PullRequest, Wanted};
use crate::rollout::repository::{Repository, Update};
use crate::rollout::write::{Author, End, Material, Records};
use crate::terminal::message::warn;

/// What states of proposals have in common.
pub(crate) const STATE: &str = "pull-request";

/// The line of a message that a person asked for.
const PERSON: &str = "Rollout-By: person";

/// A proposal of a run, as the run's ref has it.
struct Proposal {
    /// The head of the followed branch when it was made.
    base: String,
    revision: u64,
    at: i64,
    trailers: Trailers,
}

/// A branch of proposals.
struct Branch {
    /// Its name as a ref.
    name: String,
    tip: Option<String>,
    /// It has commits that the followed branch lacks.
    is_open: bool,
    /// All of them are the controller's, or of its verbs.
    is_own: bool,
    /// The message of its last commit.
    message: String,
}

/// Adds the proposals that are merged to a run. Returns their events that the run's ref does not have yet.
pub(crate) fn settle(
    repository: &Repository,
    file: &File,
    head: &str,
    tip: &str,
    run: &mut Run,
) -> anyhow::Result<Vec<Event>> {
    let mut unknown = Vec::new();
    for proposal in proposals(repository, tip)? {
        let known = run.commits.iter_mut().find(|commit| commit.trailers == proposal.trailers);
        let (hash, is_lost) = if let Some(commit) = known {
            // A squash has the time of its merge; events and rows belong to that of the proposal.
            commit.time = proposal.at;
            (commit.hash.clone(), false)
        } else {
            let Some((hash, revision)) = content(repository, file, head, run, &proposal)? else { continue };
            let (time, trailers) = (proposal.at, proposal.trailers.clone());
            run.commits.push(Commit { hash: hash.clone(), time, revision, trailers });
            (hash, true)
        };
        let it = &proposal.trailers;
        let is_known = run.events.iter().any(|event| {
            event.kind == Kind::Commit && event.at == proposal.at && (event.phase, event.step) == (it.phase, it.step.0)
        });
        if is_known {
            continue;
        }
        let short = hash.get(..12).unwrap_or(&hash);
        let lost = if is_lost { " without its trailers, so that git log does not show its figures" } else { "" };
        unknown.push(Event {
            at: proposal.at,
            kind: Kind::Commit,
            phase: it.phase,
            step: it.step.0,
            weight: it.weight,
            state: "merged".to_owned(),
            message: format!("merged as {short}{lost}"),
            version: None,
            windows: None,
        });
    }
    run.commits.sort_by_key(|commit| commit.time);
    run.events.extend(unknown.iter().cloned());
    Ok(unknown)
}

/// A run's proposals, the oldest first.
fn proposals(repository: &Repository, tip: &str) -> anyhow::Result<Vec<Proposal>> {
    let logged = history::log(repository, &["--grep=^Rollout-Proposal: ", tip], &[])?;
    let parse = |it: &history::Logged| {
        let get = |key: &str| it.message.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        Some(Proposal {
            base: get("Rollout-Head")?.to_owned(),
            revision: get("Rollout-Revision")?.parse().ok()?,
            at: it.time,
            trailers: Trailers::parse(&it.message)?,
        })
    };
    Ok(logged.iter().rev().filter_map(parse).collect())
}

/// The commit of the followed branch that has a proposal's content without its trailers: a squash may lose them.
fn content(
    repository: &Repository,
    file: &File,
    head: &str,
    run: &Run,
    proposal: &Proposal,
) -> anyhow::Result<Option<(String, u64)>> {
    let range = format!("{}..{head}", proposal.base);
    let (it, image) = (&proposal.trailers, file.rollout.stable.image.as_ref());
    for logged in history::log(repository, &["--first-parent", "--reverse", &range], &history::paths(file))? {
        if Trailers::parse(&logged.message).is_some_and(|trailers| trailers.run == run.salt) {
            continue;
        }
        let Ok(config) = history::config(repository, &logged.hash, file) else { continue };
        let revision = history::revision(&config);
        let has_it = if proposal.revision > 0 {
            config.get("SALT").and_then(Value::as_str) == Some(it.run.as_str())
                && (history::percentage(&config), revision) == (it.weight, proposal.revision)
        } else {
            it.phase == Phase::Promoting
                && history::tag(repository, &logged.hash, image)?.is_some_and(|version| version.tag == it.version)
        };
        if has_it {
            return Ok(Some((logged.hash, revision)));
        }
    }
    Ok(None)
}

impl Controller {
    /// Writes down what people have merged, and calls the webhooks of events.
    pub(crate) fn take_merged(&self, file: &File, history: &History, now: i64) -> anyhow::Result<()> {
        let Some(run) = &history.run else { return Ok(()) };
        let mut decision = Decision {
            phase: run.phase(),
            weight: history.head.percentage,
            run: Some((run.salt.clone(), run.version.clone())),
            events: history.merged.clone(),
            ..Decision::default()
        };
        let it = Material { file, history, evidence: None, author: Author::Controller, now };
        if let End::Written(_) = self.write(it, &mut decision)? {
            Self::tell(file, &decision);
            for event in history.merged.iter().filter(|event| event.message.contains("without")) {
                warn(&event.message);
            }
        }
        Ok(())
    }

    /// Pushes a decision to the branch of proposals. The decision becomes the wait for its merge.
    pub(crate) fn propose(&self, it: Material<'_>, push: &Push, decision: &mut Decision) -> anyhow::Result<End> {
        let Some(change) = &decision.change else { return Ok(End::Written(None)) };
        let files = apply::files(&self.repository, it.file, it.history, change)?;
        let branch = self.branch(it, push)?;
        let subject = change.subject.clone();
        let what = format!("waits for the merge of branch {} into {}: {subject}", push.branch, self.repository.branch);
        if branch.is_open {
            let tip = branch.tip.as_deref().unwrap_or_default();
            let has = |path: &String, bytes: &Vec<u8>| {
                self.repository.read(tip, path).is_ok_and(|found| found.as_ref() == Some(bytes))
            };
            let is_same = files.iter().all(|(path, bytes)| has(path, bytes));
            let is_by_person = branch.message.lines().any(|line| line == PERSON);
            if is_same || (is_by_person && matches!(it.author, Author::Controller) && decision.phase != Phase::Failed) {
                let first = branch.message.lines().next().unwrap_or_default();
                let own = format!("rollout({}): ", it.file.rollout.name);
                let first = first.strip_prefix(&own).unwrap_or(first);
                let what =
                    format!("waits for the merge of branch {} into {}: {first}", push.branch, self.repository.branch);
                let (state, reason) = self.look_at_pull_request(push, &branch, &what, decision.phase);
                wait(decision, it, state, &reason, false);
                return self.write(it, decision);
            }
            if !branch.is_own {
                let reason = format!(
                    "branch {} has commits of somebody else, and is left alone: merge or delete it, then this is proposed: {subject}",
                    push.branch
                );
                wait(decision, it, "alert:pull-request-branch", &reason, false);
                return self.write(it, decision);
            }
        }
        let proposed = decision.clone();
        let state = if proposed.phase == Phase::Failed { "alert:pull-request" } else { STATE };
        wait(decision, it, state, &what, true);
        let mut updates = Vec::new();
        let by = if matches!(it.author, Author::Person(_)) { PERSON } else { "" };
        let commit;
        let text;
        if let Some((salt, _)) = proposed.run.clone() {
            let Some(records) = self.records(it, &proposed, decision, &salt)? else { return Ok(End::Written(None)) };
            let (rows, events) = (hash(&records.rows), hash(&records.lines));
            let basis = Records::basis(it.evidence, &rows);
            text = with_line(message(it.file, &proposed, basis, it.author.own(), &events), by, "");
            commit = self.repository.commit(&it.history.commit, &files, &text, it.now)?;
            let sets = change_of(&proposed);
            let revision = if sets { it.history.head.largest_revision.saturating_add(1) } else { 0 };
            let head = &it.history.commit;
            let ids = format!("Rollout-Head: {head}\nRollout-Proposal: {commit}\nRollout-Revision: {revision}\n");
            let trailers = format!("{ids}{}", trailers(it.file, &proposed, basis, &events));
            updates.push(self.update_run(it, records, &salt, &trailers)?);
        } else {
            text = with_line(message(it.file, &proposed, None, it.author.own(), ""), by, "\n");
            commit = self.repository.commit(&it.history.commit, &files, &text, it.now)?;
        }
        updates.push(Update { name: branch.name, old: branch.tip, new: commit.clone() });
        let end = self.push(it, &proposed, &updates, Some(commit))?;
        if matches!(end, End::Written(_)) {
            decision.reason = self.open_pull_request(push, &text, &what);
        }
        Ok(end)
    }

    /// The update that takes a proposal back whose run is over.
    pub(crate) fn withdrawal(&self, it: Material<'_>, decision: &Decision) -> anyhow::Result<Option<Update>> {
        let Some(push) = it.file.rollout.push.as_ref().filter(|_| decision.phase.is_over()) else { return Ok(None) };
        let branch = self.branch(it, push)?;
        let is_own = branch.is_open && branch.is_own && !branch.message.lines().any(|line| line == PERSON);
        Ok(is_own.then_some(Update { name: branch.name, old: branch.tip, new: String::new() }))
    }

    fn branch(&self, it: Material<'_>, push: &Push) -> anyhow::Result<Branch> {
        let name = format!("refs/heads/{}", push.branch);
        let tip = self.repository.resolve(&name)?;
        let range = tip.as_ref().map(|tip| format!("{}..{tip}", it.history.commit));
        let commits = range.map(|range| history::log(&self.repository, &[&range], &[])).transpose()?;
        let commits = commits.unwrap_or_default();
        let own = format!("rollout({}): ", it.file.rollout.name);
        let is_own = |it: &history::Logged| it.message.starts_with(&own) || Trailers::parse(&it.message).is_some();
        let message = commits.first().map(|it| it.message.clone()).unwrap_or_default();
        // What the followed branch has with another hash, by a squash, is merged as well.
        let known = it.history.run.iter().flat_map(|run| &run.commits).map(|commit| &commit.trailers);
        let is_merged = Trailers::parse(&message).is_some_and(|trailers| known.into_iter().any(|it| *it == trailers));
        let is_open = !commits.is_empty() && !is_merged;
        Ok(Branch { name, tip, is_open, is_own: commits.iter().all(is_own), message })
    }

    /// Opens the pull request of a new proposal, and says where it is.
    fn open_pull_request(&self, push: &Push, text: &str, what: &str) -> String {
        let (title, text) = text.split_once('\n').unwrap_or((text, ""));
        let wanted = Wanted { branch: &push.branch, into: &self.repository.branch, title, text: text.trim_start() };
        let opened =
            Forge::of(push, &self.repository.remote).and_then(|forge| forge.map(|it| it.open(wanted)).transpose());
        self.with_address(push, what, opened)
    }

    /// Looks whether the pull request of a proposal is open, and opens it where there is none. Returns the state and its words.
    fn look_at_pull_request(&self, push: &Push, branch: &Branch, what: &str, phase: Phase) -> (&'static str, String) {
        let state = if phase == Phase::Failed { "alert:pull-request" } else { STATE };
        let (title, text) = branch.message.split_once('\n').unwrap_or((&branch.message, ""));
        let wanted = Wanted { branch: &push.branch, into: &self.repository.branch, title, text: text.trim() };
        let tip = branch.tip.as_deref().unwrap_or_default();
        let is_closed = |it: &PullRequest| !it.is_open && !it.is_merged && it.commit == tip;
        let looked = Forge::of(push, &self.repository.remote).and_then(|forge| {
            let Some(forge) = forge else { return Ok(None) };
            match forge.current(wanted)? {
                Some(it) if it.is_open => {
                    forge.update(&it, wanted)?;
                    Ok(Some(Ok(it.url)))
                }
                Some(it) if is_closed(&it) => Ok(Some(Err(it.url))),
                _ => Ok(Some(Ok(forge.open(wanted)?))),
            }
        });
        match looked {
            Ok(Some(Err(url))) => {
                let reason = format!(
                    "{url} was closed without a merge: reopen it, or delete branch {} and it is proposed again; {what}",
                    push.branch
                );
                ("alert:pull-request-closed", reason)
            }
            Ok(looked) => (state, self.with_address(push, what, Ok(looked.and_then(Result::ok)))),
            Err(error) => ("alert:pull-request-failed", self.with_address(push, what, Err(error))),
        }
    }

    /// What is waited for, with the pull request's address or why there is none.
    fn with_address(&self, push: &Push, what: &str, opened: anyhow::Result<Option<String>>) -> String {
        let by_hand = || {
            let remotes = [self.repository.remote.clone()];
            let page = forge::pull_request("", &remotes, &self.repository.branch, &push.branch);
            page.map_or_else(String::new, |page| format!("; open a pull request at {page}"))
        };
        match opened {
            Ok(Some(url)) => format!("{what}; {url}"),
            Ok(None) => format!("{what}{}", by_hand()),
            Err(error) => {
                warn(&format!("cannot open the pull request: {error:#}"));
                format!("{what}; cannot open the pull request: {error:#}{}", by_hand())
            }
        }
    }
}

/// Whether a decision writes the config.
fn change_of(decision: &Decision) -> bool {
    decision.change.as_ref().is_some_and(|change| change.percentage.is_some() || change.start.is_some())
}

fn with_line(mut text: String, line: &str, before: &str) -> String {
    if !line.is_empty() {
        text.push_str(before);
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Turns a decision into a wait: the state is what the followed branch says.
fn wait(decision: &mut Decision, it: Material<'_>, state: &str, reason: &str, is_new: bool) {
    let salt = decision.run.as_ref().map(|(salt, _)| salt.as_str());
    let run = it.history.run.as_ref().filter(|run| Some(run.salt.as_str()) == salt);
    decision.change = None;
    decision.weight = it.history.head.percentage;
    decision.phase = run.map(Run::phase).filter(|phase| !phase.is_over()).unwrap_or(Phase::Initializing);
    let ladder = &it.file.rollout.analysis.ladder;
    decision.step = if decision.weight > 0.0 { ladder.step_of(decision.weight) } else { 0 };
    reason.clone_into(&mut decision.reason);
    decision.next = Some(it.now.saturating_add(it.file.rollout.analysis.interval));
    let version = decision.events.iter().find_map(|event| event.version.clone());
    decision.events.retain(|event| !event.kind.has_state());
    if is_new || run.and_then(Run::state) != Some(state) {
        decision.events.push(Event {
            at: it.now,
            kind: Kind::Hold,
            phase: decision.phase,
            step: decision.step,
            weight: decision.weight,
            state: state.to_owned(),
            message: reason.to_owned(),
            version,
            windows: None,
        });
    }
}
