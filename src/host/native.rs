//! Regular expressions, number conversion and case folding as JavaScript defines them, for native builds.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use regex::{Regex, RegexBuilder};

/// The limit on a compiled pattern, in bytes; every portable pattern stays below it.
const MAX_REGEX_BYTES: usize = 1 << 28;

/// The number of compiled patterns in the cache. A simulation of a million users needs the same few again and again.
const CACHE_SIZE: usize = 64;

std::thread_local! {
    /// The last patterns, newest first. The cache affects the time that a match takes, never its result.
    static REGEX_CACHE: RefCell<Vec<(String, bool, Regex)>> = const { RefCell::new(Vec::new()) };
}

/// Returns whether a portable regular expression matches `text`.
pub(crate) fn regex_matches(pattern: &str, text: &str, ignore_case: bool) -> bool {
    // Without regard to case, JavaScript counts two letters beyond ASCII as word characters: they fold into ASCII.
    let folded = ignore_case.then(|| text.replace('\u{17f}', "s").replace('\u{212a}', "k"));
    let text = folded.as_deref().unwrap_or(text);
    REGEX_CACHE.with_borrow_mut(|cache| {
        if let Some((.., regex)) = cache.iter().find(|(cached, folded, _)| cached == pattern && *folded == ignore_case)
        {
            return regex.is_match(text);
        }
        let mut builder = RegexBuilder::new(&translate(pattern));
        let Ok(regex) = builder.case_insensitive(ignore_case).size_limit(MAX_REGEX_BYTES).build() else { return false };
        let is_match = regex.is_match(text);
        cache.truncate(CACHE_SIZE.saturating_sub(1));
        cache.insert(0, (String::from(pattern), ignore_case, regex));
        is_match
    })
}

/// Compares two strings without regard to case.
pub(crate) fn eq_ignore_case(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Converts a string to a number, as JavaScript's `Number(text)`.
pub(crate) fn string_to_number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    #[expect(clippy::cast_precision_loss, reason = "to the nearest double")]
    let radix = |prefix, radix: u32| {
        let digits = text.strip_prefix(prefix).filter(|digits| !digits.is_empty())?;
        // Rounds once: of the digits beyond 120 bits, only whether one of them is not zero matters.
        let number = digits.chars().try_fold((0_u128, 1.0), |(sum, scale), digit| {
            let digit = u128::from(digit.to_digit(radix)?);
            let full = sum >> 120 > 0;
            let next = sum.wrapping_mul(radix.into()).wrapping_add(digit);
            Some(if full { (sum | digit.min(1), scale * f64::from(radix)) } else { (next, scale) })
        });
        number.map(|(sum, scale)| sum as f64 * scale)
    };
    let prefixed = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    match text {
        "" => 0.0,
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        // Rust also parses inf and nan, which JavaScript does not.
        _ if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => {
            text.parse().unwrap_or(f64::NAN)
        }
        _ => prefixed.into_iter().find_map(|(prefix, base)| radix(prefix, base)).unwrap_or(f64::NAN),
    }
}

/// Converts a number to a string, as JavaScript's `String(number)`.
pub(crate) fn number_to_string(number: f64) -> String {
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
        _ if after <= exponent => [digits.as_str(), &zeros(exponent.saturating_sub(after))].concat(),
        _ => {
            let (whole, fraction) = digits.split_at(usize::try_from(exponent).unwrap_or(0).saturating_add(1));
            format!("{whole}.{fraction}")
        }
    };
    if number < 0.0 { format!("-{text}") } else { text }
}

/// Returns whether JavaScript's `trim` removes a character.
fn is_space(character: char) -> bool {
    character.is_whitespace() && character != '\u{85}' || character == '\u{feff}'
}

/// Translates the classes that Rust defines differently: JavaScript's digits and word characters are ASCII, and its
/// whitespace and line terminators are a different list.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_to_number_follows_javascript() {
        for (text, expected) in [
            ("", 0.0),
            (" \t\n\u{b}\u{c}\r\u{a0}\u{feff}\u{2028}\u{2029}\u{3000}", 0.0),
            ("0", 0.0),
            ("-0", -0.0),
            ("+5", 5.0),
            (" 12 ", 12.0),
            ("007", 7.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("-.5e1", -5.0),
            ("1e3", 1000.0),
            ("1E-2", 0.01),
            ("1e400", f64::INFINITY),
            ("-1e400", f64::NEG_INFINITY),
            ("1e-400", 0.0),
            ("Infinity", f64::INFINITY),
            ("+Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("0x1F", 31.0),
            ("0XfF", 255.0),
            ("0b101", 5.0),
            ("0B1", 1.0),
            ("0o17", 15.0),
            ("0O7", 7.0),
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("0x20000000000001", 9_007_199_254_740_992.0),
            ("0x200000000000018", 144_115_188_075_855_904.0),
            ("0x20000000000001000000000000000000000001", (2_f64.powi(53) + 2.0) * 2_f64.powi(96)),
        ] {
            assert_eq!(string_to_number(text).to_bits(), f64::to_bits(expected), "{text:?}");
        }
    }

    #[test]
    fn string_to_number_is_nan_for_other_text() {
        for text in [
            "x",
            "1x",
            "1 2",
            "1_000",
            "1,5",
            "--1",
            "+-1",
            "-",
            "+",
            ".",
            "e5",
            "1e",
            "1e+",
            "0x",
            "0b",
            "0o",
            "0xg",
            "0b2",
            "0o8",
            "-0x1",
            "+0b1",
            "0x1.8",
            "1n",
            "infinity",
            "inf",
            "INFINITY",
            "nan",
            "NaN",
            "Infinityx",
            "\u{85}1",
            "\u{200b}1",
            "١",
            "½",
            "true",
            "null",
            "1e5.5",
            "1.2.3",
        ] {
            assert!(string_to_number(text).is_nan(), "{text:?}");
        }
    }

    #[test]
    fn number_to_string_follows_javascript() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (100.0, "100"),
            (123.456, "123.456"),
            (0.1, "0.1"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (-0.000_001_5, "-0.0000015"),
            (1.5e-7, "1.5e-7"),
            (1e20, "100000000000000000000"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (5e-324, "5e-324"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (0.1 + 0.2, "0.30000000000000004"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (10.01, "10.01"),
            (1_000_000.5, "1000000.5"),
        ] {
            assert_eq!(number_to_string(value), expected);
        }
    }

    #[test]
    fn eq_ignore_case_folds_unicode() {
        assert!(
            eq_ignore_case("StraßE", "sTRAßE")
                && eq_ignore_case("ÄΣ", "äσ") == ("ÄΣ".to_lowercase() == "äσ".to_lowercase())
        );
        assert!(!eq_ignore_case("a", "b") && !eq_ignore_case("ß", "ss") && eq_ignore_case("", ""));
    }

    #[test]
    fn regex_matches_follows_javascript() {
        for (pattern, text, ignore_case, expected) in [
            ("", "", false, true),
            ("b", "abc", false, true),
            ("^b", "abc", false, false),
            ("^b$", "a\nb", false, false),
            ("B", "abc", false, false),
            ("B", "abc", true, true),
            ("a.c", "a\u{2028}c", false, false),
            ("a.c", "a\rc", false, false),
            ("a.c", "aéc", false, true),
            ("[.]", "x", false, false),
            (r"\d", "٣", false, false),
            (r"\D", "٣", false, true),
            (r"\w", "é", false, false),
            (r"\W", "é", false, true),
            (r"\s", "\u{feff}", false, true),
            (r"\S", "\u{85}", false, true),
            (r"\s", "\u{85}", false, false),
            (r"[^\s]", "\u{a0}", false, false),
            (r"\ba", "éa", false, true),
            (r"\ba", "xa", false, false),
            (r"[\]\-]", "-", false, true),
            (r"[\w-]", "-", false, true),
            (r"\/", "/", false, true),
            (r"\v", "\u{b}", false, true),
            (r"^\w$", "\u{17f}", true, true),
            (r"^\w$", "\u{17f}", false, false),
            (r"^\w$", "\u{212a}", true, true),
            ("é", "É", true, true),
            ("(", "(", false, false),
        ] {
            assert_eq!(regex_matches(pattern, text, ignore_case), expected, "{pattern} {text:?}");
        }
    }
}
