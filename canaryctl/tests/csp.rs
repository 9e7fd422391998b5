//! The hashes that `inject` prints, the policies that `serve` sends, and the recipes of docs/csp.md.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::path::Path;

use support::{Server, canaryctl, repo, text};
use tempfile::TempDir;

/// A page as frameworks write it: a snippet, styles, an attribute and the entry.
const PAGE: &str = "<!doctype html><html><head><style>a{}</style>\n<script>window.__NUXT__={}</script>\n\
                    <script type=\"module\" src=\"/m.js\"></script></head><body style=\"margin:0\" onload=\"go()\"></body></html>";

fn site() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("dist/index.html", PAGE),
        ("dist/m.js", "1"),
        ("pkg/canary.js", "loader"),
        ("config.json", r#"{"CANARY_PERCENTAGE": 0, "FEATURE_FLAGS": {}}"#),
    ] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// The headers of `/` from `serve` with these arguments, or its error.
fn serve(dir: &Path, args: &[&str]) -> Result<String, String> {
    let mut command = canaryctl(["serve", "dist", "--config", "config.json", "--port", "0"]);
    command.args(args).current_dir(dir);
    if args.iter().any(|it| it.starts_with("bad")) {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        return Err(text(&output.stderr));
    }
    let server = Server::start(command, &dir.join("stderr"));
    Ok(server.get("/").header("content-security-policy").unwrap_or_default().to_owned())
}

#[test]
fn inject_prints_what_a_policy_needs() {
    let dir = site();
    let mut command = canaryctl(["inject", "dist/index.html", "--version", "1"]);
    let report = text(&command.current_dir(dir.path()).output().unwrap().stdout);
    for line in [
        "script-src: 'sha256-9t9kOTpBXQ6UK6UoTUcY2ezm5KT7oB5pbv8ZFsTUBAU=' (inline script, now on line 2)",
        "script-src: 'unsafe-hashes' 'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw=' (event handler, now on line 3)",
        "style-src: 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk=' (inline style, now on line 1)",
        "style-src: 'unsafe-hashes' 'sha256-q3nqK4VzeI/SowYCYQ/tCfo056B/JMutuSpzbJbHczk=' (style attribute, now on line 3)",
    ] {
        assert!(report.contains(line), "{report}");
    }
    let mut command = canaryctl(["inject", "dist/index.html", "--output", "json"]);
    let report = text(&command.current_dir(dir.path()).output().unwrap().stdout);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["styleSrc"][0]["line"], 1);
    assert_eq!(report["styleSrc"].as_array().unwrap().len(), 2);
}

#[test]
fn serve_sends_the_headers_of_files() {
    let dir = site();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let own = serve(dir.path(), &[]).unwrap();
    assert!(own.contains("style-src 'self' ; ") && own.contains("font-src 'self' ; "), "{own}");
    write("csp.conf", "map \"\" $csp_style_src { default \"'sha256-x'\"; }\n");
    let added = serve(dir.path(), &["--headers", "csp.conf"]).unwrap();
    assert_eq!(added, own.replace("style-src 'self' ;", "style-src 'self' 'sha256-x';"));
    let headers =
        fs::read_to_string(repo("nginx/headers.conf")).unwrap().replace("default-src 'none'", "default-src 'self'");
    write("headers.conf", &headers);
    let replaced = serve(dir.path(), &["--headers", "headers.conf", "--headers", "csp.conf"]).unwrap();
    assert_eq!(replaced, added.replace("default-src 'none'", "default-src 'self'"));
    write("list.txt", "Content-Security-Policy: img-src *\n");
    assert_eq!(serve(dir.path(), &["--headers", "list.txt"]).unwrap(), "img-src *");
    write("bad.conf", "\nadd_header A;\n");
    assert_eq!(
        serve(dir.path(), &["--headers", "bad.conf"]).unwrap_err(),
        "canaryctl: bad.conf:2: found add_header with 1 word, expected a name and a value in quotes\n"
    );
    assert!(
        serve(dir.path(), &["--headers", "bad-none.conf"])
            .unwrap_err()
            .starts_with("canaryctl: cannot read bad-none.conf")
    );
}

/// All recipes but that of the nonce, which needs a variable of nginx.
#[test]
fn the_recipes_of_the_docs_work_under_serve() {
    let page = fs::read_to_string(repo("docs/csp.md")).unwrap();
    let blocks: Vec<&str> = page.split("```nginx\n").skip(1).map(|it| it.split("```").next().unwrap()).collect();
    let dir = site();
    let mut policies = Vec::new();
    for block in &blocks {
        let name = if block.contains("$request_id") { "bad.conf" } else { "csp.conf" };
        fs::write(dir.path().join(name), block).unwrap();
        match serve(dir.path(), &["--headers", name]) {
            Ok(policy) => policies.push(policy),
            Err(error) => assert!(error.contains("found `sub_filter`, expected add_header"), "{error}"),
        }
    }
    assert_eq!((blocks.len(), policies.len()), (7, 6));
    assert!(policies.iter().any(|it| it.contains("font-src 'self' https://fonts.gstatic.com;")), "{policies:#?}");
}
