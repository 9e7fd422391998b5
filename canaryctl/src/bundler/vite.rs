//! The manifest of Vite: chunks by source, with their imports.

use std::collections::BTreeSet;

use anyhow::{Context, anyhow};
use serde_json::{Map, Value};

use crate::bundler::dist::has_extension;
use crate::bundler::entry::{Entry, Files, choose};

/// The chunk that `@vitejs/plugin-legacy` loads before the entry in browsers with modules.
const POLYFILLS: &str = "vite/legacy-polyfills";

/// The script of the entry, and the stylesheets and scripts of its static imports, in the order of Vite's own pages:
/// imports come first.
pub(crate) fn entry(chunks: &Map<String, Value>, name: Option<&str>) -> anyhow::Result<Entry> {
    let entries: Vec<&str> = chunks.iter().filter(|(key, it)| is_entry(key, it)).map(|(key, _)| key.as_str()).collect();
    let key = choose(&entries, name)?;
    let mut walk = Walk { chunks, seen: BTreeSet::new(), files: Files::default() };
    if chunks.contains_key(POLYFILLS) {
        walk.visit(POLYFILLS, true)?;
    }
    walk.visit(key, true)?;
    let page = chunks.get(key).and_then(|it| it.get("src")).and_then(Value::as_str);
    Ok(Entry { files: walk.files, page: page.filter(|src| has_extension(src, "html")).map(str::to_owned) })
}

/// Whether a chunk is an entry for browsers with modules.
fn is_entry(key: &str, chunk: &Value) -> bool {
    let stem = key.rsplit_once('.').map_or(key, |(stem, _)| stem);
    chunk.get("isEntry") == Some(&Value::Bool(true)) && key != POLYFILLS && !stem.ends_with("-legacy")
}

struct Walk<'a> {
    chunks: &'a Map<String, Value>,
    seen: BTreeSet<&'a str>,
    files: Files,
}

impl Walk<'_> {
    fn visit(&mut self, key: &str, is_entry: bool) -> anyhow::Result<()> {
        let (key, chunk) = self.chunks.get_key_value(key).with_context(|| format!("{key}: no such chunk"))?;
        if !self.seen.insert(key) {
            return Ok(());
        }
        for import in strings(chunk, "imports", key)? {
            self.visit(import, false)?;
        }
        for style in strings(chunk, "css", key)? {
            push(&mut self.files.styles, style);
        }
        let file =
            chunk.get("file").and_then(Value::as_str).with_context(|| format!("{key}.file: expected a string"))?;
        // An entry may be a stylesheet alone.
        match (has_extension(file, "css"), is_entry) {
            (true, _) => push(&mut self.files.styles, file),
            (false, true) => push(&mut self.files.scripts, file),
            (false, false) => push(&mut self.files.preload, file),
        }
        Ok(())
    }
}

fn push(files: &mut Vec<String>, file: &str) {
    if !files.iter().any(|it| it == file) {
        files.push(file.to_owned());
    }
}

/// The paths of all files in the manifest.
pub(crate) fn files(chunks: &Map<String, Value>) -> Vec<String> {
    let named = |chunk: &Value| {
        let file = chunk.get("file").and_then(Value::as_str).map(str::to_owned);
        let styles = chunk.get("css").and_then(Value::as_array).into_iter().flatten();
        file.into_iter().chain(styles.filter_map(Value::as_str).map(str::to_owned)).collect::<Vec<_>>()
    };
    chunks.values().flat_map(named).collect()
}

/// The strings of an array member; empty if the member is absent.
fn strings<'a>(json: &'a Value, name: &str, key: &str) -> anyhow::Result<Vec<&'a str>> {
    let expected = || anyhow!("{key}.{name}: expected an array of strings");
    match json.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(|it| it.as_str().ok_or_else(expected)).collect(),
        Some(_) => Err(expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(chunks: &Value, name: Option<&str>, expected: Result<[&[&str]; 3], &str>) {
        let found = entry(chunks.as_object().unwrap(), name).map(|it| it.files);
        let found = found.map(|it| [it.scripts, it.styles, it.preload]).map_err(|error| error.to_string());
        let expected = expected.map(|lists| lists.map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>()));
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    #[test]
    fn imports_come_first_and_once() {
        let chunks = json!({
            "main": {"file": "main.js", "isEntry": true, "imports": ["a", "b"], "css": ["main.css", "x.css"]},
            "a": {"file": "a.js", "imports": ["c"], "css": ["a.css"]},
            "b": {"file": "b.js", "imports": ["c", "main"], "dynamicImports": ["lazy"]},
            "c": {"file": "c.js", "css": ["c.css", "x.css"]},
            "lazy": {"file": "lazy.js", "isDynamicEntry": true, "css": ["lazy.css"]},
        });
        let styles = ["c.css", "x.css", "a.css", "main.css"];
        check(&chunks, None, Ok([&["main.js"], &styles, &["c.js", "a.js", "b.js"]]));
    }

    #[test]
    fn legacy_chunks_are_no_entries() {
        let chunks = json!({
            "index.html": {"file": "index.js", "isEntry": true},
            "index-legacy.html": {"file": "index-legacy.js", "isEntry": true},
            "vite/legacy-polyfills": {"file": "polyfills.js", "isEntry": true},
            "vite/legacy-polyfills-legacy": {"file": "polyfills-legacy.js", "isEntry": true},
        });
        check(&chunks, None, Ok([&["polyfills.js", "index.js"], &[], &[]]));
    }

    #[test]
    fn malformed_manifests_name_the_key() {
        let none: Option<&str> = None;
        check(&json!({"a": {"file": "a.js"}}), none, Err("no entry"));
        let missing = json!({"a": {"file": "a.js", "isEntry": true, "imports": ["b"]}});
        check(&missing, none, Err("b: no such chunk"));
        check(&json!({"a": {"isEntry": true}}), none, Err("a.file: expected a string"));
        check(&json!({"a": {"isEntry": true, "css": {}}}), none, Err("a.css: expected an array of strings"));
    }
}
