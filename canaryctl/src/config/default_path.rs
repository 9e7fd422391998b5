//! The file that an edit is for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::ensure;

const NAME: &str = "canary-config-cm.yaml";

/// What was named with an option, or the base's config where no environment has its own.
pub(crate) fn file(named: Option<&Path>, option: &str) -> anyhow::Result<PathBuf> {
    if let Some(file) = named {
        return Ok(file.to_owned());
    }
    let mut own = below(Path::new("k8s/overlays"));
    own.sort();
    let list = own.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
    ensure!(own.is_empty(), "each environment has a config of its own, name one with {option}: {list}");
    Ok(Path::new("k8s/base").join(NAME))
}

/// The configs in a folder and all below it. Links are not followed: they may lead around.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => below(&entry.path()),
        _ if entry.file_name() == NAME => vec![entry.path()],
        _ => Vec::new(),
    });
    files.collect()
}
