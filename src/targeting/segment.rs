//! Segments: lists of users that conditions name, in the clear or as hashes.

use alloc::string::String;

use crate::bucketing::sha256::sha256;
use crate::encoding::push_hex;
use crate::json::document::Json;
use crate::targeting::coercion::{is_identical, text};

/// All segments of a config, by name.
#[derive(Clone, Copy, Debug)]
pub struct Segments<'a>(Json<'a>);

impl<'a> Segments<'a> {
    /// Those of the object `SEGMENTS`, or none.
    #[must_use]
    pub fn new(json: Json<'a>) -> Self {
        Self(json)
    }

    /// Whether the segment `name` has `value`, itself or its hash.
    #[must_use]
    pub fn contains(self, name: &str, value: Json) -> bool {
        let segment = self.0.member_named(name);
        segment.items().any(|listed| is_identical(listed, value))
            || segment.items().any(|listed| listed.as_text().starts_with("sha256:")) && {
                let hash = hash(name, &text(value));
                segment.items().any(|listed| listed.as_text() == hash)
            }
    }
}

/// A value as it stands in a segment without being told: `sha256:` and the hash of `segment:{name}:{value}`.
///
/// ```
/// let hash = canary_runtime::targeting::segment::hash("staff", "user-1");
/// assert_eq!(hash, "sha256:44afceb24b69822b8639d97f75f69210d42bc980ef8266b089baa45b1096f339");
/// ```
#[must_use]
pub fn hash(name: &str, value: &str) -> String {
    let mut text = String::from("sha256:");
    for word in &sha256(&["segment:", name, ":", value]) {
        push_hex(&mut text, &word.to_be_bytes());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::document::Document;

    #[track_caller]
    fn check(name: &str, value: &str, expected: bool) {
        let document = Document::parse(
            r#"{"clear": ["user-1", 5, true, null, [1]], "hashed": ["sha256:17b7fb45a7cd7d26f6dd3ec1f4be27d9de9b88f2aeed2d2a3c3a0e5d6ac7d2bc",
            "sha256:44afceb24b69822b8639d97f75f69210d42bc980ef8266b089baa45b1096f339"],
            "staff": ["x", "sha256:44afceb24b69822b8639d97f75f69210d42bc980ef8266b089baa45b1096f339"], "empty": [], "object": {"a": "a"}}"#,
        );
        let (document, value) = (document.unwrap(), Document::parse(value).unwrap());
        assert_eq!(Segments::new(document.root()).contains(name, value.root()), expected, "{name} {value:?}");
    }

    #[test]
    fn values_are_listed_as_they_are() {
        for (value, expected) in [
            ("\"user-1\"", true),
            ("5", true),
            ("5.0", true),
            ("true", true),
            ("null", true),
            ("\"5\"", false),
            ("[1]", false),
            ("\"User-1\"", false),
        ] {
            check("clear", value, expected);
        }
        for name in ["empty", "none", "object", ""] {
            check(name, "\"a\"", false);
        }
    }

    #[test]
    fn values_are_listed_by_their_hashes() {
        check("staff", "\"user-1\"", true);
        check("staff", "\"user-2\"", false);
        // The name of the segment is part of what is hashed.
        check("hashed", "\"user-1\"", false);
        let document = Document::parse(&std::format!("{{\"s\": [\"{}\"]}}", hash("s", "1,2"))).unwrap();
        let value = Document::parse("[1, 2]").unwrap();
        assert!(Segments::new(document.root()).contains("s", value.root()));
    }

    #[test]
    fn hashes_are_frozen() {
        assert_eq!(hash("staff", "user-1"), "sha256:44afceb24b69822b8639d97f75f69210d42bc980ef8266b089baa45b1096f339");
    }

    #[test]
    fn without_segments_nobody_is_in_any() {
        let document = Document::parse("\"a\"").unwrap();
        assert!(!Segments::new(Document::default().root()).contains("a", document.root()));
    }
}
