//! Answers requests from the disk: a plain function of a request, which cannot fail.

use std::io::{self, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY};
use hyper::{Method, Request, Response, StatusCode};

use crate::config::configmap;
use crate::server::content_encoding::Coding;
use crate::server::headers::{HTML, JSON, NEVER, TEXT, cache_control, content_type, response};
use crate::server::path::normalise;
use crate::server::route::Route;
use crate::server::static_file::Stored;
use crate::terminal::message;

/// From so many bytes on, nginx compresses a config as it serves it.
const GZIP_MIN_LENGTH: usize = 1024;

/// Where everything lies that is served.
#[derive(Debug)]
pub(crate) struct Site {
    /// The pages and bundles.
    pub(crate) root: PathBuf,
    /// The folder behind `/runtime/`.
    pub(crate) runtime: PathBuf,
    /// The manifest with the config.
    pub(crate) config: PathBuf,
}

impl Site {
    /// Answers a request; its body is of no interest.
    pub(crate) fn answer<B>(&self, request: &Request<B>) -> Response<Bytes> {
        let Some(path) = normalise(request.uri().path()) else { return error(StatusCode::BAD_REQUEST) };
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
                .or_else(|| self.file(&format!("{path}index.html"), headers, false))
                .or_else(|| self.file("/index.html", headers, false)),
        };
        found.unwrap_or_else(|| self.not_found(headers))
    }

    fn config(&self, headers: &HeaderMap) -> Option<Response<Bytes>> {
        let bytes = configmap::read(&self.config).inspect_err(message::error).ok()?;
        let varies = bytes.len() >= GZIP_MIN_LENGTH;
        let gzipped = if varies && Coding::Gzip.is_accepted(headers) { gzip(&bytes).ok() } else { None };
        let coding = gzipped.is_some().then_some(Coding::Gzip);
        let mut response = response(StatusCode::OK, JSON, NEVER, gzipped.unwrap_or(bytes));
        tell_coding(response.headers_mut(), varies, coding);
        Some(response)
    }

    fn file(&self, path: &str, headers: &HeaderMap, etag: bool) -> Option<Response<Bytes>> {
        let stored = Stored::read(&self.locate(path), headers)?;
        let tag = if etag { stored.etag.parse::<HeaderValue>().ok() } else { None };
        let mut response = respond(StatusCode::OK, path, cache_control(path), stored);
        if let Some(tag) = tag {
            if is_known(headers, &tag) {
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
        Stored::read(&self.locate(path), headers)
            .map_or_else(|| error(StatusCode::NOT_FOUND), |page| respond(StatusCode::NOT_FOUND, path, NEVER, page))
    }

    /// The place of a normalised path, which leads down from its folder only. `join` alone would take an absolute
    /// path as it is.
    fn locate(&self, path: &str) -> PathBuf {
        let (folder, rest) = match path.strip_prefix("/runtime/") {
            Some(rest) => (&self.runtime, rest),
            None => (&self.root, path),
        };
        folder.join(rest.trim_start_matches('/'))
    }
}

fn respond(status: StatusCode, path: &str, cache_control: &'static str, stored: Stored) -> Response<Bytes> {
    let mut response = response(status, content_type(path), cache_control, stored.body);
    tell_coding(response.headers_mut(), stored.varies, stored.coding);
    response
}

fn tell_coding(headers: &mut HeaderMap, varies: bool, coding: Option<Coding>) {
    if varies {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if let Some(coding) = coding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.token()));
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether the client has what the tag stands for, by the weak comparison.
fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// A bare page that says no more than the status.
pub(crate) fn error(status: StatusCode) -> Response<Bytes> {
    response(status, HTML, NEVER, format!("<!doctype html>\n<title>{status}</title>\n<h1>{status}</h1>\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: &'static str) -> bool {
        let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))]);
        is_known(&headers, &HeaderValue::from_static("\"1-2\""))
    }

    #[test]
    fn etags_compare_weakly() {
        for value in ["\"1-2\"", "W/\"1-2\"", "\"0-0\", \"1-2\"", "*"] {
            assert!(known(value), "{value}");
        }
        for value in ["", "1-2", "\"1-3\"", "w/\"1-2\""] {
            assert!(!known(value), "{value}");
        }
    }

    #[test]
    fn a_path_never_leaves_its_folder() {
        let site = Site { root: "www".into(), runtime: "pkg".into(), config: "cm.yaml".into() };
        for (path, place) in [
            ("/", "www/"),
            ("/a/b.js", "www/a/b.js"),
            ("/runtime/canary.js", "pkg/canary.js"),
            ("//etc/passwd", "www/etc/passwd"),
            ("/runtime//etc/passwd", "pkg/etc/passwd"),
        ] {
            assert_eq!(site.locate(path), PathBuf::from(place), "{path}");
        }
    }
}
