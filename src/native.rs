//! What a browser brings and a tool needs a crate for: regular expressions, numbers, case. All of it is pure.

use alloc::string::String;

use regex::RegexBuilder;

/// What a compiled pattern may take, in bytes: more than any portable one does.
const SIZE_LIMIT: usize = 1 << 28;

/// Whether a portable pattern matches.
pub(crate) fn matches(pattern: &str, text: &str, ignore_case: bool) -> bool {
    let regex =
        RegexBuilder::new(&translate(pattern)).case_insensitive(ignore_case).size_limit(SIZE_LIMIT).build();
    regex.is_ok_and(|regex| regex.is_match(text))
}

/// Whether two texts are the same but for case.
pub(crate) fn equals_folded(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// The nearest double of what JSON calls a number.
pub(crate) fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// Writes out what the two sides abbreviate differently: JavaScript's digits and words are ASCII, its spaces and line
/// ends have a list of their own.
fn translate(pattern: &str) -> String {
    const SPACE: &str = r"\t\n\v\f\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
    let mut translated = String::new();
    let (mut chars, mut class) = (pattern.chars(), false);
    while let Some(next) = chars.next() {
        match next {
            '\\' => match chars.next() {
                Some('d') => translated.push_str("[0-9]"),
                Some('D') => translated.push_str("[^0-9]"),
                Some('w') => translated.push_str("[0-9A-Za-z_]"),
                Some('W') => translated.push_str("[^0-9A-Za-z_]"),
                Some('s') => translated.extend(["[", SPACE, "]"]),
                Some('S') => translated.extend(["[^", SPACE, "]"]),
                Some('b') => translated.push_str(r"(?-u:\b)"),
                escaped => {
                    translated.push('\\');
                    translated.extend(escaped);
                }
            },
            '.' if !class => translated.push_str(r"[^\n\r\u{2028}\u{2029}]"),
            _ => {
                class = next == '[' || class && next != ']';
                translated.push(next);
            }
        }
    }
    translated
}
