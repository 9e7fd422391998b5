//! `canaryctl inject` and `canaryctl assets` with pages of real frameworks, whose scripts are emptied.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use support::fixture::Build;
use support::repo;

/// The names of the entries and, of the first one, the number of scripts, stylesheets and preloads.
type Works = (&'static [&'static str], [usize; 3]);

#[test]
fn pages_of_frameworks() {
    let table = fs::read_to_string(repo("docs/bundlers.md")).unwrap();
    let cases: [(&str, &str, Result<Works, &str>); 6] = [
        ("Angular", "angular", Ok((&[], [2, 1, 1]))),
        ("Astro", "astro", Ok((&["about", "index"], [1, 0, 0]))),
        ("Astro 4", "astro-4", Ok((&["about", "index"], [1, 0, 0]))),
        ("Nuxt", "nuxt", Ok((&["200", "404", "index"], [1, 1, 1]))),
        ("SvelteKit", "sveltekit", Err("the entry is an inline script that imports")),
        ("Next", "next", Err("is of this build, but neither a module nor deferred")),
    ];
    for (name, fixture, expected) in cases {
        let row = table.lines().find(|line| line.starts_with(&format!("| {name} |"))).unwrap();
        let build = Build::of(fixture);
        let (works, counts) = match expected {
            Ok(works) => works,
            Err(reason) => {
                let (inject, assets) = (build.fails(&["inject", "@/dist"]), build.fails(&["assets", "@/dist"]));
                assert!(inject.contains(reason) && assets.contains(reason), "{name}: {inject}{assets}");
                assert!(inject.contains("/index.html: line "), "{name}: {inject}");
                assert!(row.contains(&format!("| not supported: `{reason}` |")), "{row}");
                continue;
            }
        };
        assert!(row.contains("| works"), "{row}");
        let assets = || {
            let (code, out, error) = build.run(&["assets", "@/dist", "--output", "json"]);
            assert_eq!((code, error.as_str()), (Some(0), ""), "{name}");
            serde_json::from_str::<Value>(&out).unwrap()
        };
        let before = assets();
        let names: Vec<_> = before["entries"].as_object().into_iter().flat_map(|entries| entries.keys()).collect();
        assert_eq!(names, works, "{name}");
        let bundle = works.first().map_or(&before, |first| &before["entries"][first]);
        let count = |list: &str| bundle[list].as_array().map_or(0, Vec::len);
        assert_eq!(["scripts", "styles", "preload"].map(count), counts, "{name}");
        let (code, _, error) = build.run(&["inject", "@/dist"]);
        assert_eq!((code, error.as_str()), (Some(0), ""), "{name}");
        assert_eq!(assets(), before, "{name}: injected pages say the same");
    }
}

/// The cells of a row of the table of bundlers.
fn bundlers() -> Vec<Vec<String>> {
    let text = fs::read_to_string(repo("docs/bundlers.md")).unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with("| bundler ")).skip(2);
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.take_while(|row| row.starts_with('|')).map(cells).collect()
}

/// The table names the packages that `tests/bundlers` builds with, and no others.
#[test]
fn the_table_has_every_bundler_and_its_versions() {
    let mut built = BTreeSet::new();
    for folder in fs::read_dir(repo("tests/bundlers")).unwrap() {
        let Ok(package) = fs::read_to_string(folder.unwrap().path().join("package.json")) else { continue };
        let package: Value = serde_json::from_str(&package).unwrap();
        for (name, version) in package["dependencies"].as_object().unwrap() {
            // What a bundler needs besides.
            if !["css-loader", "mini-css-extract-plugin", "vue", "webpack-cli"].contains(&name.as_str()) {
                built.insert(format!("{name} {}", version.as_str().unwrap()));
            }
        }
    }
    let rows = bundlers();
    let told: Vec<_> = rows.iter().flat_map(|row| row[1].split(", ").map(str::to_owned)).collect();
    assert_eq!(told.len(), 11);
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), built);
}

/// What the table says of each bundler, on what it wrote.
#[test]
fn pages_of_bundlers() {
    let row = |name: &str| bundlers().into_iter().find(|row| row[0] == name).unwrap();
    for (name, fixture, script, is_classic) in [
        ("Vite", "vite-4", "/assets/index-edd6af81.js", false),
        ("Vite", "vite-5", "/assets/index-Fd7KVty4.js", false),
        ("Vite", "vite-6", "/assets/index-DLSGUUgJ.js", false),
        ("Vite", "vite-7", "/assets/index-CzH3Qx1e.js", false),
        ("Vite", "vite-8", "/assets/index-XmdiKc2a.js", false),
        ("webpack", "webpack", "/main.c2e0eb039aadca034ba6.js", true),
        ("Rsbuild", "rsbuild", "/static/js/index.b1028a0687.js", true),
        ("Parcel", "parcel", "/parcel.0d760318.js", false),
        ("Vue CLI", "vue-cli", "/js/index.0659363f.js", true),
        ("esbuild", "esbuild", "/main-6M6KHGO3.js", false),
    ] {
        let build = Build::of(&format!("bundlers/{fixture}"));
        let assets = |args: &[&str]| {
            let (code, out, error) = build.run(&[&["assets"], args, &["--output", "json"]].concat());
            assert_eq!((code, error.as_str()), (Some(0), ""), "{fixture}");
            serde_json::from_str::<Value>(&out).unwrap()
        };
        let bundle = assets(&["@/dist"]);
        assert_eq!(bundle["scripts"].as_array().unwrap().len(), 1, "{fixture}: {bundle}");
        assert_eq!(bundle["scripts"][0]["src"], script);
        assert_eq!(bundle["scripts"][0]["type"] == "classic", is_classic, "{fixture}");
        assert_eq!(bundle["styles"].as_array().unwrap().len(), 1, "{fixture}: {bundle}");
        if fixture == "esbuild" {
            let args = ["--dir", "@/dist", "--manifest", "@/dist/meta.json", "--entry", "src/main.js"];
            assert_eq!(assets(&args), bundle);
            assert!(row(name)[2].contains("--metafile"));
        } else if fixture != "parcel" {
            assert_eq!(row(name)[2], "none");
        }
        let (code, out, error) = build.run(&["inject", "@/dist", "--output", "json"]);
        assert_eq!((code, error.as_str()), (Some(0), ""), "{fixture}");
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["pages"][0]["stable"], bundle, "{fixture}");
        assert_eq!(assets(&["@/dist"]), bundle, "{fixture}: the injected page says the same");
    }
}

/// The page has one set of import maps, that of stable.
#[test]
fn import_maps_of_the_build_are_refused() {
    for (fixture, line, url) in
        [("vite-8-import-map", 2, "/assets/index-lIemuBzy.css"), ("parcel-import-map", 1, "/lazy.79e9025c.js")]
    {
        let build = Build::of(&format!("bundlers/{fixture}"));
        let before = build.read("dist/index.html");
        let expected = format!(
            "canaryctl: @/dist/index.html: line {line}: the import map has {url} of this build, and the canary would load stable's \
             files by it: build without one (Vite: without build.chunkImportMap; Parcel: with \"browserslist\": [\"safari >= \
             15\"])\n"
        );
        for args in [&["inject", "@/dist"][..], &["assets", "@/dist"], &["assets", "--dir", "@/dist"]] {
            assert_eq!(build.fails(args), expected);
        }
        assert_eq!(build.read("dist/index.html"), before);
    }
    // A map of what is not of the build stays, and the runtime comes after it.
    let build = Build::of("bundlers/vite-8");
    let map = "<script type=\" ImportMap\">{\"imports\": {\"lib\": \"https://cdn.example/lib.js\", \"app/\": \"/assets/\"}}</script>";
    build.edit("dist/index.html", "</title>", &format!("</title>{map}"));
    let (code, _, error) = build.run(&["inject", "@/dist"]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let page = build.read("dist/index.html");
    assert!(page.find(map).unwrap() < page.find("data-canary-stable").unwrap(), "{page}");
}

/// A page with these elements in a folder of these files.
fn page(head: &str) -> Build {
    let build = Build::of("bundlers/vite-8");
    fs::write(build.path("dist/index.html"), format!("<!doctype html>\n<title>t</title>\n{head}\n<div id=app></div>"))
        .unwrap();
    for file in ["a.js", "b.js", "s.css"] {
        fs::write(build.path(&format!("dist/{file}")), file).unwrap();
    }
    build
}

/// The scripts and stylesheets that are taken, and the notes.
#[test]
fn elements_that_bundlers_write_in_other_ways() {
    const MODULE: &str = "<script type=module src=/a.js></script>";
    let late = "<link rel=preload as=style href=/s.css onload=\"this.onload=null;this.rel='stylesheet'\">";
    let kept = |line: u8, url: &str| {
        vec![format!("line {line}: kept {url}: it is not of the same kind as the entry, so it runs in both versions")]
    };
    let fitting = "<script type=module src=/a.js integrity=\"sha256-AAAA \
                   sha384-0PzQQWx0/quOP7mtCl28J6Ixjmhy73AkfoO58+OFqp/aO5t53gUr5uGpCxszEpIt\"></script>";
    for (head, scripts, styles, notes) in [
        ("<SCRIPT TYPE=Module SRC=/a.js></SCRIPT><LINK REL=StyleSheet HREF=/s.css>".to_owned(), 1, 1, vec![]),
        (format!("{MODULE}{MODULE}"), 1, 0, vec![]),
        (format!("{MODULE}<link rel=\"preload stylesheet\" as=style href=/s.css>"), 1, 1, vec![]),
        (format!("{MODULE}{late}<noscript><link rel=stylesheet href=/s.css></noscript>"), 1, 1, vec![]),
        (
            format!("{MODULE}<link rel=\"alternate stylesheet\" title=x href=/s.css>"),
            1,
            0,
            vec!["line 3: kept /s.css: a bundle cannot express its attribute title".to_owned()],
        ),
        (format!("{MODULE}\n<script defer src=/b.js></script>"), 1, 0, kept(4, "/b.js")),
        ("<script src=/b.js></script><script defer src=/a.js></script>".to_owned(), 1, 0, kept(3, "/b.js")),
        ("<script defer type=application/javascript src=/a.js></script>".to_owned(), 1, 0, vec![]),
        (fitting.to_owned(), 1, 0, vec![]),
        (format!("{MODULE}<script type=module src=\"data:text/javascript,1\"></script>"), 1, 0, vec![]),
        (format!("<!-- {MODULE} --><template>{MODULE}</template>\n{MODULE}"), 1, 0, vec![]),
    ] {
        let build = page(&head);
        let (code, out, error) = build.run(&["inject", "@/dist/index.html", "--output", "json"]);
        assert_eq!((code, error.as_str()), (Some(0), ""), "{head}");
        let report: Value = serde_json::from_str(&out).unwrap();
        let count = |list: &str| report["stable"][list].as_array().map_or(0, Vec::len);
        assert_eq!((count("scripts"), count("styles")), (scripts, styles), "{head}: {report}");
        let found = report["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap());
        let found: Vec<_> = found.filter(|it| !it.contains("data-root") && !it.contains("--runtime-dir")).collect();
        assert_eq!(found, notes, "{head}");
    }
}

/// Each reason has its line, and what to do; `assets` says the same.
#[test]
fn pages_without_an_entry_say_why() {
    for (head, reason) in [
        (
            "<script type=module src=/a.js integrity=sha384-AAAA></script>",
            "line 3: /a.js: its integrity is not that of @/dist/a.js, so browsers refuse the file: build again",
        ),
        (
            "<script type=module src=/gone.js></script>",
            "line 3: /gone.js: no such file in @/dist, which is served at /: name the folder with --dir, its base path with \
             --base",
        ),
        (
            "<script type=module src=/a%2Ejs></script>",
            "line 3: /a%2Ejs: expected the name of a file in @/dist, without %: let the bundler write others",
        ),
        (
            "<link rel=stylesheet href=/s.css>",
            "no module script and no deferred script of a file in @/dist: the page loads none of its own origin",
        ),
        (
            "<base href=shop/>\n<script type=module src=a.js></script>",
            "line 3: <base href=\"shop/\">: expected a path that begins with /",
        ),
    ] {
        let build = page(head);
        let expected = format!("canaryctl: @/dist/index.html: {reason}\n");
        assert_eq!(build.fails(&["inject", "@/dist/index.html"]), expected);
        assert_eq!(build.fails(&["assets", "--dir", "@/dist"]), expected);
    }
}
