//! Versions that compare as texts do.

use alloc::vec::Vec;

/// The text of a version that stands where the version stands: without `v` and build, its parts joined by hyphens,
/// numbers padded to five characters, and a mark behind a version without prerelease that puts it after those with one.
///
/// ```
/// use canary_runtime::targeting::version::sortable;
///
/// assert!(sortable("1.2.10") > sortable("v1.2.9+build.7"));
/// assert!(sortable("1.0.0") > sortable("1.0.0-rc.1"));
/// ```
#[must_use]
pub fn sortable(version: &str) -> Vec<u8> {
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
    fn pads_and_marks() {
        for (version, text) in [
            ("1.2.3", "    1-    2-    3-~"),
            ("v1.2.3+7.8", "    1-    2-    3-~"),
            ("1.2.3-rc.1", "    1-    2-    3-rc-    1"),
            ("123456", "123456"),
            ("", "    0"),
            ("v", ""),
            ("1..2", "    1--    2-~"),
        ] {
            assert_eq!(sortable(version), text.as_bytes(), "{version}");
        }
    }
}
