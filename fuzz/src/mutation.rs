//! Mutations of the seeds, the same ones in every run, for tests that run without the fuzzer.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic fails the test"
)]

use std::fs;
use std::path::Path;

/// The number of mutations of each seed.
const MUTATIONS: usize = 200;

/// The fragments that mutations insert.
const FRAGMENTS: [&str; 24] = [
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

/// Marsaglia's xorshift generator, which makes the same mutations in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end.max(1)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(12)).min(bytes.len());
            let from = self.below(other.len() + 1);
            let to = (from + self.below(40)).min(other.len());
            let new = match self.below(4) {
                0 => &[][..],
                1 => &other[from..to],
                _ => FRAGMENTS[self.below(FRAGMENTS.len())].as_bytes(),
            };
            bytes.splice(if self.below(2) == 0 { at..at } else { at..end }, new.iter().copied());
        }
    }
}

/// Calls a target with each seed in a folder, and with mutations of it.
pub(crate) fn check(folder: &Path, target: fn(&[u8])) {
    let mut files: Vec<_> = fs::read_dir(folder).expect("seeds").map(|file| file.expect("a seed").path()).collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("a seed")).collect();
    assert!(seeds.len() > 2);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for seed in &seeds {
        target(seed);
        for _ in 0..MUTATIONS {
            let mut bytes = seed.clone();
            let other = random.below(seeds.len());
            random.mutate(&mut bytes, &seeds[other]);
            target(&bytes);
        }
    }
}
