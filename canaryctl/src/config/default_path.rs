//! Paths that are found where an option does not name them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// The file names of configs: a manifest, and the JSON of which kustomize makes one.
const NAMES: [&str; 2] = ["canary-config-cm.yaml", "canary.json"];

/// The folder of the manifests.
const MANIFESTS: &str = "k8s";

/// Folders that a bundler writes, and that of a demo.
const SITES: [&str; 4] = ["dist", "build", "public", "www"];

/// The folders of the npm package and of a build of the runtime.
const RUNTIMES: [&str; 2] = ["node_modules/canary-runtime", "pkg"];

/// The config to edit: the one that is named, or the only one below `k8s/`. Where environments have their own, one has to
/// be named: an edit of the base would reach none of them.
pub(crate) fn to_edit(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    match named {
        Some(file) => Ok(file.to_owned()),
        None => only(&configs()?),
    }
}

/// The config to read: the one that is named, the only one below `k8s/`, or that of the base.
pub(crate) fn to_read(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(file) = named {
        return Ok(file.to_owned());
    }
    let found = configs()?;
    let mut base = found.iter().filter(|file| is_base(file));
    match (base.next(), base.next()) {
        (Some(base), None) => Ok(base.clone()),
        _ => only(&found),
    }
}

/// The folder with the pages: the one that is named, or the first known one that has a page.
pub(crate) fn site(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    first(named, &SITES, "index.html")
        .with_context(|| format!("no index.html in {}: name the folder of the pages", SITES.join(", ")))
}

/// The folder with the runtime: the one that is named, or the first known one that has the loader.
pub(crate) fn runtime(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let found = first(named, &RUNTIMES, "canary.js");
    found.with_context(|| {
        let folders = RUNTIMES.join(" or ");
        format!("no canary.js in {folders}: install the npm package canary-runtime, or name its folder with --runtime")
    })
}

fn first(named: Option<&Path>, folders: &[&str], file: &str) -> Option<PathBuf> {
    let found = folders.iter().map(PathBuf::from).find(|folder| folder.join(file).is_file());
    named.map(Path::to_owned).or(found)
}

/// All configs below the folder of the manifests.
fn configs() -> anyhow::Result<Vec<PathBuf>> {
    let mut found = below(Path::new(MANIFESTS));
    ensure!(!found.is_empty(), "no {} below {MANIFESTS}/: name the config with --config", NAMES.join(" or "));
    found.sort();
    Ok(found)
}

/// The only config, or an error that lists those of the environments.
fn only(found: &[PathBuf]) -> anyhow::Result<PathBuf> {
    if let [only] = found {
        return Ok(only.clone());
    }
    let others = found.iter().filter(|file| !is_base(file)).count();
    let listed = found.iter().filter(|file| others == 0 || !is_base(file));
    let listed: Vec<_> = listed.map(|file| file.display().to_string()).collect();
    bail!("each environment has a config of its own, name one with --config: {}", listed.join(", "))
}

fn is_base(file: &Path) -> bool {
    file.iter().any(|part| part == "base")
}

/// The configs in a folder and all below it. Links are not followed: they may lead in a circle.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => below(&entry.path()),
        _ if NAMES.iter().any(|name| entry.file_name() == *name) => vec![entry.path()],
        _ => Vec::new(),
    });
    files.collect()
}
