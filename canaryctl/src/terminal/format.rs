//! Numbers and text in human-readable form.

use indicatif::HumanCount;

use crate::terminal::color::safe;

/// A number with commas between groups of three digits.
pub(crate) fn thousands(number: u64) -> String {
    HumanCount(number).to_string()
}

/// `part` of `whole` in percent.
#[expect(clippy::cast_precision_loss, reason = "shares are shown with three decimals")]
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// A percentage with at most three decimals and no trailing zeros.
pub(crate) fn short(percent: f64) -> String {
    let text = format!("{percent:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text from a file on one line of at most `width` characters, without control characters.
pub(crate) fn truncate(text: &str, width: usize) -> String {
    let text = safe(text);
    if text.chars().nth(width).is_none() {
        return text;
    }
    text.chars().take(width.saturating_sub(3)).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (10_000_000, "10,000,000")] {
            assert_eq!(thousands(number), text);
        }
        for (number, text) in [(5.0, "5"), (12.5, "12.5"), (0.0, "0"), (100.0, "100"), (33.333_33, "33.333")] {
            assert_eq!(short(number), text);
        }
        assert_eq!((short(percent(1, 3)), short(percent(1, 0))), ("33.333".to_owned(), "0".to_owned()));
    }

    #[test]
    fn text_is_truncated_without_control_characters() {
        for (text, expected) in
            [("abc", "abc"), ("abcdefgh", "abcdefgh"), ("abcdefghi", "abcde..."), ("a\u{1b}[2J\n", "a?[2J?")]
        {
            assert_eq!(truncate(text, 8), expected);
        }
    }
}
