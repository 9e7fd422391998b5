//! `canaryctl assets` with builds of real bundlers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::fixture::Build;

/// Compares the bundle without its hashes, each of which has to be present.
#[track_caller]
fn check(build: &Build, args: &[&str], expected: &Value) {
    let args = [&["assets", "--dir", "@/dist", "--output", "json"], args].concat();
    let (code, bundle, error) = build.run(&args);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let mut bundle: Value = serde_json::from_str(&bundle).unwrap();
    for list in ["scripts", "styles"] {
        for item in bundle[list].as_array_mut().into_iter().flatten() {
            let integrity = item.as_object_mut().unwrap().remove("integrity").unwrap();
            let hash = integrity.as_str().unwrap().strip_prefix("sha384-").unwrap();
            assert_eq!(hash.len(), 64, "{integrity}");
        }
    }
    assert_eq!(&bundle, expected);
}

#[test]
fn vite() {
    let mut expected = json!({
        "version": "1.4.2",
        "scripts": [{"src": "/assets/index-lXoEamTF.js"}],
        "styles": [{"href": "/assets/shared-TZrNw7dA.css"}, {"href": "/assets/index-NDhQtcaq.css"}],
        "preload": [
            {"href": "/assets/modulepreload-polyfill-B5Qt9EMX.js", "as": "script"},
            {"href": "/assets/shared-BLvMLF76.js", "as": "script"},
        ],
    });
    let build = Build::of("vite-root");
    check(&build, &["--entry", "index.html"], &expected);
    build.run(&["inject", "@/dist/index.html"]);
    check(&build, &["--entry", "index.html"], &expected);
    build.run(&["inject", "@/dist/other.html"]);
    expected["scripts"] = json!([{"src": "/a/assets/other-BfUnSDus.js", "type": "classic"}]);
    expected["styles"] = json!([{"href": "/a/assets/shared-TZrNw7dA.css"}]);
    expected["preload"][0]["href"] = "/a/assets/modulepreload-polyfill-B5Qt9EMX.js".into();
    expected["preload"][1]["href"] = "/a/assets/shared-BLvMLF76.js".into();
    expected["version"] = "2".into();
    check(&build, &["--entry", "other.html", "--version", "2", "--base", "/a", "--type", "classic"], &expected);
}

#[test]
fn the_page_has_the_base_path() {
    for (fixture, src) in [
        ("vite-shop", "/shop/assets/index-l0qq84Mc.js"),
        ("vite-relative", "/assets/1.4.2/assets/index-B3YH3X8c.js"),
        ("vite-legacy", "/assets/index-DStV9qvM.js"),
    ] {
        let build = Build::of(fixture);
        let (_, bundle, _) = build.run(&["assets", "--dir", "@/dist", "--entry", "index.html"]);
        let bundle: Value = serde_json::from_str(&bundle).unwrap();
        assert_eq!(bundle["scripts"][0]["src"], src);
    }
}

#[test]
fn into_changes_only_the_bundle_of_a_manifest() {
    let before = "# who\nkind: ConfigMap\nmetadata:\n  name: canary-settings\ndata:\n  config.json: |\n    {\n      \"REVISION\": 7,\n      \"CANARY_PERCENTAGE\": 5,\n      \"FEATURE_FLAGS\": {}\n    }\n";
    let build = Build::of("vite-root");
    fs::write(build.path("cm.yaml"), before).unwrap();
    let args = ["assets", "--dir", "@/dist", "--entry", "index.html", "--into", "@/cm.yaml"];
    let (code, out, error) = build.run(&args);
    assert_eq!(
        (code, out.as_str(), error.as_str()),
        (Some(0), "@/cm.yaml: ASSETS.canary is 1.4.2 now, REVISION 7 -> 8\n", "")
    );
    let after = fs::read_to_string(build.path("cm.yaml")).unwrap();
    assert!(after.starts_with("# who\n") && after.contains("\"REVISION\": 8,\n"), "{after}");
    let config: Value = serde_json::from_str(after.split_once("|\n").unwrap().1).unwrap();
    let (_, bundle, _) = build.run(&args[..5]);
    assert_eq!(config["ASSETS"]["canary"], serde_json::from_str::<Value>(&bundle).unwrap());
    let (_, out, _) = build.run(&args);
    assert_eq!(
        (out.as_str(), fs::read_to_string(build.path("cm.yaml")).unwrap()),
        ("@/cm.yaml: nothing to change\n", after)
    );
    let (_, out, _) = build.run(&[&args[..], &["--output", "json"]].concat());
    let expected = json!({
        "file": build.path("cm.yaml"), "version": "1.4.2", "changed": false, "changes": [], "commit": null, "pushed": null,
    });
    assert_eq!(out.replace('@', build.path("").display().to_string().trim_end_matches('/')), format!("{expected}\n"));
}

#[test]
fn a_commit_needs_a_file_to_commit() {
    let build = Build::of("vite-root");
    for option in ["--commit", "--push", "--dry-run"] {
        let error = build.fails(&["assets", "--dir", "@/dist", "--entry", "index.html", option]);
        assert_eq!(error, "canaryctl: --dry-run, --commit and --push need --into\n");
    }
}

#[test]
fn the_hash_is_that_of_the_file() {
    let build = Build::of("vite-root");
    fs::write(build.path("dist/assets/index-lXoEamTF.js"), "abc").unwrap();
    let (_, bundle, _) = build.run(&["assets", "--dir", "@/dist", "--entry", "index.html"]);
    let expected = "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn";
    assert!(bundle.contains(expected), "{bundle}");
}

#[test]
fn webpack() {
    let build = Build::of("webpack");
    let expected = json!({
        "version": "1.4.2",
        "scripts": [
            {"src": "/assets/1.4.2/runtime.c7e8a98b.js", "type": "classic"},
            {"src": "/assets/1.4.2/main.d7a6efb2.js", "type": "classic"},
        ],
        "styles": [{"href": "/assets/1.4.2/main.f6faafd2.css"}],
    });
    check(&build, &[], &expected);
    let flat = ["assets", "--dir", "@/dist", "--manifest", "@/dist/manifest.json"];
    assert_eq!(
        build.fails(&flat),
        "canaryctl: @/dist/manifest.json: runtime.js may be needed by main.js: use a manifest with entrypoints\n"
    );
    build.edit("dist/manifest.json", "  \"runtime.js\": \"/assets/1.4.2/runtime.c7e8a98b.js\",\n", "");
    let expected = json!({
        "version": "1.4.2",
        "scripts": [{"src": "/assets/1.4.2/main.d7a6efb2.js", "type": "classic"}],
        "styles": [{"href": "/assets/1.4.2/main.f6faafd2.css"}],
    });
    check(&build, &flat[3..], &expected);
    fs::write(build.path("cra.json"), r#"{"files": {}, "entrypoints": ["main.f6faafd2.css", "main.d7a6efb2.js"]}"#)
        .unwrap();
    check(&build, &["--manifest", "@/cra.json"], &expected);
}

#[test]
fn esbuild() {
    let build = Build::of("esbuild");
    let args = ["--manifest", "@/dist/meta.json", "--entry", "src/main.js"];
    let expected = json!({
        "version": "1.4.2",
        "scripts": [{"src": "/assets/1.4.2/main-DEXKY53H.js"}],
        "styles": [{"href": "/assets/1.4.2/main-KPCL6IQL.css"}],
        "preload": [{"href": "/assets/1.4.2/chunk-NAQQTSHG.js", "as": "script"}],
    });
    check(&build, &args, &expected);
    let message = build.fails(&["assets", "--dir", "@/dist", "--manifest", "@/dist/meta.json"]);
    assert_eq!(
        message,
        "canaryctl: @/dist/meta.json: several entries, choose one with --entry: src/main.js, src/other.js\n"
    );
}

#[test]
fn errors_name_the_position() {
    const MANIFEST: &str = "dist/.vite/manifest.json";
    for (file, from, to, args, message) in [
        // Not the page of the second entry, so the manifest alone knows of it.
        (
            "dist/other.html",
            "<script",
            "<template",
            vec![],
            "@/dist/.vite/manifest.json: several entries, choose one with --entry: \
          index.html, other.html",
        ),
        (
            MANIFEST,
            "\n",
            "\n",
            vec!["--entry", "a"],
            "@/dist/.vite/manifest.json: no entry a, but index.html, other.html",
        ),
        (
            MANIFEST,
            "\"assets/index-lXoEamTF.js\"",
            "5",
            vec!["--entry", "index.html"],
            "@/dist/.vite/manifest.json: index.html.file: expected a string",
        ),
        (
            MANIFEST,
            "assets/index-lXoEamTF.js",
            "assets/none.js",
            vec!["--entry", "index.html"],
            "@/dist/.vite/manifest.json: no file @/dist/assets/none.js",
        ),
        (
            MANIFEST,
            "assets/index-lXoEamTF.js",
            "../package.json",
            vec!["--entry", "index.html"],
            "@/dist/.vite/manifest.json: no file @/dist/../package.json",
        ),
        (MANIFEST, "{\n", "{,\n", vec![], "@/dist/.vite/manifest.json: line 1, column 2: expected JSON"),
        (
            MANIFEST,
            "\"imports\": [",
            "\"imports\": [5,",
            vec!["--entry", "index.html"],
            "@/dist/.vite/manifest.json: index.html.imports: expected an array of strings",
        ),
        ("package.json", "\"1.4.2\"", "5", vec![], "@/package.json: version: expected a string that names the version"),
        (
            "package.json",
            "version",
            "revision",
            vec![],
            "no version in a package.json of @/dist or its parent: name one with --version",
        ),
        (
            "dist/index.html",
            "/assets/index-",
            "./assets/index-",
            vec!["--entry", "index.html", "--version", "1 2"],
            "version 1 2 cannot be part of an address: name one with --base",
        ),
        (
            "package.json",
            "1.4.2",
            "1.4.2",
            vec!["--entry", "index.html", "--into", "@/cm.yaml"],
            "cannot read @/cm.yaml: No such file or directory (os error 2)",
        ),
    ] {
        let build = Build::of("vite-root");
        build.edit(file, from, to);
        let args = [vec!["assets", "--dir", "@/dist"], args].concat();
        assert_eq!(build.fails(&args), format!("canaryctl: {message}\n"));
    }
}

/// Some bundlers write no manifest, and one that has a single stylesheet for all does not give it to the entry.
#[test]
fn the_page_says_what_its_entry_is() {
    let build = Build::of("vite-root");
    let with_manifest = build.run(&["assets", "--dir", "@/dist", "--entry", "index.html"]).1;
    let manifest = build.read("dist/.vite/manifest.json");
    // All stylesheets of the entry are the manifest's own.
    let mut without_styles: Value = serde_json::from_str(&manifest).unwrap();
    let chunks = without_styles.as_object_mut().unwrap();
    let styles: Vec<_> = chunks.values_mut().filter_map(|chunk| chunk.as_object_mut().unwrap().remove("css")).collect();
    for file in styles.iter().flat_map(|list| list.as_array().unwrap()) {
        chunks.insert(file.as_str().unwrap().to_owned(), json!({"file": file}));
    }
    fs::write(build.path("dist/.vite/manifest.json"), without_styles.to_string()).unwrap();
    let (code, bundle, error) = build.run(&["assets", "--dir", "@/dist", "--entry", "index.html"]);
    assert_eq!((code, bundle.matches(".css").count()), (Some(0), 2), "{error}");
    fs::remove_file(build.path("dist/.vite/manifest.json")).unwrap();
    fs::remove_file(build.path("dist/other.html")).unwrap();
    assert_eq!(build.run(&["assets", "--dir", "@/dist"]).1, with_manifest);
}

/// Scripts and stylesheets beside the entry are the page's own, and no manifest of webpack tells them apart from the build's.
#[test]
fn what_is_the_pages_own_stays_out_of_the_bundle() {
    for (fixture, base, args) in
        [("vite-root", "/", &["--entry", "index.html"][..]), ("webpack", "/assets/1.4.2/", &[])]
    {
        let build = Build::of(fixture);
        let args = [&["assets", "--dir", "@/dist"], args].concat();
        let before = build.run(&args);
        let own =
            format!("<script type=module src={base}own.js></script><link rel=stylesheet href={base}own.css></head>");
        build.edit("dist/index.html", "</head>", &own);
        fs::write(build.path("dist/own.js"), "").unwrap();
        fs::write(build.path("dist/own.css"), "").unwrap();
        assert_eq!((build.run(&args), before.0), (before, Some(0)), "{fixture}");
    }
}

/// Of a page with two entries of the build, the bundle of one would lack the other.
#[test]
fn a_page_with_two_entries_is_refused() {
    let build = Build::of("vite-root");
    build.edit("dist/index.html", "</head>", "<script type=module src=/assets/second.js></script></head>");
    fs::write(build.path("dist/assets/second.js"), "").unwrap();
    let mut manifest: Value = serde_json::from_str(&build.read("dist/.vite/manifest.json")).unwrap();
    manifest["second.js"] = json!({"file": "assets/second.js", "isEntry": true});
    fs::write(build.path("dist/.vite/manifest.json"), manifest.to_string()).unwrap();
    let message = build.fails(&["assets", "--dir", "@/dist", "--entry", "index.html"]);
    assert!(message.contains("loads assets/second.js, which the manifest does not give to the entry"), "{message}");
}

/// The later chunks of such a build are requested from its base, wherever the config says that the entry is.
#[test]
fn a_base_on_another_origin_is_refused() {
    let build = Build::of("vite-root");
    build.edit(
        "dist/index.html",
        "src=\"/assets/index-lXoEamTF.js\"",
        "src=\"https://cdn.example/shop/assets/index-lXoEamTF.js\"",
    );
    let message = build.fails(&["assets", "--dir", "@/dist", "--entry", "index.html"]);
    assert!(message.contains("https://cdn.example/shop/assets/index-lXoEamTF.js is on another origin"), "{message}");
}

#[test]
fn rsbuild() {
    let build = Build::of("webpack");
    for file in ["manifest.json", "asset-manifest.json", "assets-manifest.json"] {
        let _ = fs::remove_file(build.path(&format!("dist/{file}")));
    }
    let urls = |kind: &str, files: [&str; 1]| format!("\"{kind}\": [\"/assets/1.4.2/{}\"]", files[0]);
    let initial = [urls("js", ["main.d7a6efb2.js"]), urls("css", ["main.f6faafd2.css"])].join(", ");
    let manifest =
        format!(r#"{{"allFiles": [], "entries": {{"index": {{"html": ["/index.html"], "initial": {{{initial}}}}}}}}}"#);
    fs::write(build.path("dist/manifest.json"), manifest).unwrap();
    let expected = json!({
        "version": "1.4.2",
        "scripts": [{"src": "/assets/1.4.2/main.d7a6efb2.js", "type": "classic"}],
        "styles": [{"href": "/assets/1.4.2/main.f6faafd2.css"}],
    });
    check(&build, &["--manifest", "@/dist/manifest.json"], &expected);
}

#[test]
fn a_hash_in_a_query_is_refused_with_the_remedy() {
    let build = Build::of("webpack");
    fs::write(build.path("cra.json"), r#"{"entrypoints": ["main.d7a6efb2.js?v=1"]}"#).unwrap();
    let message = build.fails(&["assets", "--dir", "@/dist", "--manifest", "@/cra.json"]);
    assert!(message.contains("put the hash into the file's name, as in [name].[contenthash].js"), "{message}");
}

#[test]
fn a_file_name_that_is_no_url_is_refused() {
    let build = Build::of("vite-root");
    fs::rename(build.path("dist/assets/index-lXoEamTF.js"), build.path("dist/assets/a b.js")).unwrap();
    build.edit("dist/.vite/manifest.json", "index-lXoEamTF.js", "a b.js");
    let message = build.fails(&["assets", "--dir", "@/dist", "--entry", "index.html"]);
    assert!(message.starts_with("canaryctl: @/dist/assets/a b.js: /assets/1.4.2/assets/a b.js: expected"), "{message}");
}

#[test]
fn a_missing_manifest_is_named() {
    let build = Build::of("app");
    fs::remove_file(build.path("dist/index.html")).unwrap();
    let message = build.fails(&["assets", "--dir", "@/dist"]);
    assert_eq!(
        message,
        "canaryctl: no manifest of a bundler in @/dist, and no page @/dist/index.html with its entry: let it write a \
         manifest (Vite: build.manifest), or name it with --manifest\n"
    );
    fs::write(build.path("dist/manifest.json"), r#"{"name": "Shop", "icons": []}"#).unwrap();
    assert_eq!(build.fails(&["assets", "--dir", "@/dist"]), message);
    assert_eq!(
        build.fails(&["assets", "--dir", "@/dist", "--manifest", "@/dist/manifest.json"]),
        "canaryctl: @/dist/manifest.json: expected a manifest of Vite, webpack, Rsbuild or esbuild\n"
    );
    assert_eq!(build.fails(&["assets", "--dir", "@/none"]), "canaryctl: no folder @/none\n");
}

/// webpack's manifest does not say that scripts are modules, as with `output.module`; the page does.
#[test]
fn the_page_says_more_than_the_manifest() {
    let build = Build::of("webpack");
    build.edit("dist/index.html", "<script defer", "<script type=module");
    let expected = json!({
        "version": "1.4.2",
        "scripts": [{"src": "/assets/1.4.2/runtime.c7e8a98b.js"}, {"src": "/assets/1.4.2/main.d7a6efb2.js"}],
        "styles": [{"href": "/assets/1.4.2/main.f6faafd2.css"}],
    });
    check(&build, &[], &expected);
    build.run(&["inject", "@/dist/index.html"]);
    check(&build, &[], &expected);
}

#[test]
fn a_page_without_a_script_of_the_manifest_is_refused() {
    let build = Build::of("webpack");
    let page = build.read("dist/index.html");
    let script = page.split_once("<script").unwrap().1.split_once("</script>").unwrap().0;
    build.edit("dist/index.html", &format!("<script{script}</script>"), "");
    let expected = "canaryctl: @/dist/index.html: it does not load runtime.c7e8a98b.js, which the manifest gives to the entry: build \
                    again, or name the manifest with --manifest to leave the page out\n";
    assert_eq!(build.fails(&["assets", "@/dist"]), expected);
    build.run(&["inject", "@/dist/index.html"]);
    assert_eq!(build.fails(&["assets", "@/dist"]), expected);
    let (code, ..) = build.run(&["assets", "--dir", "@/dist", "--manifest", "@/dist/assets-manifest.json"]);
    assert_eq!(code, Some(0));
}

#[test]
fn an_inline_module_beside_the_entry_is_refused() {
    let build = Build::of("vite-root");
    build.edit("dist/index.html", "</head>", "<script type=module>import '/assets/index-lXoEamTF.js'</script></head>");
    let error = build.fails(&["assets", "--dir", "@/dist", "--entry", "index.html"]);
    assert!(error.starts_with("canaryctl: @/dist/index.html: line 17: an inline script imports"), "{error}");
}
