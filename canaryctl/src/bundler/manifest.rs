//! A manifest, whoever wrote it.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use serde_json::{Map, Value};

use super::{esbuild, vite, webpack};
use crate::bundler::dist::{self, Files};

/// Where bundlers leave their manifest.
const NAMES: [&str; 4] = [".vite/manifest.json", "manifest.json", "asset-manifest.json", "assets-manifest.json"];

/// A manifest, read and recognised.
#[derive(Debug)]
pub(crate) struct Manifest {
    path: PathBuf,
    json: Map<String, Value>,
    kind: Kind,
}

/// What the manifest says of one entry.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// Its files.
    pub(crate) files: Files,
    /// The page that it was built from, where there is one.
    pub(crate) page: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Vite,
    Webpack,
    Esbuild,
}

impl Manifest {
    /// Reads the manifest of a folder, or the one that is named.
    pub(crate) fn find(dir: &Path, named: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(path) = named {
            let found = Self::read(path)?;
            return found
                .with_context(|| format!("{}: expected a manifest of Vite, webpack or esbuild", path.display()));
        }
        // A web app's manifest may have the same name, and is passed over.
        let mut found = Vec::new();
        for path in NAMES.map(|name| dir.join(name)).iter().filter(|path| path.is_file()) {
            found.extend(Self::read(path)?);
        }
        // One that says what belongs to an entry comes before one that does not.
        let best = found.into_iter().min_by_key(|it| it.kind == Kind::Webpack && webpack::is_flat(&it.json));
        best.with_context(|| {
            let advice = "let it write one (Vite: build.manifest), or name it with --manifest";
            format!("no manifest of a bundler in {}: {advice}", dir.display())
        })
    }

    /// The names of all files that a build of Vite wrote; nothing where the folder has no such manifest.
    pub(crate) fn built(dir: &Path) -> anyhow::Result<Option<Vec<String>>> {
        for path in NAMES.iter().take(2).map(|name| dir.join(name)).filter(|path| path.is_file()) {
            if let Some(found) = Self::read(&path)?.filter(|it| it.kind == Kind::Vite) {
                return Ok(Some(vite::files(&found.json)));
            }
        }
        Ok(None)
    }

    fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let Value::Object(json) = dist::read_json(path)? else { return Ok(None) };
        Ok(Kind::of(&json).map(|kind| Self { path: path.to_owned(), json, kind }))
    }

    /// What belongs to an entry: the one that is named, else the only one.
    pub(crate) fn entry(&self, dir: &Path, name: Option<&str>) -> anyhow::Result<Entry> {
        let entry = match self.kind {
            Kind::Vite => vite::entry(&self.json, name),
            Kind::Webpack => webpack::entry(&self.json, name, dir),
            Kind::Esbuild => esbuild::entry(&self.json, name, dir),
        };
        let entry = entry.with_context(|| self.path.display().to_string())?;
        for file in [&entry.files.scripts, &entry.files.styles, &entry.files.preload].into_iter().flatten() {
            ensure!(
                dist::is_inside(file) && dir.join(file).is_file(),
                "{}: no file {}",
                self.path.display(),
                dir.join(file).display()
            );
        }
        Ok(entry)
    }
}

impl Kind {
    fn of(json: &Map<String, Value>) -> Option<Self> {
        let has_files = |value: &Value| value.get("file").is_some_and(Value::is_string);
        if json.get("outputs").is_some_and(Value::is_object) {
            Some(Self::Esbuild)
        } else if json.contains_key("entrypoints") || (!json.is_empty() && json.values().all(Value::is_string)) {
            Some(Self::Webpack)
        } else {
            json.values().any(has_files).then_some(Self::Vite)
        }
    }
}

/// Chooses the entry that is named, or the only one there is.
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

/// The strings of a member that is an array; nothing where it is absent.
pub(crate) fn strings<'a>(json: &'a Value, name: &str, place: &str) -> anyhow::Result<Vec<&'a str>> {
    let expected = || anyhow!("{place}.{name}: expected an array of strings");
    match json.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(|it| it.as_str().ok_or_else(expected)).collect(),
        Some(_) => Err(expected()),
    }
}
