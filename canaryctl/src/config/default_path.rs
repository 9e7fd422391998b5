//! Paths that are found where an option does not name them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The file name of a config's manifest.
const NAME: &str = "canary-config-cm.yaml";

/// The folder of the manifests.
const MANIFESTS: &str = "k8s";

/// Folders that a bundler writes, and that of a demo.
const SITES: [&str; 4] = ["dist", "build", "public", "www"];

/// The folders of the npm package and of a build of the runtime.
const RUNTIMES: [&str; 2] = ["node_modules/canary-runtime", "pkg"];

/// The config to edit: the one that is named, or the only one below `k8s/`. Where environments have their own, one has to
/// be named: an edit of the base would reach none of them.
pub(crate) fn to_edit(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    find(named, |base, others| match (base, others) {
        ([base], []) => Some(base.clone()),
        _ => None,
    })
}

/// The config to read: the one that is named, the only one below `k8s/`, or that of the base.
pub(crate) fn to_read(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    find(named, |base, _| if let [base] = base { Some(base.clone()) } else { None })
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

fn find(named: Option<&Path>, choose: impl Fn(&[PathBuf], &[PathBuf]) -> Option<PathBuf>) -> anyhow::Result<PathBuf> {
    if let Some(file) = named {
        return Ok(file.to_owned());
    }
    let mut found = below(Path::new(MANIFESTS));
    found.sort();
    if let [only] = found.as_slice() {
        return Ok(only.clone());
    }
    if found.is_empty() {
        bail!("no {NAME} below {MANIFESTS}/: name the config with --config");
    }
    let (base, others): (Vec<_>, Vec<_>) = found.iter().cloned().partition(|file| file.iter().any(|it| it == "base"));
    choose(&base, &others).with_context(|| {
        let list = if others.is_empty() { &base } else { &others };
        let list = list.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
        format!("each environment has a config of its own, name one with --config: {list}")
    })
}

/// The configs in a folder and all below it. Links are not followed: they may lead in a circle.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => below(&entry.path()),
        _ if entry.file_name() == NAME => vec![entry.path()],
        _ => Vec::new(),
    });
    files.collect()
}
