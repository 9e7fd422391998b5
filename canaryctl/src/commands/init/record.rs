//! The record of the files that `init` has written, by which `--remove` takes them out again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The name of the file with the record.
pub(crate) const FILE: &str = ".canary-init.json";

/// Files by their path, with the SHA-256 of what was written.
#[derive(Debug, Default)]
pub(crate) struct Record(BTreeMap<String, String>);

impl Record {
    /// The record in a folder, empty if there is none.
    pub(crate) fn read(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let files = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        Ok(Self(files))
    }

    /// Whether a file has been written.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, path: &str, text: &str) {
        self.0.insert(path.to_owned(), hash(text.as_bytes()));
    }

    /// Writes the record, or removes it if it is empty.
    pub(crate) fn write(&self, dir: &Path) -> anyhow::Result<()> {
        let path = dir.join(FILE);
        if self.0.is_empty() {
            return if path.exists() {
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
            } else {
                Ok(())
            };
        }
        let text = serde_json::to_string_pretty(&self.0)? + "\n";
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Removes the files that are as they were written, and the folders that are empty then. Returns the files that are removed and
    /// those that stay, because they have changed.
    pub(crate) fn remove(&mut self, dir: &Path, is_dry: bool) -> anyhow::Result<(Vec<String>, Vec<String>)> {
        ensure!(!self.0.is_empty(), "{}: expected the record of init, {FILE}", dir.display());
        let (mut removed, mut kept) = (Vec::new(), Vec::new());
        for (name, written) in &self.0 {
            let is_below = Path::new(name).components().all(|it| matches!(it, std::path::Component::Normal(_)));
            ensure!(is_below, "{FILE}: found {name:?}, expected a path in the repository");
            let path = dir.join(name);
            match fs::read(&path) {
                Ok(bytes) if hash(&bytes) == *written => {
                    if !is_dry {
                        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
                        // Fails at the first folder that has other files.
                        let folders = Path::new(name).ancestors().skip(1).filter(|it| !it.as_os_str().is_empty());
                        let _last = folders.map(|folder| fs::remove_dir(dir.join(folder))).find(Result::is_err);
                    }
                    removed.push(name.clone());
                }
                Ok(_) => kept.push(name.clone()),
                // Somebody has removed it.
                Err(_) => {}
            }
        }
        self.0.retain(|name, _| kept.contains(name));
        Ok((removed, kept))
    }
}

fn hash(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}
