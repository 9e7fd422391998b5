//! The members that differ between two configs.

use canary_runtime::Json;
use canary_runtime::json::Kind;

use crate::config::loaded::member;

/// A member that differs.
#[derive(Clone, Debug)]
pub(crate) struct Change<'a> {
    /// The path to it, as in `FEATURE_FLAGS.new-checkout`.
    pub(crate) key: String,
    /// The old value; `None` if it was absent.
    pub(crate) from: Option<Json<'a>>,
    /// The new value; `None` if it is absent.
    pub(crate) to: Option<Json<'a>>,
}

impl Change<'_> {
    /// A consequence that the counts do not show.
    pub(crate) fn note(&self) -> Option<&'static str> {
        let parts: Vec<_> = self.key.split('.').collect();
        match parts.as_slice() {
            // An absent salt is the default.
            ["SALT"] if [self.from, self.to].map(|salt| salt.map_or("canary", Json::as_text)) == ["canary"; 2] => None,
            ["SALT"] => Some("reassigns the bundle of every user"),
            ["FEATURE_FLAGS", .., "salt"] => Some("reassigns the flag for every user"),
            ["CANARY_PERCENTAGE"] if self.to.and_then(Json::as_number) == Some(0.0) => Some("the kill switch"),
            ["ASSETS", ..] => Some("users who stay on the canary get another bundle"),
            _ => None,
        }
    }

    /// Whether the member belongs to a flag.
    pub(crate) fn is_of_flag(&self, flag_key: &str) -> bool {
        let path = self.key.strip_prefix("FEATURE_FLAGS.").and_then(|path| path.strip_prefix(flag_key));
        path.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// The changes between two objects: members of the old one in their order, then new members.
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
            // The parser bounds the nesting.
            Some(to) if from.kind() == Kind::Object && to.kind() == Kind::Object => {
                let before = changes.len();
                compare(from, to, &key(name.as_text()), changes);
                if changes.len() == before {
                    // Only the order of the members differs, which matters for variants.
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
    fn every_edit_is_named() {
        check(
            r#"{"CANARY_PERCENTAGE": 5, "SALT": "a", "FEATURE_FLAGS": {"x": 5, "y": {"percentage": 1, "rules": []}, "gone": true}}"#,
            r#"{"CANARY_PERCENTAGE": 0, "SALT": "b", "FEATURE_FLAGS": {"y": {"percentage": 2, "rules": [1], "salt": "n"}, "x": 5.0, "new": 7}}"#,
            &[
                "CANARY_PERCENTAGE 5 -> 0: the kill switch",
                "SALT \"a\" -> \"b\": reassigns the bundle of every user",
                "FEATURE_FLAGS.y.percentage 1 -> 2",
                "FEATURE_FLAGS.y.rules [] -> [1]",
                "FEATURE_FLAGS.y.salt absent -> \"n\": reassigns the flag for every user",
                "FEATURE_FLAGS.gone true -> absent",
                "FEATURE_FLAGS.new absent -> 7",
            ],
        );
    }

    #[test]
    fn typing_the_default_salt_reassigns_nobody() {
        check("{}", r#"{"SALT": "canary"}"#, &["SALT absent -> \"canary\""]);
        check(r#"{"SALT": "b"}"#, "{}", &["SALT \"b\" -> absent: reassigns the bundle of every user"]);
    }

    #[test]
    fn a_new_order_of_members_is_a_change() {
        let (ab, ba) = (r#"{"v": {"a": 1, "b": 2}}"#, r#"{"v": {"b": 2, "a": 1}}"#);
        check(ab, ba, &[r#"v {"a": 1, "b": 2} -> {"b": 2, "a": 1}"#]);
        check(ab, ab, &[]);
    }

    #[test]
    fn a_change_belongs_to_one_flag() {
        let change = |key: &str| Change { key: format!("FEATURE_FLAGS.{key}"), from: None, to: None };
        for (key, flag, expected) in [("a", "a", true), ("a.salt", "a", true), ("ab", "a", false), ("a", "ab", false)] {
            assert_eq!(change(key).is_of_flag(flag), expected, "{key} {flag}");
        }
    }
}
