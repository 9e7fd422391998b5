//! A change that an edit makes, for people and for machines.

use std::fmt;

use serde_json::{Value, json};

/// The longest value that is shown whole, in characters.
const SHOWN: usize = 60;

/// A member that gets another value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    /// The path to it, as in `FEATURE_FLAGS.new-checkout`.
    pub(crate) key: String,
    /// The old value as typed; nothing where the member was absent.
    pub(crate) from: Option<String>,
    /// The new value.
    pub(crate) to: String,
}

impl Change {
    /// For machines. The old value of a member that was absent is `null`.
    pub(crate) fn json(&self) -> Value {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        json!({"key": self.key, "from": self.from.as_deref().map(value), "to": value(&self.to)})
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.as_deref().map_or("absent".into(), shown);
        write!(out, "{} {from} -> {}", self.key, shown(&self.to))
    }
}

/// A value on one line of bounded length.
pub(crate) fn shown(json: &str) -> String {
    let is_long = json.chars().nth(SHOWN).is_some() || json.contains('\n');
    match json.bytes().next() {
        Some(b'{') if is_long => "{...}".to_owned(),
        Some(b'[') if is_long => "[...]".to_owned(),
        _ if is_long => format!("{}...", json.chars().take(SHOWN).collect::<String>()),
        _ => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_both_values() {
        let change = |from: Option<&str>, to: &str| {
            let change = Change { key: "A.b".to_owned(), from: from.map(str::to_owned), to: to.to_owned() };
            (change.to_string(), change.json().to_string())
        };
        let expected = ("A.b 5 -> 5.50".to_owned(), r#"{"from":5,"key":"A.b","to":5.50}"#.replace("5.50", "5.5"));
        assert_eq!(change(Some("5"), "5.50"), expected);
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(60));
        assert_eq!(change(None, &long).0, "A.b absent -> {...}");
        assert_eq!(
            change(Some("[1,\n2]"), &format!("\"{}\"", "é".repeat(60))).0,
            format!("A.b [...] -> \"{}...", "é".repeat(59))
        );
        assert_eq!(change(None, "[1]").1, r#"{"from":null,"key":"A.b","to":[1]}"#);
    }
}
