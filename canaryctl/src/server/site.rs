//! The site on the disk: a function from request to response.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, LINK, VARY};
use hyper::{Method, Request, Response, StatusCode};

use crate::config::loaded::Loaded;
use crate::html::preload::RuntimeFiles;
use crate::server::content_encoding::ContentEncoding;
use crate::server::headers::{HTML, JSON, NO_STORE, TEXT, cache_control, content_type, response};
use crate::server::horizon::with_horizon;
use crate::server::path::normalize;
use crate::server::route::Route;
use crate::server::static_file::StaticFile;
use crate::terminal::message;

/// The size in bytes from which nginx compresses a config on the fly.
const GZIP_MIN_LENGTH: usize = 1024;

/// The folders and the manifest that are served.
#[derive(Debug)]
pub(crate) struct Site {
    /// The folder with the pages and bundles.
    pub(crate) root: PathBuf,
    /// The folder behind `/runtime/`.
    pub(crate) runtime: PathBuf,
    /// The manifest with the config.
    pub(crate) config: PathBuf,
    /// The horizon of reports, where it is not the config's.
    pub(crate) horizon: Option<u32>,
}

impl Site {
    /// Answers a request. It ignores the body.
    pub(crate) fn answer<B>(&self, request: &Request<B>) -> Response<Bytes> {
        let Some(path) = normalize(request.uri().path()) else { return error(StatusCode::BAD_REQUEST) };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = error(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let headers = request.headers();
        let found = match Route::of(&path) {
            Route::Health => Some(response(StatusCode::OK, TEXT, cache_control(&path), "ok\n")),
            Route::Config => self.config(headers),
            Route::Missing => None,
            Route::File { etag } => self.file(&path, headers, etag),
            Route::Page => self
                .file(&path, headers, false)
                .or_else(|| self.file(&format!("{path}/index.html"), headers, false))
                .or_else(|| self.file(&format!("{path}.html"), headers, false))
                .or_else(|| self.file("/index.html", headers, false)),
        };
        found.unwrap_or_else(|| self.not_found(headers))
    }

    fn config(&self, headers: &HeaderMap) -> Option<Response<Bytes>> {
        let config = Loaded::read(&self.config).inspect_err(message::error).ok()?;
        let bytes = match self.horizon {
            Some(seconds) => with_horizon(config, seconds),
            None => config.bytes,
        };
        let varies = bytes.len() >= GZIP_MIN_LENGTH;
        let gzipped = if varies && ContentEncoding::Gzip.is_accepted(headers) { gzip(&bytes).ok() } else { None };
        let encoding = gzipped.is_some().then_some(ContentEncoding::Gzip);
        let mut response = response(StatusCode::OK, JSON, NO_STORE, gzipped.unwrap_or(bytes));
        set_encoding_headers(response.headers_mut(), varies, encoding);
        Some(response)
    }

    fn file(&self, path: &str, headers: &HeaderMap, etag: bool) -> Option<Response<Bytes>> {
        let (root, file) = self.locate(path);
        let file = StaticFile::read(root, &file, headers)?;
        let tag = if etag { file.etag.parse::<HeaderValue>().ok() } else { None };
        let mut response = respond(StatusCode::OK, path, cache_control(path), file);
        if content_type(path) == HTML
            && let Some(files) = RuntimeFiles::read(&self.runtime)
            && let Ok(links) = HeaderValue::try_from(files.link_header("/runtime/canary.js"))
        {
            response.headers_mut().insert(LINK, links);
        }
        if let Some(tag) = tag {
            if matches_etag(headers, &tag) {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                *response.body_mut() = Bytes::new();
                response.headers_mut().remove(CONTENT_TYPE);
                response.headers_mut().remove(CONTENT_ENCODING);
            }
            response.headers_mut().insert(ETAG, tag);
        }
        Some(response)
    }

    fn not_found(&self, headers: &HeaderMap) -> Response<Bytes> {
        let path = "/404.html";
        let (root, file) = self.locate(path);
        StaticFile::read(root, &file, headers)
            .map_or_else(|| error(StatusCode::NOT_FOUND), |page| respond(StatusCode::NOT_FOUND, path, NO_STORE, page))
    }

    /// The folder and the file of a normalized path, which is always below it. Leading slashes go, because `join` would replace
    /// the folder by an absolute path.
    fn locate(&self, path: &str) -> (&Path, PathBuf) {
        let (folder, rest) = match path.strip_prefix("/runtime/") {
            Some(rest) => (&self.runtime, rest),
            None => (&self.root, path),
        };
        (folder, folder.join(rest.trim_start_matches('/')))
    }
}

fn respond(status: StatusCode, path: &str, cache_control: &'static str, file: StaticFile) -> Response<Bytes> {
    let mut response = response(status, content_type(path), cache_control, file.body);
    set_encoding_headers(response.headers_mut(), file.varies, file.encoding);
    response
}

fn set_encoding_headers(headers: &mut HeaderMap, varies: bool, encoding: Option<ContentEncoding>) {
    if varies {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether `If-None-Match` has the tag, by weak comparison.
fn matches_etag(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// A minimal page with the status.
pub(crate) fn error(status: StatusCode) -> Response<Bytes> {
    response(status, HTML, NO_STORE, format!("<!doctype html>\n<title>{status}</title>\n<h1>{status}</h1>\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(value: &'static str) -> bool {
        let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))]);
        matches_etag(&headers, &HeaderValue::from_static("\"1-2\""))
    }

    #[test]
    fn etags_compare_weakly() {
        for value in ["\"1-2\"", "W/\"1-2\"", "\"0-0\", \"1-2\"", "*"] {
            assert!(matches(value), "{value}");
        }
        for value in ["", "1-2", "\"1-3\"", "w/\"1-2\""] {
            assert!(!matches(value), "{value}");
        }
    }

    #[test]
    fn a_path_never_leaves_its_folder() {
        let site = Site { root: "www".into(), runtime: "pkg".into(), config: "cm.yaml".into(), horizon: None };
        for (path, file) in [
            ("/", "www/"),
            ("/a/b.js", "www/a/b.js"),
            ("/runtime/canary.js", "pkg/canary.js"),
            ("//etc/passwd", "www/etc/passwd"),
            ("/runtime//etc/passwd", "pkg/etc/passwd"),
        ] {
            assert_eq!(site.locate(path).1, PathBuf::from(file), "{path}");
        }
    }
}
