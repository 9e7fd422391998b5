//! What was edited, member by member.

use canary_runtime::Json;
use canary_runtime::json::Kind;

use crate::config::loaded::member;

/// One member that differs.
#[derive(Clone, Debug)]
pub(crate) struct Change<'a> {
    /// The path to it, as in `FEATURE_FLAGS.new-checkout`.
    pub(crate) key: String,
    /// What it was; nothing where it was absent.
    pub(crate) from: Option<Json<'a>>,
    /// What it is.
    pub(crate) to: Option<Json<'a>>,
}

impl Change<'_> {
    /// What follows from it beyond the figures.
    pub(crate) fn note(&self) -> Option<&'static str> {
        let parts: Vec<_> = self.key.split('.').collect();
        match parts.as_slice() {
            // What is absent is the default.
            ["SALT"] if [self.from, self.to].map(|salt| salt.map_or("canary", Json::as_text)) == ["canary"; 2] => None,
            ["SALT"] => Some("the bundle is dealt out anew to everybody"),
            ["FEATURE_FLAGS", .., "salt"] => Some("the flag is dealt out anew to everybody"),
            ["CANARY_PERCENTAGE"] if self.to.and_then(Json::as_number) == Some(0.0) => Some("the kill switch"),
            ["ASSETS", ..] => Some("who stays on the canary gets another one"),
            _ => None,
        }
    }

    /// Whether it is about a flag.
    pub(crate) fn is_of_flag(&self, flag_key: &str) -> bool {
        let path = self.key.strip_prefix("FEATURE_FLAGS.").and_then(|path| path.strip_prefix(flag_key));
        path.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// All changes between two objects, in the order of the old one, then what is new.
pub(crate) fn changes<'a>(old: Json<'a>, new: Json<'a>) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    compare(old, new, "", &mut changes);
    changes
}

fn compare<'a>(old: Json<'a>, new: Json<'a>, path: &str, changes: &mut Vec<Change<'a>>) {
    let key = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for (name, from) in old.members() {
        match member(new, name.as_text()) {
            Some(to) if from == to => {}
            // Nesting is bounded by the reader.
            Some(to) if from.kind() == Kind::Object && to.kind() == Kind::Object => {
                let before = changes.len();
                compare(from, to, &key(name.as_text()), changes);
                if changes.len() == before {
                    // The same members in another order, which matters to variants.
                    changes.push(Change { key: key(name.as_text()), from: Some(from), to: Some(to) });
                }
            }
            to => changes.push(Change { key: key(name.as_text()), from: Some(from), to }),
        }
    }
    for (name, to) in new.members().filter(|(name, _)| member(old, name.as_text()).is_none()) {
        changes.push(Change { key: key(name.as_text()), from: None, to: Some(to) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use canary_runtime::Document;

    #[track_caller]
    fn check(old: &str, new: &str, expected: &[&str]) {
        let (old, new) = (Document::parse(old).unwrap(), Document::parse(new).unwrap());
        let show = |json: Option<Json>| json.map_or("absent".to_owned(), |json| json.source().to_owned());
        let line = |it: Change| {
            let note = it.note().map_or(String::new(), |note| format!(": {note}"));
            format!("{} {} -> {}{note}", it.key, show(it.from), show(it.to))
        };
        let lines: Vec<_> = changes(old.root(), new.root()).into_iter().map(line).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn names_what_was_edited() {
        check(
            r#"{"CANARY_PERCENTAGE": 5, "SALT": "a", "FEATURE_FLAGS": {"x": 5, "y": {"percentage": 1, "rules": []}, "gone": true}}"#,
            r#"{"CANARY_PERCENTAGE": 0, "SALT": "b", "FEATURE_FLAGS": {"y": {"percentage": 2, "rules": [1], "salt": "n"}, "x": 5.0, "new": 7}}"#,
            &[
                "CANARY_PERCENTAGE 5 -> 0: the kill switch",
                "SALT \"a\" -> \"b\": the bundle is dealt out anew to everybody",
                "FEATURE_FLAGS.y.percentage 1 -> 2",
                "FEATURE_FLAGS.y.rules [] -> [1]",
                "FEATURE_FLAGS.y.salt absent -> \"n\": the flag is dealt out anew to everybody",
                "FEATURE_FLAGS.gone true -> absent",
                "FEATURE_FLAGS.new absent -> 7",
            ],
        );
    }

    #[test]
    fn the_default_salt_may_be_typed() {
        check("{}", r#"{"SALT": "canary"}"#, &["SALT absent -> \"canary\""]);
        check(r#"{"SALT": "b"}"#, "{}", &["SALT \"b\" -> absent: the bundle is dealt out anew to everybody"]);
    }

    #[test]
    fn order_counts_where_nothing_else_differs() {
        let (ab, ba) = (r#"{"v": {"a": 1, "b": 2}}"#, r#"{"v": {"b": 2, "a": 1}}"#);
        check(ab, ba, &[r#"v {"a": 1, "b": 2} -> {"b": 2, "a": 1}"#]);
        check(ab, ab, &[]);
    }

    #[test]
    fn flags_are_told_apart() {
        let change = |key: &str| Change { key: format!("FEATURE_FLAGS.{key}"), from: None, to: None };
        for (key, flag, expected) in [("a", "a", true), ("a.salt", "a", true), ("ab", "a", false), ("a", "ab", false)] {
            assert_eq!(change(key).is_of_flag(flag), expected, "{key} {flag}");
        }
    }
}
