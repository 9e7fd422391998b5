//! Segments: lists of users that conditions name, in the clear or as hashes.

use alloc::string::String;

use sha2::{Digest, Sha256};

use crate::coercion::{is_identical, text};
use crate::json::Json;
use crate::text::hex_digit;

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
        let segment = self.0.find(name);
        segment.items().any(|listed| is_identical(listed, value))
            || segment.items().any(|listed| listed.text().starts_with("sha256:")) && {
                let hash = hash(name, &text(value));
                segment.items().any(|listed| listed.text() == hash)
            }
    }
}

/// A value as it stands in a segment without being told: `sha256:` and the hash of `segment:{name}:{value}`.
///
/// ```
/// let hash = canary_runtime::segment::hash("staff", "user-1");
/// assert_eq!(hash, "sha256:44afceb24b69822b8639d97f75f69210d42bc980ef8266b089baa45b1096f339");
/// ```
#[must_use]
pub fn hash(name: &str, value: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["segment:", name, ":", value] {
        hash.update(part);
    }
    let mut text = String::from("sha256:");
    for byte in hash.finalize() {
        text.push(char::from(hex_digit(byte >> 4)));
        text.push(char::from(hex_digit(byte & 15)));
    }
    text
}
