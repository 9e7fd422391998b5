//! Many users with keys and attributes, evaluated on all cores.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use anyhow::{Context as _, ensure};
use canary_runtime::config::parse_rfc3339;
use canary_runtime::json::Kind;
use canary_runtime::{Diagnostic, Document, EvaluationContext};

use super::keys::Keys;
use crate::platform::clock;
use crate::terminal::progress::{Progress, TICK};

/// Users that a thread claims at once: enough to make claiming cheap, few enough that all threads end together.
const CHUNK: u64 = 1 << 12;

/// The arguments that select users and time.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The number of synthetic users: user-0, user-1 and so on.
    #[arg(long, value_name = "N", default_value_t = 100_000, conflicts_with = "keys")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    users: u64,
    /// A file of real keys instead, one per line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// The attributes of all users, such as '{"plan": "pro"}'.
    #[arg(long, value_name = "JSON", conflicts_with = "attributes_file")]
    attributes: Option<String>,
    /// A file of attributes, one JSON object per line, assigned to the users in turn.
    #[arg(long, value_name = "FILE")]
    attributes_file: Option<PathBuf>,
    /// The time of evaluation, such as 2026-12-01T00:00:00Z [default: now].
    #[arg(long, value_name = "T", value_parser = parse_time)]
    now: Option<i64>,
}

fn parse_time(text: &str) -> Result<i64, &'static str> {
    parse_rfc3339(text).ok_or("expected a time such as 2026-12-01T00:00:00Z")
}

/// Users with their keys and attributes, at one point in time.
#[derive(Debug)]
pub(crate) struct Population {
    keys: Keys,
    /// The attributes, assigned to the users in turn.
    profiles: Vec<Document>,
    /// The time of evaluation, in milliseconds since 1970.
    pub(crate) now: i64,
}

impl Population {
    /// Reads the files that the arguments name.
    pub(crate) fn from_args(args: &Args) -> anyhow::Result<Self> {
        let keys = match &args.keys {
            Some(path) => Keys::read(path)?,
            None => Keys::Synthetic(args.users),
        };
        let profiles = match (&args.attributes, &args.attributes_file) {
            (Some(text), _) => vec![attributes(text).context("--attributes")?],
            (None, Some(path)) => read_profiles(path)?,
            (None, None) => vec![Document::default()],
        };
        Ok(Self { keys, profiles, now: args.now.unwrap_or_else(clock::now) })
    }

    /// The number of users.
    pub(crate) fn len(&self) -> u64 {
        self.keys.len()
    }

    /// A description such as `1,000 synthetic users (user-0 to user-999)`.
    pub(crate) fn describe(&self) -> String {
        self.keys.describe()
    }

    /// The key of a user.
    pub(crate) fn key(&self, user: u64) -> String {
        let mut key = String::new();
        self.keys.write(user, &mut key);
        key
    }

    /// One user for each set of attributes, with the number of users that have it.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = (EvaluationContext, u64)> {
        let profiles = u64::try_from(self.profiles.len()).unwrap_or(u64::MAX);
        (0_u64..).zip(&self.profiles).map(move |(index, profile)| {
            let count = self.len().saturating_sub(index).div_ceil(profiles.max(1));
            (EvaluationContext { targeting_key: "any-user".to_owned(), attributes: profile.clone() }, count)
        })
    }

    /// Calls `add` for every user, on all cores, and merges the results of the threads. Each thread gets its users in
    /// ascending order.
    pub(crate) fn fold<T: Default + Send>(
        &self,
        add: impl Fn(&mut T, u64, &EvaluationContext) + Sync,
        merge: impl Fn(&mut T, T),
    ) -> T {
        let (next, add) = (&AtomicU64::new(0), &add);
        let (sender, results) = channel();
        let mut progress = Progress::new(self.len(), "users");
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
        // One set of contexts per thread: only the key changes from user to user, in place.
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    use std::fs;

    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    /// The population of some arguments.
    pub(crate) fn population(args: &[&str]) -> anyhow::Result<Population> {
        Population::from_args(&Cli::try_parse_from(["test"].iter().chain(args))?.args)
    }

    type Users = Vec<(u64, String, String)>;

    /// All users, as the threads get them.
    fn all_users(population: &Population) -> Users {
        let add = |users: &mut Users, user, context: &EvaluationContext| {
            assert!(users.last().is_none_or(|(before, ..)| *before < user), "in ascending order");
            users.push((user, context.targeting_key.clone(), context.attributes.source().to_owned()));
        };
        let mut users = population.fold(add, Extend::extend);
        users.sort();
        users
    }

    #[test]
    fn every_user_is_visited_once() {
        for users in [1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK] {
            let found = all_users(&population(&["--users", &users.to_string()]).unwrap());
            let expected: Users = (0..users).map(|user| (user, format!("user-{user}"), String::new())).collect();
            assert!(found == expected, "{users}");
        }
    }

    #[test]
    fn keys_and_attributes_come_from_files() {
        let dir = tempfile::tempdir().unwrap();
        let (keys, profiles) = (dir.path().join("ids"), dir.path().join("attributes"));
        fs::write(&keys, "a\r\nb c\né").unwrap();
        fs::write(&profiles, "{\"n\": 1}\n\n{\"n\": 2}\n").unwrap();
        let population =
            population(&["--keys", keys.to_str().unwrap(), "--attributes-file", profiles.to_str().unwrap()]).unwrap();
        let expected = [(0, "a", "{\"n\": 1}"), (1, "b c", "{\"n\": 2}"), (2, "é", "{\"n\": 1}")];
        assert_eq!(
            all_users(&population),
            expected.map(|(user, key, attributes)| (user, key.into(), attributes.into()))
        );
        let profiles: Vec<_> =
            population.profiles().map(|(context, count)| (context.attributes.source().to_owned(), count)).collect();
        assert_eq!(profiles, [("{\"n\": 1}".to_owned(), 2), ("{\"n\": 2}".to_owned(), 1)]);
        assert_eq!(
            (population.key(1).as_str(), population.describe()),
            ("b c", format!("3 users of {}", keys.display()))
        );
    }

    #[test]
    fn the_users_are_described() {
        for (users, expected) in
            [("1", "1 synthetic user (user-0)"), ("2000", "2,000 synthetic users (user-0 to user-1999)")]
        {
            assert_eq!(population(&["--users", users]).unwrap().describe(), expected);
        }
    }

    #[test]
    fn errors_name_the_line() {
        for (bytes, message) in [
            (&b""[..], "ids: expected a key on each line"),
            (b"a\n\nb\n", "ids: line 2: an empty key, which has no bucket"),
            (b"a\n\r\n", "ids: line 2: an empty key, which has no bucket"),
            (b"a\n\xff\n", "ids: invalid utf-8 sequence of 1 bytes from index 2"),
        ] {
            assert_eq!(format!("{:#}", Keys::parse("ids", bytes.to_vec()).unwrap_err()), message);
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("attributes").display().to_string();
        for (text, message) in [
            ("{}\n[]\n", "attributes: line 2: expected a JSON object"),
            ("{}\n\n{\"a\": }\n", "attributes: line 3: E105 line 1, column 7: expected JSON"),
            ("\n", "attributes: expected a JSON object on each line"),
        ] {
            fs::write(&path, text).unwrap();
            let error = population(&["--attributes-file", &path]).unwrap_err();
            assert_eq!(format!("{error:#}").replace(&path, "attributes"), message);
        }
        let error = population(&["--attributes", "1"]).unwrap_err();
        assert_eq!(format!("{error:#}"), "--attributes: expected a JSON object");
    }
}
