//! The bucketing contract written down a second time: what tests compare the product with.
//!
//! It shares no code with the product, only its description:
//! `floor(u32_be(SHA-256("{domain}:{salt}:{key}")[0..4]) * 100_000 / 2^32)`.

use sha2::{Digest, Sha256};

/// How many buckets there are: one is 0.001 % of the users.
pub const BUCKETS: u32 = 100_000;

/// The bucket of `key`, from 0 to 99,999.
#[must_use]
pub fn bucket(domain: &str, salt: &str, key: &str) -> u32 {
    let hash = Sha256::digest(format!("{domain}:{salt}:{key}"));
    let head = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    u32::try_from(u64::from(head) * u64::from(BUCKETS) >> 32).expect("less than 100,000")
}

/// Endless ids of users with their buckets, the same in every run.
pub fn users(domain: &str, salt: &str) -> impl Iterator<Item = (String, u32)> {
    (0_u32..).map(move |number| {
        let id = format!("user-{number}");
        let bucket = bucket(domain, salt, &id);
        (id, bucket)
    })
}

/// The first user in each of the `places`, in their order.
#[must_use]
pub fn users_in<const N: usize>(domain: &str, salt: &str, places: [u32; N]) -> [String; N] {
    let mut found = places.map(|_| None);
    for (id, bucket) in users(domain, salt) {
        if let Some(index) = places.iter().position(|place| *place == bucket) {
            found[index].get_or_insert(id);
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    found.map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::{bucket, users_in};
    #[test]
    fn speed() {
        let t = std::time::Instant::now();
        for i in 0..100_000 {
            bucket("canary", "s", &i.to_string());
        }
        eprintln!("{:?} per 100k", t.elapsed());
        let t = std::time::Instant::now();
        eprintln!(
            "{:?}",
            users_in("canary", "release-1.5.0", [0, 1, 4998, 4999, 5000, 5001, 49999, 50000, 54999, 55000, 99999])
        );
        eprintln!("{:?}", t.elapsed());
    }
}
