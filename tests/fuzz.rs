//! What the fuzzer looks at, for the seeds and a few thousand changes of them: seconds, and no tools. `scripts/fuzz` is
//! the real thing.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic fails the test"
)]

#[path = "../fuzz/src/lib.rs"]
mod bodies;

use std::fs;
use std::path::Path;

/// How often each seed is changed.
const CHANGES: usize = 200;

/// What changes put in.
const PARTS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "d800",
    "null",
    "true",
    "1e9",
    "-0",
    "$not",
    "$elemMatch",
    "/",
    "..",
    "\n",
    "é",
    "<",
    "\0",
    "FEATURE_FLAGS",
    "requires",
];

/// Marsaglia's xorshift: the same changes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end.max(1)
    }

    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(12)).min(bytes.len());
            let from = self.below(other.len() + 1);
            let to = (from + self.below(40)).min(other.len());
            let new = match self.below(4) {
                0 => &[][..],
                1 => &other[from..to],
                _ => PARTS[self.below(PARTS.len())].as_bytes(),
            };
            bytes.splice(if self.below(2) == 0 { at..at } else { at..end }, new.iter().copied());
        }
    }
}

fn check(name: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).expect("seeds").map(|file| file.expect("a seed").path()).collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("a seed")).collect();
    assert!(seeds.len() > 2);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for seed in &seeds {
        body(seed);
        for _ in 0..CHANGES {
            let mut bytes = seed.clone();
            let other = random.below(seeds.len());
            random.change(&mut bytes, &seeds[other]);
            body(&bytes);
        }
    }
}

#[test]
fn asset_urls() {
    check("asset_url", bodies::asset_url);
}

#[test]
fn conditions() {
    check("condition", bodies::condition);
}

#[test]
fn configs() {
    check("config", bodies::config);
}

#[test]
fn texts_of_json() {
    check("json", bodies::json);
}

#[test]
fn overrides() {
    check("overrides", bodies::overrides);
}
