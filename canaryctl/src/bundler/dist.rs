//! The folder that a bundler wrote, and the URLs of its files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use canary_runtime::AssetUrl;
use serde_json::Value;
use sha2::{Digest, Sha384};

use crate::bundler::bundle::{Bundle, Preload, Script, Style};
use crate::bundler::entry::Files;

/// A build's folder, and the base path at which it is served.
#[derive(Debug)]
pub(crate) struct Dist {
    /// The folder.
    pub(crate) dir: PathBuf,
    /// The base path, which begins and ends with `/`.
    pub(crate) base: String,
}

impl Dist {
    /// The bundle of an entry: all files with their URLs, scripts and stylesheets with their hashes.
    pub(crate) fn bundle(&self, version: Option<String>, files: &Files) -> anyhow::Result<Bundle> {
        let kind = files.classic.then_some("classic");
        let script = |file: &String| Ok(Script { src: self.url(file)?, integrity: self.integrity(file)?, kind });
        let style = |file: &String| Ok(Style { href: self.url(file)?, integrity: self.integrity(file)? });
        // No hash for preloads: the imports that use them have none either.
        let preload = |file: &String| Ok(Preload { href: self.url(file)?, kind: "script" });
        Ok(Bundle {
            version,
            scripts: files.scripts.iter().map(script).collect::<anyhow::Result<_>>()?,
            styles: files.styles.iter().map(style).collect::<anyhow::Result<_>>()?,
            preload: files.preload.iter().map(preload).collect::<anyhow::Result<_>>()?,
        })
    }

    /// The URL of a file.
    fn url(&self, file: &str) -> anyhow::Result<String> {
        let url = format!("{}{file}", self.base);
        check_url(&url).with_context(|| self.dir.join(file).display().to_string())?;
        Ok(url)
    }

    /// The SHA-384 of a file, in the form of the attribute `integrity`.
    pub(crate) fn integrity(&self, file: &str) -> anyhow::Result<String> {
        let path = self.dir.join(file);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(format!("sha384-{}", STANDARD.encode(Sha384::digest(bytes))))
    }
}

/// The paths from which the runtime loads files.
const PATH: &str = "a path that begins with /, of A-Z a-z 0-9 . _ ~ / @ -, without // and ..";

/// What to do about a URL with a query.
pub(crate) const QUERY: &str =
    "a URL with a query cannot be part of a bundle: put the hash into the file's name, as in [name].[contenthash].js";

/// Fails if the runtime would not load a file from this URL.
pub(crate) fn check_url(url: &str) -> anyhow::Result<()> {
    ensure!(!url.contains('?'), "{url}: {QUERY}");
    ensure!(AssetUrl::parse(url) == Some(AssetUrl::SameOrigin), "{url}: expected {PATH}");
    Ok(())
}

/// Splits the URL or path of a file into a prefix and the file's path below the folder: the longest suffix that is a file
/// in the folder.
pub(crate) fn locate<'a>(dir: &Path, url: &'a str) -> Option<(&'a str, &'a str)> {
    let starts = url.match_indices('/').map(|(slash, _)| slash.saturating_add(1));
    std::iter::once(0)
        .chain(starts)
        .filter_map(|start| url.split_at_checked(start))
        .find(|(_, file)| is_inside(file) && dir.join(file).is_file())
}

/// The folder, or `.` if it has no name.
pub(crate) fn or_here(folder: PathBuf) -> PathBuf {
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }
}

/// Whether a relative path stays below its folder.
pub(crate) fn is_inside(file: &str) -> bool {
    !file.is_empty() && file.split('/').all(|part| !matches!(part, "" | "." | "..")) && !file.contains('\\')
}

/// Whether a file has an extension.
pub(crate) fn has_extension(file: &str, extension: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, it)| it == extension)
}

/// The version in the `package.json` of a folder, or else of its parent.
pub(crate) fn version(dir: &Path) -> anyhow::Result<Option<String>> {
    let dir = fs::canonicalize(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let candidates = [Some(dir.as_path()), dir.parent()];
    let Some(path) = candidates.into_iter().flatten().map(|it| it.join("package.json")).find(|it| it.is_file()) else {
        return Ok(None);
    };
    let json = read_json(&path)?;
    match json.get("version") {
        None => Ok(None),
        Some(Value::String(version)) if !version.is_empty() => Ok(Some(version.clone())),
        Some(_) => bail!("{}: version: expected a string that names the version", path.display()),
    }
}

/// Reads a JSON file.
pub(crate) fn read_json(path: &Path) -> anyhow::Result<Value> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| anyhow!("{}: line {}, column {}: expected JSON", path.display(), error.line(), error.column()))
}

/// Parses a base path, and appends a missing slash.
pub(crate) fn parse_base(text: &str) -> Result<String, String> {
    let base = if text.ends_with('/') { text.to_owned() } else { format!("{text}/") };
    if text.starts_with('/') && check_url(&format!("{base}a")).is_ok() {
        Ok(base)
    } else {
        Err(format!("expected {PATH}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with files, by their paths.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn the_longest_suffix_that_is_a_file_is_located() {
        let dir = folder(&[("a.js", ""), ("assets/a.js", ""), ("shop/assets/b.js", "")]);
        for (url, expected) in [
            ("/assets/a.js", Some(("/", "assets/a.js"))),
            ("/shop/v1/assets/a.js", Some(("/shop/v1/", "assets/a.js"))),
            ("/shop/assets/b.js", Some(("/", "shop/assets/b.js"))),
            ("/other/a.js", Some(("/other/", "a.js"))),
            ("a.js", Some(("", "a.js"))),
            ("auto/a.js", Some(("auto/", "a.js"))),
            ("/assets/../a.js", Some(("/assets/../", "a.js"))),
            ("/assets/", None),
            ("/b.js", None),
            ("", None),
        ] {
            assert_eq!(locate(dir.path(), url), expected, "{url}");
        }
    }

    #[test]
    fn paths_out_of_the_folder_are_not_inside() {
        assert!(is_inside("assets/a.js") && is_inside("...js"));
        for name in ["", "/etc/passwd", "../a", "a/../b", "a//b", "./a", "a/", "a\\b"] {
            assert!(!is_inside(name), "{name}");
        }
    }

    #[test]
    fn the_nearest_version_is_found() {
        let outer = ("package.json", r#"{"version": "1"}"#);
        let check = |inner: &str, expected: Result<Option<&str>, &str>| {
            let dir = folder(&[outer, ("dist/package.json", inner)]);
            let name = format!("{}/", fs::canonicalize(dir.path()).unwrap().display());
            let found = version(&dir.path().join("dist")).map_err(|error| error.to_string().replace(&name, ""));
            assert_eq!(found.as_ref().map(Option::as_deref).map_err(String::as_str), expected);
        };
        check(r#"{"version": "2"}"#, Ok(Some("2")));
        check("{}", Ok(None));
        check(r#"{"version": ""}"#, Err("dist/package.json: version: expected a string that names the version"));
        check("{\n\"version\"", Err("dist/package.json: line 2, column 9: expected JSON"));
        let dir = folder(&[outer, ("dist/a", "")]);
        assert_eq!(version(&dir.path().join("dist")).unwrap().as_deref(), Some("1"));
        assert_eq!(version(dir.path()).unwrap().as_deref(), Some("1"));
    }

    #[test]
    fn a_base_ends_with_a_slash() {
        for (text, base) in [("/", "/"), ("/shop", "/shop/"), ("/assets/1.5.0/", "/assets/1.5.0/")] {
            assert_eq!(parse_base(text).as_deref().ok(), Some(base));
        }
        for bad in ["", "shop", "./", "//a", "/a b", "/a/../b", "https://cdn.example/", "/a?b"] {
            assert!(parse_base(bad).is_err(), "{bad}");
        }
    }
}
