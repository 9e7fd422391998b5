//! `canaryctl inject` and `canaryctl assets` with pages of real frameworks, whose scripts are emptied.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::fixture::Build;
use support::repo;

/// The names of the entries and, of the first one, the number of scripts, stylesheets and preloads.
type Works = (&'static [&'static str], [usize; 3]);

#[test]
fn pages_of_frameworks() {
    let table = std::fs::read_to_string(repo("docs/bundlers.md")).unwrap();
    let cases: [(&str, &str, Result<Works, &str>); 5] = [
        ("Angular", "angular", Ok((&[], [2, 1, 1]))),
        ("Astro", "astro", Ok((&["about", "index"], [1, 0, 0]))),
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
    let text = std::fs::read_to_string(repo("docs/bundlers.md")).unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with("| bundler ")).skip(2);
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.take_while(|row| row.starts_with('|')).map(cells).collect()
}

/// The table names the packages that `tests/bundlers` builds with, and no others.
#[test]
fn the_table_has_every_bundler_and_its_versions() {
    let mut built = BTreeSet::new();
    for folder in std::fs::read_dir(repo("tests/bundlers")).unwrap() {
        let Ok(package) = std::fs::read_to_string(folder.unwrap().path().join("package.json")) else { continue };
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
