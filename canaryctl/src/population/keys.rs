//! The users' ids.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::commands::bucket::trim_line_end;
use crate::terminal::format::thousands;

/// Ids, counted from 0.
#[derive(Debug)]
pub(crate) enum Keys {
    /// `user-0` and so on.
    Synthetic(u64),
    /// Those of a file.
    Listed {
        /// The file.
        text: String,
        /// Where they stand in it.
        places: Vec<Range<usize>>,
        /// The file's name.
        name: String,
    },
}

impl Keys {
    /// Reads a key a line; `-` is standard input.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let (name, mut bytes) = (path.display().to_string(), Vec::new());
        if name == "-" {
            io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
            return Self::parse("standard input", bytes);
        }
        bytes = fs::read(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(&name, bytes)
    }

    pub(crate) fn parse(name: &str, bytes: Vec<u8>) -> anyhow::Result<Self> {
        let text = String::from_utf8(bytes).map_err(|error| error.utf8_error()).with_context(|| name.to_owned())?;
        let (mut places, mut start) = (Vec::new(), 0_usize);
        for (line, number) in text.split_inclusive('\n').zip(1_u64..) {
            let length = trim_line_end(line.as_bytes()).len();
            ensure!(length > 0, "{name}: line {number}: an empty key, which has no bucket");
            places.push(start..start.saturating_add(length));
            start = start.saturating_add(line.len());
        }
        ensure!(!places.is_empty(), "{name}: expected a key on each line");
        Ok(Self::Listed { text, places, name: name.to_owned() })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Synthetic(count) => *count,
            Self::Listed { places, .. } => u64::try_from(places.len()).unwrap_or(u64::MAX),
        }
    }

    /// Writes one over another.
    pub(crate) fn write(&self, index: u64, key: &mut String) {
        key.clear();
        match self {
            // A string takes whatever is written.
            Self::Synthetic(_) => drop(write!(key, "user-{index}")),
            Self::Listed { text, places, .. } => {
                let place = usize::try_from(index).ok().and_then(|index| places.get(index).cloned());
                key.push_str(place.and_then(|place| text.get(place)).unwrap_or_default());
            }
        }
    }

    /// What they are.
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
