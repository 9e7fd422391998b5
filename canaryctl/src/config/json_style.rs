//! The layout of a JSON text, for new parts that look like the others.

use canary_runtime::json::Kind;
use canary_runtime::{Document, Json};

/// The layout that a text has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// The end of a line.
    newline: &'static str,
    /// The indentation of one level.
    unit: String,
    /// The blank after a colon, and after a comma on one line.
    space: &'static str,
    /// The blank inside the braces of an object on one line.
    pad: &'static str,
    /// Whether an array of objects opens both on one line: `[{`.
    hugs: bool,
    /// Whether the text has several lines.
    pub(crate) tall: bool,
}

impl Style {
    /// The layout of a whole text.
    pub(crate) fn of(document: &Document) -> Self {
        let (text, root) = (document.source(), document.root());
        let first = root.members().next();
        let unit = first.map_or("", |(name, _)| line_indent(text, name.span().start));
        let unit = unit.strip_prefix(line_indent(text, root.span().start)).unwrap_or_default();
        let has_space = first.is_none_or(|(name, value)| {
            let between = text.get(name.span().end..value.span().start).unwrap_or_default();
            between.ends_with([' ', '\t', '\n'])
        });
        let mut style = Self {
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            unit: if unit.is_empty() { "  " } else { unit }.to_owned(),
            space: if has_space { " " } else { "" },
            pad: "",
            hugs: false,
            tall: is_tall(root),
        };
        style.look(root);
        style
    }

    fn look(&mut self, value: Json<'_>) {
        match value.kind() {
            Kind::Object => {
                if is_filled(value) && !is_tall(value) && value.source().starts_with("{ ") {
                    self.pad = " ";
                }
                value.members().for_each(|(_, value)| self.look(value));
            }
            Kind::Array => {
                if is_tall(value) && value.source().starts_with("[{") {
                    self.hugs = true;
                }
                value.items().for_each(|item| self.look(item));
            }
            _ => {}
        }
    }

    /// An indentation, some levels deeper.
    pub(crate) fn indent(&self, indent: &str, levels: usize) -> String {
        format!("{indent}{}", self.unit.repeat(levels))
    }

    /// A line break, with the indentation of what follows.
    fn line(&self, indent: &str, levels: usize) -> String {
        format!("{}{}", self.newline, self.indent(indent, levels))
    }

    /// Lays out a value: its tokens stay as they are typed, the blanks between them do not. `indent` is that of the line
    /// on which it begins.
    pub(crate) fn lay_out(&self, value: Json<'_>, tall: bool, indent: &str) -> String {
        let deeper = self.indent(indent, 1);
        match value.kind() {
            Kind::Object if is_filled(value) => {
                let members = value.members();
                let members = members
                    .map(|(name, value)| self.member(name.source(), &self.lay_out(value, tall, &deeper)))
                    .collect::<Vec<_>>();
                self.enclose("{", &members, "}", tall, indent)
            }
            Kind::Array if is_filled(value) => {
                let is_object = |item: Json<'_>| item.kind() == Kind::Object && is_filled(item);
                let hugs = tall && self.hugs && value.items().all(is_object);
                let deeper = if hugs { indent } else { &deeper };
                let items: Vec<_> = value.items().map(|item| self.lay_out(item, tall, deeper)).collect();
                if hugs { format!("[{}]", items.join(", ")) } else { self.enclose("[", &items, "]", tall, indent) }
            }
            Kind::Object => "{}".to_owned(),
            Kind::Array => "[]".to_owned(),
            _ => value.source().to_owned(),
        }
    }

    /// A member, with its key and value as they are.
    pub(crate) fn member(&self, name: &str, value: &str) -> String {
        format!("{name}:{}{value}", self.space)
    }

    /// Puts items between brackets. `indent` is that of the line on which the first bracket stands.
    pub(crate) fn enclose(&self, open: &str, items: &[String], close: &str, tall: bool, indent: &str) -> String {
        if tall {
            let line = self.line(indent, 1);
            format!("{open}{line}{}{}{close}", items.join(&format!(",{line}")), self.line(indent, 0))
        } else {
            let pad = if open == "{" { self.pad } else { "" };
            format!("{open}{pad}{}{pad}{close}", items.join(&self.comma()))
        }
    }

    /// The separator of items on one line.
    fn comma(&self) -> String {
        format!(",{}", self.space)
    }

    /// The separator before a new item. `blanks` stand before the last one of `count`.
    pub(crate) fn separator(&self, blanks: &str, count: usize) -> String {
        match blanks.rfind('\n') {
            // Neither blank lines nor blanks at the end of a line are repeated.
            Some(at) => {
                let indent = blanks.get(at..).unwrap_or_default().trim_start_matches('\n');
                format!(",{}{indent}", self.newline)
            }
            // Before a single item stands what follows the bracket.
            None if count == 1 => self.comma(),
            None => format!(",{blanks}"),
        }
    }
}

/// The blanks that lead up to an offset.
pub(crate) fn blanks_before(text: &str, end: usize) -> &str {
    let before = text.get(..end).unwrap_or_default();
    let start = before.trim_end_matches([' ', '\t', '\n', '\r']).len();
    before.get(start..).unwrap_or_default()
}

/// The blanks with which the line of an offset begins.
pub(crate) fn line_indent(text: &str, offset: usize) -> &str {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let blanks = line.len().saturating_sub(line.trim_start_matches([' ', '\t']).len());
    line.get(..blanks).unwrap_or_default()
}

/// Whether a value takes more than one line.
pub(crate) fn is_tall(value: Json<'_>) -> bool {
    value.source().contains('\n')
}

/// Whether a value is an object or an array with something in it.
pub(crate) fn is_filled(value: Json<'_>) -> bool {
    value.items().next().is_some() || value.members().next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, value: &str, tall: bool, expected: &str) {
        let style = Style::of(&Document::parse(text).unwrap());
        assert_eq!(style.lay_out(Document::parse(value).unwrap().root(), tall, " "), expected, "{text}");
    }

    const VALUE: &str = r#"{"a":5.0,  "\u0062":[1e0,{}], "c": [{"d" :[]}]}"#;

    #[test]
    fn lays_out_as_the_text_is() {
        check("{}", VALUE, false, r#"{"a": 5.0, "\u0062": [1e0, {}], "c": [{"d": []}]}"#);
        check("{\"a\":1}", VALUE, false, r#"{"a":5.0,"\u0062":[1e0,{}],"c":[{"d":[]}]}"#);
        check("{ \"a\": 1 }", "{\"a\":[1,2]}", false, "{ \"a\": [1, 2] }");
        check("{\r\n\t\"a\": 1\r\n}", "{\"a\":[1]}", true, "{\r\n \t\"a\": [\r\n \t\t1\r\n \t]\r\n }");
        check("  {\n     \"a\": 1}", "[1, 2]", true, "[\n    1,\n    2\n ]");
    }

    #[test]
    fn hugs_where_the_text_does() {
        let value = r#"{"c": [{"d": 1}, {"d": 2}], "e": [1]}"#;
        check(
            "{\n  \"a\": [{\n    \"b\": 1\n  }]\n}",
            value,
            true,
            "{\n   \"c\": [{\n     \"d\": 1\n   }, {\n     \"d\": 2\n   }],\n   \"e\": [\n     1\n   ]\n }",
        );
        check("{\n  \"a\": [{\"b\": 1}]\n}", "[{\"d\": 1}]", true, "[\n   {\n     \"d\": 1\n   }\n ]");
    }

    #[test]
    fn knows_the_blanks_around() {
        let text = "{\n \t \"a\": {  \"b\": 1}}";
        let b = text.find("\"b\"").unwrap();
        assert_eq!((blanks_before(text, b), line_indent(text, b)), ("  ", " \t "));
        assert_eq!((blanks_before(text, 5), line_indent(text, 0)), ("\n \t ", ""));
    }
}
