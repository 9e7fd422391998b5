//! Many users, each of whom is decided for: synthetic ones or a list, on all cores.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use canary_runtime::config::parse_rfc3339;
use canary_runtime::json::Kind;
use canary_runtime::{Diagnostic, Document, EvaluationContext};

use super::keys::Keys;
use crate::terminal::progress::{Progress, TICK};

/// How many users a thread takes at once: enough that taking costs nothing, few enough that all end together.
const CHUNK: u64 = 1 << 12;

/// Who is decided for.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// How many synthetic users: user-0, user-1 and so on.
    #[arg(long, value_name = "N", default_value_t = 100_000, conflicts_with = "keys")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    users: u64,
    /// Real ids instead, one a line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// What rules ask about, the same for all users, such as '{"plan": "pro"}'.
    #[arg(long, value_name = "JSON", conflicts_with = "attributes_file")]
    attributes: Option<String>,
    /// The same, one JSON object a line, which the users get in turn.
    #[arg(long, value_name = "FILE")]
    attributes_file: Option<PathBuf>,
    /// The time, such as 2026-12-01T00:00:00Z; now unless told.
    #[arg(long, value_name = "T", value_parser = parse_time)]
    now: Option<i64>,
}

fn parse_time(text: &str) -> Result<i64, &'static str> {
    parse_rfc3339(text).ok_or("expected a time such as 2026-12-01T00:00:00Z")
}

/// Those users.
#[derive(Debug)]
pub(crate) struct Crowd {
    keys: Keys,
    /// What is known of the users, in turn.
    profiles: Vec<Document>,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

impl Crowd {
    /// Reads all that the arguments name.
    pub(crate) fn gather(args: &Args) -> anyhow::Result<Self> {
        let keys = match &args.keys {
            Some(path) => Keys::read(path)?,
            None => Keys::Synthetic(args.users),
        };
        let profiles = match (&args.attributes, &args.attributes_file) {
            (Some(text), _) => vec![attributes(text).context("--attributes")?],
            (None, Some(path)) => read_profiles(path)?,
            (None, None) => vec![Document::default()],
        };
        Ok(Self { keys, profiles, now: args.now.unwrap_or_else(clock) })
    }

    /// How many they are.
    pub(crate) fn len(&self) -> u64 {
        self.keys.len()
    }

    /// Who they are, in words.
    pub(crate) fn describe(&self) -> String {
        self.keys.describe()
    }

    /// The key of one of them.
    pub(crate) fn key(&self, user: u64) -> String {
        let mut key = String::new();
        self.keys.write(user, &mut key);
        key
    }

    /// One user of each kind, and how many are of that kind.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (EvaluationContext, u64)> {
        let kinds = u64::try_from(self.profiles.len()).unwrap_or(u64::MAX);
        (0_u64..).zip(&self.profiles).map(move |(index, profile)| {
            let count = self.len().saturating_sub(index).div_ceil(kinds.max(1));
            (EvaluationContext { targeting_key: "anybody".to_owned(), attributes: profile.clone() }, count)
        })
    }

    /// Shows every user to `add`, on all cores, and puts the threads' results together. Each thread sees its users in
    /// ascending order.
    pub(crate) fn fold<T: Default + Send>(
        &self,
        add: impl Fn(&mut T, u64, &EvaluationContext) + Sync,
        merge: impl Fn(&mut T, T),
    ) -> T {
        let (next, add) = (&AtomicU64::new(0), &add);
        let (sender, results) = channel();
        let mut progress = Progress::of(self.len());
        let mut whole = T::default();
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
                let sender = sender.clone();
                scope.spawn(move || sender.send(self.work(next, add)));
            }
            drop(sender);
            loop {
                match results.recv_timeout(TICK) {
                    Ok(part) => merge(&mut whole, part),
                    Err(RecvTimeoutError::Timeout) => progress.tick(next.load(Ordering::Relaxed)),
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
        });
        progress.clear();
        whole
    }

    fn work<T: Default>(&self, next: &AtomicU64, add: impl Fn(&mut T, u64, &EvaluationContext)) -> T {
        let mut part = T::default();
        // Contexts of the thread's own: for each user only the text of the key changes, in place.
        let context =
            |profile: &Document| EvaluationContext { targeting_key: String::new(), attributes: profile.clone() };
        let mut contexts: Vec<_> = self.profiles.iter().map(context).collect();
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= self.len() {
                return part;
            }
            for user in start..start.saturating_add(CHUNK).min(self.len()) {
                let turn = usize::try_from(user).unwrap_or(0).checked_rem(contexts.len()).unwrap_or(0);
                let Some(context) = contexts.get_mut(turn) else { continue };
                self.keys.write(user, &mut context.targeting_key);
                add(&mut part, user, context);
            }
        }
    }
}

fn attributes(text: &str) -> anyhow::Result<Document> {
    let document = Document::parse(text).map_err(Diagnostic::from)?;
    ensure!(document.root().kind() == Kind::Object, "expected a JSON object");
    Ok(document)
}

fn read_profiles(path: &Path) -> anyhow::Result<Vec<Document>> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let profiles: anyhow::Result<Vec<_>> =
        lines.map(|(line, number)| attributes(line).with_context(|| format!("{name}: line {number}"))).collect();
    let profiles = profiles?;
    ensure!(!profiles.is_empty(), "{name}: expected a JSON object on each line");
    Ok(profiles)
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the core has no clock; this is where one is read for it")]
fn clock() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
