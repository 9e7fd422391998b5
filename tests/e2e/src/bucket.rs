//! A second implementation of the bucketing contract, with which tests compare the product.
//!
//! It shares no code with the product, only the formula
//! `floor(u32_be(SHA-256("{domain}:{salt}:{key}")[0..4]) * 100_000 / 2^32)`.

use sha2::{Digest, Sha256};
use std::ops::Range;

/// The number of buckets: one is 0.001 % of the users.
pub const BUCKETS: u32 = 100_000;

/// A user of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The value of the cookie `canary_id`.
    pub id: String,
    /// The bucket of the canary's decision, from 0 to 99,999.
    pub bucket: u32,
}

/// The bucket of `key`, from 0 to 99,999.
#[must_use]
pub fn bucket(domain: &str, salt: &str, key: &str) -> u32 {
    let hash = Sha256::digest(format!("{domain}:{salt}:{key}"));
    let head = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    u32::try_from((u64::from(head) * u64::from(BUCKETS)) >> 32).expect("a bucket fits")
}

/// A user in each of these ranges of buckets, all different and the same in
/// every run: `user-0` and so on, each in the first range that still lacks one.
///
/// A single bucket is found in about 100,000 steps of 4 µs each.
#[must_use]
pub fn users_in(salt: &str, places: &[Range<u32>]) -> Vec<User> {
    let mut found: Vec<Option<User>> = vec![None; places.len()];
    let mut ids = (0_u32..).map(|number| format!("user-{number}"));
    while found.iter().any(Option::is_none) {
        let Some(id) = ids.next() else { break };
        let bucket = bucket("canary", salt, &id);
        let open = (0..places.len()).find(|place| found[*place].is_none() && places[*place].contains(&bucket));
        if let Some(place) = open {
            found[place] = Some(User { id, bucket });
        }
    }
    found.into_iter().flatten().collect()
}

/// A user in this bucket.
#[must_use]
pub fn user_at(salt: &str, bucket: u32) -> User {
    users_in(salt, std::slice::from_ref(&(bucket..bucket + 1))).remove(0)
}

#[cfg(test)]
mod tests {
    use super::{User, bucket, users_in};

    #[test]
    fn matches_known_buckets() {
        // printf 'canary:canary:a' | sha256sum begins with d2932a19; 0xd2932a19 * 100000 >> 32 is 82255.
        assert_eq!(bucket("canary", "canary", "a"), 82_255);
        assert_eq!(bucket("canary", "canary", "Ünïcödé"), 6_185);
        assert_eq!([bucket("flag", "s", "a"), bucket("variant", "s", "a")].map(|b| b < super::BUCKETS), [true; 2]);
    }

    #[test]
    fn finds_different_users_for_equal_ranges() {
        let users = users_in("canary", &[0..50_000, 0..50_000, 99_000..100_000]);
        assert_eq!(users[0], User { id: "user-0".into(), bucket: 37_014 });
        assert_eq!(users[1], User { id: "user-1".into(), bucket: 38_594 });
        assert!(users[2].bucket >= 99_000);
    }
}
