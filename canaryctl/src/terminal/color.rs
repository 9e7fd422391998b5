//! Colors for text on standard output, and text from files made safe to print.

use std::fmt;
use std::io;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// Whether text is styled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    /// No styles.
    pub(crate) const OFF: Self = Self(false);

    /// Styles if standard output is a terminal with colors, or as `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE` say.
    pub(crate) fn for_stdout() -> Self {
        Self(AutoStream::choice(&io::stdout()) != ColorChoice::Never)
    }

    /// Whether text is styled.
    pub(crate) fn is_on(self) -> bool {
        self.0
    }

    /// The text in a style.
    pub(crate) fn apply(self, style: impl Into<Style>, text: impl fmt::Display) -> String {
        let style = if self.0 { style.into() } else { Style::new() };
        format!("{style}{text}{style:#}")
    }

    /// The text in bold letters of a color.
    pub(crate) fn bold(self, color: AnsiColor, text: impl fmt::Display) -> String {
        self.apply(color.on_default().bold(), text)
    }
}

/// Text from a file on one line, without control characters, so that it cannot send escape codes to the terminal.
pub(crate) fn safe(text: &str) -> String {
    text.chars().map(|char| if is_unsafe(char) { '?' } else { char }).collect()
}

/// Text of several lines, likewise. Where it is styled, the colors of this program stay.
pub(crate) fn neutral(text: &str, paint: Paint) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let length = color(rest).filter(|_| paint.is_on()).unwrap_or(char.len_utf8());
        let (one, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let is_kept = length > char.len_utf8() || matches!(char, '\n' | '\t') || !is_unsafe(char);
        out.push_str(if is_kept { one } else { "?" });
        rest = after;
    }
    out
}

/// The length of a sequence that sets a color and nothing else.
fn color(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let (parameters, _) = parameters.split_once('m')?;
    let is_color = |number: &str| matches!(number.parse(), Ok(0 | 1 | 30..=37 | 39 | 90..=97_u8));
    (parameters.is_empty() || parameters.split(';').all(is_color)).then(|| parameters.len().saturating_add(3))
}

/// Whether a terminal may take a character for a command, or show the text behind it in another order.
fn is_unsafe(char: char) -> bool {
    char.is_control() || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_applied_only_if_wanted() {
        assert_eq!(Paint(true).bold(AnsiColor::Red, "error"), "\u{1b}[1m\u{1b}[31merror\u{1b}[0m");
        assert_eq!(Paint(true).apply(AnsiColor::Cyan.on_default(), "a"), "\u{1b}[36ma\u{1b}[0m");
        assert_eq!(Paint::OFF.bold(AnsiColor::Red, "error"), "error");
    }

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(safe("a\n\u{1b}[31mé\u{9b}\u{202e}"), "a??[31mé??");
        assert_eq!(neutral("a\n\u{1b}]0;x\u{7}\t\u{1b}[2Jé\u{9b}\r", Paint(true)), "a\n?]0;x?\t?[2Jé??");
        let colored = "\u{1b}[1m\u{1b}[31merror\u{1b}[0m";
        assert_eq!(neutral(colored, Paint(true)), colored);
        assert_eq!(neutral(colored, Paint::OFF), "?[1m?[31merror?[0m");
        assert_eq!(neutral("\u{1b}[8mhidden\u{1b}[1", Paint(true)), "?[8mhidden?[1");
    }
}
