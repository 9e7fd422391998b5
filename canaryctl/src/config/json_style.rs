//! How a JSON text is laid out, and new parts laid out alike.

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;

use crate::config::json_tree::{is_filled, is_tall, line_indent, part};

/// The habits of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// What ends a line.
    newline: &'static str,
    /// By how much a level is indented.
    unit: String,
    /// What follows colons, and commas on one line.
    space: &'static str,
    /// What stands inside the braces of an object on one line.
    pad: &'static str,
    /// Whether an array of objects opens both on one line: `[{`.
    hugs: bool,
    /// Whether the text has lines at all.
    pub(crate) tall: bool,
}

impl Style {
    /// Looks at a whole text.
    pub(crate) fn of(text: &str, root: &Value<'_>) -> Self {
        let first = root.as_object().and_then(|object| object.properties.first());
        let unit = first.map_or("", |member| line_indent(text, member.range.start));
        let unit = unit.strip_prefix(line_indent(text, root.start())).unwrap_or_default();
        let tall = is_tall(text, root);
        let has_space = first.is_none_or(|member| {
            let between = text.get(member.name.end()..member.value.start()).unwrap_or_default();
            between.ends_with([' ', '\t', '\n'])
        });
        let mut style = Self {
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            unit: if unit.is_empty() { "  " } else { unit }.to_owned(),
            space: if has_space { " " } else { "" },
            pad: "",
            hugs: false,
            tall,
        };
        style.look(text, root);
        style
    }

    fn look(&mut self, text: &str, value: &Value<'_>) {
        match value {
            Value::Object(object) => {
                if is_filled(value) && !is_tall(text, object) && part(text, object.range).starts_with("{ ") {
                    self.pad = " ";
                }
                object.properties.iter().for_each(|member| self.look(text, &member.value));
            }
            Value::Array(array) => {
                if is_tall(text, array) && part(text, array.range).starts_with("[{") {
                    self.hugs = true;
                }
                array.elements.iter().for_each(|element| self.look(text, element));
            }
            _ => {}
        }
    }

    /// A line break, with the indentation of what follows.
    pub(crate) fn line(&self, indent: &str, levels: usize) -> String {
        format!("{}{indent}{}", self.newline, self.unit.repeat(levels))
    }

    /// Lays out a value of the text `source`: its tokens stay as they are typed, the blanks between them do not.
    /// `indent` is that of the line on which it begins.
    pub(crate) fn lay_out(&self, source: &str, value: &Value<'_>, tall: bool, indent: &str) -> String {
        match value {
            Value::Object(object) if is_filled(value) => {
                let deeper = format!("{indent}{}", self.unit);
                let members: Vec<_> = object
                    .properties
                    .iter()
                    .map(|member| {
                        let name = part(source, member.name.range());
                        self.member(name, &self.lay_out(source, &member.value, tall, &deeper))
                    })
                    .collect();
                self.enclose("{", &members, "}", tall, indent)
            }
            Value::Array(array) if is_filled(value) => {
                let hugs = tall && self.hugs && array.elements.iter().all(|it| it.as_object().is_some_and(has_members));
                let deeper = if hugs { indent.to_owned() } else { format!("{indent}{}", self.unit) };
                let items = array.elements.iter().map(|element| self.lay_out(source, element, tall, &deeper));
                let items: Vec<_> = items.collect();
                if hugs { format!("[{}]", items.join(", ")) } else { self.enclose("[", &items, "]", tall, indent) }
            }
            Value::Object(_) => "{}".to_owned(),
            Value::Array(_) => "[]".to_owned(),
            _ => part(source, value.range()).to_owned(),
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

    /// What separates items on one line.
    fn comma(&self) -> String {
        format!(",{}", self.space)
    }

    /// What separates a new item from the last one, before which there are these blanks.
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

fn has_members(object: &Object<'_>) -> bool {
    !object.properties.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::json_tree::parse;

    #[track_caller]
    fn check(text: &str, value: &str, tall: bool, expected: &str) {
        let style = Style::of(text, &parse(text).unwrap());
        assert_eq!(style.lay_out(value, &parse(value).unwrap(), tall, " "), expected, "{text}");
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
}
