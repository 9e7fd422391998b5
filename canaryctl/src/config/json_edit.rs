//! Edits of a JSON text as pieces to be replaced: what is not edited stays byte for byte.

use std::ops::Range;

use anyhow::{bail, ensure};
use canary_runtime::json::Kind;
use canary_runtime::{Document, Json};

use crate::config::json_style::{Style, blanks_before, is_filled, is_tall, line_indent};

/// A piece of a text and its replacement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Splice {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

/// A change of the value at a path of keys.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) path: Vec<String>,
    pub(crate) action: Action,
}

/// The change itself.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// The value is this JSON text. Its tokens stay as typed, its layout follows the document.
    Set(String),
    /// These JSON texts are the last items of the array.
    Append(Vec<String>),
}

/// The value at a path of keys.
pub(crate) fn get<'a>(document: &'a Document, path: &[&str]) -> Option<Json<'a>> {
    path.iter().try_fold(document.root(), |value, key| value.get(key))
}

/// The pieces to replace for all edits together. What is absent on a path is made, in the style of its siblings.
pub(crate) fn splices(document: &Document, edits: &[Edit]) -> anyhow::Result<Vec<Splice>> {
    ensure!(document.root().kind() == Kind::Object, "expected an object");
    let mut layout = Layout { text: document.source(), style: Style::of(document), splices: Vec::new() };
    let steps: Vec<_> = edits.iter().map(|edit| (edit.path.as_slice(), &edit.action)).collect();
    layout.edit(document.root(), &steps, "")?;
    Ok(layout.splices)
}

/// What is left of a path, and the change at its end.
type Step<'e> = (&'e [String], &'e Action);

struct Layout<'a> {
    text: &'a str,
    style: Style,
    splices: Vec<Splice>,
}

impl<'a> Layout<'a> {
    /// Edits an object. `prefix` is the path that leads to its keys.
    fn edit(&mut self, object: Json<'a>, steps: &[Step<'_>], prefix: &str) -> anyhow::Result<()> {
        let mut new = Vec::new();
        for (key, steps) in by_key(steps)? {
            match object.members().find(|(name, _)| name.as_text() == key) {
                Some(member) => self.edit_member(object, member, &steps, &format!("{prefix}{key}"))?,
                None => new.push((quote(key), nest(&steps)?)),
            }
        }
        if !new.is_empty() {
            let splice = self.insert(object, &new)?;
            self.splices.push(splice);
        }
        Ok(())
    }

    fn edit_member(
        &mut self,
        parent: Json<'a>,
        (name, value): (Json<'a>, Json<'a>),
        steps: &[Step<'_>],
        path: &str,
    ) -> anyhow::Result<()> {
        let splice = match steps {
            [([], Action::Set(new))] => {
                let new = Document::parse(new)?;
                let tall = is_filled(new.root()) && self.suits_lines(parent, Some(value));
                let text = self.style.lay_out(new.root(), tall, line_indent(self.text, name.span().start));
                Splice { range: value.span(), text: printable(&text) }
            }
            [([], Action::Append(items))] if value.kind() == Kind::Array => self.extend(value, items),
            [([], Action::Append(_))] => bail!("{path}: expected an array"),
            _ if value.kind() == Kind::Object => return self.edit(value, steps, &format!("{path}.")),
            _ => bail!("{path}: expected an object"),
        };
        self.splices.push(splice);
        Ok(())
    }

    /// Inserts members, given as names and values, after those that the object has.
    fn insert(&self, parent: Json<'a>, new: &[(String, String)]) -> anyhow::Result<Splice> {
        let last = parent.members().last();
        let own = match last {
            Some((name, _)) => line_indent(self.text, name.span().start).to_owned(),
            None => self.style.indent(line_indent(self.text, parent.span().start), 1),
        };
        let mut members = Vec::new();
        for (name, value) in new {
            let value = Document::parse(value)?;
            let tall = is_filled(value.root()) && self.suits_lines(parent, None);
            members.push(self.style.member(name, &self.style.lay_out(value.root(), tall, &own)));
        }
        let Some((name, value)) = last else {
            let indent = line_indent(self.text, parent.span().start);
            let text = self.style.enclose("{", &members, "}", self.style.tall, indent);
            return Ok(Splice { range: parent.span(), text: printable(&text) });
        };
        let separator = self.style.separator(blanks_before(self.text, name.span().start), parent.members().count());
        let text: String = members.iter().flat_map(|member| [separator.as_str(), member]).collect();
        Ok(Splice { range: value.span().end..value.span().end, text: printable(&text) })
    }

    /// Appends items to an array.
    fn extend(&self, array: Json<'a>, items: &[String]) -> Splice {
        let Some(last) = array.items().last() else {
            let indent = line_indent(self.text, array.span().start);
            let text = self.style.enclose("[", items, "]", self.style.tall, indent);
            return Splice { range: array.span(), text: printable(&text) };
        };
        let separator = self.style.separator(blanks_before(self.text, last.span().start), array.items().count());
        let text: String = items.iter().flat_map(|item| [separator.as_str(), item]).collect();
        Splice { range: last.span().end..last.span().end, text: printable(&text) }
    }

    /// Whether an object or array goes on several lines: as what it replaces, else as most of its siblings, else as
    /// the object that it is in.
    fn suits_lines(&self, parent: Json<'a>, old: Option<Json<'a>>) -> bool {
        if let Some(old) = old.filter(|old| is_filled(*old)) {
            return is_tall(old);
        }
        let siblings = || parent.members().map(|(_, value)| value).filter(|value| is_filled(*value));
        match siblings().count() {
            0 if !is_filled(parent) => self.style.tall,
            0 => is_tall(parent),
            count => siblings().filter(|value| is_tall(*value)).count().saturating_mul(2) >= count,
        }
    }
}

/// The steps by their next key, in the order in which the keys first occur.
fn by_key<'e>(steps: &[Step<'e>]) -> anyhow::Result<Vec<(&'e str, Vec<Step<'e>>)>> {
    let mut groups: Vec<(&str, Vec<Step<'_>>)> = Vec::new();
    for (path, action) in steps {
        let [key, rest @ ..] = path else { bail!("expected a key to be set") };
        match groups.iter_mut().find(|(known, _)| known == key) {
            Some((_, group)) => group.push((rest, action)),
            None => groups.push((key, vec![(rest, action)])),
        }
    }
    Ok(groups)
}

/// The value that steps make where there is none.
fn nest(steps: &[Step<'_>]) -> anyhow::Result<String> {
    match steps {
        [([], Action::Set(value))] => return Ok(value.clone()),
        [([], Action::Append(items))] => return Ok(format!("[{}]", items.join(","))),
        _ => {}
    }
    let members: anyhow::Result<Vec<_>> =
        by_key(steps)?.iter().map(|(key, steps)| Ok(format!("{}:{}", quote(key), nest(steps)?))).collect();
    Ok(format!("{{{}}}", members?.join(",")))
}

/// A string as JSON.
pub(crate) fn quote(text: &str) -> String {
    printable(&serde_json::Value::from(text).to_string())
}

/// Escapes characters that YAML does not allow, or that nobody would see. In JSON they occur in strings alone.
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
