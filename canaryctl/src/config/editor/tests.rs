use std::fs;

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
            "cm.yaml: line 5: config.json is folded (`>`), which loses its lines; make it literal (`|`)",
        ),
        (format!("&x '{json}'\n"), "cm.yaml: line 4: config.json is shared by an anchor; write its text in its place"),
        ("x\n".to_owned(), "cm.yaml: line 4: config.json is plain text, which is no JSON object"),
        ("|\n    {\"A\": 5,\n     \"é\": ]}\n".to_owned(), "cm.yaml: line 6, column 11: expected JSON"),
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
    for (text, code) in [
        (r#"{"CANARY_PERCENTAGE": 5}"#, "E117 FEATURE_FLAGS"),
        (r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}, "SALT": ":"}"#, "E117 SALT"),
        (r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"a": 1, "\u0061": 2}}"#, "E108"),
    ] {
        let fault = Config::parse(text.replace('5', "10").as_bytes()).unwrap_err().to_string();
        assert!(fault.starts_with(code), "{fault}");
        assert_eq!(edit("config", text, set_ten), Err(format!("{head}{fault}")), "{text}");
    }
    let twice = r#"{"CANARY_PERCENTAGE": 5, "CANARY_PERCENTAGE": 6, "FEATURE_FLAGS": {}}"#;
    let error = edit("config", twice, set_ten).unwrap_err();
    assert_eq!(error, "config: nothing is written, more than the intended change would be");
    let large = "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}}";
    let large = format!("{large}{}", " ".repeat(canary_runtime::config::MAX_BYTES - large.len()));
    assert!(Config::parse(large.as_bytes()).is_ok());
    assert_eq!(edit("config", &large, set_ten), Err(format!("{head}E106 expected at most 1 MiB")));
}

#[test]
fn a_flag_is_not_lost() {
    let text = "{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {\"b\": \"bad\"}}";
    let error = edit("config", text, |editor| editor.set(&["FEATURE_FLAGS", "a"], "\"on\"")).unwrap_err();
    assert!(error.starts_with("config: nothing is written: E112 FEATURE_FLAGS.a"), "{error}");
    // One that was lost before is nobody's fault now.
    assert!(edit("config", text, set_ten).is_ok());
    let repairs = |editor: &mut Editor| {
        set_ten(editor)?;
        editor.set(&["FEATURE_FLAGS", "a"], "\"on\"")
    };
    let error = edit("config", &text.replace('5', "500"), repairs).unwrap_err();
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
    let manifest = include_str!("../../../../k8s/base/canary-config-cm.yaml");
    let value: Value =
        serde_json::from_str(r#"{"scripts": [{"src": "/a.js", "type": "module"}], "version": "2"}"#).unwrap();
    let new = edit("cm.yaml", manifest, |editor| editor.set_value(&["ASSETS", "canary"], &value)).unwrap();
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
    assert_eq!((editor.is_changed(), editor.diff()), (false, String::new()));
    set_ten(&mut editor).unwrap();
    let diff = editor.diff().replace(&path.display().to_string(), "config");
    let lines = "@@ -1,3 +1,3 @@\n {\n-\"CANARY_PERCENTAGE\": 5,\n+\"CANARY_PERCENTAGE\": 10,\n \
         \"FEATURE_FLAGS\": {}}\n\\ No newline at end of file\n";
    assert_eq!(diff, format!("--- config\n+++ config\n{lines}"));
    editor.save().unwrap();
    editor.undo().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\n\"CANARY_PERCENTAGE\": 5,\n\"FEATURE_FLAGS\": {}}");
}
