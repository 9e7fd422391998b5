//! Paths that lead out of the site or to hidden files.

use super::health::CheckedNginx;
use super::secret::{SENTINEL, Secrets};
use canary_e2e::http::Connection;
use canary_e2e::nginx;
use std::collections::BTreeMap;

/// The start of a path.
const STARTS: [&str; 12] = [
    "/",
    "//",
    "/assets/",
    "/assets/1.4.2/",
    "/assets/1.4.2/main.js/",
    "/runtime/",
    "/config/",
    "/config/canary.json/",
    "/stable/",
    "/a/route/",
    "/.",
    "/index.html/",
];

/// Ways to write `..`.
const UPS: [&str; 12] = [
    "..",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "%252e%252e",
    "..;",
    "..%00",
    "%c0%ae%c0%ae",
    "%uff0e%uff0e",
    "．．",
    "...",
    "..%20",
];

/// Ways to write a slash.
const SLASHES: [&str; 8] = ["/", "//", "%2f", "%2F", "\\", "%5c", "%252f", "/./"];

/// The end of a path.
const ENDS: [&str; 10] = ["", "/", "/.", ".", "%20", "%00", "%00.js", ";.js", "?.js", "#.js"];

/// Every path to every secret.
pub(crate) fn paths(secrets: &Secrets) -> Vec<String> {
    let (beside, data, root) = (secrets.beside(), secrets.data(), secrets.root());
    let mut all = Vec::new();
    for start in STARTS {
        for up in UPS {
            for slash in SLASHES {
                for times in [1, 3, 6] {
                    let ups = [up, slash].concat().repeat(times);
                    all.push(format!("{start}{ups}{}", beside.replace('/', slash)));
                    all.push(format!("{start}{ups}{}", [root.as_str(), ".env"].join(slash)));
                }
                all.push(format!("{start}{up}{slash}.env"));
                all.push(format!("{start}{up}{slash}etc{slash}passwd"));
            }
        }
    }
    let hidden = [
        ".env",
        ".git/config",
        ".htpasswd",
        "assets/.env",
        "assets/1.4.2/.secret.js",
        "runtime/.map/a.js",
        "config/other.json",
        "config/private.html",
        "config/..data/canary.json",
        "config/..data/other.json",
        "config/..data",
        "config/..data/",
        "config/",
        "config/..data/private.html",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([format!("config/{data}/canary.json"), format!("config/{data}/private.html"), format!("config/{data}")]);
    for path in hidden {
        let written = [
            path.clone(),
            path.replace('.', "%2e"),
            path.replace('.', "%2E"),
            path.replace('/', "%2f"),
            path.replace('/', "\\"),
            path.replace('/', "//"),
            path.replace('/', "/./"),
            path.replace("..", "."),
            path.to_uppercase(),
            path.replace("config", "CONFIG"),
            path.replace("config", "confi%67"),
            path.replace("config", "config/x/.."),
            path.replace('.', "%252e"),
            path.replace('.', "．"),
            path.replace('.', ".%00"),
        ];
        for written in written {
            for start in ["/", "//", "/./", "/a/../", "/assets/../", "/%2e/", "http://evil.example/", "/index.html/../"]
            {
                all.extend(ENDS.map(|end| format!("{start}{written}{end}")));
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Requests each path. Returns the number of answers by status, and the paths that leaked a secret.
pub(crate) fn ask(origin: &str, paths: &[String]) -> (BTreeMap<u16, usize>, Vec<String>) {
    let (mut statuses, mut leaks) = (BTreeMap::new(), Vec::new());
    let mut connection = Connection::open(origin).unwrap();
    for path in paths {
        let answer = connection.get(path, &[]).unwrap_or_else(|e| panic!("{path}: {e}"));
        *statuses.entry(answer.status).or_default() += 1;
        let all = format!("{:?}\n{}", answer.headers, answer.text());
        // The config itself is public.
        if all.replace(&format!("{SENTINEL}-allowed"), "").contains(SENTINEL) || all.contains("root:") {
            leaks.push(format!("{} {path}", answer.status));
        }
        let is_config = path.to_lowercase().contains("..data") || path.contains("..2");
        if is_config && all.contains("CANARY_PERCENTAGE") {
            leaks.push(format!("{} {path} is the config", answer.status));
        }
        if answer.header("connection") == Some("close") {
            connection = Connection::open(origin).unwrap();
        }
    }
    (statuses, leaks)
}

#[test]
fn no_path_leaves_the_site_or_reaches_hidden_files() {
    let secrets = Secrets::new();
    let server = CheckedNginx::start(secrets.files.root(), |_| ());
    let paths = paths(&secrets);
    let (statuses, leaks) = ask(&server.origin(), &paths);
    println!("{} paths: {statuses:?}", paths.len());
    assert!(leaks.is_empty(), "{} leaks: {:#?}", leaks.len(), &leaks[..leaks.len().min(20)]);
    // All kinds of answers are there, and no server error.
    assert!(statuses.keys().copied().eq([200, 400, 404]), "{statuses:?}");
    server.check(None);
}

/// Negative controls: each of these edits opens a path, which is found.
#[test]
fn a_path_traversal_is_found() {
    let secrets = Secrets::new();
    let slip = "location ^~ /stable { alias /usr/share/nginx/html/assets/; }\n        location = /healthz {";
    for (text, instead) in [
        ("location ~ ^/\\.(?!well-known/)|./\\. {", "location ~ /never/ {"),
        ("(?!well-known/)|./\\. {", "(?!well-known/) {"),
        ("location ~ ^/config/ {", "location ~ ^/never/ {"),
        // Without a slash after the name, /stable../ is the folder above.
        ("location = /healthz {", slip),
    ] {
        let server =
            CheckedNginx::start(secrets.files.root(), |config| nginx::replace(config, "nginx.conf", text, instead));
        let mut paths: Vec<_> = paths(&secrets).into_iter().step_by(7).collect();
        paths.extend(["/stable../.env".to_owned(), "/stable/.env".to_owned()]);
        let (_, leaks) = ask(&server.origin(), &paths);
        assert!(!leaks.is_empty(), "{text}");
    }
}
