//! The one function that is random: a key's place among a hundred thousand buckets.

use crate::bucketing::sha256::sha256;

/// How many buckets there are; one of them is 0.001 % of all users.
pub const BUCKETS: u32 = 100_000;

/// Keeps decisions independent of each other: the same key falls differently in each domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Which bundle a user gets.
    Canary,
    /// Whether a user is inside a flag's percentage.
    Flag,
    /// Which variant of a flag a user gets.
    Variant,
}

impl Domain {
    /// The domain's name in the hashed text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Flag => "flag",
            Self::Variant => "variant",
        }
    }
}

/// The bucket of `key`, in `0..BUCKETS`: the first 32 bits of SHA-256 over `{domain}:{salt}:{key}`, scaled.
///
/// The key is taken byte for byte: no trimming, no Unicode normalisation.
///
/// ```
/// use canary_runtime::bucketing::bucket::{Domain, bucket};
///
/// assert_eq!(bucket(Domain::Canary, "canary", "user-1"), 38_594);
/// ```
#[must_use]
pub fn bucket(domain: Domain, salt: &str, key: &str) -> u32 {
    let [first, ..] = sha256(&[domain.as_str(), ":", salt, ":", key]);
    let scaled = u64::from(first).wrapping_mul(u64::from(BUCKETS)) >> 32;
    scaled as u32
}
