//! A file on the disk, in the coding that suits the client.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use hyper::header::HeaderMap;

use crate::server::content_encoding::Coding;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The bytes, in their coding.
    pub(crate) body: Vec<u8>,
    /// How they are coded, if they are.
    pub(crate) coding: Option<Coding>,
    /// Whether another client gets other bytes.
    pub(crate) varies: bool,
    /// As nginx builds it, from the time of modification and the size.
    pub(crate) etag: String,
}

impl Stored {
    /// Reads a file, or the compressed neighbour of it that the client accepts. Nothing for a folder.
    pub(crate) fn read(path: &Path, headers: &HeaderMap) -> Option<Self> {
        if !path.is_file() {
            return None;
        }
        let neighbours = Coding::ALL.map(|coding| (coding, neighbour(path, coding)));
        let mut neighbours = neighbours.iter().filter(|(_, path)| path.is_file()).peekable();
        let varies = neighbours.peek().is_some();
        let (coding, path) = neighbours
            .find(|(coding, _)| coding.is_accepted(headers))
            .map_or((None, path), |(coding, path)| (Some(*coding), path));
        let body = fs::read(path).ok()?;
        let modified = fs::metadata(path).ok()?.modified().ok()?;
        let etag = format!("\"{:x}-{:x}\"", modified.duration_since(UNIX_EPOCH).ok()?.as_secs(), body.len());
        Some(Self { body, coding, varies, etag })
    }
}

fn neighbour(path: &Path, coding: Coding) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(coding.suffix());
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{ACCEPT_ENCODING, HeaderValue};
    use std::time::{Duration, SystemTime};

    #[track_caller]
    fn check(files: &[&str], accept: &'static str, body: &str, coding: Option<Coding>, varies: bool) {
        let dir = tempfile::tempdir().unwrap();
        for name in files {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accept))]);
        let stored = Stored::read(&dir.path().join("a.js"), &headers).unwrap();
        assert_eq!((str::from_utf8(&stored.body), stored.coding, stored.varies), (Ok(body), coding, varies));
    }

    #[test]
    fn chooses_the_smallest_that_is_accepted() {
        let all = ["a.js", "a.js.br", "a.js.gz"];
        check(&all, "gzip, br", "a.js.br", Some(Coding::Brotli), true);
        check(&all, "gzip", "a.js.gz", Some(Coding::Gzip), true);
        check(&all, "deflate", "a.js", None, true);
        check(&["a.js", "a.js.gz"], "gzip, br", "a.js.gz", Some(Coding::Gzip), true);
        check(&["a.js", "a.js.br"], "gzip", "a.js", None, true);
        check(&["a.js"], "gzip, br", "a.js", None, false);
    }

    #[test]
    fn a_neighbour_alone_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.js.br"), "").unwrap();
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("br"))]);
        assert_eq!(Stored::read(&dir.path().join("a.js"), &headers), None);
        assert_eq!(Stored::read(dir.path(), &headers), None);
    }

    #[test]
    fn the_etag_is_time_and_size() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.js");
        fs::write(&path, "0123456789abcdef").unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(0x6b01_3bd6);
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_eq!(Stored::read(&path, &HeaderMap::new()).unwrap().etag, "\"6b013bd6-10\"");
    }
}
