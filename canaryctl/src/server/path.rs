//! Normalization of request paths.

/// Decodes and resolves a path as nginx does. The result has no escapes and no empty, `.` or `..` segments, so it stays
/// below the folder that it is joined to. `None` for a malformed escape, a NUL, or a `..` above the root.
pub(crate) fn normalize(raw: &str) -> Option<String> {
    let bytes = decode(raw)?;
    // Lossy: a file name that is not UTF-8 is not found, but the path is valid.
    let text = String::from_utf8_lossy(&bytes);
    let mut segments = Vec::new();
    for segment in text.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            name => segments.push(name),
        }
    }
    let is_folder = matches!(text.rsplit('/').next(), Some("" | "." | ".."));
    let end = if is_folder && !segments.is_empty() { "/" } else { "" };
    Some(format!("/{}{end}", segments.join("/")))
}

fn decode(raw: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' { (digit(bytes.next()?)? << 4) | digit(bytes.next()?)? } else { byte });
    }
    (!decoded.contains(&0)).then_some(decoded)
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex).to_digit(16)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved() {
        for (raw, path) in [
            ("/", "/"),
            ("", "/"),
            ("/a/b.js", "/a/b.js"),
            ("//a///b//", "/a/b/"),
            ("/a/./b/../c", "/a/c"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/a/..", "/"),
            ("/%61%2Fb", "/a/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/%252e%252e/", "/%2e%2e/"),
            ("/a%20b%3F", "/a b?"),
            ("/...", "/..."),
            ("/caf%C3%A9", "/café"),
            ("/caf%E9", "/caf\u{fffd}"),
            ("/a\\..\\b", "/a\\..\\b"),
        ] {
            assert_eq!(normalize(raw).as_deref(), Some(path), "{raw}");
        }
    }

    #[test]
    fn malformed_paths_and_paths_out_of_the_root_are_refused() {
        for raw in
            ["/..", "/../x", "/a/../../x", "/%2e%2e/x", "/a%2f..%2f..%2fx", "/%00", "/a%00.js", "/%", "/%2", "/%zz"]
        {
            assert_eq!(normalize(raw), None, "{raw}");
        }
    }
}
