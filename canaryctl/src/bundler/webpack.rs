//! The manifests of webpack plugins: URLs by file name, and in some by entry.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value};

use crate::bundler::dist;
use crate::bundler::entry::{Entry, Files, choose};

/// The default name of an entry in webpack.
const MAIN: &str = "main";

/// The files of an entry in their order. `entrypoints` is a list for the only entry, or an object of lists; a manifest
/// without it yields the entry's own script and stylesheet.
pub(crate) fn entry(json: &Map<String, Value>, name: Option<&str>, dir: &Path) -> anyhow::Result<Entry> {
    let (key, urls) = match json.get("entrypoints") {
        None if is_rsbuild(json) => rsbuild(json, name)?,
        None => flat(json, name.unwrap_or(MAIN))?,
        Some(Value::Array(files)) => {
            ensure!(name.is_none_or(|name| name == MAIN), "entrypoints: a list for the only entry, which is {MAIN}");
            ("entrypoints".to_owned(), files.iter().collect())
        }
        Some(Value::Object(entries)) => {
            let keys: Vec<&str> = entries.keys().map(String::as_str).collect();
            let key = choose(&keys, name)?;
            (format!("entrypoints.{key}"), entries.get(key).map(listed).unwrap_or_default())
        }
        Some(_) => bail!("entrypoints: expected an array or an object"),
    };
    // webpack's scripts use `document.currentScript`, which modules do not have.
    let mut files = Files { classic: true, ..Files::default() };
    for url in urls {
        let url = url.as_str().with_context(|| format!("{key}: expected URLs"))?;
        ensure!(!url.contains('?'), "{key}: {url}: {}", dist::QUERY);
        let kind = url.rsplit('.').next().unwrap_or_default();
        let list = match kind {
            "js" => &mut files.scripts,
            "mjs" => {
                files.classic = false;
                &mut files.scripts
            }
            "css" => &mut files.styles,
            _ => continue,
        };
        let (_, file) =
            dist::locate(dir, url).with_context(|| format!("{key}: no file of {url} in {}", dir.display()))?;
        list.push(file.to_owned());
    }
    ensure!(!files.scripts.is_empty(), "{key}: no script");
    Ok(Entry { files, page: None })
}

/// Whether the manifest does not list the files of each entry.
pub(crate) fn is_flat(json: &Map<String, Value>) -> bool {
    !json.contains_key("entrypoints") && !is_rsbuild(json)
}

/// Whether it is a manifest of Rsbuild, which has an object of entries.
pub(crate) fn is_rsbuild(json: &Map<String, Value>) -> bool {
    json.get("entries")
        .and_then(Value::as_object)
        .is_some_and(|entries| entries.values().any(|it| it.get("initial").is_some()))
}

/// The files that an entry of Rsbuild loads at once: scripts, then stylesheets.
fn rsbuild<'a>(json: &'a Map<String, Value>, name: Option<&str>) -> anyhow::Result<(String, Vec<&'a Value>)> {
    let entries = json.get("entries").and_then(Value::as_object).context("entries: expected an object")?;
    let keys: Vec<&str> = entries.keys().map(String::as_str).collect();
    let key = choose(&keys, name)?;
    let initial = entries.get(key).and_then(|entry| entry.get("initial")).unwrap_or(&Value::Null);
    let files = ["js", "css"].iter().filter_map(|kind| initial.get(kind)?.as_array()).flatten();
    Ok((format!("entries.{key}"), files.collect()))
}

/// The files `NAME.js` and `NAME.css`. Fails if another script has a name, because it could be a runtime chunk that
/// `NAME.js` needs.
fn flat<'a>(json: &'a Map<String, Value>, name: &str) -> anyhow::Result<(String, Vec<&'a Value>)> {
    let script = format!("{name}.js");
    let found = json.get(&script).with_context(|| format!("no {script}: choose an entry with --entry"))?;
    if let Some(other) = json.keys().find(|key| **key != script && is_named(key)) {
        bail!("{other} may be needed by {script}: use a manifest with entrypoints");
    }
    let style = json.get(&format!("{name}.css"));
    Ok((name.to_owned(), std::iter::once(found).chain(style).collect()))
}

/// Whether a script has a name: other chunks have a number, or their file name with a hash.
fn is_named(key: &str) -> bool {
    let stem = key.strip_suffix(".js").unwrap_or_default();
    !stem.is_empty() && !stem.contains('.') && !stem.bytes().all(|byte| byte.is_ascii_digit())
}

/// The files of an entry, which is a list or has lists by kind under `assets`.
fn listed(entry: &Value) -> Vec<&Value> {
    let lists = entry.get("assets").unwrap_or(entry);
    match lists {
        Value::Array(files) => files.iter().collect(),
        Value::Object(kinds) => kinds.values().filter_map(Value::as_array).flatten().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_hashes_are_no_names() {
        for name in ["runtime.js", "vendors.js", "a1.js"] {
            assert!(is_named(name), "{name}");
        }
        for other in ["480.js", "480.9c42dbe2.js", "main.css", "main.js.map", "logo.png"] {
            assert!(!is_named(other), "{other}");
        }
    }
}
