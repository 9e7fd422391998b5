//! The state of a run, read from its commits and events.

use canary_judge::Row;

use crate::event::{Event, Kind, Windows};
use crate::phase::Phase;
use crate::trailers::Trailers;

/// A run: what Git has of it.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Its salt.
    pub salt: String,
    /// The canary's version.
    pub version: String,
    /// Its commits, the oldest first.
    pub commits: Vec<Commit>,
    /// Its events, the oldest first.
    pub events: Vec<Event>,
    /// The judge's rows that were read so far, by the capped counts.
    pub rows: Vec<Row>,
    /// The rows by all counts; empty where they never differ.
    pub uncapped: Vec<Row>,
}

/// A commit of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// Its hash.
    pub hash: String,
    /// Seconds since 1970.
    pub time: i64,
    /// `REVISION` in it.
    pub revision: u64,
    /// Its trailers.
    pub trailers: Trailers,
}

/// What `HEAD` says.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// `CANARY_PERCENTAGE`.
    pub percentage: f64,
    /// Revisions since the run began with their percentage. One that had two percentages is missing.
    pub revisions: std::collections::BTreeMap<u64, f64>,
    /// The largest revision of the run's configs.
    pub largest_revision: u64,
    /// Reports come from cohorts `canary` and `control` alone.
    pub is_balanced: bool,
    /// The canary's tag, where its image is named.
    pub canary_tag: Option<String>,
    /// Stable's tag, where its image is named.
    pub stable_tag: Option<String>,
    /// Commits by others since the run's last commit that changed who sees the canary, with the percentage after them.
    pub foreign: Vec<(String, f64)>,
    /// A commit since the last accepted one that has no valid signature, in words, where all have to have one.
    pub unsigned: Option<String>,
    /// `HEAD` lacks the run's last commit.
    pub is_rewritten: bool,
}

impl Run {
    /// Its phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let event = self.events.iter().rfind(|event| event.kind.has_state());
        match (self.commits.last(), event) {
            (Some(commit), Some(event)) if event.at >= commit.time => event.phase,
            (Some(commit), _) => commit.trailers.phase,
            (None, Some(event)) => event.phase,
            (None, None) => Phase::Initialized,
        }
    }

    /// The time of its first commit.
    #[must_use]
    pub fn started(&self) -> Option<i64> {
        self.commits.first().map(|commit| commit.time)
    }

    /// The time of its first event or commit.
    #[must_use]
    pub fn since(&self) -> Option<i64> {
        let event = self.events.first().map(|event| event.at);
        event.into_iter().chain(self.started()).min()
    }

    /// The cause of the last event that has one.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.events.iter().rfind(|event| event.kind.has_state()).map(|event| event.state.as_str())
    }

    /// Since when the state is what it is.
    #[must_use]
    pub fn state_since(&self) -> Option<i64> {
        self.events.iter().rfind(|event| event.kind.has_state()).map(|event| event.at)
    }

    /// How many events of a kind it has.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.events.iter().filter(|event| event.kind == kind).count() as u64
    }

    /// The time of the last check that counted.
    #[must_use]
    pub fn last_check(&self) -> Option<i64> {
        let mut checks = self.events.iter().rev();
        checks.find(|event| matches!(event.kind, Kind::Check | Kind::FailedCheck)).map(|event| event.at)
    }

    /// What was read from the collectors so far.
    #[must_use]
    pub fn windows(&self) -> Windows {
        let mut sum = Windows::default();
        for windows in self.events.iter().filter_map(|event| event.windows.as_ref()) {
            sum.add(windows);
        }
        sum
    }

    /// The time of the last push of rows.
    #[must_use]
    pub fn last_windows(&self) -> Option<i64> {
        self.events.iter().rfind(|event| event.windows.is_some()).map(|event| event.at)
    }
}

impl Windows {
    /// Adds what was read later.
    pub fn add(&mut self, later: &Self) {
        self.window = later.window;
        self.through = self.through.max(later.through);
        self.assigned = self.assigned.saturating_add(later.assigned);
        self.both = self.both.saturating_add(later.both);
        self.gaps.extend(later.gaps.iter().copied());
        for (revision, minute) in &later.seen {
            self.seen.entry(*revision).or_insert(*minute);
        }
    }
}

/// The salt of a run: its version with what a salt or a Git ref forbids replaced by `-`, cut at 60 characters, and numbered
/// where it was used before.
#[must_use]
pub fn salt(version: &str, used: impl Fn(&str) -> bool) -> String {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-');
    let mut base: String = version.chars().map(|char| if is_allowed(char) { char } else { '-' }).take(60).collect();
    while base.contains("..") {
        base = base.replace("..", ".-");
    }
    if base.starts_with(['.', '-']) {
        base = format!("v{base}").chars().take(60).collect();
    }
    if let Some(short) = base.strip_suffix(".lock") {
        base = format!("{short}-lock");
    }
    if base.ends_with('.') {
        base.pop();
        base.push('-');
    }
    if base.is_empty() {
        base.push_str("run");
    }
    if !used(&base) {
        return base;
    }
    let numbered = |number: u32| {
        let suffix = format!("-{number}");
        let kept: String = base.chars().take(60_usize.saturating_sub(suffix.len())).collect();
        format!("{kept}{suffix}")
    };
    (2..u32::MAX).map(numbered).find(|salt| !used(salt)).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_are_names_of_refs() {
        let long = "1".repeat(70);
        for (version, expected) in [
            ("1.6.0", "1.6.0"),
            ("1.6.0+build/7", "1.6.0-build-7"),
            ("a..b.lock", "a.-b-lock"),
            (".x.", "v.x-"),
            ("", "run"),
            (long.as_str(), &"1".repeat(60)),
        ] {
            assert_eq!(salt(version, |_| false), expected);
        }
        assert_eq!(salt("1.6.0", |salt| matches!(salt, "1.6.0" | "1.6.0-2")), "1.6.0-3");
        assert_eq!(salt(&long, |salt| salt.ends_with('1')), format!("{}-2", "1".repeat(58)));
    }
}
