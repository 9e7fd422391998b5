//! Mutations of files and requests that strangers may write: none may panic, hang or lead out of a folder.
//!
//! `make test` tries the seeds and a few mutations of each. With `CANARY_FUZZ_SECONDS`, as in `make test-long`, each test goes
//! on for so long, with other mutations in each run, and prints an input that takes long.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a panic is a finding, and tests may look at the clock"
)]

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::config::loaded::Loaded;
use crate::html::{csp, elements};
use crate::lint::nginx::locations;
use crate::server::path;

/// The number of mutations of each seed in `make test`.
const MUTATIONS: usize = 40;

/// The longest time for one input, on a busy machine.
const LIMIT: Duration = Duration::from_secs(10);

/// The fragments that mutations insert.
const FRAGMENTS: [&str; 32] = [
    "\n",
    "  ",
    ":",
    "- ",
    "&a ",
    "*a",
    "<<: *a",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "#",
    "---\n",
    "!!str ",
    "\t",
    "\0",
    "<",
    ">",
    "</script>",
    "<!--",
    "=",
    ";",
    "$uri",
    "include ",
    "%2e%2e",
    "%00",
    "../",
    "é",
];

/// Marsaglia's xorshift generator.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(24)).min(bytes.len());
            let from = self.below(other.len() + 1);
            let to = (from + self.below(60)).min(other.len());
            let new = match self.below(4) {
                0 => &[][..],
                1 => &other[from..to],
                _ => FRAGMENTS[self.below(FRAGMENTS.len())].as_bytes(),
            };
            bytes.splice(if self.below(2) == 0 { at..at } else { at..end }, new.iter().copied());
        }
    }
}

/// Tries each seed and its mutations.
fn check(seeds: &[Vec<u8>], target: fn(&[u8])) {
    assert!(seeds.len() > 2);
    let timed = |bytes: &[u8]| {
        let start = Instant::now();
        target(bytes);
        assert!(start.elapsed() < LIMIT, "{:?} for {:?}", start.elapsed(), String::from_utf8_lossy(bytes));
    };
    for seed in seeds {
        timed(seed);
    }
    let seconds: Option<u64> = std::env::var("CANARY_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let seed = if seconds.is_some() { RandomState::new().build_hasher().finish() | 1 } else { 0x9E37_79B9_7F4A_7C15 };
    let (mut random, start, mut count) = (Random(seed), Instant::now(), 0);
    while seconds.map_or(count < MUTATIONS * seeds.len(), |seconds| start.elapsed() < Duration::from_secs(seconds)) {
        let (one, other) = (random.below(seeds.len()), random.below(seeds.len()));
        let mut bytes = seeds[one].clone();
        random.mutate(&mut bytes, &seeds[other]);
        timed(&bytes);
        count += 1;
    }
    eprintln!("{count} mutations of {} seeds, from {seed:#x}", seeds.len());
}

/// The files of the repository with these endings below a folder.
fn files(folder: &str, endings: &[&str], seeds: &mut Vec<Vec<u8>>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut open = vec![root];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let mut entries: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
            entries.sort();
            open.extend(entries);
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            seeds.push(fs::read(&path).unwrap());
        }
    }
}

fn yaml(bytes: &[u8]) {
    let _result = Loaded::all("cm.yaml", Path::new("cm.yaml"), bytes.to_vec());
}

fn html(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let _elements = elements::elements(text);
    let _scripts = csp::inline_scripts(text);
}

fn nginx(bytes: &[u8]) {
    let _found = locations::check_text(&String::from_utf8_lossy(bytes));
}

fn request_path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(found) = path::normalize(&text) else { return };
    assert!(found.starts_with('/') && !found.contains('\0'), "{text}");
    let joined = Path::new("/site").join(found.trim_start_matches('/'));
    assert!(joined.starts_with("/site") && !found.split('/').any(|part| matches!(part, ".." | ".")), "{text}: {found}");
}

#[test]
fn yaml_never_panics_or_hangs() {
    let mut seeds = Vec::new();
    files("k8s/base", &[".yaml"], &mut seeds);
    files("k8s/overlays", &["canary-config-cm.yaml"], &mut seeds);
    seeds.extend(["a: &a [1]\nb: *a\n", "? {a: b}\n: - c\n", "data:\n  config.json: |\n    {}\n"].map(Vec::from));
    check(&seeds, yaml);
}

#[test]
fn html_never_panics_or_hangs() {
    let mut seeds = Vec::new();
    files("www", &[".html"], &mut seeds);
    files("canaryctl/tests/fixtures", &["index.html"], &mut seeds);
    seeds.extend(["<script>a</script", "<!--<script>-->", "<p a='b\"c'>", "<svg><style><img>"].map(Vec::from));
    check(&seeds, html);
}

#[test]
fn nginx_never_panics_or_hangs() {
    let mut seeds = Vec::new();
    files("nginx", &[".conf"], &mut seeds);
    files("canaryctl/tests/fixtures/traps", &[".conf"], &mut seeds);
    seeds.extend(["location ~ ( { }", "try_files $uri /;", "server { include *.conf; }"].map(Vec::from));
    check(&seeds, nginx);
}

#[test]
fn request_paths_stay_in_the_folder() {
    let seeds = [
        "/",
        "/a/b.js",
        "/a/../b",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//a//../..",
        "/a%00.js",
        "/caf%E9/..%2f..",
        "/..;/a",
        "/\\..\\a",
    ];
    check(&seeds.map(|text| text.as_bytes().repeat(3)), request_path);
}
