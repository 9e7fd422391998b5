//! What a JSON text lacks where it does not parse.

use crate::config::position::without_mark;

/// The messages of `serde_json`, and what was expected in the words of a diagnostic.
const EXPECTED: [(&str, &str); 18] = [
    ("EOF while parsing a list", "\",\" or \"]\", found the end of the text"),
    ("EOF while parsing an object", "\",\" or \"}\", found the end of the text"),
    ("EOF while parsing a string", "a closing quote, found the end of the text"),
    ("EOF while parsing a value", "a value, found the end of the text"),
    ("expected `:`", "\":\" after the key"),
    ("expected `,` or `]`", "\",\" or \"]\""),
    ("expected `,` or `}`", "\",\" or \"}\""),
    ("expected ident", "true, false or null"),
    ("expected value", "a value"),
    ("expected `\"`", "a closing quote"),
    ("key must be a string", "a key in double quotes"),
    ("trailing comma", "another item after the comma, found the closing bracket"),
    ("trailing characters", "the end of the text"),
    ("control character", "a closing quote; line breaks and control characters in a string are written as escapes"),
    ("invalid escape", "an escape that JSON has: \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and 4 digits"),
    ("invalid number", "a number such as 0.5: no leading 0 or +, and digits on both sides of a point"),
    ("number out of range", "a number that fits into a double"),
    ("unexpected end of hex escape", "4 hexadecimal digits after \\u"),
];

/// What was expected in a text where it stops being JSON, to follow "expected".
pub(crate) fn expected(text: &str) -> Option<&'static str> {
    let error = serde_json::from_str::<serde_json::Value>(without_mark(text)).err()?.to_string();
    EXPECTED.iter().find(|(message, _)| error.starts_with(message)).map(|(_, expected)| *expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_missing() {
        for (text, words) in [
            ("{", "\",\" or \"}\", found the end of the text"),
            ("[1", "\",\" or \"]\", found the end of the text"),
            ("{\"a", "a closing quote, found the end of the text"),
            ("{\"a\": ", "a value, found the end of the text"),
            ("", "a value, found the end of the text"),
            ("{\"a\" 1}", "\":\" after the key"),
            ("[1 2]", "\",\" or \"]\""),
            ("\u{feff}{\"a\": 1 \"b\": 2}", "\",\" or \"}\""),
            ("nul!", "true, false or null"),
            ("{\"a\": }", "a value"),
            ("{a: 1}", "a key in double quotes"),
            ("{\"a\": 1,}", "another item after the comma, found the closing bracket"),
            ("[1,]", "another item after the comma, found the closing bracket"),
            ("{} x", "the end of the text"),
            ("{\"a\n", "a closing quote; line breaks and control characters in a string are written as escapes"),
            ("\"\\x\"", "an escape that JSON has: \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and 4 digits"),
            ("01", "a number such as 0.5: no leading 0 or +, and digits on both sides of a point"),
        ] {
            assert_eq!(expected(text), Some(words), "{text}");
        }
        assert_eq!(expected("{}"), None);
    }
}
