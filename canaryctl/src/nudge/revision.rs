//! Which config a pod should have.

use std::fmt;

use k8s_openapi::api::core::v1::ConfigMap;
use sha2::{Digest, Sha256};

/// The contents of a ConfigMap, and when they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revision {
    /// Of everything that becomes a file. Labels and annotations of the ConfigMap do not.
    hash: String,
    /// The ConfigMap's resourceVersion when these contents were first seen.
    version: String,
}

impl Revision {
    /// That of a ConfigMap. What is in it does not matter: pages have their own way with what is malformed.
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

    /// Whether both have the same contents.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.hash == other.hash
    }

    /// Whether a pod that is annotated with `value` was told of these contents; where `exact`, of this coming of them.
    ///
    /// Contents that come back after others are new to a pod, whatever its annotation says: the kubelet may have
    /// written the others by itself.
    pub(crate) fn is_told(&self, value: &str, exact: bool) -> bool {
        if exact { value == self.to_string() } else { value.split('.').next() == Some(&self.hash) }
    }

    /// The hash alone.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }
}

/// The value of the annotation.
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
    fn contents_count_and_nothing_else() {
        let first = revision(r#"{"metadata": {"resourceVersion": "7"}, "data": {"a": "b"}}"#);
        assert_eq!(first.to_string(), format!("{}.7", first.hash()));
        assert_eq!(first.hash().len(), 16);
        let labelled = revision(r#"{"metadata": {"resourceVersion": "8", "labels": {"a": "b"}}, "data": {"a": "b"}}"#);
        assert!(first.is_like(&labelled));
        for other in [
            r#"{"metadata": {}, "data": {"a": "c"}}"#,
            r#"{"metadata": {}, "data": {"ab": ""}}"#,
            r#"{"metadata": {}, "data": {"a": "b", "c": ""}}"#,
            r#"{"metadata": {}, "binaryData": {"a": "Yg=="}}"#,
            r#"{"metadata": {}}"#,
        ] {
            assert!(!first.is_like(&revision(other)), "{other}");
        }
    }

    #[test]
    fn contents_that_come_back_are_news() {
        let first = revision(r#"{"metadata": {"resourceVersion": "7"}, "data": {"a": "b"}}"#);
        let again = revision(r#"{"metadata": {"resourceVersion": "9"}, "data": {"a": "b"}}"#);
        let told = first.to_string();
        assert!(again.is_told(&told, false) && !again.is_told(&told, true) && first.is_told(&told, true));
        assert!(!first.is_told("", false) && !first.is_told("123456", false));
    }
}
