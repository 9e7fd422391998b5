use std::fs;

use super::*;

/// The configs of a file, or why it has none; the folder's name, which is random, is taken out.
fn load(name: &str, text: &[u8]) -> Result<Vec<Loaded>, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    let bytes = input::read(&path).unwrap();
    Loaded::all(name, &path, bytes).map_err(|error| format!("{error:#}"))
}

#[track_caller]
fn check(name: &str, text: &[u8], expected: Result<&str, &str>) {
    let found = load(name, text).map(|found| String::from_utf8(found[0].bytes.clone()).unwrap());
    assert_eq!(found.as_deref().map_err(String::as_str), expected);
}

const MAP: &str =
    "kind: ConfigMap\nmetadata:\n  name: canary-settings\ndata:\n  config.json: |\n    {\"A\":\n      1\n";

#[test]
fn takes_the_text_as_it_is() {
    check("cm.yaml", MAP.as_bytes(), Ok("{\"A\":\n  1\n"));
}

#[test]
fn finds_it_among_other_documents() {
    let other = MAP.replace("canary-settings", "other").replace("\"A\"", "\"B\"");
    let service = "kind: Service\nmetadata:\n  name: canary-settings\nspec:\n  ports: [{port: 80}]\n";
    check("all.yaml", format!("{other}---\n{service}---\n{MAP}").as_bytes(), Ok("{\"A\":\n  1\n"));
}

#[test]
fn a_manifest_may_be_json_too() {
    let text = br#"{"kind": "ConfigMap", "metadata": {"name": "canary-settings"}, "data": {"config.json": "x"}}"#;
    check("cm.json", text, Ok("x"));
}

#[test]
fn bare_json_comes_back_whole() {
    check("config", b"\xEF\xBB\xBF {\"A\": 1}", Ok("\u{feff} {\"A\": 1}"));
    check("config.yaml", b"{\"A\": ", Ok("{\"A\": "));
    check("config.json", b"<html>", Ok("<html>"));
    let not_text = load("config.json", b"{\"\xff\": 5}").unwrap();
    assert_eq!(not_text[0].bytes, b"{\"\xff\": 5}");
    assert_eq!(not_text[0].parsed.as_ref().unwrap_err().to_string(), "E105 expected UTF-8");
}

#[test]
fn says_what_is_missing() {
    let message = "cm.yaml: expected a ConfigMap canary-settings with the key config.json";
    for text in ["", "kind: Service", &MAP.replace("config.json", "other.json"), &MAP.replace("ConfigMap", "Secret")] {
        check("cm.yaml", text.as_bytes(), Err(message));
    }
    let not_text = "cm.yaml: line 1, column 4: the byte 0xff is not UTF-8; save the file as UTF-8";
    check("cm.yaml", b"a: \xff", Err(not_text));
}

#[test]
fn says_that_a_merge_is_unresolved() {
    let sides = "<<<<<<< HEAD\n  1\n=======\n  2\n>>>>>>> theirs\n";
    let reason = "error: found an unresolved merge conflict, expected one of its sides without git's markers";
    let manifest = MAP.replace("      1\n", sides);
    check("cm.yaml", manifest.as_bytes(), Err(&format!("cm.yaml:7:1: {reason}")));
    for name in ["config", "config.json"] {
        check(name, format!("{{\n{sides}}}").as_bytes(), Err(&format!("{name}:2:1: {reason}")));
    }
    check("cm.yaml", format!("{MAP}  other: |\n    =======\n").as_bytes(), Ok("{\"A\":\n  1\n"));
}

#[test]
fn errors_name_the_file_and_the_position() {
    check("cm.yaml", b"kind: ConfigMap\ndata: [\n", Err("cm.yaml:2:7: error: unclosed bracket '['"));
    let error = Loaded::read(Path::new("no/such.yaml")).unwrap_err();
    assert_eq!(format!("{error:#}"), "cannot read no/such.yaml: No such file or directory (os error 2)");
}

const HEAD: &str = "kind: ConfigMap\nmetadata: {name: canary-settings}\ndata:\n  config.json: ";

/// Looks for `X` in each config, and checks the positions of that in the file.
#[track_caller]
fn check_positions(name: &str, file: &str, expected: &[(usize, usize)]) {
    let places: Vec<_> = load(name, file.as_bytes())
        .unwrap()
        .iter()
        .map(|found| {
            let text = &found.source.text;
            let at = position(text, text.find('X').unwrap());
            let place = locate(&found.source, &found.file, at);
            (place.line, place.column)
        })
        .collect();
    assert_eq!(places, expected, "{file}");
}

#[test]
fn maps_positions_to_the_file() {
    check_positions("a.json", "{\n \"X\"", &[(2, 3)]);
    check_positions("a.json", "\u{feff}{\"X\"", &[(1, 3)]);
    check_positions("a.json", "\u{feff}{\n\"éX\"", &[(2, 4)]);
    for (text, place) in [
        ("|\n\n    {\n      \"X\"", (7, 8)),
        ("|\r\n    {\r\n      \"X\"", (6, 8)),
        ("'{ ''X'", (4, 21)),
        ("\"{\\n\\\"X\"", (4, 22)),
        ("&x |\n    X", (5, 5)),
        (">\n    {\n    X", (5, 5)),
        ("X", (4, 16)),
    ] {
        check_positions("a.yaml", &format!("{HEAD}{text}"), &[place]);
    }
    check_positions("a.yaml", &format!("{HEAD}'X'\n---\n{HEAD}'aX'\n"), &[(4, 17), (9, 18)]);
}

/// What is found in a config after the mark of a file, as lines with snippets.
#[track_caller]
fn described(file: &str) -> Vec<String> {
    let loaded = load("a.yaml", file.as_bytes()).unwrap().remove(0);
    let describe = |fault: &Diagnostic| {
        let found = loaded.describe(fault);
        let position = found.position.map(|at| format!("{}:{}", at.line, at.column)).unwrap_or_default();
        format!("{position} {} [{}] {}", found.key, found.found.label, found.found.length)
    };
    loaded.found().iter().map(describe).collect()
}

#[test]
fn says_what_stands_there() {
    let config = |text: &str| format!("\u{feff}{HEAD}|\n    {text}\n");
    for (text, expected) in [
        (r#"{"CANARY_PERCENTAGE": "5"}"#, "5:27 CANARY_PERCENTAGE [found a string] 3"),
        (r#"{"CANARY_PERCENTAGE": 101}"#, "5:27 CANARY_PERCENTAGE [found 101] 3"),
        (r#"{"CANARY_PERCENTAGE": [1]}"#, "5:27 CANARY_PERCENTAGE [found an array] 1"),
        (r#"{"FEATURE_FLAGS": {}}"#, "5:5 CANARY_PERCENTAGE [CANARY_PERCENTAGE is missing] 1"),
        (r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}, "X": 1}"#, "5:51 X [] 3"),
        (r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"a": 101}}"#, "5:53 FEATURE_FLAGS.a [found 101] 3"),
        ("{\"A\": ]}", "5:11  [] 0"),
    ] {
        assert_eq!(described(&config(text)), [expected], "{text}");
    }
    let quoted = format!("{HEAD}\"{{\\\"CANARY_PERCENTAGE\\\": \\\"5\\\"}}\"");
    assert_eq!(described(&quoted), ["4:41 CANARY_PERCENTAGE [found a string] 3"]);
    let folded = format!("{HEAD}>\n    {{\"CANARY_PERCENTAGE\": \"5\"}}");
    assert_eq!(described(&folded), ["5:5 CANARY_PERCENTAGE [] 0"]);
}

#[test]
fn an_error_of_syntax_says_what_was_expected() {
    let loaded = load("a.yaml", format!("{HEAD}|\n    {{\"A\": ]}}").as_bytes()).unwrap().remove(0);
    let fault = loaded.parsed.as_ref().unwrap_err();
    assert_eq!(fault.to_string(), "E105 line 5, column 11: expected a value");
    let error = loaded.error(&loaded.found()[0]);
    assert_eq!(error.to_string(), "a.yaml:5:11: error E105: expected a value");
    let snippet = &error.downcast_ref::<DiagnosticError>().unwrap().snippet;
    assert_eq!(snippet, "  |\n5 |     {\"A\": ]}\n  |           ^\n");
}
