//! Targeting keys: synthetic ones, or the lines of a file.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::platform::input;
use crate::terminal::format::thousands;

/// Keys, numbered from 0.
#[derive(Debug)]
pub(crate) enum Keys {
    /// `user-0`, `user-1` and so on, this many.
    Synthetic(u64),
    /// The lines of a file.
    Listed {
        /// The text of the file.
        text: String,
        /// The position of each key in the text.
        ranges: Vec<Range<usize>>,
        /// The name of the file.
        name: String,
    },
}

impl Keys {
    /// Reads one key per line; `-` is standard input.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
        Self::parse(&name, input::read_list(path)?)
    }

    pub(crate) fn parse(name: &str, bytes: Vec<u8>) -> anyhow::Result<Self> {
        let text = String::from_utf8(bytes).map_err(|error| error.utf8_error()).with_context(|| name.to_owned())?;
        let (mut ranges, mut start) = (Vec::new(), 0_usize);
        for (line, number) in text.split_inclusive('\n').zip(1_u64..) {
            let length = trim_line_end(line.as_bytes()).len();
            ensure!(length > 0, "{name}: line {number}: an empty key, which has no bucket");
            ranges.push(start..start.saturating_add(length));
            start = start.saturating_add(line.len());
        }
        ensure!(!ranges.is_empty(), "{name}: expected a key on each line");
        Ok(Self::Listed { text, ranges, name: name.to_owned() })
    }

    /// The number of keys.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Synthetic(count) => *count,
            Self::Listed { ranges, .. } => u64::try_from(ranges.len()).unwrap_or(u64::MAX),
        }
    }

    /// Replaces `key` with the key of that number.
    pub(crate) fn write(&self, index: u64, key: &mut String) {
        key.clear();
        match self {
            // Writing to a string never fails.
            Self::Synthetic(_) => drop(write!(key, "user-{index}")),
            Self::Listed { text, ranges, .. } => {
                let range = usize::try_from(index).ok().and_then(|index| ranges.get(index).cloned());
                key.push_str(range.and_then(|range| text.get(range)).unwrap_or_default());
            }
        }
    }

    /// A description such as `2 users of ids.txt`.
    pub(crate) fn describe(&self) -> String {
        let count = thousands(self.len());
        match self {
            Self::Synthetic(1) => "1 synthetic user (user-0)".to_owned(),
            Self::Synthetic(users) => format!("{count} synthetic users (user-0 to user-{})", users.saturating_sub(1)),
            Self::Listed { name, .. } if self.len() == 1 => format!("1 user of {name}"),
            Self::Listed { name, .. } => format!("{count} users of {name}"),
        }
    }
}

/// Removes the end of a line: `\n`, and one `\r` before it.
pub(crate) fn trim_line_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_line_is_removed() {
        for (line, key) in [("a\r\r\n", "a\r"), ("a\r", "a\r"), (" a\t\n", " a\t"), ("a", "a")] {
            assert_eq!(trim_line_end(line.as_bytes()), key.as_bytes(), "{line:?}");
        }
    }
}
