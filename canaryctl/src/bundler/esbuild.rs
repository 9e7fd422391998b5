//! The metafile of esbuild: outputs by path, with their imports.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value};

use crate::bundler::dist;
use crate::bundler::entry::{Entry, Files, choose};

/// The script of the entry, its stylesheet, and the chunks that it imports statically.
pub(crate) fn entry(json: &Map<String, Value>, name: Option<&str>, dir: &Path) -> anyhow::Result<Entry> {
    let outputs = json.get("outputs").and_then(Value::as_object).context("outputs: expected an object")?;
    let scripts = outputs.iter().filter(|(path, _)| !dist::has_extension(path, "css"));
    let entries: Vec<(&str, &str)> = scripts.filter_map(|(path, it)| Some((source(it)?, path.as_str()))).collect();
    // To esbuild a dynamic import is an entry too; it counts only if it is named.
    let is_candidate =
        |path: &str| name.is_some() || !outputs.values().any(|it| imports(it, "dynamic-import").any(|it| it == path));
    let candidates: Vec<&str> =
        entries.iter().filter(|(_, path)| is_candidate(path)).map(|(source, _)| *source).collect();
    let key = choose(&candidates, name)?;
    let path = entries.iter().find(|(source, _)| *source == key).map(|(_, path)| *path).unwrap_or_default();
    let mut walk = Walk { outputs, dir, seen: BTreeSet::new(), preload: Vec::new() };
    walk.visit(path)?;
    let style = outputs.get(path).and_then(|it| it.get("cssBundle")).and_then(Value::as_str);
    let files = Files {
        scripts: vec![walk.file(path)?],
        styles: style.map(|style| walk.file(style)).transpose()?.into_iter().collect(),
        preload: walk.preload,
        classic: false,
    };
    Ok(Entry { files, page: None })
}

fn source(output: &Value) -> Option<&str> {
    output.get("entryPoint").and_then(Value::as_str)
}

/// The paths that an output imports by one kind of import.
fn imports<'a>(output: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a str> {
    let imports = output.get("imports").and_then(Value::as_array).into_iter().flatten();
    let is = |import: &Value, name: &str, value: Value| import.get(name) == Some(&value);
    let imports = imports.filter(move |it| is(it, "kind", kind.into()) && !is(it, "external", true.into()));
    imports.filter_map(|it| it.get("path").and_then(Value::as_str))
}

struct Walk<'a> {
    outputs: &'a Map<String, Value>,
    dir: &'a Path,
    seen: BTreeSet<&'a str>,
    preload: Vec<String>,
}

impl<'a> Walk<'a> {
    /// The path below the build's folder. Paths in the metafile are relative to the working directory of esbuild.
    fn file(&self, path: &str) -> anyhow::Result<String> {
        let found = dist::locate(self.dir, path);
        let (_, file) = found.with_context(|| format!("outputs.{path}: no such file in {}", self.dir.display()))?;
        Ok(file.to_owned())
    }

    fn visit(&mut self, path: &'a str) -> anyhow::Result<()> {
        let output = self.outputs.get(path).with_context(|| format!("outputs.{path}: no such output"))?;
        self.seen.insert(path);
        for import in imports(output, "import-statement") {
            if !self.seen.contains(import) {
                self.visit(import)?;
                self.preload.push(self.file(import)?);
            }
        }
        Ok(())
    }
}
