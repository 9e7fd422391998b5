//! Segments: lists of values that conditions refer to, in plain text or as hashes.

use alloc::string::String;

use crate::bucketing::sha256::sha256;
use crate::encoding::push_hex;
use crate::json::document::Json;
use crate::targeting::coercion::{strict_equals, to_string};

/// The segments of a config by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segments<'a>(Json<'a>);

impl<'a> Segments<'a> {
    /// Creates the view of `SEGMENTS`; any other value has no segments.
    pub(crate) fn new(json: Json<'a>) -> Self {
        Self(json)
    }

    /// Returns whether the segment `name` lists `value` or its hash.
    pub(crate) fn contains(self, name: &str, value: Json) -> bool {
        let segment = self.0.member_named(name);
        segment.items().any(|listed| strict_equals(listed, value))
            || segment.items().any(|listed| listed.as_text().starts_with("sha256:")) && {
                let hash = segment_hash(name, &to_string(value));
                segment.items().any(|listed| listed.as_text() == hash)
            }
    }
}

/// Returns the hash that lists a value in a segment without revealing it: `sha256:` and the SHA-256 of
/// `segment:{name}:{value}`.
///
/// ```
/// let hash = canary_runtime::targeting::segment_hash("staff", "user-1");
/// assert_eq!(hash, "sha256:44afceb24b69822b8639d97f75f69210d42bc980ef8266b089baa45b1096f339");
/// ```
#[must_use]
pub fn segment_hash(name: &str, value: &str) -> String {
    let mut text = String::from("sha256:");
    for word in &sha256(&[b"segment:", name.as_bytes(), b":", value.as_bytes()]) {
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
    fn plain_values_are_compared_strictly() {
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
    fn hashes_are_compared_with_the_value_as_a_string() {
        check("staff", "\"user-1\"", true);
        check("staff", "\"user-2\"", false);
        // The hash covers the name of the segment.
        check("hashed", "\"user-1\"", false);
        let document = Document::parse(&std::format!("{{\"s\": [\"{}\"]}}", segment_hash("s", "1,2"))).unwrap();
        let value = Document::parse("[1, 2]").unwrap();
        assert!(Segments::new(document.root()).contains("s", value.root()));
    }

    #[test]
    fn hashes_are_frozen() {
        assert_eq!(
            segment_hash("staff", "user-1"),
            "sha256:44afceb24b69822b8639d97f75f69210d42bc980ef8266b089baa45b1096f339"
        );
    }

    #[test]
    fn a_config_without_segments_lists_no_value() {
        let document = Document::parse("\"a\"").unwrap();
        assert!(!Segments::new(Document::default().root()).contains("a", document.root()));
    }
}
