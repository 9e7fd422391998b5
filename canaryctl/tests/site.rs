//! `canaryctl inject` and `canaryctl assets` for a folder with several pages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::fixture::Build;

/// A build of Vite with `index.html`, `other.html`, a page in a folder and one without scripts.
fn build() -> Build {
    let build = Build::of("vite-root");
    fs::create_dir(build.path("dist/admin")).unwrap();
    fs::write(build.path("dist/admin/index.html"), build.read("dist/other.html")).unwrap();
    fs::write(build.path("dist/imprint.html"), "<title>Imprint</title>").unwrap();
    build
}

fn json(build: &Build, args: &[&str]) -> Value {
    let (code, out, error) = build.run(&[args, &["--output", "json"]].concat());
    assert_eq!((code, error.as_str()), (Some(0), ""));
    serde_json::from_str(&out).unwrap()
}

const PAGES: [(&str, &str); 3] = [("admin/index.html", "admin"), ("index.html", "index"), ("other.html", "other")];

#[test]
fn every_page_with_scripts_has_a_name() {
    let build = build();
    let report = json(&build, &["inject", "@/dist"]);
    let names: Vec<_> = report["pages"].as_array().unwrap().iter().map(|it| (&it["file"], &it["entry"])).collect();
    let expected = PAGES.map(|(path, name)| (json!(format!("@/dist/{path}")), json!(name)));
    assert_eq!(names, expected.each_ref().map(|(path, name)| (path, name)));
    assert_eq!(report["withoutScripts"], json!(["@/dist/imprint.html"]));
    let injected: Vec<_> = PAGES.iter().map(|(path, _)| build.read(&format!("dist/{path}"))).collect();
    for (page, (path, name)) in injected.iter().zip(PAGES) {
        assert!(page.contains(&format!(" data-entry=\"{name}\"")) && page.contains("data-canary-stable"), "{path}");
    }
    assert_eq!(build.read("dist/imprint.html"), "<title>Imprint</title>");
    // A second run changes nothing, whichever form it has.
    for args in [&["inject", "@/dist"][..], &["inject", "@/dist/index.html", "@/dist/other.html"]] {
        let report = json(&build, args);
        assert!(report["pages"].as_array().unwrap().iter().all(|it| it["changed"] == false), "{report}");
    }
    let again: Vec<_> = PAGES.iter().map(|(path, _)| build.read(&format!("dist/{path}"))).collect();
    assert_eq!(again, injected);
}

#[test]
fn each_name_has_a_bundle() {
    let build = build();
    let before = json(&build, &["assets", "@/dist"]);
    assert_eq!(json(&build, &["assets", "--dir", "@/dist"]), before);
    let entries = before["entries"].as_object().unwrap();
    assert_eq!(entries.keys().collect::<Vec<_>>(), ["admin", "index", "other"]);
    assert_eq!(before.as_object().unwrap().len(), 1);
    // The bundle is what inject writes as stable, and what the manifest gives to the entry.
    let report = json(&build, &["inject", "@/dist"]);
    for (page, (_, name)) in report["pages"].as_array().unwrap().iter().zip(PAGES) {
        assert_eq!(page["stable"], entries[name]);
    }
    assert_eq!(json(&build, &["assets", "--dir", "@/dist", "--entry", "other.html"]), entries["other"]);
    // Injected pages say the same.
    assert_eq!(json(&build, &["assets", "@/dist"]), before);
    // One that has changed since is no file of that page.
    fs::write(build.path("dist/assets/other-BfUnSDus.js"), "changed").unwrap();
    let error = build.fails(&["assets", "@/dist"]);
    let reason =
        "@/dist/assets/other-BfUnSDus.js is not the file that the page was injected with: build and inject again";
    assert!(error.starts_with("canaryctl: @/dist/admin/index.html: line ") && error.contains(reason), "{error}");
}

#[test]
fn a_refused_page_leaves_all_as_they_were() {
    let build = build();
    let inline = "<script type=module>import '/assets/index-lXoEamTF.js'</script></head>";
    build.edit("dist/index.html", "</head>", inline);
    let before = PAGES.map(|(path, _)| build.read(&format!("dist/{path}")));
    let error = build.fails(&["inject", "@/dist"]);
    assert!(error.starts_with("canaryctl: @/dist/index.html: line 17: an inline script imports"), "{error}");
    assert_eq!(PAGES.map(|(path, _)| build.read(&format!("dist/{path}"))), before);
    let error = build.fails(&["assets", "@/dist"]);
    assert!(error.starts_with("canaryctl: @/dist/index.html: line 17: an inline script imports"), "{error}");
}

#[test]
fn a_page_that_was_injected_alone_gets_its_name() {
    let build = build();
    build.run(&["inject", "@/dist/index.html"]);
    assert!(!build.read("dist/index.html").contains("data-entry"));
    // It has the one canary without a name.
    let assets = json(&build, &["assets", "@/dist"]);
    assert_eq!(assets["canary"]["scripts"][0]["src"], "/assets/index-lXoEamTF.js");
    assert_eq!(assets["entries"].as_object().unwrap().keys().collect::<Vec<_>>(), ["admin", "other"]);
    build.run(&["inject", "@/dist"]);
    let page = build.read("dist/index.html");
    assert!(page.contains("<script data-entry=\"index\" type=\"module\" async src=\"/runtime/canary.js\""), "{page}");
    // A name of one's own stays.
    build.edit("dist/index.html", "data-entry=\"index\"", "data-entry=\"start\"");
    build.run(&["inject", "@/dist"]);
    assert!(build.read("dist/index.html").contains("data-entry=\"start\""));
    let assets = json(&build, &["assets", "@/dist"]);
    assert_eq!(assets["entries"].as_object().unwrap().keys().collect::<Vec<_>>(), ["admin", "other", "start"]);
}

/// ASSETS.canary holds one of them.
#[test]
fn two_pages_without_names_are_refused() {
    let build = build();
    let (_, report, _) = build.run(&["inject", "@/dist/index.html"]);
    let note = "note: admin/index.html has an entry of its own, which ASSETS.canary cannot hold as well: \
                canaryctl inject @/dist gives each page its own\n";
    assert!(report.contains(note), "{report}");
    build.run(&["inject", "@/dist/other.html"]);
    let error = build.fails(&["assets", "@/dist"]);
    assert_eq!(
        error,
        "canaryctl: @/dist/other.html: the second page with the runtime and without data-entry, of which ASSETS.canary can \
         hold one: canaryctl inject @/dist gives each page its own\n"
    );
}

#[test]
fn names_that_are_alike_are_refused() {
    let build = build();
    fs::write(build.path("dist/admin.html"), build.read("dist/other.html")).unwrap();
    for verb in ["inject", "assets"] {
        assert_eq!(
            build.fails(&[verb, "@/dist"]),
            "canaryctl: admin.html and admin/index.html would both be the entry admin, and one would load the other's canary: \
             rename one, or inject it alone with --data entry=NAME\n"
        );
    }
}

#[test]
fn wrong_usage_of_a_folder_is_refused() {
    let build = build();
    for (args, message) in [
        (&["@/dist", "--out", "@/x.html"][..], "--out is for one page: several are changed in place"),
        (&["@/dist", "--data", "entry=a"], "--data entry is for one page: several have the names of their paths"),
        (
            &["@/dist/index.html", "@/package.json"],
            "@/package.json is not in the folder @/dist of the first page: name their folder instead",
        ),
        (&["@/dist/index.html", "@/dist/admin"], "@/dist/admin: a folder among pages: name it alone, or the pages"),
        (&["@/dist/assets"], "no page of @/dist/assets loads a script of @/dist/assets"),
    ] {
        assert_eq!(build.fails(&[&["inject"], args].concat()), format!("canaryctl: {message}\n"));
    }
}

/// One page with scripts has no need of a name, and its canary is ASSETS.canary.
#[test]
fn a_folder_with_one_page_with_scripts() {
    let build = build();
    for path in ["dist/other.html", "dist/admin/index.html"] {
        fs::remove_file(build.path(path)).unwrap();
    }
    let report = json(&build, &["inject", "@/dist"]);
    assert_eq!(report["pages"][0]["entry"], Value::Null);
    assert!(!build.read("dist/index.html").contains("data-entry"));
    build.edit("dist/.vite/manifest.json", "\"isEntry\"", "\"wasEntry\"");
    build.edit(
        "dist/.vite/manifest.json",
        "\"src\": \"index.html\",\n    \"wasEntry\"",
        "\"src\": \"index.html\",\n    \"isEntry\"",
    );
    assert_eq!(json(&build, &["assets", "@/dist"]), report["pages"][0]["stable"]);
}

#[test]
fn into_keeps_the_rest_of_the_config() {
    let config = "{\n  \"CANARY_PERCENTAGE\": 5, // a comment\n  \"REVISION\": 7,\n  \"FEATURE_FLAGS\": { \"a\": true },\n  \
                  \"ASSETS\": { \"canary\": { \"version\": \"1\", \"scripts\": [{ \"src\": \"/old.js\" }] } }\n}\n";
    let build = build();
    let config = config.replace(" // a comment", "");
    fs::write(build.path("canary.json"), &config).unwrap();
    let (code, out, error) = build.run(&["assets", "@/dist", "--into", "@/canary.json"]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let summary =
        "@/canary.json: ASSETS.canary and ASSETS.entries (admin, index, other) are 1.4.2 now, REVISION 7 -> 8\n";
    assert_eq!(out, summary);
    let written = build.read("canary.json");
    assert!(
        written
            .starts_with("{\n  \"CANARY_PERCENTAGE\": 5,\n  \"REVISION\": 8,\n  \"FEATURE_FLAGS\": { \"a\": true },\n")
    );
    let json: Value = serde_json::from_str(&written).unwrap();
    // Pages from before there were names are the start page.
    assert_eq!(json["ASSETS"]["canary"], json["ASSETS"]["entries"]["index"]);
    let (code, out, _) = build.run(&["assets", "@/dist", "--into", "@/canary.json"]);
    assert_eq!((code, out.as_str()), (Some(0), "@/canary.json: nothing to change\n"));
    // Of a build with one page, the names of others stay.
    let one = Build::of("webpack");
    fs::write(one.path("canary.json"), &written).unwrap();
    let (_, _, error) = one.run(&["assets", "--dir", "@/dist", "--into", "@/canary.json"]);
    assert_eq!(error, "canaryctl: @/canary.json: ASSETS.entries stay as they were, for pages with data-entry\n");
    let after: Value = serde_json::from_str(&one.read("canary.json")).unwrap();
    assert_eq!(after["ASSETS"]["entries"], json["ASSETS"]["entries"]);
}

/// Without a manifest, the page says what its entry is, also once it is injected.
#[test]
fn an_injected_page_without_a_manifest() {
    let build = build();
    fs::remove_file(build.path("dist/.vite/manifest.json")).unwrap();
    for path in ["dist/other.html", "dist/admin/index.html"] {
        fs::remove_file(build.path(path)).unwrap();
    }
    let before = json(&build, &["assets", "--dir", "@/dist"]);
    build.run(&["inject", "@/dist"]);
    for args in [&["assets", "--dir", "@/dist"][..], &["assets", "@/dist"]] {
        assert_eq!(json(&build, args), before);
    }
    build.edit("dist/index.html", "\"version\":\"1.4.2\",\"scripts\"", "\"version\":\"1.4.2\",\"Scripts\"");
    let error = build.fails(&["assets", "@/dist"]);
    assert!(error.contains("data-canary-stable: expected scripts"), "{error}");
}
