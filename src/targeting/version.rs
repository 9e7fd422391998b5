//! Version strings in a form that compares byte by byte.

use alloc::vec::Vec;

/// Returns a version in padded form: without `v` and build metadata, its parts joined by hyphens and numbers padded to five
/// characters. `~` follows a version without a prerelease, so that it sorts after those with one.
pub(crate) fn padded(version: &str) -> Vec<u8> {
    let version = if version.is_empty() { "0" } else { version };
    let version = version.strip_prefix('v').unwrap_or(version).as_bytes();
    let version = version.split(|byte| *byte == b'+').next().unwrap_or_default();
    let mut text = Vec::new();
    let mut parts = 0_usize;
    for part in version.split(|byte| matches!(byte, b'-' | b'.')) {
        if parts > 0 {
            text.push(b'-');
        }
        parts = parts.saturating_add(1);
        if !part.is_empty() && part.iter().all(u8::is_ascii_digit) {
            text.extend((part.len()..5).map(|_| b' '));
        }
        text.extend_from_slice(part);
    }
    if parts == 3 {
        text.extend_from_slice(b"-~");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_padded_form() {
        assert!(padded("1.2.10") > padded("v1.2.9+build.7"));
        assert!(padded("1.0.0") > padded("1.0.0-rc.1"));
    }

    #[test]
    fn pads_numbers_and_marks_releases() {
        for (version, text) in [
            ("1.2.3", "    1-    2-    3-~"),
            ("v1.2.3+7.8", "    1-    2-    3-~"),
            ("1.2.3-rc.1", "    1-    2-    3-rc-    1"),
            ("123456", "123456"),
            ("", "    0"),
            ("v", ""),
            ("1..2", "    1--    2-~"),
        ] {
            assert_eq!(padded(version), text.as_bytes(), "{version}");
        }
    }
}
