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
    text.chars().map(|char| if char.is_control() { '?' } else { char }).collect()
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
        assert_eq!(safe("a\n\u{1b}[31mé\u{9b}"), "a??[31mé?");
    }
}
