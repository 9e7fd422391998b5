//! `canaryctl init` in repositories of several shapes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{canaryctl, text};
use tempfile::TempDir;

/// Paths and contents.
type Files<'a> = &'a [(&'a str, &'a str)];

/// A repository with files.
fn repository(files: Files<'_>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// Runs the program in the repository, which has to succeed.
#[track_caller]
fn run(dir: &TempDir, args: &[&str]) -> String {
    let output = canaryctl(args).current_dir(dir.path()).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{}", text(&output.stdout));
    text(&output.stdout)
}

/// All files with their contents.
fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| {
        let file = || vec![(path.clone(), fs::read(&path).unwrap())];
        if path.is_dir() { tree(&path).into_iter().collect() } else { file() }
    });
    files.collect()
}

const VITE: [(&str, &str); 4] = [
    ("package.json", r#"{ "dependencies": { "react": "19" } }"#),
    ("pnpm-lock.yaml", ""),
    ("vite.config.ts", "export default {}"),
    (".github/workflows/ci.yaml", "on: push"),
];

#[test]
fn writes_what_a_vite_app_with_flux_lacks() {
    let dir = repository(&[&VITE[..], &[("clusters/production/flux-system/gotk-sync.yaml", "")]].concat());
    let before = tree(dir.path());
    let found = "found: bundler: Vite (vite.config.ts)
found: package manager: pnpm (pnpm-lock.yaml)
found: CI: GitHub Actions (.github/workflows)
found: Flux: bootstrapped (clusters/production)
";
    let written = "VERB: k8s/canary-config/canary-config-cm.yaml: the config, at 0 % and without flags
VERB: k8s/canary-config/kustomization.yaml: the config in the namespace shop
VERB: clusters/production/canary-config.yaml: Flux applies the config
";
    let todo = "to do: pnpm add canary-runtime
to do: in vite.config.ts: import canary from \"canary-runtime/vite\", and add canary({ config: \"k8s/canary-config/canary-config-cm.yaml\" }) to plugins
to do: serve /config/canary.json from the ConfigMap canary-settings, mounted as a folder
to do: in .github/workflows: canaryctl validate k8s/canary-config/canary-config-cm.yaml
to do: with the first canary's build: canaryctl assets --dir DIST --into k8s/canary-config/canary-config-cm.yaml, then canaryctl set 1 --config k8s/canary-config/canary-config-cm.yaml
";
    let dry = run(&dir, &["init", "--namespace", "shop", "--dry-run"]);
    assert_eq!(dry, format!("{found}{}{todo}", written.replace("VERB", "would write")));
    assert_eq!(tree(dir.path()), before);
    let out = run(&dir, &["init", "--namespace", "shop"]);
    assert_eq!(out, format!("{found}{}{todo}", written.replace("VERB", "wrote")));
    let after = tree(dir.path());
    assert!(before.iter().all(|(path, text)| after.get(path) == Some(text)));
    assert_eq!(after.len(), before.len().saturating_add(3));

    // What was written has no traps, and every verb finds it.
    let valid = run(&dir, &["validate", "--strict", "k8s", "clusters/production/canary-config.yaml"]);
    assert!(valid.ends_with(" files: 5 valid\n"), "{valid}");
    assert!(run(&dir, &["set", "1", "--dry-run"]).contains("CANARY_PERCENTAGE 0 -> 1"));

    let again = run(&dir, &["init", "--namespace", "shop"]);
    let kept = "kept: k8s/canary-config/canary-config-cm.yaml
kept: clusters/production/canary-config.yaml
nothing to write
";
    assert_eq!(again, format!("{found}{kept}{todo}"));
    assert_eq!(tree(dir.path()), after);
}

#[test]
fn knows_repositories_of_other_shapes() {
    let shapes: [(Files<'_>, Value, &str); 6] = [
        (&[], json!({}), "after each build: canaryctl inject DIST/index.html"),
        (
            &[("angular.json", "{}"), ("package-lock.json", "{}"), (".gitlab-ci.yml", "")],
            json!({"bundler": {"name": "Angular", "file": "angular.json"},
                "package manager": {"name": "npm", "file": "package-lock.json"}, "CI": {"name": "GitLab CI", "file": ".gitlab-ci.yml"}}),
            "after each build with Angular: canaryctl inject DIST/index.html",
        ),
        (
            &[("webpack.config.js", ""), ("yarn.lock", "")],
            json!({"bundler": {"name": "webpack", "file": "webpack.config.js"}, "package manager": {"name": "yarn", "file": "yarn.lock"}}),
            "yarn add canary-runtime",
        ),
        // Astro has Vite inside, and a configuration of its own.
        (
            &[("astro.config.mjs", ""), ("vite.config.js", "")],
            json!({"bundler": {"name": "Astro", "file": "astro.config.mjs"}}),
            "after each build with Astro: canaryctl inject DIST/index.html",
        ),
        (
            &[("node_modules/x/flux-system/gotk-sync.yaml", "")],
            json!({}),
            "apply k8s/canary-config to the cluster: no folder of flux bootstrap was found",
        ),
        (
            &[("package.json", r#"{"dependencies": {"canary-runtime": "1"}}"#)],
            json!({"package manager": {"name": "npm", "file": "package.json"}}),
            "in CI: canaryctl validate k8s/canary-config/canary-config-cm.yaml",
        ),
    ];
    for (files, found, step) in shapes {
        let dir = repository(files);
        let out: Value = serde_json::from_str(&run(&dir, &["init", "--output", "json"])).unwrap();
        assert_eq!(out["found"], found);
        assert!(out["todo"].as_array().unwrap().contains(&json!(step)), "{step} in {out}");
        let has_install = out["todo"].to_string().contains("npm install canary-runtime");
        assert_eq!(
            has_install,
            !files.iter().any(|(_, text)| text.contains("canary-runtime")) && step != "yarn add canary-runtime",
            "{out}"
        );
        assert_eq!(out["files"].as_array().unwrap().len(), 2);
        assert!(dir.path().join("k8s/canary-config/canary-config-cm.yaml").is_file());
    }
}

/// A config that is there is the team's own, and so is the way in which it is applied.
#[test]
fn leaves_a_config_that_is_there() {
    let files = [
        ("k8s/overlays/production/config/canary-config-cm.yaml", "mine"),
        ("clusters/production/flux-system/gotk-sync.yaml", ""),
    ];
    let dir = repository(&files);
    let before = tree(dir.path());
    let out: Value = serde_json::from_str(&run(&dir, &["init", "--output", "json"])).unwrap();
    assert_eq!([&out["files"], &out["kept"]], [&json!([]), &json!([files[0].0])]);
    assert_eq!(tree(dir.path()), before);
}

#[test]
fn refuses_what_is_no_folder_or_no_namespace() {
    support::fails(&["init", "/nowhere"], b"", "canaryctl: /nowhere: expected a folder\n");
    let output = support::run(&["init", "--namespace", "Shop"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("expected 1 to 63 of a-z 0-9 -, with no - at the ends"));
}

/// The config as JSON, of which kustomize makes the `ConfigMap`: every verb takes it as well.
#[test]
fn the_config_may_be_json() {
    let dir = repository(&[]);
    let out = run(&dir, &["init", "--json"]);
    let written = "wrote: k8s/canary-config/canary.json: the config, at 0 % and without flags
wrote: k8s/canary-config/canary.schema.json: the JSON Schema of the config, for editors
wrote: k8s/canary-config/kustomization.yaml: the config in the namespace frontend
";
    assert!(out.starts_with(written), "{out}");
    let after = tree(dir.path());
    let again = run(&dir, &["init", "--json"]);
    assert!(again.starts_with("kept: k8s/canary-config/canary.json\nnothing to write\n"), "{again}");
    assert_eq!(tree(dir.path()), after);

    let config = "k8s/canary-config/canary.json";
    let valid = run(&dir, &["validate", "--strict", "k8s"]);
    assert!(valid.ends_with(" files: 2 valid\n"), "{valid}");
    assert_eq!(run(&dir, &["set", "5", "--flag", "banner=true", "--new"]).split(':').next(), Some(config));
    let bundle = [("dist/index.html", "<script type=module src=/a.js></script>"), ("dist/a.js", "")];
    fs::create_dir(dir.path().join("dist")).unwrap();
    for (path, text) in bundle {
        fs::write(dir.path().join(path), text).unwrap();
    }
    run(&dir, &["assets", "dist", "--version", "2", "--into", config]);
    let json: Value = serde_json::from_slice(&fs::read(dir.path().join(config)).unwrap()).unwrap();
    assert_eq!((&json["REVISION"], &json["ASSETS"]["canary"]["version"]), (&json!(3), &json!("2")));
    assert_eq!(json["$schema"], "./canary.schema.json");
    assert!(run(&dir, &["types"]).contains("\"banner\": boolean"));
    assert!(run(&dir, &["explain", "--config", config, "--key", "u"]).contains("revision 3"));
    run(&dir, &["simulate", "--config", config, "--users", "100"]);
    run(&dir, &["diff", config, config]);
    let stale = canaryctl(["stale", "--source", "dist"]).current_dir(dir.path()).output().unwrap();
    assert!(text(&stale.stdout).starts_with("unread: banner"), "{}", text(&stale.stdout));

    // Without the option, pods would wait for a name that is not there.
    let path = dir.path().join("k8s/canary-config/kustomization.yaml");
    let text =
        fs::read_to_string(&path).unwrap().replace("disableNameSuffixHash: true", "disableNameSuffixHash: false");
    fs::write(&path, text).unwrap();
    let output = canaryctl(["validate", "k8s"]).current_dir(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        self::text(&output.stdout).contains("error E906 configMapGenerator[0].name"),
        "{}",
        self::text(&output.stdout)
    );
}
