//! `canaryctl serve` answers as nginx does, and follows edits of the manifest.

use canary_e2e::base::Base;
use canary_e2e::browser::Browser;
use canary_e2e::bucket::users_in;
use canary_e2e::demo::{self, CANARY, STABLE};
use canary_e2e::driver::Driver;
use canary_e2e::files::{self, repo};
use canary_e2e::http::{self, Response};
use canary_e2e::nginx::Nginx;
use canary_e2e::process::Process;
use canary_e2e::site_files::SiteFiles;
use std::io::Read;
use std::path::Path;
use std::process::Command;

/// A running `canaryctl serve`.
struct Serve {
    _process: Process,
    origin: String,
}

impl Serve {
    /// Serves `files` with the config of `base`.
    fn start(files: &SiteFiles, base: &Base) -> Self {
        Self::start_with(files, &base.config_file())
    }

    fn start_with(files: &SiteFiles, config: &Path) -> Self {
        let program = std::env::var_os("CANARYCTL").map_or_else(|| repo("target/release/canaryctl"), Into::into);
        assert!(program.is_file(), "{} is not there: build canaryctl first, or set CANARYCTL", program.display());
        let mut command = Command::new(program);
        command.arg("serve").arg(files.root()).arg("--config").arg(config);
        command.arg("--runtime").arg(files.root().join("runtime")).args(["--port", "0"]);
        let mut process = Process::spawn("canaryctl", command);
        let address = process.first_line();
        let origin = address.strip_suffix('/').filter(|address| address.starts_with("http://127.0.0.1:"));
        let origin = origin.unwrap_or_else(|| panic!("{address:?} is no address")).to_owned();
        Self { _process: process, origin }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

/// Paths of users, and of attackers.
const PATHS: [&str; 51] = [
    "/",
    "/?canary=canary",
    "/index.html",
    "/a/route/of/the/app",
    "/assets",
    "/favicon.svg",
    "/healthz",
    "/assets/1.4.2/main.js",
    "/assets/1.4.2/main.css",
    "/assets/1.5.0/main.js?v=2",
    "/assets/1.4.2/",
    "/assets/1.4.2",
    "/assets/gone.js",
    "/demo/strip.js",
    "/demo/",
    "/demo",
    "/runtime/canary.js",
    "/runtime/MODULE",
    "/runtime/canary.d.ts",
    "/runtime/package.json",
    "/runtime/gone.wasm",
    "/stable/main.js",
    "/canary/",
    "/config/canary.json",
    "/canary-config.json",
    "/config/other.json",
    "/config/",
    "/config",
    "/config/..data/canary.json",
    "/404.html",
    "/gone.html",
    "/about",
    "/about/",
    "/team",
    "/team/",
    "/team/none",
    "/assets/index-BfX93kQ1.css",
    "/assets/user-settings.js",
    "/main.8e0d5c0a.chunk.js",
    "/.well-known/security.txt",
    "/.well-known/gone",
    "/.well-known/.env",
    "/.env",
    "/a/.git/config",
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..%2f..%2f..%2fetc/passwd",
    "/assets/../index.html",
    "//assets//1.4.2//main.js",
    "/assets/%00.js",
    "/assets\\..\\index.html",
];

/// Headers that may differ: of the connection, of the program and of the time.
const MAY_DIFFER: [&str; 7] =
    ["date", "server", "connection", "etag", "accept-ranges", "content-length", "transfer-encoding"];

/// Status, all other headers, sorted, and the body where the status is not an error.
fn comparable(answer: &Response) -> (u16, Vec<(String, String)>, &[u8]) {
    let lower = answer.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let mut headers: Vec<_> = lower.filter(|(name, _)| !MAY_DIFFER.contains(&name.as_str())).collect();
    headers.sort();
    // The text of an error page may differ.
    let body = if answer.status == 200 { answer.body.as_slice() } else { &[] };
    (answer.status, headers, body)
}

fn module(runtime: &Path) -> String {
    let names = runtime.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("canary_")).min().expect("a module")
}

/// Pages and files of a static site: the path, what is there, and whether it is immutable.
const STATIC_SITE: [(&str, &str, bool); 7] = [
    ("/about", "about/index.html", false),
    ("/about/", "about/index.html", false),
    ("/team", "team.html", false),
    ("/assets/index-BfX93kQ1.css", "assets/index-BfX93kQ1.css", true),
    ("/assets/user-settings.js", "assets/user-settings.js", false),
    ("/main.8e0d5c0a.chunk.js", "main.8e0d5c0a.chunk.js", true),
    ("/.well-known/security.txt", ".well-known/security.txt", false),
];

#[test]
fn serve_answers_like_nginx() {
    let (files, base) = (SiteFiles::new(), Base::new());
    for (_, file, _) in STATIC_SITE {
        files.write(file, file);
    }
    files.write(".well-known/.env", "secret");
    files.mount(&base.mounted());
    let nginx = Nginx::start_with(files.root(), |config| {
        // As the image's build writes it.
        let link = format!("~*\\.html?$ \"<{}>; rel=preload; as=fetch\";\n", files.module());
        config.insert("preload/runtime.conf".to_owned(), link);
    });
    let serve = Serve::start(&files, &base);
    for (path, file, is_immutable) in STATIC_SITE {
        let answer = http::get(&nginx.url(path), &[]);
        let cache = answer.header("cache-control").unwrap_or_default();
        assert_eq!((answer.text().as_str(), cache.contains("immutable")), (file, is_immutable), "{path}");
    }
    let module = module(&files.root().join("runtime"));
    let mut differences = Vec::new();
    let mut found = 0;
    for path in PATHS {
        let path = path.replace("MODULE", &module);
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            for coding in ["", "gzip", "br", "gzip, br", "br;q=0, gzip"] {
                let headers: &[_] = if coding.is_empty() { &[] } else { &[("Accept-Encoding", coding)] };
                let ask = |url: String| {
                    http::request(method, &url, headers, b"").unwrap_or_else(|e| panic!("{method} {url}: {e}"))
                };
                let (ours, theirs) = (ask(serve.url(&path)), ask(nginx.url(&path)));
                let (ours, theirs) = (comparable(&ours), comparable(&theirs));
                found += usize::from(ours.0 == 200);
                if ours != theirs {
                    differences.push(difference(&format!("{method} {path} ({coding})"), &ours, &theirs));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{} answers differ:\n{}", differences.len(), differences.join("\n"));
    assert!(found > 200, "only {found} answers with a body were compared");
}

#[test]
fn serve_compresses_configs_from_1_kib_like_nginx() {
    let (files, base) = (SiteFiles::new(), Base::new());
    for (padding, compressed) in [(1_023, false), (1_024, true)] {
        let padding = " ".repeat(padding - base.config().trim_end().len() - 1);
        let config = format!("{}{padding}\n", base.config().trim_end());
        files.mount_config(&config);
        let file = base.dir().join("config.json");
        files::write(&file, &config);
        let (nginx, serve) = (Nginx::start(files.root()), Serve::start_with(&files, &file));
        for coding in ["identity", "gzip", "br"] {
            let ask =
                |origin: String| http::get(&format!("{origin}/config/canary.json"), &[("Accept-Encoding", coding)]);
            let (ours, theirs) = (ask(serve.origin.clone()), ask(nginx.origin()));
            assert_eq!(comparable(&ours).1, comparable(&theirs).1, "{coding}, {} bytes", config.len());
            let gzipped = compressed && coding == "gzip";
            assert_eq!(ours.header("content-encoding"), gzipped.then_some("gzip"));
            let mut text = String::new();
            if gzipped {
                flate2::read::GzDecoder::new(ours.body.as_slice()).read_to_string(&mut text).unwrap();
            } else {
                text = ours.text();
            }
            assert_eq!(text, config);
        }
    }
}

type Comparable<'a> = (u16, Vec<(String, String)>, &'a [u8]);

fn difference(what: &str, ours: &Comparable, theirs: &Comparable) -> String {
    let only = |a: &Comparable, b: &Comparable| {
        let headers = a.1.iter().filter(|header| !b.1.contains(header));
        headers.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    let side = |a: &Comparable, b: &Comparable| format!("{} {} bytes {:?}", a.0, a.2.len(), only(a, b));
    format!("{what}\n  canaryctl {}\n  nginx     {}", side(ours, theirs), side(theirs, ours))
}

#[tokio::test]
async fn an_edit_of_the_manifest_takes_effect_with_the_next_page_view() {
    let (files, base) = (SiteFiles::new(), Base::new());
    let serve = Serve::start(&files, &base);
    let driver = Driver::chromium();
    let browser = Browser::new(&driver).await;
    let users = users_in("release-1.5.0", &[0..5_000, 5_000..50_000, 50_000..100_000]);
    for (percentage, canaries) in [("5", 1), ("50", 2), ("0", 0), ("100", 3)] {
        base.set_percentage(percentage);
        for (index, user) in users.iter().enumerate() {
            browser.set_cookie("canary_id", &user.id, &serve.origin).await;
            browser.goto(&serve.url("/")).await;
            let arm = if index < canaries { CANARY } else { STABLE };
            assert_eq!(demo::shown(&browser).await, arm.shown(), "{user:?} at {percentage}");
            // The next user has a browser without a hold.
            browser.eval("localStorage.clear()").await;
        }
    }
    browser.assert_console(&[]).await;
}
