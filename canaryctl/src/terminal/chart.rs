//! Bar charts on standard output.

use std::env;
use std::io;

use terminal_size::{Width, terminal_size_of};

use crate::terminal::color::Paint;

/// The width without a terminal, in characters.
const DEFAULT_WIDTH: usize = 80;

/// How charts are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Characters per line.
    pub(crate) width: usize,
    /// Whether to use ASCII only.
    pub(crate) ascii: bool,
    /// Whether to use colors.
    pub(crate) paint: Paint,
}

impl Style {
    /// The style that suits standard output; ASCII only if asked for, or if the locale is not UTF-8.
    pub(crate) fn detect(ascii: bool) -> Self {
        let out = io::stdout();
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
        Self {
            width: terminal_size_of(&out).map_or(DEFAULT_WIDTH, |(Width(width), _)| width.into()),
            ascii: ascii || !is_utf8(&locale),
            paint: Paint::for_stdout(),
        }
    }
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// A bar that fills a share of `width` characters, in steps of an eighth unless it has to be ASCII. A share above zero is
/// always visible.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
pub(crate) fn bar(share: f64, width: usize, ascii: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = share.clamp(0.0, 1.0);
    if ascii {
        let full = (share * width as f64).round() as usize;
        return if full == 0 && share > 0.0 { "|".to_owned() } else { "#".repeat(full) };
    }
    let least = usize::from(share > 0.0);
    let eighths = ((share * width.saturating_mul(8) as f64).round() as usize).max(least);
    let rest = EIGHTHS.get(eighths & 7).copied().unwrap_or_default();
    format!("{}{rest}", "█".repeat(eighths >> 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_share() {
        for (share, fine, coarse) in [
            (0.0, "", ""),
            (0.000_01, "▏", "|"),
            (0.5, "██▌", "###"),
            (0.625, "███▏", "###"),
            (1.0, "█████", "#####"),
            (1.5, "█████", "#####"),
        ] {
            assert_eq!((bar(share, 5, false).as_str(), bar(share, 5, true).as_str()), (fine, coarse), "{share}");
        }
    }

    #[test]
    fn blocks_need_utf8() {
        for (locale, expected) in [("en_US.UTF-8", true), ("C.utf8", true), ("C", false), ("", false)] {
            assert_eq!(is_utf8(locale), expected, "{locale}");
        }
    }
}
