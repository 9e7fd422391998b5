//! The config inside a Kubernetes manifest.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use crate::config::merge_conflict::Conflict;
use crate::config::yaml::{Document, Scalar};

/// The `ConfigMap` that holds the config.
pub(crate) const NAME: &str = "canary-settings";

/// The key in it.
pub(crate) const KEY: &str = "config.json";

/// Reads the config out of a manifest, byte for byte as a mounted `ConfigMap` would show it, whether it is valid or
/// not. A file that is itself the JSON comes back whole.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    extract(path, fs::read(path).with_context(|| format!("cannot read {}", path.display()))?)
}

/// The same of a file's bytes that have been read.
pub(crate) fn extract(path: &Path, bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    match locate(path, &bytes)? {
        Place::Whole => Ok(bytes),
        Place::Scalars(scalars) => Ok(scalars.into_iter().next().map(|it| it.text.into_bytes()).unwrap_or_default()),
    }
}

/// Where the config stands in a file.
#[derive(Debug)]
pub(crate) enum Place {
    /// The file is the JSON.
    Whole,
    /// Texts in a manifest: one, unless a key or a `ConfigMap` is repeated. The first counts.
    Scalars(Vec<Scalar>),
}

/// Finds the config in the bytes of a file.
pub(crate) fn locate(path: &Path, bytes: &[u8]) -> anyhow::Result<Place> {
    match (find(bytes), Conflict::find(bytes)) {
        (Ok(scalars), _) if !scalars.is_empty() => Ok(Place::Scalars(scalars)),
        (_, Some(conflict)) => bail!("{}: line {}: {conflict}", path.display(), conflict.line),
        _ if is_bare(path, bytes) => Ok(Place::Whole),
        (Ok(_), None) => bail!("{}: expected a ConfigMap {NAME} with the key {KEY}", path.display()),
        (Err(error), None) => Err(error.context(path.display().to_string())),
    }
}

fn find(manifest: &[u8]) -> anyhow::Result<Vec<Scalar>> {
    let documents = Document::parse_all(str::from_utf8(manifest)?).map_err(|error| {
        let place = error.marker();
        anyhow!("line {}, column {}: {}", place.line(), place.col().saturating_add(1), error.info())
    })?;
    let settings = documents
        .iter()
        .filter(|it| it.text(&["kind"]) == Some("ConfigMap") && it.text(&["metadata", "name"]) == Some(NAME));
    Ok(settings.flat_map(|it| it.scalars(&["data", KEY])).cloned().collect())
}

fn is_bare(path: &Path, bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    text.trim_ascii_start().starts_with(b"{") || path.extension().is_some_and(|extension| extension == "json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, text: &[u8], expected: Result<&str, &str>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        let read = read(&path).map(|bytes| String::from_utf8(bytes).unwrap());
        // The folder's name is random: only what comes after it is known.
        let read = read.map_err(|error| format!("{error:#}").replace(&format!("{}/", dir.path().display()), ""));
        assert_eq!(read.as_deref().map_err(String::as_str), expected);
    }

    const MAP: &str =
        "kind: ConfigMap\nmetadata:\n  name: canary-settings\ndata:\n  config.json: |\n    {\"A\":\n      1\n";

    #[test]
    fn takes_the_text_as_it_is() {
        check("cm.yaml", MAP.as_bytes(), Ok("{\"A\":\n  1\n"));
    }

    #[test]
    fn finds_it_among_other_documents() {
        let other = MAP.replace("canary-settings", "other").replace("\"A\"", "\"B\"");
        let service = "kind: Service\nmetadata:\n  name: canary-settings\nspec:\n  ports: [{port: 80}]\n";
        check("all.yaml", format!("{other}---\n{service}---\n{MAP}").as_bytes(), Ok("{\"A\":\n  1\n"));
    }

    #[test]
    fn a_manifest_may_be_json_too() {
        let text = br#"{"kind": "ConfigMap", "metadata": {"name": "canary-settings"}, "data": {"config.json": "x"}}"#;
        check("cm.json", text, Ok("x"));
    }

    #[test]
    fn bare_json_comes_back_whole() {
        check("config", b"\xEF\xBB\xBF {\"A\": 1}", Ok("\u{feff} {\"A\": 1}"));
        check("config.yaml", b"{\"A\": ", Ok("{\"A\": "));
        check("config.json", b"<html>", Ok("<html>"));
    }

    #[test]
    fn says_what_is_missing() {
        let message = "cm.yaml: expected a ConfigMap canary-settings with the key config.json";
        for text in
            ["", "kind: Service", &MAP.replace("config.json", "other.json"), &MAP.replace("ConfigMap", "Secret")]
        {
            check("cm.yaml", text.as_bytes(), Err(message));
        }
        let not_text = "cm.yaml: invalid utf-8 sequence of 1 bytes from index 3";
        check("cm.yaml", b"a: \xff", Err(not_text));
    }

    #[test]
    fn says_that_a_merge_is_unresolved() {
        let sides = "<<<<<<< HEAD\n  1\n=======\n  2\n>>>>>>> theirs\n";
        let reason = "an unresolved merge conflict, expected one of its sides without git's marks";
        let manifest = MAP.replace("      1\n", sides);
        check("cm.yaml", manifest.as_bytes(), Err(&format!("cm.yaml: line 7: {reason}")));
        for name in ["config", "config.json"] {
            check(name, format!("{{\n{sides}}}").as_bytes(), Err(&format!("{name}: line 2: {reason}")));
        }
        check("cm.yaml", format!("{MAP}  other: |\n    =======\n").as_bytes(), Ok("{\"A\":\n  1\n"));
    }

    #[test]
    fn errors_name_the_file_and_the_place() {
        check("cm.yaml", b"kind: ConfigMap\ndata: [\n", Err("cm.yaml: line 2, column 7: unclosed bracket '['"));
        let error = read(Path::new("no/such.yaml")).unwrap_err();
        assert_eq!(format!("{error:#}"), "cannot read no/such.yaml: No such file or directory (os error 2)");
    }
}
