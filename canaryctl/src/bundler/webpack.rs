//! The manifests of webpack's plugins: names and addresses, at best by entry.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value};

use crate::bundler::dist::{self, Files};
use crate::bundler::manifest::{Entry, choose};

/// The entry that webpack makes where nobody names one.
const MAIN: &str = "main";

/// The files of an entry in their order: `entrypoints` is a list for the only entry, or lists by entry. A manifest
/// without it has the entry's own script and stylesheet alone.
pub(crate) fn entry(json: &Map<String, Value>, name: Option<&str>, dir: &Path) -> anyhow::Result<Entry> {
    let (place, addresses) = match json.get("entrypoints") {
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
    // Webpack's scripts look for themselves by `document.currentScript`, which modules do not have.
    let mut files = Files { classic: true, ..Files::default() };
    for address in addresses {
        let address = address.as_str().with_context(|| format!("{place}: expected addresses"))?;
        let kind = address.rsplit('.').next().unwrap_or_default();
        let list = match kind {
            "js" => &mut files.scripts,
            "mjs" => {
                files.classic = false;
                &mut files.scripts
            }
            "css" => &mut files.styles,
            _ => continue,
        };
        let (_, file) = dist::locate(dir, address)
            .with_context(|| format!("{place}: no file of {address} in {}", dir.display()))?;
        list.push(file.to_owned());
    }
    ensure!(!files.scripts.is_empty(), "{place}: no script");
    Ok(Entry { files, page: None })
}

/// Whether the manifest does not say what belongs to an entry.
pub(crate) fn is_flat(json: &Map<String, Value>) -> bool {
    !json.contains_key("entrypoints")
}

/// `main.js` and `main.css`, where no other script has a name: it could be the runtime that `main.js` waits for.
fn flat<'a>(json: &'a Map<String, Value>, name: &str) -> anyhow::Result<(String, Vec<&'a Value>)> {
    let script = format!("{name}.js");
    let found = json.get(&script).with_context(|| format!("no {script}: choose an entry with --entry"))?;
    if let Some(other) = json.keys().find(|key| **key != script && is_named(key)) {
        bail!("{other} may belong to {script}, which takes a manifest with entrypoints to know");
    }
    let style = json.get(&format!("{name}.css"));
    Ok((name.to_owned(), std::iter::once(found).chain(style).collect()))
}

/// Chunks without a name have a number, or their file's name with a hash.
fn is_named(key: &str) -> bool {
    let stem = key.strip_suffix(".js").unwrap_or_default();
    !stem.is_empty() && !stem.contains('.') && !stem.bytes().all(|byte| byte.is_ascii_digit())
}

/// An entry is its list of files, or has lists by kind under `assets`.
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
    fn names_are_told_from_numbers_and_hashes() {
        for name in ["runtime.js", "vendors.js", "a1.js"] {
            assert!(is_named(name), "{name}");
        }
        for other in ["480.js", "480.9c42dbe2.js", "main.css", "main.js.map", "logo.png"] {
            assert!(!is_named(other), "{other}");
        }
    }
}
