//! Edits of a JSON text, each as one piece to be replaced.

use std::ops::Range;

use anyhow::{anyhow, bail};
use jsonc_parser::ast::{Array, Object, Value};
use jsonc_parser::common::Ranged;

use crate::config::json_style::Style;
use crate::config::json_tree::{blanks_before, canonical, is_filled, is_tall, line_indent, member, parse, part};

/// A piece of a text, and what stands there instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Splice {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

/// The value at a path of keys, as it is typed.
pub(crate) fn get(text: &str, path: &[&str]) -> anyhow::Result<Option<String>> {
    let root = parse(text)?;
    let mut value = Some(&root);
    for key in path {
        value = value.and_then(Value::as_object).and_then(|object| member(object, key)).map(|member| &member.value);
    }
    Ok(value.map(|value| part(text, value.range()).to_owned()))
}

/// Sets the member at a path of keys to a JSON value, in the style of its siblings. What is absent on the way is
/// made. Nothing where the value is there already.
pub(crate) fn set(text: &str, path: &[&str], value: &str) -> anyhow::Result<Option<Splice>> {
    let root = parse(text)?;
    let new = parse(value)?;
    let style = Style::of(text, &root);
    let mut parent = object_at(&root, &[])?;
    let mut keys = path;
    while let [key, rest @ ..] = keys {
        let Some(found) = member(parent, key) else {
            let (name, nested) = (quote(key), nest(rest, value));
            return Ok(Some(insert(text, &style, parent, &name, &nested)?));
        };
        if rest.is_empty() {
            if canonical(&found.value) == canonical(&new) {
                return Ok(None);
            }
            let tall = is_filled(&new) && suits_lines(text, &style, parent, Some(&found.value));
            let laid_out = style.lay_out(value, &new, tall, line_indent(text, found.range.start));
            return Ok(Some(Splice { range: found.value.start()..found.value.end(), text: printable(&laid_out) }));
        }
        let depth = path.len().saturating_sub(rest.len());
        parent = found.value.as_object().ok_or_else(|| no_object(path.get(..depth).unwrap_or_default()))?;
        keys = rest;
    }
    bail!("expected a key to be set")
}

/// Appends values to the array at a path of keys, which is made where it is absent.
pub(crate) fn append(text: &str, path: &[&str], items: &[String]) -> anyhow::Result<Option<Splice>> {
    let [parents @ .., key] = path else { bail!("expected a key to be set") };
    if items.is_empty() {
        return Ok(None);
    }
    let items: Vec<_> = items.iter().map(|item| printable(item)).collect();
    let root = parse(text)?;
    let found = object_at(&root, parents).ok().and_then(|parent| member(parent, key));
    let Some(found) = found else { return set(text, path, &format!("[{}]", items.join(","))) };
    let Value::Array(array) = &found.value else { bail!("{}: expected an array", path.join(".")) };
    Ok(Some(extend(text, &Style::of(text, &root), array, &items)))
}

fn extend(text: &str, style: &Style, array: &Array<'_>, items: &[String]) -> Splice {
    let Some(last) = array.elements.last() else {
        let indent = line_indent(text, array.range.start);
        return Splice {
            range: array.range.start..array.range.end,
            text: style.enclose("[", items, "]", style.tall, indent),
        };
    };
    let separator = style.separator(blanks_before(text, last.start()), array.elements.len());
    Splice { range: last.end()..last.end(), text: items.iter().flat_map(|item| [separator.as_str(), item]).collect() }
}

fn insert(text: &str, style: &Style, parent: &Object<'_>, name: &str, value: &str) -> anyhow::Result<Splice> {
    let new = parse(value)?;
    let tall = is_filled(&new) && suits_lines(text, style, parent, None);
    let Some(last) = parent.properties.last() else {
        let indent = line_indent(text, parent.range.start);
        let deeper = style.line(indent, 1);
        let value = style.lay_out(value, &new, tall, deeper.trim_start_matches(['\r', '\n']));
        let text = style.enclose("{", &[style.member(name, &value)], "}", style.tall, indent);
        return Ok(Splice { range: parent.range.start..parent.range.end, text: printable(&text) });
    };
    let separator = style.separator(blanks_before(text, last.range.start), parent.properties.len());
    let value = style.lay_out(value, &new, tall, line_indent(text, last.range.start));
    let text = printable(&format!("{separator}{}", style.member(name, &value)));
    Ok(Splice { range: last.range.end..last.range.end, text })
}

/// Whether an object or array goes on several lines: as what it replaces, else as most of its siblings, else as the
/// object that it is in.
fn suits_lines(text: &str, style: &Style, parent: &Object<'_>, old: Option<&Value<'_>>) -> bool {
    if let Some(old) = old.filter(|old| is_filled(old)) {
        return is_tall(text, old);
    }
    let siblings = || parent.properties.iter().map(|member| &member.value).filter(|value| is_filled(value));
    match siblings().count() {
        0 if parent.properties.is_empty() => style.tall,
        0 => is_tall(text, parent),
        count => siblings().filter(|value| is_tall(text, *value)).count().saturating_mul(2) >= count,
    }
}

fn object_at<'a, 'b>(root: &'b Value<'a>, path: &[&str]) -> anyhow::Result<&'b Object<'a>> {
    let mut object = root.as_object().ok_or_else(|| no_object(&[]))?;
    for (key, depth) in path.iter().zip(1..) {
        let found = member(object, key).and_then(|member| member.value.as_object());
        object = found.ok_or_else(|| no_object(path.get(..depth).unwrap_or_default()))?;
    }
    Ok(object)
}

fn no_object(path: &[&str]) -> anyhow::Error {
    if path.is_empty() { anyhow!("expected an object") } else { anyhow!("{}: expected an object", path.join(".")) }
}

fn nest(keys: &[&str], value: &str) -> String {
    keys.iter().rfold(value.to_owned(), |inner, key| format!("{{{}:{inner}}}", quote(key)))
}

/// A string as JSON.
pub(crate) fn quote(text: &str) -> String {
    printable(&serde_json::Value::from(text).to_string())
}

/// Escapes what may not stand in YAML as it is, or would not be seen. In JSON it occurs in strings alone.
fn printable(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                out.extend(["\\u".to_owned(), format!("{:04x}", u32::from(char))]);
            }
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests;
