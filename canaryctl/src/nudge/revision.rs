//! The revision of a ConfigMap: a hash of its data and its resourceVersion.

use std::fmt;

use k8s_openapi::api::core::v1::ConfigMap;
use sha2::{Digest, Sha256};

/// A revision. As text it is the value of the annotation, `HASH.RESOURCEVERSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revision {
    /// Of everything that becomes a file, so not of labels and annotations.
    hash: String,
    /// The resourceVersion with which this data was first seen.
    version: String,
}

impl Revision {
    /// The revision of a ConfigMap. Whether the config in it is valid does not matter.
    pub(crate) fn of(map: &ConfigMap) -> Self {
        let mut hash = Sha256::new();
        let mut add = |kind: &[u8], key: &str, value: &[u8]| {
            for part in [kind, key.as_bytes(), value] {
                hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
                hash.update(part);
            }
        };
        for (key, value) in map.data.iter().flatten() {
            add(b"data", key, value.as_bytes());
        }
        for (key, value) in map.binary_data.iter().flatten() {
            add(b"binaryData", key, &value.0);
        }
        let hash: Vec<_> = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { hash: hash.concat(), version: map.metadata.resource_version.clone().unwrap_or_default() }
    }

    /// Whether the data is the same.
    pub(crate) fn has_same_data(&self, other: &Self) -> bool {
        self.hash == other.hash
    }

    /// Whether `annotation` has the same hash and, if `exact`, the same resourceVersion.
    ///
    /// The hash alone is not enough after an edit was reverted: the kubelet may have written the files of the edit in
    /// between.
    pub(crate) fn matches(&self, annotation: &str, exact: bool) -> bool {
        if exact { annotation == self.to_string() } else { annotation.split('.').next() == Some(&self.hash) }
    }

    /// The hash, 16 hexadecimal digits.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.hash, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(json: &str) -> Revision {
        Revision::of(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_hash_depends_on_the_data_alone() {
        let first = revision(r#"{"metadata": {"resourceVersion": "7"}, "data": {"a": "b"}}"#);
        assert_eq!(first.to_string(), format!("{}.7", first.hash()));
        assert_eq!(first.hash().len(), 16);
        let labelled = revision(r#"{"metadata": {"resourceVersion": "8", "labels": {"a": "b"}}, "data": {"a": "b"}}"#);
        assert!(first.has_same_data(&labelled));
        for other in [
            r#"{"metadata": {}, "data": {"a": "c"}}"#,
            r#"{"metadata": {}, "data": {"ab": ""}}"#,
            r#"{"metadata": {}, "data": {"a": "b", "c": ""}}"#,
            r#"{"metadata": {}, "binaryData": {"a": "Yg=="}}"#,
            r#"{"metadata": {}}"#,
        ] {
            assert!(!first.has_same_data(&revision(other)), "{other}");
        }
    }

    #[test]
    fn a_reverted_edit_matches_only_inexactly() {
        let first = revision(r#"{"metadata": {"resourceVersion": "7"}, "data": {"a": "b"}}"#);
        let again = revision(r#"{"metadata": {"resourceVersion": "9"}, "data": {"a": "b"}}"#);
        let annotation = first.to_string();
        assert!(again.matches(&annotation, false) && !again.matches(&annotation, true));
        assert!(first.matches(&annotation, true));
        assert!(!first.matches("", false) && !first.matches("123456", false));
    }
}
