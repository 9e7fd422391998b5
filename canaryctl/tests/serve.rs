//! `canaryctl serve` as a process, with requests over HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;

use rustix::process::Signal;
use support::{DEADLINE, Server, canaryctl, lines, text};
use tempfile::TempDir;

const INDEX: &str = "<!doctype html><title>app</title>";
const GOOD: &str = r#"{"CANARY_PERCENTAGE": 5, "REVISION": 1, "FEATURE_FLAGS": {"a": true, "b": 25, "c": false}}"#;
const PAGES: &str = "pages keep their last good config, else load stable";
const GOOD_LINE: &str = "config: 5 % canary, revision 1, 3 flags";

/// A folder with everything that is served, and a secret next to it.
struct Fixture(TempDir);

impl Fixture {
    fn new() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        for (path, text) in [
            ("secret.txt", "secret"),
            ("www/index.html", INDEX),
            ("www/404.html", "not here"),
            ("www/docs/index.html", "docs"),
            ("www/.env", "secret"),
            ("www/config/other.json", "secret"),
            ("www/LICENSE", "licence"),
            ("www/icon.svg", "<svg/>"),
            ("www/assets/1.5.0/main.js", "plain"),
            ("www/assets/1.5.0/main.js.br", "brotli"),
            ("www/assets/1.5.0/main.js.gz", "gzip"),
            ("www/runtime/hidden.js", "secret"),
            ("pkg/canary.js", "loader"),
            ("pkg/canary_0123456789abcdef.wasm", "module"),
        ] {
            fixture.write(path, text);
        }
        fixture.configure(GOOD);
        fixture
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Replaced atomically, so that the server never reads half of it.
        let new = self.path("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, path).unwrap();
    }

    fn configure(&self, json: &str) {
        let indented = json.replace('\n', "\n    ");
        self.write(
            "cm.yaml",
            &format!(
                "kind: Service\n---\nkind: ConfigMap\nmetadata:\n  name: canary-settings\ndata:\n  config.json: |-\n    \
                 {indented}\n"
            ),
        );
    }

    fn command(&self) -> Command {
        let mut command = canaryctl(["serve", "www", "--config", "cm.yaml", "--port", "0"]);
        command.current_dir(self.0.path());
        command
    }

    #[track_caller]
    fn serve(&self) -> Server {
        Server::start(self.command(), &self.path("stderr"))
    }

    /// Runs the program, which has to exit with 2, and returns its standard error.
    #[track_caller]
    fn refuses(&self, args: &[&str]) -> String {
        let mut command = canaryctl(args);
        command.current_dir(self.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A server that starts despite the error has to be killed.
        let first = lines(child.stdout.take().unwrap()).recv_timeout(DEADLINE);
        if first != Err(RecvTimeoutError::Disconnected) {
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), first.ok()), (Some(2), None));
        text(&output.stderr)
    }
}

#[test]
fn the_address_is_printed_before_the_config() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    assert_ne!(server.host(), "127.0.0.1:0");
    assert_eq!(server.console, format!("{}runtime/console/", server.url));
    assert_eq!(server.line(), GOOD_LINE);
    assert_eq!(server.get("/").body, INDEX);
}

#[test]
fn json_has_address_and_config() {
    let fixture = Fixture::new();
    let mut command = fixture.command();
    command.args(["--output", "json"]);
    let server = Server::start(command, &fixture.path("stderr"));
    let addresses: serde_json::Value = serde_json::from_str(&server.url).unwrap();
    let url = addresses["url"].as_str().filter(|url| url.starts_with("http://127.0.0.1:")).unwrap();
    assert_eq!(addresses["console"], format!("{url}runtime/console/"));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&server.line()).unwrap()["config"]["percentage"], 5.0);
}

#[test]
fn signals_stop_the_server() {
    let fixture = Fixture::new();
    for signal in [Signal::TERM, Signal::INT] {
        assert_eq!(fixture.serve().stop(signal), Some(0));
    }
    assert_eq!(fs::read_to_string(fixture.path("stderr")).unwrap(), "");
}

#[test]
fn an_edit_is_reported_and_served() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    assert_eq!(server.line(), GOOD_LINE);
    assert_eq!(server.get("/config/canary.json").body, GOOD);
    let edited = GOOD.replace(": 5", ": 6");
    fixture.configure(&edited);
    assert_eq!(server.get("/config/canary.json").body, edited);
    assert_eq!(server.get("/canary-config.json").body, edited);
    assert_eq!(server.line(), "config: 6 % canary, revision 1, 3 flags");
}

#[test]
fn a_malformed_config_is_served_as_is() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    assert_eq!(server.line(), GOOD_LINE);
    for (config, line, source) in [
        (
            "{\"CANARY_PERCENTAGE\": 5,\n  FLAGS",
            "9:7: error E105: expected a key in double quotes",
            "9 |       FLAGS\n  |       ^",
        ),
        (
            r#"{"CANARY_PERCENTAGE": "5", "FEATURE_FLAGS": {}}"#,
            "8:27: error E109 CANARY_PERCENTAGE: expected a number from 0 to 100 with at most 3 decimals",
            "8 |     {\"CANARY_PERCENTAGE\": \"5\", \"FEATURE_FLAGS\": {}}\n  |                           ^^^ found a string",
        ),
    ] {
        fixture.configure(config);
        assert_eq!(server.line(), format!("config: cm.yaml:{line} (served as is; {PAGES})"));
        assert_eq!(server.line(), "  |");
        for line in source.lines() {
            assert_eq!(server.line(), line);
        }
        let reply = server.get("/config/canary.json");
        assert_eq!((reply.status, reply.body.as_str()), (200, config));
    }
    fixture.configure(r#"{"CANARY_PERCENTAGE": 1, "FEATURE_FLAGS": {"a": "on"}}"#);
    assert_eq!(server.line(), "config: 1 % canary, no revision, 1 flag");
    let warning = "cm.yaml:8:53: warning E112 FEATURE_FLAGS.a: expected true, false, a percentage or an object";
    assert_eq!(server.line(), format!("config: {warning}"));
}

#[test]
fn a_manifest_without_a_config_answers_404() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    assert_eq!(server.line(), GOOD_LINE);
    let why = "cm.yaml: expected a ConfigMap canary-settings with the key config.json";
    fixture.write("cm.yaml", "kind: ConfigMap\n");
    assert_eq!(server.line(), format!("config: {why} (answered with 404; {PAGES})"));
    let reply = server.get("/config/canary.json");
    assert_eq!((reply.status, reply.header("cache-control"), reply.body.as_str()), (404, Some("no-store"), "not here"));
    assert_eq!(fs::read_to_string(fixture.path("stderr")).unwrap(), format!("canaryctl: {why}\n"));
    fs::remove_file(fixture.path("cm.yaml")).unwrap();
    let why = "cannot read cm.yaml: No such file or directory (os error 2)";
    assert_eq!(server.line(), format!("config: {why} (answered with 404; {PAGES})"));
    fixture.configure(GOOD);
    assert_eq!(server.get("/config/canary.json").status, 200);
    assert_eq!(server.line(), GOOD_LINE);
}

#[test]
fn a_bare_config_is_served() {
    let fixture = Fixture::new();
    fixture.write("cm.yaml", GOOD);
    let server = fixture.serve();
    assert_eq!(server.line(), GOOD_LINE);
    assert_eq!(server.get("/config/canary.json").body, GOOD);
}

#[test]
fn every_path_has_its_response() {
    const IMMUTABLE: &str = "public, max-age=31536000, immutable";
    const HTML: &str = "text/html; charset=utf-8";
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    const LOADER: &str = "public, max-age=300, stale-while-revalidate=86400";
    let fixture = Fixture::new();
    let server = fixture.serve();
    for (path, status, content_type, cache, body) in [
        ("/", 200, HTML, "no-cache", INDEX),
        ("/?a=/../b", 200, HTML, "no-cache", INDEX),
        ("/index.html", 200, HTML, "no-cache", INDEX),
        ("/products/1", 200, HTML, "no-cache", INDEX),
        ("/docs/", 200, HTML, "no-cache", "docs"),
        ("/docs", 200, HTML, "no-cache", "docs"),
        ("/LICENSE", 200, "application/octet-stream", "no-cache", "licence"),
        ("/icon.svg", 200, "image/svg+xml; charset=utf-8", "no-cache", "<svg/>"),
        ("/assets/1.5.0/main.js", 200, SCRIPT, IMMUTABLE, "plain"),
        ("/runtime/canary.js", 200, SCRIPT, LOADER, "loader"),
        ("/runtime/canary_0123456789abcdef.wasm", 200, "application/wasm", IMMUTABLE, "module"),
        ("/config/canary.json", 200, "application/json", "no-store", GOOD),
        ("/canary-config.json", 200, "application/json", "no-store", GOOD),
        ("/healthz", 200, "text/plain; charset=utf-8", "no-cache", "ok\n"),
        ("/assets/1.5.0/none.js", 404, HTML, "no-store", "not here"),
        ("/assets/", 404, HTML, "no-store", "not here"),
        ("/runtime/hidden.js", 404, HTML, "no-store", "not here"),
        ("/none.txt", 404, HTML, "no-store", "not here"),
        ("/404.html", 404, HTML, "no-store", "not here"),
        ("/.env", 404, HTML, "no-store", "not here"),
        ("/config/other.json", 404, HTML, "no-store", "not here"),
    ] {
        let reply = server.get(path);
        assert_eq!((reply.status, reply.body.as_str()), (status, body), "{path}");
        assert_eq!(reply.header("content-type"), Some(content_type), "{path}");
        assert_eq!(reply.header("cache-control"), Some(cache), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none';"), "{path}");
    }
}

#[test]
fn no_path_leads_out_of_the_site() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    for path in
        ["/../secret.txt", "/%2e%2e/secret.txt", "/a/..%2f..%2fsecret.txt", "/runtime/../../secret.txt", "/a%00"]
    {
        let reply = server.get(path);
        assert_eq!((reply.status, reply.header("cache-control")), (400, Some("no-store")), "{path}");
    }
    let secret = fixture.path("secret.txt").display().to_string();
    for path in [format!("/{secret}"), format!("/runtime/{secret}"), "/%252e%252e/secret.txt".to_owned()] {
        assert_eq!(server.get(&path).status, 404, "{path}");
    }
    symlink(fixture.path("secret.txt"), fixture.path("www/linked.txt")).unwrap();
    symlink("/etc", fixture.path("www/assets/etc")).unwrap();
    symlink(fixture.path("secret.txt"), fixture.path("www/LICENSE.gz")).unwrap();
    symlink("LICENSE", fixture.path("www/inside.txt")).unwrap();
    for path in ["/linked.txt", "/assets/etc/passwd"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(server.request("GET", "/LICENSE", &["Accept-Encoding: gzip"]).body, "licence");
    assert_eq!(server.get("/inside.txt").body, "licence");
}

#[test]
fn foreign_hosts_are_refused() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    let status = |path: &str, host: &str| server.request("GET", path, &[&format!("Host: {host}")]).status;
    for path in ["/", "/config/canary.json", "/runtime/canary.js", "/healthz", "http://localhost/"] {
        assert_eq!((status(path, "evil.example"), status(path, "localhost:1")), (403, 200), "{path}");
    }
    assert_eq!(status("http://evil.example/", "localhost"), 403);
}

#[test]
fn a_config_that_becomes_a_pipe_is_missing() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    assert_eq!(server.line(), GOOD_LINE);
    fs::remove_file(fixture.path("cm.yaml")).unwrap();
    assert!(Command::new("mkfifo").arg(fixture.path("pipe")).status().unwrap().success());
    fs::rename(fixture.path("pipe"), fixture.path("cm.yaml")).unwrap();
    let why = "cannot read cm.yaml: it is a pipe, expected a file";
    let gone = "cannot read cm.yaml: No such file or directory (os error 2)";
    let first = server.line();
    let line = if first.contains(gone) { server.line() } else { first };
    assert_eq!(line, format!("config: {why} (answered with 404; {PAGES})"));
    assert_eq!(server.get("/config/canary.json").status, 404);
    assert_eq!(server.get("/").body, INDEX);
    fixture.configure(GOOD);
    assert_eq!(server.line(), GOOD_LINE);
}

#[test]
fn precompressed_files_are_served() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    for (accept, body, encoding) in [
        ("gzip, deflate, br", "brotli", Some("br")),
        ("gzip, br;q=0", "gzip", Some("gzip")),
        ("identity", "plain", None),
    ] {
        let reply = server.request("GET", "/assets/1.5.0/main.js", &[&format!("Accept-Encoding: {accept}")]);
        assert_eq!((reply.body.as_str(), reply.header("content-encoding")), (body, encoding), "{accept}");
        assert_eq!(reply.header("vary"), Some("Accept-Encoding"));
    }
    assert_eq!(server.get("/icon.svg").header("vary"), None);
}

#[test]
fn a_matching_etag_answers_304() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    let etag = server.get("/assets/1.5.0/main.js").header("etag").unwrap().to_owned();
    let reply = server.request("GET", "/assets/1.5.0/main.js", &[&format!("If-None-Match: {etag}")]);
    assert_eq!((reply.status, reply.header("etag"), reply.body.as_str()), (304, Some(etag.as_str()), ""));
    assert_eq!(reply.header("content-type"), None);
    for path in ["/", "/runtime/canary.js", "/config/canary.json"] {
        assert_eq!(server.get(path).header("etag"), None, "{path}");
    }
}

#[test]
fn other_methods_are_refused() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let reply = server.request(method, "/", &[]);
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")), "{method}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{method}");
    }
    assert_eq!(server.request("POST", "/%zz", &[]).status, 400);
    for path in ["/", "/config/canary.json", "/none.js"] {
        let (head, get) = (server.request("HEAD", path, &[]), server.get(path));
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

#[test]
fn missing_files_are_named() {
    let fixture = Fixture::new();
    let message = fixture.refuses(&["serve", "dist", "--config", "cm.yaml", "--port", "0"]);
    assert_eq!(message, "canaryctl: no folder dist\n");
    let message = fixture.refuses(&["serve", "--config", "none.yaml", "--port", "0"]);
    assert_eq!(message, "canaryctl: no config none.yaml: name one with --config\n");
    fs::remove_file(fixture.path("pkg/canary.js")).unwrap();
    let message = fixture.refuses(&["serve", "--config", "cm.yaml", "--port", "0"]);
    let remedy = "install the npm package canary-runtime, or name its folder with --runtime";
    assert_eq!(message, format!("canaryctl: no canary.js in node_modules/canary-runtime or pkg: {remedy}\n"));
    let message = fixture.refuses(&["serve", "--config", "cm.yaml", "--runtime", "pkg", "--port", "0"]);
    assert_eq!(message, "canaryctl: no pkg/canary.js: name the folder of the runtime with --runtime\n");
    fs::remove_file(fixture.path("www/index.html")).unwrap();
    let message = fixture.refuses(&["serve", "--config", "cm.yaml", "--port", "0"]);
    assert_eq!(message, "canaryctl: no index.html in dist, build, public, www: name the folder of the pages\n");
}

#[test]
fn finds_what_is_there() {
    let fixture = Fixture::new();
    let serve = || {
        let mut command = canaryctl(["serve", "--port", "0"]);
        command.current_dir(fixture.path(""));
        Server::start(command, &fixture.path("stderr"))
    };
    let none = "canaryctl: no canary-config-cm.yaml or canary.json below k8s/: name the config with --config\n";
    assert_eq!(fixture.refuses(&["serve", "--port", "0"]), none);
    fixture.write("k8s/shop/canary-config-cm.yaml", GOOD);
    let server = serve();
    assert_eq!(server.get("/").body, INDEX);
    assert_eq!(server.get("/runtime/canary.js").body, "loader");
    assert_eq!(server.get("/config/canary.json").body, GOOD);
    // A build comes before a demo, the npm package before a build of the runtime, and the base before an environment.
    fixture.write("dist/index.html", "built");
    fixture.write("node_modules/canary-runtime/canary.js", "installed");
    fixture.write("k8s/base/canary-config-cm.yaml", "{\"base\": 1}");
    let server = serve();
    assert_eq!(server.get("/").body, "built");
    assert_eq!(server.get("/runtime/canary.js").body, "installed");
    assert_eq!(server.get("/config/canary.json").body, "{\"base\": 1}");
}

#[test]
fn a_port_in_use_is_named() {
    let fixture = Fixture::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let message = fixture.refuses(&["serve", "--config", "cm.yaml", "--port", &port]);
    let expected = format!("cannot listen on 127.0.0.1:{port}, choose another --port: Address already in use");
    assert!(message.starts_with(&format!("canaryctl: {expected}")), "{message}");
}

#[test]
fn pages_get_the_horizon_of_the_collector() {
    let fixture = Fixture::new();
    let mut command = fixture.command();
    command.args(["--horizon", "10", "--window", "5"]);
    let server = Server::start(command, &fixture.path("stderr"));
    let config = || serde_json::from_str::<serde_json::Value>(&server.get("/config/canary.json").body).unwrap();
    assert_eq!(config()["TELEMETRY"], serde_json::json!({"horizonSeconds": 10}));
    assert_eq!((&config()["CANARY_PERCENTAGE"], &config()["FEATURE_FLAGS"]["b"]), (&5.into(), &25.into()));
    fixture.configure(
        r#"{"CANARY_PERCENTAGE": 5, "TELEMETRY": {"sampleRate": 0.5, "horizonSeconds": 60}, "FEATURE_FLAGS": {}}"#,
    );
    assert_eq!(config()["TELEMETRY"], serde_json::json!({"sampleRate": 0.5, "horizonSeconds": 10}));
    // Pages have to see what is wrong as it is.
    for rejected in [r#"{"CANARY_PERCENTAGE": 500, "FEATURE_FLAGS": {}}"#, "{ not"] {
        fixture.configure(rejected);
        assert_eq!(server.get("/config/canary.json").body, rejected);
    }
    let file = fs::read_to_string(fixture.path("cm.yaml")).unwrap();
    assert!(!file.contains("TELEMETRY"), "the file stays: {file}");
    // Without the option, the config is served byte for byte.
    fixture.configure(GOOD);
    assert_eq!(fixture.serve().get("/config/canary.json").body, GOOD);
}

#[test]
fn a_terminal_says_what_each_address_is() {
    let fixture = Fixture::new();
    let program = fixture.command();
    let args: Vec<_> = program.get_args().map(|it| it.to_str().unwrap()).collect();
    let line = format!("exec '{}' {} --metrics-port 0", program.get_program().to_str().unwrap(), args.join(" "));
    // `script` runs it on a terminal of its own.
    let mut command = Command::new("script");
    command.args(["--quiet", "--flush", "--command", &line, "/dev/null"]).current_dir(fixture.path(""));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let shown = lines(child.stdout.take().unwrap());
    let shown: Vec<_> = (0..3).map(|_| shown.recv_timeout(DEADLINE).unwrap().trim_end().to_owned()).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let console = shown[2].split_once("  ").unwrap().0.len();
    let about = |line: &str| line.split_at(console + 2).1.to_owned();
    assert_eq!(about(&shown[0]), "the site", "{shown:?}");
    assert_eq!(about(&shown[1]), "what pages report, for Prometheus: /metrics and /windows", "{shown:?}");
    assert_eq!(about(&shown[2]), "the console", "{shown:?}");
    assert!(shown[2].contains("/runtime/console/  ") && shown.iter().all(|it| it.starts_with("http://127.0.0.1:")));
}

#[test]
fn the_console_has_the_command_as_it_was_typed() {
    let fixture = Fixture::new();
    let server = fixture.serve();
    let data: serde_json::Value = serde_json::from_str(&server.get("/runtime/console/data").body).unwrap();
    let program = canaryctl([""; 0]).get_program().to_str().unwrap().to_owned();
    assert_eq!((&data["program"], &data["config"]), (&program.into(), &"cm.yaml".into()), "{data}");
}
