//! The pages of a build: which of them have scripts of the build, and the names of their entries.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use canary_runtime::config::is_identifier;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bundler::bundle::Bundle;
use crate::bundler::dist::{self, Dist};
use crate::bundler::entry::Files;
use crate::bundler::manifest::Manifest;
use crate::html::elements::{self, Element};
use crate::html::page::{Page, is_external, is_module};

/// The most characters of a name that is made of a path, before its hash.
const NAME: usize = 55;

/// A page below the folder of a site.
#[derive(Debug)]
pub(crate) struct SitePage {
    /// Its path below the folder.
    pub(crate) path: String,
    pub(crate) html: String,
    pub(crate) state: State,
}

/// The scripts of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It loads scripts of the build.
    Built,
    /// It loads the runtime instead, with this `data-entry`. One that was made by hand may not list stable's files.
    Injected { entry: Option<String>, has_stable: bool },
    /// It loads no script of the build.
    Plain,
}

impl SitePage {
    /// Reads a page of a site, whose build is in the folder `dir`.
    pub(crate) fn read(site: &Path, path: &str, dir: &Path) -> anyhow::Result<Self> {
        let file = site.join(path);
        let name = file.display().to_string();
        let html = text(fs::read(&file).with_context(|| format!("cannot read {name}"))?).context(name.clone())?;
        let elements = elements::elements(&html).context(name.clone())?;
        let has = |name: &str| elements.iter().any(|it| it.attribute(name).is_some());
        let state = if has("data-canary-stable") || has("data-canary-guard") {
            let entry = elements.iter().find_map(|it| it.attribute("data-entry")).map(str::to_owned);
            State::Injected { entry, has_stable: has("data-canary-stable") }
        } else {
            let page = Page { dir, path, base: None, files: Manifest::vite_files(dir)? };
            if page.has_scripts(&html, &elements).with_context(|| name.clone())? { State::Built } else { State::Plain }
        };
        Ok(Self { path: path.to_owned(), html, state })
    }

    /// Whether the page loads scripts of the build, itself or through the runtime.
    pub(crate) fn has_entry(&self) -> bool {
        self.state != State::Plain
    }

    /// Whether the page names its bundle: one that was injected by hand may not.
    pub(crate) fn has_bundle(&self) -> bool {
        match self.state {
            State::Built => true,
            State::Injected { has_stable, .. } => has_stable,
            State::Plain => false,
        }
    }

    /// The name of its entry: the one that it has, else one that is made of its path alone, so that it stays in later builds.
    pub(crate) fn entry(&self) -> String {
        match &self.state {
            State::Injected { entry: Some(entry), .. } => entry.clone(),
            _ => entry_name(&self.path),
        }
    }

    /// The bundle that the page has as stable, once it is injected.
    pub(crate) fn bundle(&self, dir: &Path, base: Option<&str>, version: &str) -> anyhow::Result<Bundle> {
        let elements = elements::elements(&self.html)?;
        if let Some(block) = elements.iter().find(|it| it.attribute("data-canary-stable").is_some()) {
            return self.stable(block, dir, base, version).with_context(|| format!("line {}", block.line));
        }
        let page = Page { dir, path: &self.path, base, files: Manifest::vite_files(dir)? };
        let entry = page.find_entry(&self.html, &elements)?;
        Dist { dir: dir.to_owned(), base: entry.base }.bundle(Some(version.to_owned()), &entry.files)
    }

    /// Whether the page loads scripts of a manifest as modules, which not all manifests say. Fails if it lacks one of them.
    pub(crate) fn has_modules(&self, dir: &Path, files: &[String]) -> anyhow::Result<bool> {
        let mut scripts = Vec::new();
        for element in &elements::elements(&self.html)? {
            if element.attribute("data-canary-stable").is_some() {
                let json: Value = serde_json::from_str(self.html.get(element.text.clone()).unwrap_or_default())?;
                let stable = json.get("scripts").and_then(Value::as_array).into_iter().flatten();
                let text = |it: &Value, name: &str| it.get(name).and_then(Value::as_str).map(str::to_owned);
                scripts.extend(stable.filter_map(|it| Some((text(it, "src")?, text(it, "type").is_none()))));
            } else if is_external(element) {
                scripts.extend(element.attribute("src").map(|src| (src.to_owned(), is_module(element))));
            }
        }
        let loaded = |file: &str| {
            scripts.iter().find(|(url, _)| dist::locate(dir, url).is_some_and(|(_, located)| located == file))
        };
        let mut is_any = false;
        for file in files {
            let (_, is_module) = loaded(file).with_context(|| {
                format!(
                    "it does not load {file}, which the manifest gives to the entry: build again, or name the manifest with \
                     --manifest to leave the page out"
                )
            })?;
            is_any |= is_module;
        }
        Ok(is_any)
    }

    /// The bundle of an injected page, whose files have to be those that it was injected with.
    fn stable(&self, block: &Element, dir: &Path, base: Option<&str>, version: &str) -> anyhow::Result<Bundle> {
        let json: Value = serde_json::from_str(self.html.get(block.text.clone()).unwrap_or_default())
            .map_err(|_| anyhow!("data-canary-stable: expected JSON"))?;
        let mut files = Files::default();
        let mut found_base = None;
        let mut hashes = Vec::new();
        for (list, key) in [("scripts", "src"), ("styles", "href"), ("preload", "href")] {
            for item in json.get(list).and_then(Value::as_array).into_iter().flatten() {
                let text = |name: &str| item.get(name).and_then(Value::as_str);
                let url = text(key).with_context(|| format!("data-canary-stable: {list}: expected {key}"))?;
                let (prefix, file) =
                    dist::locate(dir, url).with_context(|| format!("no file of {url} in {}", dir.display()))?;
                found_base = found_base.or_else(|| Some(prefix.to_owned()));
                files.classic |= text("type") == Some("classic");
                hashes.extend(text("integrity").map(|hash| (file.to_owned(), hash.to_owned())));
                let target = match list {
                    "scripts" => &mut files.scripts,
                    "styles" => &mut files.styles,
                    _ => &mut files.preload,
                };
                target.push(file.to_owned());
            }
        }
        ensure!(!files.scripts.is_empty(), "data-canary-stable: expected scripts");
        let base = base.map(str::to_owned).or(found_base).unwrap_or_default();
        let dist = Dist { dir: dir.to_owned(), base };
        for (file, hash) in hashes {
            ensure!(
                !hash.starts_with("sha384-") || dist.integrity(&file)? == hash,
                "{} is not the file that the page was injected with: build and inject again",
                dir.join(&file).display()
            );
        }
        dist.bundle(Some(version.to_owned()), &files)
    }
}

/// The pages of a folder, or those that are listed, and the folder of the site: `dir` for listed pages below it, else that of the
/// first one.
pub(crate) fn find(paths: &[PathBuf], dir: Option<&Path>) -> anyhow::Result<(PathBuf, Vec<SitePage>)> {
    if let [folder] = paths
        && folder.is_dir()
    {
        return Ok((folder.clone(), pages(folder, dir.unwrap_or(folder))?));
    }
    let parent = paths.first().and_then(|path| path.parent()).unwrap_or(Path::new(""));
    let root = dir.filter(|dir| paths.iter().all(|path| path.starts_with(dir))).unwrap_or(parent);
    let dir = dist::or_here(dir.unwrap_or(root).to_owned());
    let mut found = Vec::new();
    for path in paths {
        let below = path.strip_prefix(root).ok().and_then(Path::to_str).with_context(|| {
            format!(
                "{} is not in the folder {} of the first page: name their folder instead",
                path.display(),
                root.display()
            )
        })?;
        ensure!(!path.is_dir(), "{}: a folder among pages: name it alone, or the pages", path.display());
        found.push(SitePage::read(root, below, &dir)?);
    }
    check_names(&found)?;
    Ok((root.to_owned(), found))
}

/// All pages below a folder, by their paths. Fails if two of them would have the same entry.
pub(crate) fn pages(site: &Path, dir: &Path) -> anyhow::Result<Vec<SitePage>> {
    let mut paths = Vec::new();
    walk(site, "", &mut paths)?;
    paths.sort();
    let pages = paths.iter().map(|path| SitePage::read(site, path, dir)).collect::<anyhow::Result<Vec<_>>>()?;
    check_names(&pages)?;
    Ok(pages)
}

/// Fails if two pages have the same entry, of which one would load the other's canary.
fn check_names(pages: &[SitePage]) -> anyhow::Result<()> {
    for (index, page) in pages.iter().enumerate().filter(|(_, page)| page.has_entry()) {
        let entry = page.entry();
        if let Some(other) = pages.iter().take(index).find(|other| other.has_entry() && other.entry() == entry) {
            bail!(
                "{} and {} would both be the entry {entry}, and one would load the other's canary: rename one, or inject it \
                 alone with --data entry=NAME",
                other.path,
                page.path
            );
        }
    }
    Ok(())
}

fn walk(folder: &Path, below: &str, paths: &mut Vec<String>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        // A link to a folder could lead around in a circle.
        if entry.file_type()?.is_dir() {
            if name != "node_modules" {
                walk(&entry.path(), &format!("{below}{name}/"), paths)?;
            }
        } else if ["html", "htm"].iter().any(|it| dist::has_extension(&name.to_ascii_lowercase(), it)) {
            paths.push(format!("{below}{name}"));
        }
    }
    Ok(())
}

/// The text of a page, as browsers decode one of UTF-8. Fails with the line of what is something else.
pub(crate) fn text(bytes: Vec<u8>) -> anyhow::Result<String> {
    for (mark, name) in [(&b"\xFF\xFE"[..], "UTF-16"), (&b"\xFE\xFF"[..], "UTF-16")] {
        ensure!(!bytes.starts_with(mark), "line 1: the byte order mark is that of {name}: save the page as UTF-8");
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        anyhow!("line {line}: expected UTF-8: save the page as UTF-8")
    })
}

/// The name of a page's entry: its path without `.html` and `/index`, with `.` for `/`. A path with other characters, or a
/// long one, ends with a hash of the path.
fn entry_name(path: &str) -> String {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let stem = stem.strip_suffix("/index").unwrap_or(stem);
    let name = stem.replace('/', ".");
    if is_identifier(&name) {
        return name;
    }
    let clean = |char: char| if char.is_ascii_alphanumeric() || "_.-".contains(char) { char } else { '-' };
    let digest = Sha256::digest(path);
    let number = digest.iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{}-{number:08x}", name.chars().take(NAME).map(clean).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_paths() {
        for (path, name) in [
            ("index.html", "index"),
            ("other.html", "other"),
            ("admin/index.html", "admin"),
            ("docs/v1.2/intro.html", "docs.v1.2.intro"),
            ("404.htm", "404"),
            ("über uns.html", "-ber-uns-a68b2fa5"),
        ] {
            assert_eq!(entry_name(path), name);
        }
        let long = entry_name(&format!("{}.html", "a/".repeat(40)));
        assert!(is_identifier(&long) && long.len() == 64, "{long}");
        assert_ne!(long, entry_name(&format!("{}.html", "a/".repeat(41))));
    }

    #[test]
    fn other_encodings_are_refused_with_their_line() {
        let text = |bytes: &[u8]| text(bytes.to_vec()).map_err(|error| error.to_string());
        assert_eq!(text("\u{feff}<p>é".as_bytes()).unwrap(), "\u{feff}<p>é");
        assert_eq!(text(b"<p>\n\xE9").unwrap_err(), "line 2: expected UTF-8: save the page as UTF-8");
        for bytes in [&b"\xFF\xFE<\0"[..], &b"\xFE\xFF\0<"[..]] {
            let expected = "line 1: the byte order mark is that of UTF-16: save the page as UTF-8";
            assert_eq!(text(bytes).unwrap_err(), expected);
        }
    }
}
