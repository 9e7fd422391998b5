use std::fs;

use canary_runtime::Config;
use tempfile::TempDir;

use super::*;
use crate::config::yaml::PARSED;

/// The file after an edit, or why it is refused; the folder's name, which is random, is taken out.
fn edit(name: &str, text: &str, edit: impl FnOnce(&mut Editor) -> anyhow::Result<()>) -> Result<String, String> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    let done = Editor::open(&path).and_then(|mut editor| {
        edit(&mut editor)?;
        editor.finish()?.save()
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

pub(super) fn set_ten(editor: &mut Editor) -> anyhow::Result<()> {
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

pub(super) const HEAD: &str = "kind: ConfigMap\nmetadata: {name: canary-settings}\ndata:\n  config.json: ";

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
            r#"|
    {
      "CANARY_PERCENTAGE": 5,

      "REVISION": 7,
      "FEATURE_FLAGS": {}
    }
"#,
            r#"|
    {
      "CANARY_PERCENTAGE": 5,

      "REVISION": 8,
      "FEATURE_FLAGS": {
        "b": true
      },
      "SEGMENTS": {
        "a": [
          "x",
          "it's \"é\""
        ]
      }
    }
"#,
        ),
        (
            "'{\"REVISION\":7,\"CANARY_PERCENTAGE\":5,\"FEATURE_FLAGS\":{}}'",
            "'{\"REVISION\":8,\"CANARY_PERCENTAGE\":5,\"FEATURE_FLAGS\":{\"b\":true},\
             \"SEGMENTS\":{\"a\":[\"x\",\"it''s \\\"é\\\"\"]}}'",
        ),
        (
            "'{\"REVISION\": 7, \"CANARY_PERCENTAGE\": 5,\n\n    \"FEATURE_FLAGS\": {}}'",
            "'{\"REVISION\": 8, \"CANARY_PERCENTAGE\": 5,\n\n    \"FEATURE_FLAGS\": { \"b\": true }, \
             \"SEGMENTS\": { \"a\": [\"x\", \"it''s \\\"é\\\"\"] }}'",
        ),
        (
            r#""{\n \"CANARY_PERCENTAGE\": 5,\n \"FEATURE_FLAGS\": {}\n}""#,
            concat!(
                r#""{\n \"CANARY_PERCENTAGE\": 5,\n \"FEATURE_FLAGS\": {\n  \"b\": true\n },"#,
                r#"\n \"SEGMENTS\": {\n  \"a\": [\n   \"x\",\n   \"it's \\\"é\\\"\"\n  ]\n }\n}""#,
            ),
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
        let config = format!(r#"{{\"CANARY_PERCENTAGE\":{percent},\n\"FEATURE_FLAGS\":{{}}}}"#);
        let head = "{\n\t\"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"canary-settings\"},";
        format!("{head}\n\t\"data\": {{\"config.json\": \"{config}\"}}}}\n")
    };
    assert_eq!(edit("cm.json", &text("5"), set_ten), Ok(text("10")));
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let json = "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}}";
    for (scalar, message) in [
        (
            format!(">\n    {json}\n"),
            "cm.yaml:5:5: error: config.json is folded (`>`), which loses its lines; make it literal (`|`)",
        ),
        (
            format!("&x '{json}'\n"),
            "cm.yaml:4:19: error: config.json is shared by an anchor; write its text in its place",
        ),
        ("x\n".to_owned(), "cm.yaml:4:16: error: config.json is plain text, expected a JSON object"),
        ("|\n    {\"A\": 5,\n     \"é\": ]}\n".to_owned(), "cm.yaml:6:12: error E105: expected a value"),
        ("\"{\\\"A\\\": ]}\"".to_owned(), "cm.yaml:4:25: error E105: expected a value"),
        ("|\n    []\n".to_owned(), "cm.yaml: expected an object"),
        (format!("'{json}'\n  config.json: '{json}'\n"), "cm.yaml: found 2 configs, expected one"),
        (format!("'{json}'\n---\n{HEAD}'{json}'\n"), "cm.yaml: found 2 configs, expected one"),
        (json.to_owned(), "cm.yaml: expected a ConfigMap canary-settings with the key config.json"),
    ] {
        refused(&format!("{HEAD}{scalar}"), message);
    }
    let shared = format!("x: &x '{json}'\n{}", HEAD.replace("config.json: ", "config.json: *x\n"));
    refused(&shared, "cm.yaml:1:7: error: config.json is shared by an anchor; write its text in its place");
    assert_eq!(
        edit("config", "{", set_ten),
        Err("config:1:2: error E105: expected \",\" or \"}\", found the end of the text".to_owned())
    );
}

#[test]
fn what_would_be_rejected_is_not_written() {
    let head = "nothing is written, the config would be rejected: config:";
    for (text, message) in [
        (r#"{"CANARY_PERCENTAGE": 5}"#, "1:1: error E117 FEATURE_FLAGS: expected an object"),
        (
            r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}, "SALT": ":"}"#,
            "1:56: error E117 SALT: expected 1 to 64 of A-Z a-z 0-9 _ . -",
        ),
    ] {
        assert!(Config::parse(text.replace('5', "10").as_bytes()).is_err());
        assert_eq!(edit("config", text, set_ten), Err(format!("{head}{message}")), "{text}");
    }
    for (text, place) in [
        (r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"a": 1, "\u0061": 2}}"#, "1:52: error E108 FEATURE_FLAGS.a"),
        (
            r#"{"CANARY_PERCENTAGE": 5, "CANARY_PERCENTAGE": 6, "FEATURE_FLAGS": {}}"#,
            "1:26: error E108 CANARY_PERCENTAGE",
        ),
    ] {
        assert_eq!(
            edit("config", text, set_ten),
            Err(format!("config:{place}: expected each key only once")),
            "{text}"
        );
    }
    let large = "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}}";
    let large = format!("{large}{}", " ".repeat(canary_runtime::config::MAX_BYTES - large.len()));
    assert!(Config::parse(large.as_bytes()).is_ok());
    assert_eq!(edit("config", &large, set_ten), Err(format!("{head} error E106: expected at most 1 MiB")));
}

#[test]
fn a_flag_is_not_lost() {
    let text = "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {\"b\": \"bad\"}}";
    let error = edit("config", text, |editor| editor.set(&["FEATURE_FLAGS", "a"], "\"on\"")).unwrap_err();
    assert!(error.starts_with("nothing is written: config:1:"), "{error}");
    assert!(error.contains(": error E112 FEATURE_FLAGS.a: expected "), "{error}");
    // A flag that was lost before does not matter.
    assert!(edit("config", text, set_ten).is_ok());
    let repairs = |editor: &mut Editor| {
        set_ten(editor)?;
        editor.set(&["FEATURE_FLAGS", "a"], "\"on\"")
    };
    let error = edit("config", &text.replace('5', "500"), repairs).unwrap_err();
    assert!(error.starts_with("nothing is written: config:1:"), "{error}");
    assert!(error.contains(": error E112 FEATURE_FLAGS.a: expected "), "{error}");
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
    let manifest = include_str!("../../../../k8s/base/canary-config-cm.yaml");
    let value = r#"{"scripts": [{"src": "/a.js", "type": "module"}], "version": "2"}"#;
    let new = edit("cm.yaml", manifest, |editor| editor.set(&["ASSETS", "canary"], value)).unwrap();
    let (start, _) = manifest.split_once("        \"canary\": {\n").unwrap();
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
    assert_eq!(new, format!("{start}{expected}"));
}

#[test]
fn a_diff_shows_the_lines() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, "{\n\"CANARY_PERCENTAGE\": 5,\n\"FEATURE_FLAGS\": {}}").unwrap();
    let mut editor = Editor::open(&path).unwrap();
    let edited = Editor::open(&path).unwrap().finish().unwrap();
    assert_eq!((edited.is_changed(), edited.diff()), (false, String::new()));
    set_ten(&mut editor).unwrap();
    let edited = editor.finish().unwrap();
    let diff = edited.diff().replace(&path.display().to_string(), "config");
    let lines = "@@ -1,3 +1,3 @@\n {\n-\"CANARY_PERCENTAGE\": 5,\n+\"CANARY_PERCENTAGE\": 10,\n \
         \"FEATURE_FLAGS\": {}}\n\\ No newline at end of file\n";
    assert_eq!(diff, format!("--- config\n+++ config\n{lines}"));
    edited.save().unwrap();
    edited.undo().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\n\"CANARY_PERCENTAGE\": 5,\n\"FEATURE_FLAGS\": {}}");
}

#[test]
fn the_same_value_is_left_alone() {
    for (old, new, is_same) in [
        ("5", "5.0", true),
        ("5", "5e0", true),
        ("-0", "0", true),
        ("5", "\"5\"", false),
        ("{ \"a\" : [ ] }", r#"{"\u0061":[]}"#, true),
        (r#"{"a": 1, "b": 2}"#, r#"{"b": 2, "a": 1}"#, false),
        ("[1, 23]", "[12, 3]", false),
        ("null", "false", false),
    ] {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, format!("{{\"X\": {old}}}")).unwrap();
        let mut editor = Editor::open(&path).unwrap();
        editor.set(&["X"], new).unwrap();
        assert_eq!(!editor.is_changed(), is_same, "{old} {new}");
    }
}

#[test]
fn every_file_is_parsed_once() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("cm.yaml");
    fs::write(&path, include_str!("../../../../k8s/base/canary-config-cm.yaml")).unwrap();
    let before = PARSED.get();
    let mut editor = Editor::open(&path).unwrap();
    set_ten(&mut editor).unwrap();
    editor.set(&["FEATURE_FLAGS", "a"], "true").unwrap();
    editor.raise_revision().unwrap();
    assert_eq!(PARSED.get() - before, 1, "the old file");
    let edited = editor.finish().unwrap();
    assert_eq!(PARSED.get() - before, 2, "the old file and the new one");
    edited.save().unwrap();
    assert_eq!(PARSED.get() - before, 2);
}

#[test]
fn a_change_that_misses_its_aim_is_refused() {
    let text = "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}, \"X\": {}}";
    let misses = |editor: &mut Editor| {
        editor.set(&["X"], "1")?;
        editor.expected["X"] = Value::from(2);
        Ok(())
    };
    let message = "config: nothing is written, more than the intended change would be";
    assert_eq!(edit("config", text, misses), Err(message.to_owned()));
    let overlaps = |editor: &mut Editor| {
        editor.set(&["X"], "{\"a\": 1}")?;
        editor.set(&["X", "b"], "2")
    };
    assert_eq!(edit("config", text, overlaps), Err("config: expected a key to be set".to_owned()));
}
