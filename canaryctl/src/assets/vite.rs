//! Vite's manifest: chunks by their source, with what each imports.

use std::collections::BTreeSet;

use anyhow::Context;
use serde_json::{Map, Value};

use super::manifest::{Entry, choose, strings};
use crate::dist::{Files, has_extension};

/// What `@vitejs/plugin-legacy` puts before the entry for browsers with modules.
const POLYFILLS: &str = "vite/legacy-polyfills";

/// The entry's script, and the styles and scripts of all that it imports statically, in the order in which Vite's own
/// pages have them: what is imported comes first.
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

/// Chunks for browsers without modules are entries as well, which nobody can mean.
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

/// All files that the manifest names.
pub(crate) fn files(chunks: &Map<String, Value>) -> Vec<String> {
    let named = |chunk: &Value| {
        let file = chunk.get("file").and_then(Value::as_str).map(str::to_owned);
        let styles = chunk.get("css").and_then(Value::as_array).into_iter().flatten();
        file.into_iter().chain(styles.filter_map(Value::as_str).map(str::to_owned)).collect::<Vec<_>>()
    };
    chunks.values().flat_map(named).collect()
}
