//! Numbers and text in human-readable form.

use indicatif::HumanCount;

/// A number with commas between groups of three digits.
pub(crate) fn thousands(number: u64) -> String {
    HumanCount(number).to_string()
}

/// The share of `part` in `whole`, in percent.
#[expect(clippy::cast_precision_loss, reason = "shares are shown with three decimals")]
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// With as many of three decimals as it needs.
pub(crate) fn short(percent: f64) -> String {
    let text = format!("{percent:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text from outside on one line of bounded length, with nothing in it that a terminal would obey.
pub(crate) fn plain(text: &str, width: usize) -> String {
    let visible = |char: char| if char.is_control() { '?' } else { char };
    if text.chars().nth(width).is_none() {
        return text.chars().map(visible).collect();
    }
    text.chars().map(visible).take(width.saturating_sub(3)).chain("...".chars()).collect()
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
    fn outside_text_is_tamed() {
        for (text, shown) in
            [("abc", "abc"), ("abcdefgh", "abcdefgh"), ("abcdefghi", "abcde..."), ("a\u{1b}[2J\n", "a?[2J?")]
        {
            assert_eq!(plain(text, 8), shown);
        }
    }
}
