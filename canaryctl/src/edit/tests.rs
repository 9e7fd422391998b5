use std::fmt::Write as _;
use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// What an edit makes of a file, or why it is refused; the folder's name, which is random, is taken out.
fn edit(name: &str, text: &str, edit: impl FnOnce(&mut Editor) -> anyhow::Result<()>) -> Result<String, String> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    let done = Editor::open(&path).and_then(|mut editor| {
        edit(&mut editor)?;
        editor.judge()?;
        editor.save()
    });
    let new = fs::read_to_string(&path).unwrap();
    match done {
        Ok(()) => Ok(new),
        Err(error) => {
            assert_eq!(new, text, "refused, but written");
            Err(format!("{error:#}").replace(&format!("{}/", dir.path().display()), ""))
        }
    }
}

fn set_ten(editor: &mut Editor) -> anyhow::Result<()> {
    editor.set(&["CANARY_PERCENTAGE"], "10")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(edit("cm.yaml", text, set_ten).as_deref(), Ok(expected), "{text}");
}

#[track_caller]
fn refused(text: &str, message: &str) {
    assert_eq!(edit("cm.yaml", text, set_ten), Err(message.to_owned()), "{text}");
}

const HEAD: &str = "kind: ConfigMap\nmetadata: {name: canary-settings}\ndata:\n  config.json: ";

/// Everything in which `5` is to become `10`, where `@` is in front of it.
const FILES: &[&str] = &[
    // Bare.
    "{\"CANARY_PERCENTAGE\": @, \"FEATURE_FLAGS\": {}}",
    "\u{feff}\n{\"FEATURE_FLAGS\": {},\r\n\t\"CANARY_PERCENTAGE\" : @ }\r\n\r\n",
    "{\"FEATURE_FLAGS\": {\"CANARY_PERCENTAGE\": 5}, \"\\u0043ANARY_PERCENTAGE\": @}",
    // Literal.
    "|\n    {\"CANARY_PERCENTAGE\": @, \"FEATURE_FLAGS\": {}}\n",
    "|\n    {\"CANARY_PERCENTAGE\": @, \"FEATURE_FLAGS\": {}}",
    "|-\n    {\"CANARY_PERCENTAGE\": @,\n\n  \n         \n     \"FEATURE_FLAGS\":  \n    \t {}}\n\n# end",
    "|+ # comment\n   {\n    \"CANARY_PERCENTAGE\": @  ,  \n   \t\"FEATURE_FLAGS\": {}\n   }   \n\n\n  other: x\n",
    "|2\n      {\"CANARY_PERCENTAGE\":\n    @, \"FEATURE_FLAGS\": {}}\n  # not a part of it\n  other: |\n    x\n",
    "|\n\n\n    {\"A\": \"é😀\", \"CANARY_PERCENTAGE\": @, \"FEATURE_FLAGS\": {}}\n",
    "!!str\n\n    # above\n    |\n    {\"CANARY_PERCENTAGE\": @, \"FEATURE_FLAGS\": {}}\n...\n# after\n---\na: 1\n",
    // Quoted.
    "\"{\\\"CANARY_PERCENTAGE\\\": @, \\\"FEATURE_FLAGS\\\": {}}\" # c\n",
    "\"{\\\"\\x43ANARY_PERCENTAGE\\\":\\t\\u0020@,\\n \\\"FEATURE_FLAGS\\\":{\\U0000007d}\"",
    "\"{\\\"CANARY_PERCENTAGE\\\":   \n\n    \t@\\\n\n   , \\\n     \\\"FEATURE_FLAGS\\\": {}}\"\n",
    "\"{\\\"A\\\": \\\"\\ud83d\\ude00\\/\\\", \\\"CANARY_PERCENTAGE\\\": @, \\\"FEATURE_FLAGS\\\": {}}\"",
    "'{\"A\": \"it''s\", \"CANARY_PERCENTAGE\": @,\n    \"FEATURE_FLAGS\":\n\n    {}}'\n",
];

#[test]
fn nothing_but_the_number_changes() {
    for file in FILES {
        let file = if file.contains('{') && !file.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            format!("# before\na: &x [1, '5'] # 5\n---\n{HEAD}{file}")
        } else {
            (*file).to_owned()
        };
        let (old, new) = (file.replace('@', "5"), file.replace('@', "10"));
        check(&old, &new);
        if !old.contains("\r\n") {
            check(&old.replace('\n', "\r\n"), &new.replace('\n', "\r\n"));
        }
    }
}

#[test]
fn siblings_come_with_the_indentation_of_the_block() {
    let settle = |editor: &mut Editor| {
        editor.set(&["FEATURE_FLAGS", "b"], "true")?;
        editor.append(&["SEGMENTS", "a"], &["x".to_owned(), "it's \"é\"".to_owned()])?;
        editor.raise_revision()
    };
    for (scalar, expected) in [
        (
            "|\n    {\n      \"CANARY_PERCENTAGE\": 5,\n\n      \"REVISION\": 7,\n      \"FEATURE_FLAGS\": {}\n    }\n",
            "|\n    {\n      \"CANARY_PERCENTAGE\": 5,\n\n      \"REVISION\": 8,\n      \"FEATURE_FLAGS\": {\n        \"b\": true\n      },\n      \
             \"SEGMENTS\": {\n        \"a\": [\n          \"x\",\n          \"it's \\\"é\\\"\"\n        ]\n      }\n    }\n",
        ),
        (
            "'{\"REVISION\":7,\"CANARY_PERCENTAGE\":5,\"FEATURE_FLAGS\":{}}'",
            "'{\"REVISION\":8,\"CANARY_PERCENTAGE\":5,\"FEATURE_FLAGS\":{\"b\":true},\"SEGMENTS\":{\"a\":[\"x\",\"it''s \\\"é\\\"\"]}}'",
        ),
        (
            "'{\"REVISION\": 7, \"CANARY_PERCENTAGE\": 5,\n\n    \"FEATURE_FLAGS\": {}}'",
            "'{\"REVISION\": 8, \"CANARY_PERCENTAGE\": 5,\n\n    \"FEATURE_FLAGS\": { \"b\": true }, \"SEGMENTS\": { \"a\": [\"x\", \"it''s \\\"é\\\"\"] }}'",
        ),
        (
            r#""{\n \"CANARY_PERCENTAGE\": 5,\n \"FEATURE_FLAGS\": {}\n}""#,
            r#""{\n \"CANARY_PERCENTAGE\": 5,\n \"FEATURE_FLAGS\": {\n  \"b\": true\n },\n \"SEGMENTS\": {\n  \"a\": [\n   \"x\",\n   \"it's \\\"é\\\"\"\n  ]\n }\n}""#,
        ),
    ] {
        assert_eq!(edit("cm.yaml", &format!("{HEAD}{scalar}"), settle), Ok(format!("{HEAD}{expected}")));
        let (crlf, expected) = (format!("{HEAD}{scalar}").replace('\n', "\r\n"), format!("{HEAD}{expected}"));
        assert_eq!(edit("cm.yaml", &crlf, settle), Ok(expected.replace('\n', "\r\n")));
    }
}

#[test]
fn a_manifest_may_be_json() {
    let text = |percent| {
        format!(
            "{{\n\t\"kind\": \"ConfigMap\", \"metadata\": {{\"name\": \"canary-settings\"}},\n\t\"data\": {{\"config.json\": \"{{\\\"CANARY_PERCENTAGE\\\":{percent},\\n\\\"FEATURE_FLAGS\\\":{{}}}}\"}}}}\n"
        )
    };
    assert_eq!(edit("cm.json", &text("5"), set_ten), Ok(text("10")));
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let json = "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}}";
    for (scalar, message) in [
        (
            format!(">\n    {json}\n"),
            "cm.yaml: line 5: config.json is folded (`>`), which loses its lines; make it literal (`|`)",
        ),
        (format!("&x '{json}'\n"), "cm.yaml: line 4: config.json is shared by an anchor; write its text in its place"),
        ("x\n".to_owned(), "cm.yaml: line 4: config.json is plain text, which is no JSON object"),
        ("|\n    {\"CANARY_PERCENTAGE\": 5,\n     \"é\": ]}\n".to_owned(), "cm.yaml: line 6, column 11: expected JSON"),
        ("\"{\\\"A\\\": ]}\"".to_owned(), "cm.yaml: line 4, column 25: expected JSON"),
        ("|\n    []\n".to_owned(), "cm.yaml: expected an object"),
        (format!("'{json}'\n  config.json: '{json}'\n"), "cm.yaml: 2 texts could be the config: expected one"),
        (format!("'{json}'\n---\n{HEAD}'{json}'\n"), "cm.yaml: 2 texts could be the config: expected one"),
        (json.to_owned(), "cm.yaml: expected a ConfigMap canary-settings with the key config.json"),
    ] {
        refused(&format!("{HEAD}{scalar}"), message);
    }
    let shared = format!("x: &x '{json}'\n{}", HEAD.replace("config.json: ", "config.json: *x\n"));
    refused(&shared, "cm.yaml: line 1: config.json is shared by an anchor; write its text in its place");
    assert_eq!(edit("config", "{", set_ten), Err("config: line 1, column 1: expected JSON".to_owned()));
}

#[test]
fn what_would_be_rejected_is_not_written() {
    let head = "config: nothing is written, the config would be rejected: ";
    for (text, message) in [
        (r#"{"CANARY_PERCENTAGE": 5}"#, "E117 FEATURE_FLAGS: expected an object"),
        (
            r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}, "SALT": ":"}"#,
            "E117 SALT: expected 1 to 64 of A-Z a-z 0-9 _ . -",
        ),
        (r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"a": 1, "\u0061": 2}}"#, "E108 a: expected every key once"),
    ] {
        assert_eq!(edit("config", text, set_ten), Err(format!("{head}{message}")), "{text}");
    }
    let twice = r#"{"CANARY_PERCENTAGE": 5, "CANARY_PERCENTAGE": 6, "FEATURE_FLAGS": {}}"#;
    let error = edit("config", twice, set_ten).unwrap_err();
    assert_eq!(error, "config: nothing is written, more than the intended change would be");
    let large = format!(
        "{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {{}}}}{}",
        " ".repeat(canary_runtime::config::MAX_BYTES - 45)
    );
    assert_eq!(edit("config", &large, set_ten), Err(format!("{head}E106 expected at most 1 MiB")));
    let set_flag = |editor: &mut Editor| editor.set(&["FEATURE_FLAGS", "a"], "\"on\"");
    let error = edit("config", "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}}", set_flag).unwrap_err();
    assert!(error.starts_with("config: nothing is written: E112 FEATURE_FLAGS.a"), "{error}");
}

#[test]
fn a_rejected_config_can_be_repaired() {
    for bad in ["500", "\"5\"", "null", "[\n]", "{\"a\": 1}", "33.3333"] {
        let text = |percent| format!("{{\"CANARY_PERCENTAGE\": {percent}, \"FEATURE_FLAGS\": {{\"b\": \"bad\"}}}}");
        assert_eq!(edit("config", &text(bad), set_ten), Ok(text("10")));
    }
    let added = "{\"FEATURE_FLAGS\": {}, \"CANARY_PERCENTAGE\": 10}";
    assert_eq!(edit("config", "{\"FEATURE_FLAGS\": {}}", set_ten).as_deref(), Ok(added));
}

#[test]
fn revisions_are_counted_where_they_count() {
    for (old, new) in [("7", "8"), ("0", "1"), ("-1", "-1"), ("\"7\"", "\"7\""), ("1.5", "1.5"), ("null", "null")] {
        let text =
            |revision| format!("{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {{}}, \"REVISION\": {revision}}}");
        assert_eq!(edit("config", &text(old), Editor::raise_revision), Ok(text(new)));
    }
}

#[test]
fn assets_are_set_in_the_style_of_the_file() {
    let manifest = include_str!("../../../k8s/base/canary-config-cm.yaml");
    let value: Value =
        serde_json::from_str(r#"{"scripts": [{"src": "/a.js", "type": "module"}], "version": "2"}"#).unwrap();
    let new = edit("cm.yaml", manifest, |editor| editor.set_value(&["ASSETS", "canary"], &value)).unwrap();
    let start = manifest.find("        \"canary\": {\n").unwrap();
    let expected = r#"        "canary": {
          "scripts": [{
            "src": "/a.js",
            "type": "module"
          }],
          "version": "2"
        }
      }
    }
"#;
    assert_eq!(new, format!("{}{expected}", &manifest[..start]));
}

#[test]
fn a_diff_shows_the_lines() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, "{\n\"CANARY_PERCENTAGE\": 5,\n\"FEATURE_FLAGS\": {}}").unwrap();
    let mut editor = Editor::open(&path).unwrap();
    assert_eq!((editor.is_changed(), editor.diff()), (false, String::new()));
    set_ten(&mut editor).unwrap();
    let diff = editor.diff().replace(&path.display().to_string(), "config");
    let lines = "@@ -1,3 +1,3 @@\n {\n-\"CANARY_PERCENTAGE\": 5,\n+\"CANARY_PERCENTAGE\": 10,\n \"FEATURE_FLAGS\": {}}\n\\ No newline at end of file\n";
    assert_eq!(diff, format!("--- config\n+++ config\n{lines}"));
    editor.save().unwrap();
    editor.undo().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\n\"CANARY_PERCENTAGE\": 5,\n\"FEATURE_FLAGS\": {}}");
}

/// Blanks as people leave them around.
fn blanks() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", " ", "  ", "\t", "\n", "\n  ", " \n\n \t ", "\n      "])
}

fn scalar() -> impl Strategy<Value = String> {
    let texts =
        prop::sample::select(vec!["", "a", "it's", "\"", "\\", "é😀", "# x", ": ", "{[", "\n\t", "\u{7f}", "\u{2028}"]);
    prop_oneof![
        prop::sample::select(vec!["true", "false", "null", "0", "-1.50", "5e0", "\"\\u00e9\\/\""])
            .prop_map(str::to_owned),
        texts.prop_map(json::quote),
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
        3 => format!("{HEAD}\"{}\"\n", flow::escape(json)),
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
        let mut members: Vec<_> = others.iter().enumerate().map(|(i, (value, a, b))| format!("{a}\"k{i}\"{b}:{value}")).collect();
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
        prop_assert_eq!(edit("f", &file.replace('@', &old), set_ten), Ok(file.replace('@', &new)));
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
        let result = edit("f", &format!("{before}{after}"), |editor| {
            editor.set(&["new", "x"], &new)?;
            editor.append(&["list"], &["é'\"\\".to_owned()])
        });
        let result = result.map_err(TestCaseError::fail)?;
        prop_assert!(result.starts_with(before) && result.ends_with(after), "{} {}", file, result);
        let inserted = &result[before.len()..result.len() - after.len()];
        prop_assert!(inserted.starts_with(',') && !inserted.ends_with([' ', '\t', '\n']), "{:?}", inserted);
    }
}
