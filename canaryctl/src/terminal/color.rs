//! What is fit for a terminal.

use std::env;
use std::fmt;
use std::io::{self, IsTerminal};

/// Whether words are coloured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

/// The colours in use, as the terminal's own palette has them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
}

impl Paint {
    /// No colours.
    pub(crate) const OFF: Self = Self(false);

    /// Colours, where standard output is a terminal that has them and nobody has asked for none (no-color.org).
    pub(crate) fn for_stdout() -> Self {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        Self(io::stdout().is_terminal() && set("NO_COLOR").is_none() && !dumb)
    }

    /// Whether there are any.
    pub(crate) fn is_on(self) -> bool {
        self.0
    }

    /// The text in bold letters of a colour.
    pub(crate) fn bold(self, colour: Colour, text: impl fmt::Display) -> String {
        if self.0 { format!("\u{1b}[1;{}m{text}\u{1b}[0m", colour as u8) } else { text.to_string() }
    }
}

/// A text from outside on one line, which sends nothing to a terminal.
pub(crate) fn safe(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '?' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paints_only_where_it_is_seen() {
        assert_eq!(Paint(true).bold(Colour::Red, "error"), "\u{1b}[1;31merror\u{1b}[0m");
        assert_eq!(Paint::OFF.bold(Colour::Red, "error"), "error");
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal() {
        assert_eq!(safe("a\n\u{1b}[31mé\u{9b}"), "a??[31mé?");
    }
}
