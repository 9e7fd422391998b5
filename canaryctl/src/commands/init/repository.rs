//! What a repository has: its bundler, package manager, CI, configs, and clusters of Flux.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A tool, and the file by which it was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) name: &'static str,
    pub(crate) file: String,
}

/// A file that the repository lacks.
#[derive(Debug)]
pub(crate) struct NewFile {
    pub(crate) path: String,
    /// Its content in a few words.
    pub(crate) about: String,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) bundler: Option<Found>,
    pub(crate) package_manager: Option<Found>,
    pub(crate) ci: Option<Found>,
    /// The configs, and the files `kustomization.yaml` beside them.
    pub(crate) configs: Vec<String>,
    /// The folders that `flux bootstrap` has made, without their `flux-system`.
    pub(crate) clusters: Vec<String>,
    /// Files of YAML in those folders that name the config's folder.
    pub(crate) applied_by: Vec<String>,
    /// Whether the app's `package.json` names the npm package.
    pub(crate) has_package: bool,
    /// The app's version.
    pub(crate) version: String,
    /// The file of a Helm chart.
    pub(crate) chart: Option<String>,
    /// The URL of the remote `origin`.
    pub(crate) remote: Option<String>,
}

const BUNDLERS: [(&str, &[&str]); 5] = [
    ("Astro", &["astro.config.mjs", "astro.config.ts", "astro.config.js"]),
    ("Angular", &["angular.json"]),
    ("Vite", &["vite.config.ts", "vite.config.js", "vite.config.mts", "vite.config.mjs"]),
    ("webpack", &["webpack.config.js", "webpack.config.ts", "webpack.config.cjs", "webpack.config.mjs"]),
    ("esbuild", &["esbuild.config.js", "esbuild.config.mjs", "esbuild.mjs"]),
];

const PACKAGE_MANAGERS: [(&str, &[&str]); 4] = [
    ("pnpm", &["pnpm-lock.yaml"]),
    ("yarn", &["yarn.lock"]),
    ("bun", &["bun.lock", "bun.lockb"]),
    ("npm", &["package-lock.json", "package.json"]),
];

/// The name of GitHub's CI.
pub(crate) const GITHUB: &str = "GitHub Actions";

/// The name of GitLab's CI.
pub(crate) const GITLAB: &str = "GitLab CI";

const CI: [(&str, &[&str]); 3] =
    [(GITHUB, &[".github/workflows"]), (GITLAB, &[".gitlab-ci.yml"]), ("CircleCI", &[".circleci/config.yml"])];

/// How deep a config or a cluster's folder may be.
const DEPTH: usize = 6;

/// The name of the config's file.
pub(crate) const CONFIG: &str = "canary-config-cm.yaml";

/// The name of the config's file where kustomize makes the `ConfigMap` of it.
pub(crate) const JSON_CONFIG: &str = "canary.json";

impl Repository {
    pub(crate) fn read(dir: &Path) -> Self {
        let first = |known: &[(&'static str, &[&str])]| {
            known.iter().find_map(|(name, files)| {
                let file = files.iter().find(|file| dir.join(file).exists())?;
                Some(Found { name, file: (*file).to_owned() })
            })
        };
        let package = fs::read_to_string(dir.join("package.json")).unwrap_or_default();
        let (mut files, mut clusters) = (Vec::new(), Vec::new());
        walk(dir, "", DEPTH, &mut |path| {
            let is_yaml = matches!(path.rsplit_once('.'), Some((_, "yaml" | "yml")));
            if is_yaml || path.rsplit('/').next() == Some(JSON_CONFIG) {
                files.push(path.to_owned());
            }
            if let Some(cluster) = path.strip_suffix("/flux-system/gotk-sync.yaml") {
                clusters.push(cluster.to_owned());
            }
        });
        files.sort();
        clusters.sort();
        let chart = files.iter().find(|path| path.rsplit('/').next() == Some("Chart.yaml")).cloned();
        let manifest: Value = serde_json::from_str(&package).unwrap_or_default();
        let is_tag = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let version =
            manifest.get("version").and_then(Value::as_str).filter(|it| !it.is_empty() && it.bytes().all(is_tag));
        let version = version.unwrap_or("1.0.0").to_owned();
        // Elsewhere, a file of that name may be part of a site.
        let is_generated = |path: &str| {
            let below = path.strip_suffix(JSON_CONFIG);
            below.is_some_and(|folder| files.iter().any(|file| *file == format!("{folder}kustomization.yaml")))
        };
        let is_config = |path: &&String| path.rsplit('/').next() == Some(CONFIG) || is_generated(path);
        let configs: Vec<_> = files.iter().filter(is_config).cloned().collect();
        // What applies a config names its folder.
        let folders: Vec<_> = configs.iter().filter_map(|it| it.rsplit_once('/')).map(|(folder, _)| folder).collect();
        let is_applying = |path: &&String| {
            let text = fs::read_to_string(dir.join(path)).unwrap_or_default();
            text.contains("kustomize.toolkit.fluxcd.io/") && folders.iter().any(|folder| text.contains(folder))
        };
        let applied_by = files.iter().filter(is_applying).cloned().collect();
        Self {
            bundler: first(&BUNDLERS),
            package_manager: first(&PACKAGE_MANAGERS),
            ci: first(&CI),
            configs,
            clusters,
            applied_by,
            has_package: package.contains("\"canary-runtime\""),
            version,
            chart,
            remote: remote(&fs::read_to_string(dir.join(".git/config")).unwrap_or_default()),
        }
    }

    /// All that was found: kind, name, file.
    pub(crate) fn found(&self) -> Vec<(&'static str, &str, &str)> {
        let tools = [("bundler", &self.bundler), ("package manager", &self.package_manager), ("CI", &self.ci)];
        let tools = tools.into_iter().filter_map(|(kind, found)| found.as_ref().map(|it| (kind, it.name, &*it.file)));
        let flux = self.clusters.first().map(|cluster| ("Flux", "bootstrapped", cluster.as_str()));
        tools.chain(flux).collect()
    }
}

/// The URL of `origin` in the text of a `.git/config`, as Flux takes it.
fn remote(text: &str) -> Option<String> {
    let (_, section) = text.split_once("[remote \"origin\"]")?;
    let lines = section.lines().skip(1).take_while(|line| !line.starts_with('['));
    let url = lines.filter_map(|line| line.split_once('=')).find(|(key, _)| key.trim() == "url")?.1.trim();
    if url.contains("://") {
        // A URL with a password belongs into a Secret.
        return (!url
            .split_once("://")
            .is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|it| it.contains(':') && it.contains('@'))))
        .then(|| url.to_owned());
    }
    let (host, path) = url.split_once(':')?;
    (!host.contains('/')).then(|| format!("ssh://{host}/{path}"))
}

/// Calls `see` with each file of a folder and all below it. Links are not followed: they may lead in a circle.
fn walk(dir: &Path, below: &str, depth: usize, see: &mut impl FnMut(&str)) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for entry in fs::read_dir(dir.join(below)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && !name.starts_with('.') && name != "node_modules" {
            walk(dir, &path, depth, see);
        } else if kind.is_file() {
            see(&path);
        }
    }
}
