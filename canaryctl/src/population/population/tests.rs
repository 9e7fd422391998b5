use super::*;

use std::fs;

use clap::Parser;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// Who is meant by some arguments.
pub(crate) fn gather(args: &[&str]) -> anyhow::Result<Crowd> {
    Crowd::gather(&Cli::try_parse_from(["test"].iter().chain(args))?.args)
}

type Seen = Vec<(u64, String, String)>;

/// Everybody, as the threads see them.
fn everybody(crowd: &Crowd) -> Seen {
    let see = |seen: &mut Seen, user, context: &EvaluationContext| {
        assert!(seen.last().is_none_or(|(before, ..)| *before < user), "in ascending order");
        seen.push((user, context.targeting_key.clone(), context.attributes.source().to_owned()));
    };
    let mut seen = crowd.fold(see, Extend::extend);
    seen.sort();
    seen
}

#[test]
fn everybody_is_seen_once() {
    for users in [1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK] {
        let seen = everybody(&gather(&["--users", &users.to_string()]).unwrap());
        let expected: Seen = (0..users).map(|user| (user, format!("user-{user}"), String::new())).collect();
        assert!(seen == expected, "{users}");
    }
}

#[test]
fn keys_and_attributes_come_from_files() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, profiles) = (dir.path().join("ids"), dir.path().join("attributes"));
    fs::write(&keys, "a\r\nb c\né").unwrap();
    fs::write(&profiles, "{\"n\": 1}\n\n{\"n\": 2}\n").unwrap();
    let crowd = gather(&["--keys", keys.to_str().unwrap(), "--attributes-file", profiles.to_str().unwrap()]).unwrap();
    let expected = [(0, "a", "{\"n\": 1}"), (1, "b c", "{\"n\": 2}"), (2, "é", "{\"n\": 1}")];
    assert_eq!(everybody(&crowd), expected.map(|(user, key, attributes)| (user, key.into(), attributes.into())));
    let kinds: Vec<_> = crowd.kinds().map(|(context, count)| (context.attributes.source().to_owned(), count)).collect();
    assert_eq!(kinds, [("{\"n\": 1}".to_owned(), 2), ("{\"n\": 2}".to_owned(), 1)]);
    assert_eq!((crowd.key(1).as_str(), crowd.describe()), ("b c", format!("3 users of {}", keys.display())));
}

#[test]
fn the_users_are_named() {
    for (users, expected) in
        [("1", "1 synthetic user (user-0)"), ("2000", "2,000 synthetic users (user-0 to user-1999)")]
    {
        assert_eq!(gather(&["--users", users]).unwrap().describe(), expected);
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
        let error = gather(&["--attributes-file", &path]).unwrap_err();
        assert_eq!(format!("{error:#}").replace(&path, "attributes"), message);
    }
    let error = gather(&["--attributes", "1"]).unwrap_err();
    assert_eq!(format!("{error:#}"), "--attributes: expected a JSON object");
}
