//! The hash that assigns a key to one of 100,000 buckets.

use crate::bucketing::sha256::sha256;

/// The number of buckets; each holds 0.001 % of all users.
pub const BUCKETS: u32 = 100_000;

/// A namespace of the hash. A key gets an independent bucket in each domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// The choice of the bundle.
    Canary,
    /// The percentage of a flag.
    Flag,
    /// The choice among a flag's variants.
    Variant,
    /// The choice of the page views that send reports.
    Report,
}

impl Domain {
    /// Returns the name of the domain in the hashed text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Flag => "flag",
            Self::Variant => "variant",
            Self::Report => "report",
        }
    }
}

/// Returns the bucket of `key`, in `0..BUCKETS`: the first 32 bits of SHA-256 over `{domain}:{salt}:{key}`, scaled.
///
/// The key is hashed byte for byte, without trimming or Unicode normalization.
///
/// ```
/// use canary_runtime::bucketing::{Domain, bucket};
///
/// assert_eq!(bucket(Domain::Canary, "canary", "user-1"), 38_594);
/// ```
#[must_use]
pub fn bucket(domain: Domain, salt: &str, key: &str) -> u32 {
    bucket_of_bytes(domain, salt, key.as_bytes())
}

/// Returns the bucket of a key that is given as UTF-8.
pub(crate) fn bucket_of_bytes(domain: Domain, salt: &str, key: &[u8]) -> u32 {
    let [first, ..] = sha256(&[domain.as_str().as_bytes(), b":", salt.as_bytes(), b":", key]);
    let scaled = u64::from(first).wrapping_mul(u64::from(BUCKETS)) >> 32;
    scaled as u32
}
