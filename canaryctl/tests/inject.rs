//! `canaryctl inject` with pages of real bundlers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;

use support::fixture::Build;
use support::{repo, run, text};

const PAGE: &str = "@/dist/index.html";

/// An expected page, with the current guard instead of the placeholder.
#[track_caller]
fn expected(name: &str) -> String {
    let page = fs::read_to_string(repo("canaryctl/tests/fixtures/expected").join(name)).unwrap();
    assert_eq!(page.matches(PLACEHOLDER).count(), 1, "{name}");
    page.replace(PLACEHOLDER, &guard(&[]))
}

const PLACEHOLDER: &str = "<!-- canary:guard -->";

/// The output of `canaryctl guard`.
fn guard(args: &[&str]) -> String {
    text(&run(&[&["guard"], args].concat(), "").stdout).trim_end().to_owned()
}

/// Injects, and compares the whole page with the expected one. A second run has to leave it unchanged.
#[track_caller]
fn check(fixture: &str, page: &str, args: &[&str], expected: &str) -> String {
    let build = Build::of(fixture);
    let path = format!("@/dist/{page}");
    let (code, report, error) = build.run(&[&["inject", &path], args].concat());
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let result = build.read(&format!("dist/{page}"));
    assert_eq!(result, self::expected(expected));

    let (code, again, error) = build.run(&[&["inject", &path], args].concat());
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert_eq!(again.lines().next(), Some(format!("{path}: loads the runtime already, nothing changed").as_str()));
    assert_eq!(build.read(&format!("dist/{page}")), result);
    let hashes = |text: &str| text.lines().filter(|line| line.starts_with("script-src")).collect::<Vec<_>>().join("\n");
    assert_eq!(hashes(&again), hashes(&report));
    report
}

#[test]
fn a_page_of_vite() {
    let report = check("vite-root", "index.html", &[], "vite-root.html");
    assert_eq!(
        report,
        format!(
            "@/dist/index.html: stable 1.4.2: 1 script, 2 stylesheets, 2 preloads\n\
         taken: line 12: /assets/index-lXoEamTF.js\n\
         taken: line 13: /assets/modulepreload-polyfill-B5Qt9EMX.js\n\
         taken: line 14: /assets/shared-BLvMLF76.js\n\
         taken: line 15: /assets/shared-TZrNw7dA.css\n\
         taken: line 16: /assets/index-NDhQtcaq.css\n\
         note: no folder with the runtime's files, which are not preloaded: name it with --runtime-dir\n\
         note: data-root=\"#app\": a canary that draws nothing there has failed (E406)\n\
         note: other.html has an entry of its own, which ASSETS.canary cannot hold as well: canaryctl inject @/dist gives each page \
         its own\n\
         script-src: 'sha256-iJ7dD7z7zKGVIbEzD7WuyXLXBkA/kxtP+J4oxJL1q8Y=' (inline script, now on line 9)\n\
         script-src: {} (inline script, now on line 12)\n",
            guard(&["--hash"])
        )
    );
}

#[test]
fn another_page_of_vite() {
    let report = check("vite-root", "other.html", &["--version", "2"], "vite-root-other.html");
    let last = format!("\nscript-src: {} (inline script, now on line 2)\n", guard(&["--hash"]));
    assert!(report.ends_with(&last), "{report}");
}

#[test]
fn a_base_with_a_prefix() {
    check("vite-shop", "index.html", &["--data", "refresh=60", "--data", "user-id=a&b"], "vite-shop.html");
}

#[test]
fn relative_urls() {
    let report = check("vite-relative", "index.html", &[], "vite-relative.html");
    let note = "note: URLs are relative: assuming that @/dist is served at /; if not, use --base\n";
    assert!(report.contains(note), "{report}");
    check("vite-relative", "index.html", &["--base", "/assets/1.4.2"], "vite-relative-base.html");
}

#[test]
fn a_page_of_webpack() {
    check("webpack", "index.html", &[], "webpack.html");
}

#[test]
fn crlf_stays_crlf() {
    let build = Build::of("vite-root");
    build.edit("dist/index.html", "\n", "\r\n");
    build.run(&["inject", PAGE]);
    assert_eq!(build.read("dist/index.html"), expected("vite-root.html").replace('\n', "\r\n"));
}

#[test]
fn out_leaves_the_page_unchanged() {
    let build = Build::of("vite-root");
    let before = build.read("dist/index.html");
    for _ in 0..2 {
        assert_eq!(build.run(&["inject", PAGE, "--out", "@/out.html"]).0, Some(0));
    }
    assert_eq!(build.read("dist/index.html"), before);
    assert_eq!(build.read("out.html"), expected("vite-root.html"));
}

#[test]
fn json_has_the_report() {
    let build = Build::of("vite-root");
    let (_, report, _) = build.run(&["inject", PAGE, "--output", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["changed"], true);
    assert_eq!(report["stable"]["scripts"][0]["src"], "/assets/index-lXoEamTF.js");
    assert_eq!(report["taken"][0]["line"], 12);
    assert_eq!(report["scriptSrc"][0]["line"], 9);
    let (_, report, _) = build.run(&["inject", PAGE, "--output", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["changed"], &report["stable"]), (&false.into(), &serde_json::Value::Null));
}

/// Without a manifest: scripts of other origins and of other folders stay in the page, as do their attributes.
#[test]
fn optional_scripts_without_a_manifest_are_kept() {
    let build = Build::of("webpack");
    let others = "<script async src=\"https://www.googletagmanager.com/gtag/js?id=G-1\"></script>\
                  <script defer src=\"https://cdn.example/pixel.js\"></script>\
                  <script defer data-domain=\"shop.example\" src=\"/js/script.js\"></script>";
    build.edit("dist/index.html", "<title>", &format!("{others}<title>"));
    let (code, report, error) = build.run(&["inject", PAGE]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let notes: Vec<_> = report.lines().filter(|line| line.contains("kept")).collect();
    assert_eq!(notes, ["note: line 1: kept /js/script.js: not part of this build"]);
    let page = build.read("dist/index.html");
    assert!(page.contains(others) && !page.contains("\"src\":\"/js"), "{page}");
}

#[test]
fn foreign_elements_are_kept() {
    let build = Build::of("vite-root");
    fs::write(build.path("dist/brand.css"), "").unwrap();
    fs::write(build.path("dist/own.js"), "").unwrap();
    fs::write(build.path("dist/index.html.br"), "").unwrap();
    let own = "<script type=module src=/own.js></script>\n<link rel=stylesheet href=/brand.css>\n\
               <script type=module src=https://cdn.example/a.js></script>\n\
               <link rel=stylesheet media=print href=/assets/index-NDhQtcaq.css>\n<script nomodule src=/own.js></script>";
    build.edit("dist/index.html", "<div id=\"app\"></div>", own);
    build.edit("dist/index.html", "crossorigin src", "id=\"main\" nonce=\"abc\" crossorigin src");
    let (code, report, _) = build.run(&["inject", PAGE]);
    let notes: Vec<_> = report.lines().filter_map(|line| line.strip_prefix("note: ")).collect();
    assert_eq!(
        (code, notes.as_slice()),
        (
            Some(0),
            [
                "line 12: dropped the attribute id of /assets/index-lXoEamTF.js",
                "line 19: kept /own.js: not part of this build",
                "line 20: kept /brand.css: not part of this build",
                "line 22: kept /assets/index-NDhQtcaq.css: a bundle cannot express its attribute media",
                "no folder with the runtime's files, which are not preloaded: name it with --runtime-dir",
                "@/dist/index.html.br has the old page: compress the page again",
                "other.html has an entry of its own, which ASSETS.canary cannot hold as well: canaryctl inject @/dist gives \
                 each page its own",
            ]
            .as_slice()
        )
    );
    let page = build.read("dist/index.html");
    assert!(page.contains(own), "{page}");
    assert!(
        page.contains("<script type=\"module\" async src=\"/runtime/canary.js\" nonce=\"abc\"></script>"),
        "{page}"
    );
    assert!(page.contains(&guard(&[]).replace("-guard>", "-guard nonce=\"abc\">")), "{page}");
}

#[test]
fn an_older_guard_is_updated() {
    for old in [PLACEHOLDER, "<script data-canary-guard>old()</script>"] {
        let build = Build::of("vite-root");
        build.run(&["inject", PAGE]);
        build.edit("dist/index.html", &guard(&[]), old);
        fs::write(build.path("dist/index.html.gz"), "").unwrap();
        let (code, report, _) = build.run(&["inject", PAGE]);
        assert_eq!(code, Some(0));
        let said = "@/dist/index.html: loads the runtime already, guard updated\n\
                    note: @/dist/index.html.gz has the old page: compress the page again\n";
        assert!(report.starts_with(said), "{report}");
        assert_eq!(build.read("dist/index.html"), expected("vite-root.html"));
        let (_, report, _) = build.run(&["inject", PAGE, "--output", "json"]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&report).unwrap()["changed"], false);
    }
}

#[test]
fn a_handwritten_page_gets_the_current_guard() {
    let build = Build::of("vite-root");
    let page = "<script data-canary-guard>old()</script>\n<script type=module src=/runtime/canary.js></script>\n";
    fs::write(build.path("dist/index.html"), page).unwrap();
    build.run(&["inject", PAGE]);
    let updated = page.replace("<script data-canary-guard>old()</script>", &guard(&[]));
    assert_eq!(build.read("dist/index.html"), updated);
}

#[test]
fn a_removed_guard_is_not_added_again() {
    let build = Build::of("vite-root");
    build.run(&["inject", PAGE]);
    build.edit("dist/index.html", &guard(&[]), "");
    let without = build.read("dist/index.html");
    build.run(&["inject", PAGE]);
    assert_eq!(build.read("dist/index.html"), without);
}

#[test]
fn unsupported_pages_are_refused() {
    for (fixture, from, to, message) in [
        (
            "vite-legacy",
            "<title>",
            "<title>",
            "line 23: <script nomodule>: /assets/polyfills-legacy-Bfw-VUCf.js: part of a legacy build, which would lose its \
             stylesheets: build without it",
        ),
        (
            "vite-root",
            "<title>",
            "<base href=\"https://cdn.example/\"><title>",
            "line 8: <base href=\"https://cdn.example/\">: stable has to come from a path of the page's own origin",
        ),
        (
            "vite-root",
            "<title>",
            "<script type=module src=/runtime/canary.js></script><title>",
            "line 8: found <script src=\"/runtime/canary.js\"> but no guard: remove it or add the guard",
        ),
        (
            "vite-root",
            "<title>",
            "<script data-canary-guard></script><title>",
            "line 8: found a guard but no <script src=\"/runtime/canary.js\">: remove it or add the script",
        ),
        (
            "vite-root",
            "index-lXoEamTF.js\"",
            "index-lXoEamTF.js?v=1\"",
            "line 12: /assets/index-lXoEamTF.js?v=1: a URL with a query cannot be part of a bundle: put the hash into the \
             file's name, as in [name].[contenthash].js",
        ),
        (
            "vite-root",
            "/assets/index-lXoEamTF.js",
            "https://cdn.example/index.js",
            "no module script and no deferred script of a file in @/dist: the page loads none of its own origin",
        ),
        (
            "vite-root",
            "src=\"/assets/index-lXoEamTF.js\"",
            "src=\"https://cdn.example/shop/assets/index-lXoEamTF.js\"",
            "line 12: https://cdn.example/shop/assets/index-lXoEamTF.js is on another origin: stable has to come from the \
             page's own, so build for a base path",
        ),
        (
            "vite-root",
            "<script type=\"module\" crossorigin src=\"/assets/index-lXoEamTF.js\">",
            "<script src=\"/assets/index-lXoEamTF.js\">",
            "line 12: /assets/index-lXoEamTF.js is of this build, but neither a module nor deferred: let the bundler write it \
             with defer, as scriptLoading: \"defer\" of html-webpack-plugin writes it",
        ),
        (
            "vite-root",
            "<script type=\"module\" crossorigin src=\"/assets/index-lXoEamTF.js\">",
            "<script type=\"module\">import \"/assets/index-lXoEamTF.js\";",
            "line 12: the entry is an inline script that imports /assets/index-lXoEamTF.js: it cannot be taken out",
        ),
        (
            "vite-root",
            "<noscript>",
            "<script type=module>import { a } from \"./assets/shared-BLvMLF76.js\"; a();</script><noscript>",
            "line 22: an inline script imports ./assets/shared-BLvMLF76.js of this build, and would run stable beside the \
             canary: move it into the entry",
        ),
        (
            "webpack",
            "runtime.c7e8a98b.js",
            "runtime.js",
            "line 1: <script>: /assets/1.4.2/runtime.js: no such file in @/dist, which is served at /assets/1.4.2/",
        ),
        ("vite-root", "</script>\n    <noscript>", "<noscript>", "line 21: <script> is not closed"),
    ] {
        let build = Build::of(fixture);
        build.edit("dist/index.html", from, to);
        let before = build.read("dist/index.html");
        assert_eq!(build.fails(&["inject", PAGE]), format!("canaryctl: @/dist/index.html: {message}\n"));
        assert_eq!(build.read("dist/index.html"), before);
    }
    let build = Build::of("vite-root");
    fs::write(build.path("dist/index.html"), b"<p>\xff").unwrap();
    let message = build.fails(&["inject", PAGE]);
    assert_eq!(message, "canaryctl: @/dist/index.html: line 1: expected UTF-8: save the page as UTF-8\n");
    let message = build.fails(&["inject", "@/none.html"]);
    assert_eq!(message, "canaryctl: cannot read @/none.html: No such file or directory (os error 2)\n");
}

/// Angular's pages have a base, and a stylesheet that waits with being one for the screen.
#[test]
fn a_page_with_a_base_and_a_late_stylesheet() {
    let build = Build::of("vite-root");
    build.edit("dist/index.html", "<title>", "<base href=\"/\"><title>");
    let late = "href=\"assets/shared-TZrNw7dA.css\" media=\"print\" onload=\"this.media='all'\"";
    build.edit("dist/index.html", "href=\"/assets/shared-TZrNw7dA.css\"", late);
    build.edit(
        "dist/index.html",
        "href=\"/assets/index-NDhQtcaq.css\"",
        "media=all href=\"assets/index-NDhQtcaq.css\"",
    );
    build.edit("dist/index.html", "src=\"/assets/index-lXoEamTF.js\"", "src=\"assets/index-lXoEamTF.js\"");
    let (code, report, error) = build.run(&["inject", PAGE]);
    assert_eq!(code, Some(0), "{error}");
    // The policy of nginx and of serve allows it.
    assert!(report.contains("1 script, 2 stylesheets") && !report.contains("<base"), "{report}");
    let page = build.read("dist/index.html");
    assert!(page.contains("<base href=\"/\">") && page.contains("{\"src\":\"/assets/index-lXoEamTF.js\""), "{page}");
    assert!(!page.contains("media="), "{page}");
}

/// A preload without the bundle's integrity would be a second request, and one of stable in the canary a request for nothing.
#[test]
fn preloads_of_the_build_leave_the_page() {
    let build = Build::of("vite-root");
    let links = "<link rel=preload as=script href=/assets/index-lXoEamTF.js><link rel=preload as=style \
                 href=/assets/index-NDhQtcaq.css><link rel=prefetch href=/assets/shared-BLvMLF76.js>";
    let font = "<link rel=preload as=font crossorigin href=/brand.woff2>";
    build.edit("dist/index.html", "<title>", &format!("{links}{font}<title>"));
    let (code, _, error) = build.run(&["inject", PAGE]);
    assert_eq!(code, Some(0), "{error}");
    let page = build.read("dist/index.html");
    assert!(!page.contains("<link rel=preload as=s") && !page.contains("prefetch") && page.contains(font), "{page}");
}

/// What else in the build has to follow the page.
#[test]
fn a_policy_and_a_worker_of_the_build_are_noted() {
    let build = Build::of("vite-root");
    let policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">";
    build.edit("dist/index.html", "<title>", &format!("{policy}<title>"));
    fs::write(build.path("dist/sw.js"), "precache([{url:\"index.html\",revision:\"0\"}])").unwrap();
    let (_, report, _) = build.run(&["inject", PAGE]);
    assert!(report.contains("note: line 8: the policy of the page lacks 'sha256-"), "{report}");
    assert!(report.contains("note: @/dist/sw.js knows the page as it was before: run inject before"), "{report}");
}

#[test]
fn preloads_name_the_runtime_in_a_folder() {
    let build = Build::of("vite-root");
    let preloads = |page: &str| page.lines().filter(|line| line.contains("/runtime/")).count();
    for (nth, folder) in ["dist/runtime", "node_modules/canary-runtime", "given"].into_iter().enumerate() {
        let hash = format!("{nth:016x}");
        fs::create_dir_all(build.path(folder)).unwrap();
        let script = format!("import(\"lifecycle_{hash}.js\");fetch(\"canary_{hash}.wasm\")");
        fs::write(build.path(&format!("{folder}/canary.js")), script).unwrap();
    }
    // The second run updates the names.
    for (args, nth) in [(&["--runtime-dir", "@/given"][..], 2), (&[], 0)] {
        let (code, report, error) = build.run(&[&["inject", PAGE], args].concat());
        assert_eq!((code, error.as_str()), (Some(0), ""), "{report}");
        let page = build.read("dist/index.html");
        assert!(!report.contains("note: no folder"), "{report}");
        assert_eq!(preloads(&page), 3, "{page}");
        for link in [
            format!("<link rel=\"preload\" href=\"/runtime/canary_{nth:016x}.wasm\" as=\"fetch\">"),
            format!(
                "<link rel=\"preload\" href=\"/runtime/lifecycle_{nth:016x}.js\" as=\"fetch\" fetchpriority=\"low\">"
            ),
        ] {
            assert!(page.contains(&link), "{link} in {page}");
        }
    }
    let (code, _, error) = build.run(&["inject", PAGE, "--runtime-dir", "@/none"]);
    assert_eq!((code, error.contains("no canary.js of a build in @/none")), (Some(2), true), "{error}");
}

#[test]
fn stable_is_not_preloaded_where_that_is_not_wanted() {
    let build = Build::of("vite-root");
    build.run(&["inject", PAGE, "--no-stable-preload"]);
    let page = build.read("dist/index.html");
    let links: Vec<_> = page.lines().filter(|line| line.contains("rel=\"preload\"")).collect();
    assert_eq!(links.len(), 1, "{links:?}");
}

#[test]
fn the_runtime_comes_behind_import_maps() {
    let build = Build::of("vite-root");
    let map = "<script type=\"importmap\">{\"imports\":{}}</script>";
    build.edit("dist/index.html", "<script type=\"module\"", &format!("{map}\n    <script type=\"module\""));
    let style = "<link rel=\"stylesheet\" crossorigin href=\"/assets/index-NDhQtcaq.css\">";
    build.edit("dist/index.html", style, "");
    build.edit("dist/index.html", map, &format!("{style}{map}"));
    let (code, _, error) = build.run(&["inject", PAGE]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let page = build.read("dist/index.html");
    assert!(page.find(map) < page.find("data-canary-guard"), "{page}");
}
