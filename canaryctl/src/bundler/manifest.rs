//! The manifest of a build, in the format of any supported bundler.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde_json::{Map, Value};

use super::{esbuild, vite, webpack};
use crate::bundler::dist;
use crate::bundler::entry::Entry;

/// The file names that bundlers use for their manifests.
const NAMES: [&str; 4] = [".vite/manifest.json", "manifest.json", "asset-manifest.json", "assets-manifest.json"];

/// A manifest with its format.
#[derive(Debug)]
pub(crate) struct Manifest {
    path: PathBuf,
    json: Map<String, Value>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Vite,
    Webpack,
    Esbuild,
}

impl Manifest {
    /// Reads the manifest in a folder, if there is one, or the given file.
    pub(crate) fn find(dir: &Path, named: Option<&Path>) -> anyhow::Result<Option<Self>> {
        if let Some(path) = named {
            let found = Self::read(path)?;
            let expected = "expected a manifest of Vite, webpack, Rsbuild or esbuild";
            return found.map(Some).with_context(|| format!("{}: {expected}", path.display()));
        }
        // A web app manifest may have the same name; it is skipped.
        let mut found = Vec::new();
        for path in NAMES.map(|name| dir.join(name)).iter().filter(|path| path.is_file()) {
            found.extend(Self::read(path)?);
        }
        // A manifest that lists the files of each entry is preferred.
        Ok(found.into_iter().min_by_key(|it| it.kind == Kind::Webpack && webpack::is_flat(&it.json)))
    }

    /// The paths of all files in the manifest of Vite; `None` if the folder has no such manifest.
    pub(crate) fn vite_files(dir: &Path) -> anyhow::Result<Option<Vec<String>>> {
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

    /// The entry with a name, or the only entry.
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
        } else if json.contains_key("entrypoints")
            || webpack::is_rsbuild(json)
            || (!json.is_empty() && json.values().all(Value::is_string))
        {
            Some(Self::Webpack)
        } else {
            json.values().any(has_files).then_some(Self::Vite)
        }
    }
}
