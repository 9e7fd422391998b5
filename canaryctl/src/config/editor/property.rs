//! An edit changes no other bytes, whatever a file looks like.

use std::fmt::Write as _;
use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::tests::{HEAD, set_ten};
use super::*;
use crate::config::quoted_scalar;

/// The file after an edit, which is not written: the disk would take most of the time.
fn preview(text: &str, edit: impl FnOnce(&mut Editor) -> anyhow::Result<()>) -> Result<String, String> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, text).unwrap();
    let done = Editor::open(&path).and_then(|mut editor| {
        edit(&mut editor)?;
        Ok(editor.finish()?.new)
    });
    done.map_err(|error| format!("{error:#}"))
}

/// Blanks as people leave them around.
fn blanks() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", " ", "  ", "\t", "\n", "\n  ", " \n\n \t ", "\n      "])
}

fn scalar() -> impl Strategy<Value = String> {
    let texts =
        prop::sample::select(vec!["", "a", "it's", "\"", "\\", "é😀", "# x", ": {[", "\n\t", "\u{7f}", "\u{2028}"]);
    prop_oneof![
        prop::sample::select(vec!["true", "false", "null", "0", "-1.50", "5e0", "\"\\u00e9\\/\""])
            .prop_map(str::to_owned),
        texts.prop_map(quote),
    ]
}

/// A JSON value, laid out at random.
fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 12, 4, |inner| {
        let item = (inner, blanks(), blanks()).prop_map(|(value, a, b)| format!("{a}{value}{b}")).boxed();
        let list = move |open: &'static str, close: &'static str, keyed: bool| {
            (prop::collection::vec(item.clone(), 0..4), blanks()).prop_map(move |(items, blank)| {
                let items = items.iter().zip(["a", "b", "\\u0063", "CANARY_PERCENTAGE"]);
                let items =
                    items.map(|(it, key)| if keyed { format!("{blank}\"{key}\"{blank}:{it}") } else { it.clone() });
                format!("{open}{}{close}", items.collect::<Vec<_>>().join(","))
            })
        };
        prop_oneof![list("[", "]", false), list("{", "}", true)]
    })
}

/// A form in which a config's text stands in a manifest.
fn embed(form: usize, json: &str) -> String {
    let block = |indent: &str| json.replace('\n', &format!("\n{indent}"));
    match form {
        0 => json.to_owned(),
        1 => format!("{HEAD}|\n     {}\n# end\n", block("     ")),
        2 => format!("{HEAD}|1-\n   {}\n", block("   ")),
        3 => format!("{HEAD}\"{}\"\n", quoted_scalar::escape(json)),
        _ => format!("{HEAD}'{}'\n", json.replace(['\n', '\t'], " ").replace('\'', "''")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_other_byte_changes(
        others in prop::collection::vec((value(), blanks(), blanks()), 0..4),
        (at, form, crlf) in (0_usize..4, 0_usize..5, any::<bool>()),
        (old, blank) in (value(), blanks()),
    ) {
        let others = others.iter().enumerate();
        let mut members: Vec<_> = others.map(|(i, (value, a, b))| format!("{a}\"k{i}\"{b}:{value}")).collect();
        members.push("\"FEATURE_FLAGS\":{}".to_owned());
        members.insert(at.min(members.len()), format!("{blank}\"CANARY_PERCENTAGE\":{blank}@{blank}"));
        let text = format!("{{{}}}", members.join(","));
        let mut file = embed(form, &text);
        let (mut old, mut new) = (embed(form, &old).replace(HEAD, ""), "10".to_owned());
        if crlf {
            file = file.replace('\n', "\r\n");
        }
        if form != 0 || old.contains('@') {
            (old, new) = ("5".to_owned(), "10".to_owned());
        }
        prop_assert_eq!(preview(&file.replace('@', &old), set_ten), Ok(file.replace('@', &new)));
    }

    #[test]
    fn insertions_keep_every_byte(
        others in prop::collection::vec((value(), blanks(), blanks()), 0..4),
        (form, crlf, new, blank) in (0_usize..5, any::<bool>(), value(), blanks()),
    ) {
        let mut text = "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}".to_owned();
        for (i, (value, a, b)) in others.iter().enumerate() {
            write!(text, ",{a}\"k{i}\"{b}:{value}").unwrap();
        }
        let text = text.trim_end();
        let mut file = embed(form, &format!("{text}@{blank}}}"));
        if crlf {
            file = file.replace('\n', "\r\n");
        }
        let (before, after) = file.split_once('@').unwrap();
        let result = preview(&format!("{before}{after}"), |editor| {
            editor.set(&["new", "x"], &new)?;
            editor.append(&["list"], &["é'\"\\".to_owned()])
        });
        let result = result.map_err(TestCaseError::fail)?;
        prop_assert!(result.starts_with(before) && result.ends_with(after), "{} {}", file, result);
        let inserted = result.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).unwrap();
        prop_assert!(inserted.starts_with(',') && !inserted.ends_with([' ', '\t', '\n']), "{:?}", inserted);
    }
}
