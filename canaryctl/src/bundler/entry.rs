//! The entry of a build: its files, and the choice among several entries.

use anyhow::{anyhow, bail};

/// An entry as a manifest describes it.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) files: Files,
    /// The page that it was built from, if any.
    pub(crate) page: Option<String>,
}

/// The files of an entry, as paths below the build's folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) scripts: Vec<String>,
    /// Whether the scripts are classic scripts and not modules.
    pub(crate) classic: bool,
    pub(crate) styles: Vec<String>,
    pub(crate) preload: Vec<String>,
}

/// Chooses the entry with a name, or the only entry.
pub(crate) fn choose<'a>(entries: &[&'a str], name: Option<&str>) -> anyhow::Result<&'a str> {
    match (name, entries) {
        (Some(name), _) => {
            let found = entries.iter().find(|it| **it == name);
            found.copied().ok_or_else(|| anyhow!("no entry {name}, but {}", list(entries)))
        }
        (None, [only]) => Ok(only),
        (None, []) => bail!("no entry"),
        (None, several) => bail!("several entries, choose one with --entry: {}", list(several)),
    }
}

fn list(entries: &[&str]) -> String {
    if entries.is_empty() { "none".to_owned() } else { entries.join(", ") }
}
