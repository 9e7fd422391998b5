//! The routing table: the locations of `nginx.conf`, in its order.

use crate::server::headers::is_html;

/// Folders of files. A missing file in them is not answered with a page.
const FOLDERS: [&str; 5] = ["/assets/", "/runtime/", "/stable/", "/canary/", "/.well-known/"];

/// The handler of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The health endpoint.
    Health,
    /// The live config.
    Config,
    /// 404, whether or not the file exists.
    Missing,
    /// The file of that name, or 404.
    File {
        /// Whether to send an `ETag`. Not for files of which two releases could have the same one.
        etag: bool,
    },
    /// The file of that name, or the page of the single-page app.
    Page,
}

impl Route {
    /// The route of a normalized path.
    pub(crate) fn of(path: &str) -> Self {
        let contains = |folder: &&str| path.starts_with(*folder);
        let has_extension = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
        match path {
            "/healthz" => Self::Health,
            "/config/canary.json" | "/canary-config.json" => Self::Config,
            "/404.html" => Self::Missing,
            "/runtime/canary.js" => Self::File { etag: false },
            // Dotfiles, and the other files of a mounted `ConfigMap`.
            _ if is_dotfile(path) || path.starts_with("/config/") => Self::Missing,
            _ if is_html(path) => Self::File { etag: false },
            _ if FOLDERS.iter().any(contains) || has_extension => Self::File { etag: true },
            _ => Self::Page,
        }
    }
}

/// Whether a path has a segment that begins with a dot. Other programs look for files in `/.well-known/`.
fn is_dotfile(path: &str) -> bool {
    path.strip_prefix("/.well-known").filter(|rest| rest.starts_with('/')).unwrap_or(path).contains("/.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_route() {
        for (path, route) in [
            ("/healthz", Route::Health),
            ("/config/canary.json", Route::Config),
            ("/canary-config.json", Route::Config),
            ("/config/other.json", Route::Missing),
            ("/config/", Route::Missing),
            ("/404.html", Route::Missing),
            ("/.env", Route::Missing),
            ("/a/.git/config", Route::Missing),
            ("/.well-known/apple-app-site-association", Route::File { etag: true }),
            ("/.well-known/.env", Route::Missing),
            ("/a/.well-known/x", Route::Missing),
            ("/.well-knowns/x", Route::Missing),
            ("/runtime/canary.js", Route::File { etag: false }),
            ("/runtime/canary_0123456789abcdef.wasm", Route::File { etag: true }),
            ("/index.html", Route::File { etag: false }),
            ("/assets/page.HTM", Route::File { etag: false }),
            ("/assets/1.5.0/main", Route::File { etag: true }),
            ("/stable/", Route::File { etag: true }),
            ("/canary/x", Route::File { etag: true }),
            ("/favicon.ico", Route::File { etag: true }),
            ("/", Route::Page),
            ("/config", Route::Page),
            ("/assets", Route::Page),
            ("/v1.5/products", Route::Page),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
