//! What a browser brings and a tool needs a crate for: regular expressions, numbers, case. All of it is pure.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use regex::{Regex, RegexBuilder};

/// What a compiled pattern may take, in bytes: more than any portable one does.
const SIZE_LIMIT: usize = 1 << 28;

/// How many patterns are kept compiled; whoever asks for a million users asks for the same few.
const MOST_COMPILED: usize = 64;

std::thread_local! {
    /// The last patterns, newest first. It changes how long an answer takes, never what it is.
    static COMPILED: RefCell<Vec<(String, bool, Regex)>> = const { RefCell::new(Vec::new()) };
}

/// Whether a portable pattern matches.
pub(crate) fn matches(pattern: &str, text: &str, ignore_case: bool) -> bool {
    // Two letters beyond ASCII are word characters to JavaScript where case is ignored, because they fold into ASCII.
    let folded = ignore_case.then(|| text.replace('\u{17f}', "s").replace('\u{212a}', "k"));
    let text = folded.as_deref().unwrap_or(text);
    COMPILED.with_borrow_mut(|compiled| {
        if let Some((.., regex)) = compiled.iter().find(|(of, folds, _)| of == pattern && *folds == ignore_case) {
            return regex.is_match(text);
        }
        let mut builder = RegexBuilder::new(&translate(pattern));
        let Ok(regex) = builder.case_insensitive(ignore_case).size_limit(SIZE_LIMIT).build() else { return false };
        let is_match = regex.is_match(text);
        compiled.truncate(MOST_COMPILED.saturating_sub(1));
        compiled.insert(0, (String::from(pattern), ignore_case, regex));
        is_match
    })
}

/// Whether two texts are the same but for case.
pub(crate) fn equals_folded(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// JavaScript's `Number(text)`.
pub(crate) fn number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let radix = |prefix, radix| {
        let digits = text.strip_prefix(prefix)?;
        let digits = digits.chars().map(|digit| digit.to_digit(radix).map(f64::from));
        Some(digits.reduce(|sum, digit| Some(sum? * f64::from(radix) + digit?)).flatten().unwrap_or(f64::NAN))
    };
    let prefixed = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    match text {
        "" => 0.0,
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        // Rust's own words for what is no number are none of JavaScript's.
        _ if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => {
            text.parse().unwrap_or(f64::NAN)
        }
        _ => prefixed.into_iter().find_map(|(prefix, base)| radix(prefix, base)).unwrap_or(f64::NAN),
    }
}

/// JavaScript's `String(number)`.
pub(crate) fn text(number: f64) -> String {
    if number == 0.0 {
        return String::from("0");
    }
    let shortest = format!("{:e}", number.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let after = i32::try_from(digits.len()).unwrap_or(i32::MAX).saturating_sub(1);
    let text = match exponent {
        ..-6 | 21.. => shortest.replace('e', if exponent < 0 { "e" } else { "e+" }),
        -6..0 => format!("0.{}{digits}", zeros(exponent.saturating_neg().saturating_sub(1))),
        _ if after <= exponent => digits.clone() + &zeros(exponent.saturating_sub(after)),
        _ => {
            let (whole, fraction) = digits.split_at(usize::try_from(exponent).unwrap_or(0).saturating_add(1));
            format!("{whole}.{fraction}")
        }
    };
    if number < 0.0 { format!("-{text}") } else { text }
}

/// What JavaScript trims.
fn is_space(character: char) -> bool {
    character.is_whitespace() && character != '\u{85}' || character == '\u{feff}'
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
