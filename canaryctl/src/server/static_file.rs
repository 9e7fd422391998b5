//! Files on the disk, precompressed if the client accepts it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use hyper::header::HeaderMap;

use crate::server::content_encoding::ContentEncoding;

/// A file that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StaticFile {
    /// The content, possibly encoded.
    pub(crate) body: Vec<u8>,
    /// The encoding, if the content is encoded.
    pub(crate) encoding: Option<ContentEncoding>,
    /// Whether the content depends on `Accept-Encoding`.
    pub(crate) varies: bool,
    /// The `ETag` as in nginx, from modification time and size.
    pub(crate) etag: String,
}

impl StaticFile {
    /// Reads a file below a folder, or the precompressed file next to it that the client accepts. `None` for a folder, and
    /// for a link that leads out of `root`.
    pub(crate) fn read(root: &Path, path: &Path, headers: &HeaderMap) -> Option<Self> {
        let root = fs::canonicalize(root).ok()?;
        let is_inside =
            |path: &Path| path.is_file() && fs::canonicalize(path).is_ok_and(|real| real.starts_with(&root));
        if !is_inside(path) {
            return None;
        }
        let precompressed = ContentEncoding::ALL.map(|encoding| (encoding, precompressed_path(path, encoding)));
        let mut precompressed = precompressed.iter().filter(|(_, path)| is_inside(path)).peekable();
        let varies = precompressed.peek().is_some();
        let (encoding, path) = precompressed
            .find(|(encoding, _)| encoding.is_accepted(headers))
            .map_or((None, path), |(encoding, path)| (Some(*encoding), path));
        let body = fs::read(path).ok()?;
        let modified = fs::metadata(path).ok()?.modified().ok()?;
        let etag = format!("\"{:x}-{:x}\"", modified.duration_since(UNIX_EPOCH).ok()?.as_secs(), body.len());
        Some(Self { body, encoding, varies, etag })
    }
}

fn precompressed_path(path: &Path, encoding: ContentEncoding) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(encoding.suffix());
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{ACCEPT_ENCODING, HeaderValue};
    use std::time::{Duration, SystemTime};

    #[track_caller]
    fn check(files: &[&str], accept: &'static str, body: &str, encoding: Option<ContentEncoding>, varies: bool) {
        let dir = tempfile::tempdir().unwrap();
        for name in files {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accept))]);
        let file = StaticFile::read(dir.path(), &dir.path().join("a.js"), &headers).unwrap();
        assert_eq!((str::from_utf8(&file.body), file.encoding, file.varies), (Ok(body), encoding, varies));
    }

    #[test]
    fn the_smallest_accepted_encoding_is_sent() {
        let all = ["a.js", "a.js.br", "a.js.gz"];
        check(&all, "gzip, br", "a.js.br", Some(ContentEncoding::Brotli), true);
        check(&all, "gzip", "a.js.gz", Some(ContentEncoding::Gzip), true);
        check(&all, "deflate", "a.js", None, true);
        check(&["a.js", "a.js.gz"], "gzip, br", "a.js.gz", Some(ContentEncoding::Gzip), true);
        check(&["a.js", "a.js.br"], "gzip", "a.js", None, true);
        check(&["a.js"], "gzip, br", "a.js", None, false);
    }

    #[test]
    fn a_precompressed_file_alone_is_not_found() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.js.br"), "").unwrap();
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("br"))]);
        assert_eq!(StaticFile::read(dir.path(), &dir.path().join("a.js"), &headers), None);
        assert_eq!(StaticFile::read(dir.path(), dir.path(), &headers), None);
    }

    #[test]
    fn the_etag_has_time_and_size() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.js");
        fs::write(&path, "0123456789abcdef").unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(0x6b01_3bd6);
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_eq!(StaticFile::read(dir.path(), &path, &HeaderMap::new()).unwrap().etag, "\"6b013bd6-10\"");
    }
}
