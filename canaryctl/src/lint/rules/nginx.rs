//! Nginx configurations inside a `ConfigMap` (E921 to W928).

use std::sync::LazyLock;

use canary_runtime::Position;
use regex::Regex;

use crate::config::yaml::Node;
use crate::lint::nginx::locations;
use crate::lint::object::{Found, Object};
use crate::terminal::diagnostic::FileDiagnostic;

/// The beginning of a block that only nginx has. Other programs have files `*.conf` as well.
static BLOCK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^\s*(http|server|location\s[^\n;{}]*)\s*\{").ok());

/// Whether a file has a name of a configuration, or of a template of the official image, in which variables of the
/// environment are words.
pub(crate) fn is_named(name: &str) -> bool {
    [".conf", ".conf.template"].iter().any(|end| name.ends_with(end))
}

/// Whether a text is a configuration of nginx, by its name and its blocks.
pub(crate) fn is_nginx(name: &str, text: &str) -> bool {
    is_named(name) && BLOCK.as_ref().is_some_and(|block| block.is_match(text))
}

/// Checks the configurations in an object.
pub(crate) fn check(object: &Object) -> Vec<Found> {
    if object.kind() != "ConfigMap" {
        return Vec::new();
    }
    let texts = object.at(&["data"]).into_iter().flat_map(Node::fields);
    texts.flat_map(|(key, value)| check_text(object, key.text().unwrap_or_default(), value)).collect()
}

fn check_text(object: &Object, name: &str, value: Node<'_>) -> Vec<Found> {
    let Some(text) = value.text().filter(|text| is_nginx(name, text)) else { return Vec::new() };
    let block = value.block();
    let place = |at: Position| match block {
        Some(start) => Position {
            line: start.line.saturating_add(at.line).saturating_sub(1),
            column: start.column.saturating_add(at.column).saturating_sub(1),
        },
        None => value.position(),
    };
    let found = locations::check_text(text).into_iter().map(|found| {
        let key = format!("data.{name}{}{}", if found.key.is_empty() { "" } else { ": " }, found.key);
        (object.file, FileDiagnostic { key, position: found.position.map(place), ..found })
    });
    found.collect()
}
