//! The places of a source tree that read flags.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use regex::Regex;

/// Folders of what is installed or built.
const SKIPPED: [&str; 4] = ["node_modules", "dist", "build", "target"];

const EXTENSIONS: [&str; 12] = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "astro", "html"];

/// The most bytes of a file that a person has written.
const MOST: u64 = 2 * 1024 * 1024;

/// A call that reads a flag.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) key: String,
    pub(crate) file: String,
    pub(crate) line: usize,
}

/// The source files of a folder, with their text.
#[derive(Debug)]
pub(crate) struct Sources(Vec<(String, String)>);

impl Sources {
    /// Reads the source files in a folder and all below it. Links are not followed: they may lead in a circle.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        collect(folder, &mut files)?;
        files.sort();
        ensure!(!files.is_empty(), "no source files in {}: name the folder with --source", folder.display());
        let read = |file: PathBuf| {
            let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            Ok((file.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()))
        };
        files.into_iter().map(read).collect::<anyhow::Result<_>>().map(Self)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether a file contains a key in quotes.
    pub(crate) fn contain(&self, key: &str) -> bool {
        let quoted = ['"', '\'', '`'].map(|quote| format!("{quote}{key}{quote}"));
        self.0.iter().any(|(_, text)| quoted.iter().any(|key| text.contains(key)))
    }

    /// The calls with a literal key, in the order of files and lines.
    pub(crate) fn reads(&self) -> impl Iterator<Item = Read> {
        // Names that other libraries may have too count only in a file that imports this one.
        let any = Regex::new(&call(r"get(?:Boolean|String|Number|Object)(?:Value|Details)|canary\.evaluate")).ok();
        let own = Regex::new(&call("useFlag|flag")).ok();
        self.0.iter().flat_map(move |(file, text)| {
            let own = own.iter().filter(|_| text.contains("canary-runtime/"));
            let found = any.iter().chain(own).flat_map(|call| call.captures_iter(text));
            let mut found: Vec<_> = found.filter_map(|it| it.iter().skip(1).flatten().next()).collect();
            found.sort_by_key(regex::Match::start);
            let line = |offset| text.get(..offset).unwrap_or_default().matches('\n').count().saturating_add(1);
            let read =
                |key: regex::Match| Read { key: key.as_str().to_owned(), file: file.clone(), line: line(key.start()) };
            found.into_iter().map(read).collect::<Vec<_>>()
        })
    }
}

/// The pattern of a call whose first argument is a literal key.
fn call(names: &str) -> String {
    let key = "([A-Za-z0-9_.-]{1,64})";
    format!(r#"(?-u:\b)(?:{names})(?:<[^()]*>)?\([ \t\r\n]*(?:"{key}"|'{key}'|`{key}`)"#)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries.flatten() {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
            collect(&path, files)?;
        } else if kind.is_file() && is_source(&name) && entry.metadata().is_ok_and(|it| it.len() <= MOST) {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file may read flags: declarations name all of them.
fn is_source(name: &str) -> bool {
    let is_declaration = [".d.ts", ".d.mts", ".d.cts"].iter().any(|end| name.ends_with(end));
    !is_declaration && name.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
}
