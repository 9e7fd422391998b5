//! `canaryctl inject` and `canaryctl assets` with pages of real frameworks, whose scripts are emptied.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

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
