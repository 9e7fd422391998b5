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
    // The three files, and the record of them.
    assert_eq!(after.len(), before.len().saturating_add(4));

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

/// A repository for `--with standard`: its name and files, the options, the number of files that are written, and a step that is left.
type Shape = (&'static str, Vec<(&'static str, &'static str)>, Vec<&'static str>, usize, &'static str);

fn shapes() -> Vec<Shape> {
    let standard = vec!["--namespace", "shop", "--set", "app=shop", "--set", "image=ghcr.io/acme/shop"];
    let build = "build nginx/Dockerfile and push ghcr.io/acme/shop:1.0.0";
    vec![
        ("Vite", VITE.to_vec(), standard.clone(), 45, build),
        (
            "Vite with Flux",
            [&VITE[..], &[("clusters/eu/flux-system/gotk-sync.yaml", "")]].concat(),
            standard.clone(),
            46,
            build,
        ),
        (
            "CRA",
            vec![("package.json", r#"{"version": "2.1.0", "scripts": {"build": "react-scripts build"}}"#)],
            standard.clone(),
            44,
            "build nginx/Dockerfile and push ghcr.io/acme/shop:2.1.0",
        ),
        (
            "Angular",
            vec![("angular.json", "{}"), ("package-lock.json", "{}"), (".gitlab-ci.yml", "")],
            standard.clone(),
            45,
            "in .gitlab-ci.yml, below include: - local: .gitlab/ci/canary-shop.yml; in .gitlab/ci/canary-shop.yml: your image of canaryctl, and the page views of the site",
        ),
        ("Astro", vec![("astro.config.mjs", ""), ("yarn.lock", "")], standard.clone(), 44, "yarn add canary-runtime"),
        (
            "nothing",
            vec![],
            vec![],
            44,
            "choose image, frontend_host, repository in k8s/clusters/production/settings.yaml",
        ),
        ("own nginx", vec![("nginx/nginx.conf", "events {}")], standard.clone(), 43, build),
        (
            "owners",
            vec![(".git/config", "[core]\n[remote \"origin\"]\n\turl = git@github.com:acme/shop.git\n")],
            [&standard[..], &["--owners", "@acme/web"]].concat(),
            45,
            "choose frontend_host in k8s/clusters/production/settings.yaml",
        ),
        (
            "another folder",
            vec![],
            [&standard[..], &["--set", "path=deploy"]].concat(),
            44,
            "kubectl apply -k deploy/clusters/production",
        ),
        (
            "a chart",
            vec![("charts/shop/Chart.yaml", "")],
            standard,
            7,
            "in the chart charts/shop/Chart.yaml: mount the ConfigMap canary-settings as a folder at /usr/share/nginx/html/config, config.json as canary.json",
        ),
    ]
}

#[test]
fn standard_fits_repositories_of_many_shapes() {
    for (name, files, options, count, step) in shapes() {
        let dir = repository(&files);
        let before = tree(dir.path());
        let args = |more: &[&'static str]| [&["init", "--with", "standard"][..], &options, more].concat();
        let dry: Value = serde_json::from_str(&run(&dir, &args(&["--dry-run", "--output", "json"]))).unwrap();
        assert_eq!(tree(dir.path()), before, "{name}");
        let out: Value = serde_json::from_str(&run(&dir, &args(&["--output", "json"]))).unwrap();
        assert_eq!(out["files"].as_array().unwrap().len(), count, "{name}: {out:#}");
        assert_eq!(out["files"].to_string().replace("true", "false"), dry["files"].to_string());
        assert!(out["todo"].as_array().unwrap().contains(&json!(step)), "{name}: {step} in {out:#}");
        let after = tree(dir.path());
        assert!(before.iter().all(|(path, text)| after.get(path) == Some(text)), "{name}");

        // What was written has no traps, builds, and has the team's names.
        let path = if name == "another folder" { "deploy" } else { "k8s" };
        let valid = run(&dir, &["validate", "--strict", path]);
        assert!(valid.ends_with(" valid\n") && !valid.contains("note"), "{name}: {valid}");
        if count > 10 {
            let objects = kustomize(dir.path(), &format!("{path}/clusters/production"));
            assert!(objects.contains(&format!("path: ./{path}/overlays/production/config")), "{name}");
            if !options.is_empty() {
                assert!(
                    !objects.contains("name: frontend-config\n  namespace") && objects.contains("name: shop-config"),
                    "{objects}"
                );
                let pods = kustomize(dir.path(), &format!("{path}/overlays/production"));
                assert!(pods.contains("image: ghcr.io/acme/shop:") && !pods.contains("registry.example.com"), "{pods}");
            }
            if name == "owners" {
                assert!(objects.contains("url: ssh://git@github.com/acme/shop.git"), "{objects}");
            }
        }
        let again: Value = serde_json::from_str(&run(&dir, &args(&["--output", "json"]))).unwrap();
        assert_eq!(again["files"], json!([]), "{name}");
        assert_eq!(tree(dir.path()), after, "{name}");

        // A file that has changed stays, everything else is as before.
        fs::write(dir.path().join("nginx/csp.conf"), "mine").unwrap();
        let removed = run(&dir, &["init", "--remove"]);
        assert!(removed.ends_with("kept: nginx/csp.conf: it has changed since init wrote it\n"), "{name}: {removed}");
        let mut left = tree(dir.path());
        assert!(
            left.remove(&dir.path().join("nginx/csp.conf")).is_some()
                && left.remove(&dir.path().join(".canary-init.json")).is_some()
        );
        assert_eq!(left, before, "{name}");
    }
}

/// The objects of a folder, as kustomize builds them.
fn kustomize(dir: &Path, folder: &str) -> String {
    let output = std::process::Command::new("kustomize").arg("build").arg(dir.join(folder)).output().unwrap();
    assert!(output.status.success(), "{folder}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Two apps in one repository have a folder of manifests each, and share nginx/.
#[test]
fn two_apps_of_a_repository_do_not_meet() {
    let dir = repository(&[]);
    let init = |app: &str, path: &str| {
        let [app, path] = [format!("app={app}"), format!("path={path}")];
        let args =
            ["init", "--with", "standard", "--namespace", "shop", "--set", &app, "--set", &path, "--output", "json"];
        serde_json::from_str::<Value>(&run(&dir, &args)).unwrap()
    };
    init("one", "k8s");
    let second = init("two", "k8s-two");
    assert_eq!(second["files"].as_array().unwrap().len(), 39, "{second:#}");
    assert!(
        kustomize(dir.path(), "k8s-two/clusters/production").contains("path: ./k8s-two/overlays/production/frontend")
    );
    run(&dir, &["init", "--remove"]);
    assert!(tree(dir.path()).is_empty(), "{:?}", tree(dir.path()));
    support::fails(
        &["init", "--remove", dir.path().to_str().unwrap()],
        b"",
        &format!("canaryctl: {}: expected the record of init, .canary-init.json\n", dir.path().display()),
    );
}

#[test]
fn names_are_checked() {
    for (set, message) in [
        ("image", "expected KEY=VALUE"),
        (
            "imag=a",
            "found imag, expected one of app, path, repository, branch, image, manifests, frontend_host, gateway_name, gateway_namespace, ingress_namespace, monitoring_namespace",
        ),
        ("namespace=a", "found namespace, expected one of app, "),
        ("path=a/b", "found \"a/b\" for path, expected characters of"),
        ("image=a\nb", "for image, expected characters of"),
        ("app=", "found \"\" for app"),
    ] {
        let output = support::run(&["init", "--set", set], "");
        assert_eq!(output.status.code(), Some(2), "{set}");
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
    }
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
