//! What the terminal on standard output can show.

use std::env;
use std::io::{self, IsTerminal};

use terminal_size::{Width, terminal_size_of};

/// The width where there is no terminal, in characters.
const WIDTH: usize = 80;

/// How charts are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Characters a line.
    pub(crate) width: usize,
    /// Nothing but ASCII.
    pub(crate) ascii: bool,
    /// Whether to use colours.
    pub(crate) color: bool,
}

impl Style {
    /// That of standard output.
    pub(crate) fn detect(ascii: bool) -> Self {
        let out = io::stdout();
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
        let plain = variable("NO_COLOR").is_some() || variable("TERM").is_none_or(|name| name == "dumb");
        Self {
            width: terminal_size_of(&out).map_or(WIDTH, |(Width(width), _)| width.into()),
            ascii: ascii || !is_utf8(&locale),
            color: out.is_terminal() && !plain,
        }
    }

    /// The text in a colour or weight, an SGR number.
    pub(crate) fn paint(self, text: &str, code: u8) -> String {
        if self.color && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// A bar of a share of `width` characters, in eighths of one where that can be shown. A share of something is never
/// shown as nothing.
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

    #[test]
    fn colours_are_left_out() {
        let style = |color| Style { width: 80, ascii: true, color };
        assert_eq!((style(true).paint("a", 36), style(false).paint("a", 36)), ("\x1b[36ma\x1b[0m".into(), "a".into()));
    }
}
