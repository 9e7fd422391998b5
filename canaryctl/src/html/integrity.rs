//! Integrity that a page itself demands of a file.

use std::fs;
use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Whether a file fits the attribute `integrity`, of whose hashes browsers take those of the strongest kind. Without a hash that
/// they know, any file does.
pub(crate) fn fits(integrity: &str, file: &Path) -> anyhow::Result<bool> {
    let hashes: Vec<_> =
        integrity.split_ascii_whitespace().filter_map(|it| it.split('?').next()?.split_once('-')).collect();
    let Some(kind) = ["sha512", "sha384", "sha256"].into_iter().find(|kind| hashes.iter().any(|(it, _)| it == kind))
    else {
        return Ok(true);
    };
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let own = match kind {
        "sha512" => STANDARD.encode(Sha512::digest(bytes)),
        "sha384" => STANDARD.encode(Sha384::digest(bytes)),
        _ => STANDARD.encode(Sha256::digest(bytes)),
    };
    Ok(hashes.iter().any(|(it, hash)| *it == kind && *hash == own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_hash_counts() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.js");
        fs::write(&file, "abc").unwrap();
        let good = "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn";
        for (integrity, expected) in [
            ("", true),
            ("md5-x", true),
            (good, true),
            ("sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", true),
            ("sha256-x", false),
            (&format!("sha256-x {good}?opt"), true),
            (&format!("sha384-x {good}"), true),
            (&format!("sha512-x {good}"), false),
        ] {
            assert_eq!(fits(integrity, &file).unwrap(), expected, "{integrity}");
        }
    }
}
