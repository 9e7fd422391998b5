//! Manifests that the cluster or kustomize refuse, though each is readable here.

use canary_runtime::Position;

use crate::config::configmap::{KEY, NAME, objects};
use crate::config::position::position;
use crate::config::yaml::{Node, Tree};

/// The fault of a manifest: its position, the bytes that it takes there, and the reason.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) position: Position,
    pub(crate) length: usize,
    pub(crate) reason: String,
}

impl Refusal {
    /// The first fault of a stream that parses.
    pub(crate) fn find(text: &str, documents: &[Tree]) -> Option<Self> {
        let of_text = |(at, length, reason): (usize, usize, &str)| Self {
            position: position(text, at),
            length,
            reason: reason.to_owned(),
        };
        // Anything else is no manifest.
        if !documents.iter().any(|tree| tree.root().get("kind").is_some()) {
            return None;
        }
        prelude(text).map(of_text).or_else(|| documents.iter().find_map(Self::repeated))
    }

    /// A key that a mapping has twice.
    fn repeated(tree: &Tree) -> Option<Self> {
        let (first, second) = tree.repeated_key()?;
        let name = second.text().unwrap_or_default();
        let is_start = matches!(name, "apiVersion" | "kind" | "metadata")
            && tree.root().entries().any(|(key, _)| key.index() == second.index());
        let hint = if is_start { "; is --- missing before it?" } else { "" };
        let reason = format!("the key {name} is in this mapping twice, first on line {}{hint}", first.position().line);
        Some(Self { position: second.position(), length: second.len(), reason })
    }

    /// A value of the config's `ConfigMap` that is not text, so that the API server refuses the object.
    pub(crate) fn of_value(documents: &[Tree]) -> Option<Self> {
        let roots = documents.iter().flat_map(|tree| objects(tree.root()));
        let own = roots.filter(|root| is_own(*root));
        let mut nodes = own.filter_map(|root| root.at(&["data"])).flat_map(Node::fields);
        let (_, value, what) = nodes.find_map(|(key, value)| Some((key, value, not_text(value)?)))?;
        Some(Self { position: value.position(), length: value.len(), reason: describe(what, value) })
    }

    /// The config in `binaryData`, which is not read.
    pub(crate) fn of_binary(documents: &[Tree]) -> Option<Self> {
        let mut own = documents.iter().flat_map(|tree| objects(tree.root())).filter(|root| is_own(*root));
        let value = own.find_map(|root| root.at(&["binaryData", KEY]))?;
        let reason = format!("{KEY} is in binaryData, expected it in data, as text");
        Some(Self { position: value.position(), length: value.len(), reason })
    }
}

fn is_own(root: Node<'_>) -> bool {
    let text = |path: &[&str]| root.at(path).and_then(Node::text);
    text(&["kind"]) == Some("ConfigMap") && text(&["metadata", "name"]) == Some(NAME)
}

/// Kinds of values that are not text. The API server takes null for an empty text.
pub(crate) fn not_text(value: Node<'_>) -> Option<&'static str> {
    if value.is_mapping() {
        return Some("a mapping");
    }
    if value.is_sequence() {
        return Some("a list");
    }
    value.plain().and_then(|text| {
        let is_bool = ["true", "True", "TRUE", "false", "False", "FALSE"].contains(&text);
        if is_bool { Some("a boolean") } else { is_number(text).then_some("a number") }
    })
}

/// The message about a value that is not text.
pub(crate) fn describe(what: &str, value: Node<'_>) -> String {
    let remedy = if value.len() == 0 { "write | behind the colon" } else { "put it in quotes" };
    format!(
        "the API server refuses this, and Flux applies nothing that is together with it: found {what}, a ConfigMap holds text \
         alone; {remedy}"
    )
}

/// Whether YAML reads a plain scalar as a number, as kustomize does.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']).replace('_', "");
    if text.len().saturating_sub(text.trim_start_matches(['+', '-']).len()) > 1 || text.starts_with('_') {
        return false;
    }
    let radix = |prefix: &str, radix| {
        digits
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|char| char.is_digit(radix)))
    };
    let is_special = matches!(digits.as_str(), ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN");
    let is_decimal = digits.starts_with(|char: char| char.is_ascii_digit() || char == '.')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
        && digits.parse::<f64>().is_ok();
    radix("0x", 16) || radix("0o", 8) || radix("0b", 2) || is_special || is_decimal
}

/// A directive, or text behind a separator, at which kustomize fails.
fn prelude(text: &str) -> Option<(usize, usize, &'static str)> {
    let (mut at, mut is_open) = (0_usize, true);
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        if is_open && bare.starts_with('%') {
            return Some((at, bare.len(), "found a directive (%), which kustomize cannot read: take this line out"));
        }
        let behind = bare.strip_prefix("---").map(str::trim_start).filter(|_| at > 0);
        if behind.is_some_and(|text| !text.is_empty() && !text.starts_with('#')) {
            return Some((
                at,
                bare.len(),
                "found text behind ---, which kustomize cannot read: write it into the next line",
            ));
        }
        let is_blank = bare.is_empty() || bare.starts_with('#') || bare == "\u{feff}";
        is_open = bare == "..." || bare == "---" || is_open && is_blank;
        at = at.saturating_add(line.len());
    }
    None
}

/// Why bytes are not text, with the position.
pub(crate) fn not_utf8(bytes: &[u8]) -> String {
    if bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.iter().take(64).any(|byte| *byte == 0)
    {
        return "this is UTF-16, as > writes it in Windows PowerShell; save it as UTF-8".to_owned();
    }
    let start = str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
    let valid = String::from_utf8_lossy(bytes.get(..start).unwrap_or_default());
    let at = position(&valid, start);
    let byte = bytes.get(start).copied().unwrap_or_default();
    format!("line {}, column {}: the byte {byte:#04x} is not UTF-8; save the file as UTF-8", at.line, at.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(usize, usize, &str)>) {
        let documents = Tree::parse_all(text).unwrap_or_default();
        let found = Refusal::find(text, &documents).or_else(|| Refusal::of_value(&documents));
        let found = found.map(|it| (it.position.line, it.position.column, it.reason));
        let expected = expected.map(|(line, column, reason)| (line, column, reason.to_owned()));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn what_kustomize_refuses_is_found() {
        let twice =
            |key: &str, line, hint: &str| format!("the key {key} is in this mapping twice, first on line {line}{hint}");
        check("kind: a\nb: {c: 1, c: 2}\n", Some((2, 11, &twice("c", 2, ""))));
        check("kind: a\nkind: b\n", Some((2, 1, &twice("kind", 1, "; is --- missing before it?"))));
        check("kind: b\na: {kind: 1,\n kind: 2}", Some((3, 2, &twice("kind", 2, ""))));
        check("kind: b\na: &a {b: 1}\nc: {<<: *a, b: 2}\nd: [{e: 1}, {e: 1}]\n", None);
        check("kind: b\na: {<<: {b: 1}, <<: {c: 1}}", Some((2, 17, &twice("<<", 2, ""))));
        check("{a: 1, a: 2}", None);
        let directive = "found a directive (%), which kustomize cannot read: take this line out";
        check("%YAML 1.2\n---\nkind: a\n", Some((1, 1, directive)));
        check("# c\n\n%TAG ! tag:a,b:\n---\nkind: a\n", Some((3, 1, directive)));
        check("kind: |\n  x\n...\n%YAML 1.2\n---\nb: 1\n", Some((4, 1, directive)));
        check("kind: |\n  x\n\n  %YAML\n", None);
        let behind = "found text behind ---, which kustomize cannot read: write it into the next line";
        check("kind: a\n---kind: b\n", Some((2, 1, behind)));
        check("kind: a\n--- {kind: b}\n", Some((2, 1, behind)));
        check("--- {kind: a}\n---  # b\nkind: b\n--- \nkind: c\n", None);
        check("\u{feff}kind: a\n", None);
    }

    #[test]
    fn values_of_a_config_map_are_text() {
        let head = "kind: ConfigMap\nmetadata: {name: canary-settings}\ndata:\n  a: ";
        let mut found = Vec::new();
        for value in [
            "x",
            "'1'",
            "\"true\"",
            "!!str 1",
            "",
            "~",
            "null",
            "on",
            "yes",
            "1:20",
            "2026-01-01",
            "1.2.3",
            "|\n    1",
            "-",
            "1e",
            "0xg",
            "e1",
        ] {
            check(&format!("{head}{value}\n"), None);
        }
        for value in [
            "1",
            "-1",
            "+1",
            "1.5",
            "1e3",
            ".5",
            "0x1F",
            "0o7",
            "012",
            "1_000",
            ".inf",
            "-.INF",
            ".nan",
            "true",
            "FALSE",
            "[]",
            "{}",
            "\n    b: 1",
        ] {
            let documents = Tree::parse_all(&format!("{head}{value}\n")).unwrap();
            found.push(Refusal::of_value(&documents).map(|it| it.position.line).unwrap_or_default());
        }
        assert_eq!(found, [[4; 17].as_slice(), &[5]].concat());
    }

    #[test]
    fn bytes_that_are_no_text_have_a_place() {
        assert_eq!(not_utf8(b"a\nb\xe9"), "line 2, column 2: the byte 0xe9 is not UTF-8; save the file as UTF-8");
        let utf16 = "this is UTF-16, as > writes it in Windows PowerShell; save it as UTF-8";
        assert_eq!(not_utf8(b"\xff\xfea\0"), utf16);
        assert_eq!(not_utf8(b"\0a\0\xe9"), utf16);
    }
}
