use crate::Diagnostic;
use crate::json::document::{Document, Json};
use std::format;
use std::string::{String, ToString};

#[track_caller]
fn string(text: &str, expected: &str) {
    let document = Document::parse(text).unwrap();
    assert_eq!(document.root().as_str(), Some(expected), "{text}");
    assert_eq!(document.source(), text);
}

#[test]
fn unescapes_strings() {
    string(r#""""#, "");
    string(r#""a é 👩 ~""#, "a é 👩 ~");
    string(r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t");
    string(r#""\u0041\u00e9\u20AC\u20ac""#, "Aé€€");
    string(r#""a\nb""#, "a\nb");
    string(r#""\u0000""#, "\0");
    string("\"\u{7f}\u{80}\u{2028}\"", "\u{7f}\u{80}\u{2028}");
    let document = Document::parse(r#"["\n", "plain", "\t"]"#).unwrap();
    assert!(document.root().items().map(Json::as_text).eq(["\n", "plain", "\t"]));
}

#[test]
fn surrogates_become_a_character_or_a_replacement() {
    string(r#""\ud83d\ude00""#, "😀");
    string(r#""\uDBFF\uDFFF\uD800\uDC00""#, "\u{10ffff}\u{10000}");
    string(r#""\ud83d""#, "\u{fffd}");
    string(r#""\ude00x""#, "\u{fffd}x");
    string(r#""\ud83d\n""#, "\u{fffd}\n");
    string(r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀");
    string(r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}");
    string(r#""\ud83d\u0041""#, "\u{fffd}A");
}

#[track_caller]
fn error(text: &str) -> String {
    Diagnostic::from(Document::parse(text).unwrap_err()).to_string()
}

#[track_caller]
fn rejected(text: &str, column: usize) {
    let message = format!("E105 line 1, column {column}: expected JSON");
    assert_eq!(error(text), message, "{text}");
}

#[test]
fn syntax_errors_have_a_position() {
    for (text, column) in [
        ("", 1),
        ("  ", 3),
        ("nul", 4),
        ("nulll", 5),
        ("True", 1),
        ("tru e", 4),
        ("'a'", 1),
        ("{", 2),
        ("[", 2),
        ("[1", 3),
        ("[1,", 4),
        ("[1,]", 4),
        ("[,1]", 2),
        ("[1 2]", 4),
        ("[1}", 3),
        ("{\"a\"}", 5),
        ("{\"a\":}", 6),
        ("{\"a\":1,}", 8),
        ("{a:1}", 2),
        ("{1:1}", 2),
        ("{\"a\" 1}", 6),
        ("{\"a\":1 \"b\":2}", 8),
        ("1 2", 3),
        ("[] []", 4),
        ("]", 1),
        ("01", 2),
        ("-", 1),
        ("+1", 1),
        ("1.", 1),
        ("[.5]", 2),
        ("1e999", 1),
        ("NaN", 1),
        ("Infinity", 1),
        ("\"a", 3),
        ("\"\\x\"", 3),
        ("\"\\u12g4\"", 6),
        ("\"\\u123", 7),
        ("\"\\U0041\"", 3),
        ("\"\\ud83d\\u12\"", 12),
        ("\"\n\"", 2),
        ("\"a\tb\"", 3),
        ("\"a\\nb\u{1f}\"", 6),
        ("\"a\\", 4),
        ("/**/1", 1),
        ("[1,//\n2]", 4),
        ("\u{feff}1", 1),
        ("\u{a0}1", 1),
        ("\"\0\"", 2),
        ("\0", 1),
        ("1\0", 2),
        ("é", 1),
        ("[é]", 2),
    ] {
        rejected(text, column);
    }
    assert_eq!(error("{\r\n\t\"a\": é}"), "E105 line 2, column 7: expected JSON");
}

#[test]
fn errors_are_described_without_a_code() {
    for (text, message) in [
        ("[1,]", "invalid JSON at byte 3"),
        (&"[".repeat(65), "JSON nested deeper than 64 levels at byte 64"),
        (r#"{"a":1,"a":2}"#, "duplicate key in JSON at byte 7"),
    ] {
        assert_eq!(Document::parse(text).unwrap_err().to_string(), message);
    }
}

#[test]
fn depth_is_limited() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth| [open.repeat(depth), String::from("0"), close.repeat(depth)].concat();
        assert!(Document::parse(&nested(64)).is_ok());
        let message = format!("E107 line 1, column {}: expected at most 64 levels of nesting", open.len() * 64 + 1);
        assert_eq!(error(&nested(65)), message);
        assert_eq!(error(&open.repeat(100_000)), message);
    }
    let wide = format!("[{}0]", "[],".repeat(1_000));
    assert!(Document::parse(&wide).is_ok());
    // At the deepest level, a syntax error is still one.
    rejected(&["[".repeat(64), String::from("x")].concat(), 65);
}
