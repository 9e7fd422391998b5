//! `canaryctl validate` on the manifests and nginx configurations around a config.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use support::{canaryctl, repo, text};
use tempfile::TempDir;

/// Copies a folder, without the table of cases.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if name != "cases.json" {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// Replaces text that occurs exactly once. Without such text, appends to the file or creates it.
fn edit(folder: &Path, edit: &Value) {
    let [file, from, to] = [0, 1, 2].map(|at| edit[at].as_str().unwrap());
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let old = fs::read_to_string(&path).unwrap_or_default();
    if from.is_empty() {
        return fs::write(path, old + to).unwrap();
    }
    assert_eq!(old.matches(from).count(), 1, "{from:?} in {file}");
    fs::write(path, old.replace(from, to)).unwrap();
}

/// Runs it in a folder. Returns the exit code and the lines of diagnostics.
fn validate(folder: &Path, file: &str) -> (Option<i32>, Vec<String>) {
    let output = canaryctl(["validate", file]).current_dir(folder).output().unwrap();
    let is_diagnostic = |line: &&str| [": error ", ": warning ", ": note: "].iter().any(|word| line.contains(word));
    let lines = text(&output.stdout).lines().filter(is_diagnostic).map(str::to_owned).collect();
    (output.status.code(), lines)
}

/// Edits files without a fault, and expects exactly the diagnostics that each edit causes.
#[test]
fn finds_every_trap_and_nothing_else() {
    let fixtures = repo("canaryctl/tests/fixtures/traps");
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(fixtures.join("cases.json")).unwrap()).unwrap();
    assert!(cases.len() >= 100, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let folder = TempDir::new().unwrap();
        copy(&fixtures, folder.path());
        for one in case["edits"].as_array().unwrap() {
            edit(folder.path(), one);
        }
        let (code, lines) = validate(folder.path(), case["validate"].as_str().unwrap());
        let expected: Vec<_> = case["finds"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        if lines != expected || code != case["exit"].as_i64().and_then(|code| code.try_into().ok()) {
            wrong.push(format!("{}: {code:?} {lines:#?}, expected {expected:#?}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Codes that only come with options, which the cases do not have: the tests of rollouts have them.
const ON_REQUEST: [&str; 2] = ["E943", "E944"];

/// The guide and the cases have the same codes.
#[test]
fn the_guide_has_every_code() {
    let cases = fs::read_to_string(repo("canaryctl/tests/fixtures/traps/cases.json")).unwrap();
    let guide = fs::read_to_string(repo("docs/cli.md")).unwrap();
    let codes = |text: &str| {
        let words = text.split(|char: char| !char.is_ascii_alphanumeric());
        let is_code = |word: &&str| word.len() == 4 && (word.starts_with("E9") || word.starts_with("W9"));
        words
            .filter(is_code)
            .filter(|code| !ON_REQUEST.contains(code))
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(codes(&cases), codes(&guide));
}

#[test]
fn what_is_shipped_has_no_trap() {
    for file in [
        "k8s",
        "k8s/clusters/production",
        "k8s/clusters/staging",
        "nginx/nginx.conf",
        "k8s/base/frontend/pod.yaml",
        "k8s/components/flux/sync.yaml",
    ] {
        let output = canaryctl(["validate", "--strict", file]).current_dir(repo("")).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{file}: {}{}", text(&output.stdout), text(&output.stderr));
    }
    // All files were checked.
    let output = canaryctl(["validate", "--output", "json", "k8s"]).current_dir(repo("")).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files: Vec<_> = report["files"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
    for file in [
        "k8s/base/frontend/pod.yaml",
        "k8s/overlays/production/config/canary-config-cm.yaml",
        "k8s/overlays/staging/frontend/canary.yaml",
        "k8s/components/flux/sync.yaml",
    ] {
        assert!(files.contains(&file), "{file} in {files:?}");
    }
}

#[test]
fn shows_the_place_and_tells_machines_the_same() {
    let folder = TempDir::new().unwrap();
    copy(&repo("canaryctl/tests/fixtures/traps"), folder.path());
    let output = |args: &[&str]| canaryctl(args).current_dir(folder.path()).output().unwrap();
    fs::write(
        folder.path().join("app/second.yaml"),
        "kind: ConfigMap\nmetadata: {name: canary-settings}\nimmutable: true\n",
    )
    .unwrap();
    let expected = "\
app/second.yaml:3:12: error E909 immutable: the API server refuses every later edit, a roll-back too; take immutable out
  |
3 | immutable: true
  |            ^^^^
app/second.yaml: invalid: 1 error
";
    let found = output(&["validate", "app/second.yaml"]);
    assert_eq!((text(&found.stdout).as_str(), found.status.code()), (expected, Some(1)));
    let found: Value =
        serde_json::from_slice(&output(&["validate", "--output", "json", "app/second.yaml"]).stdout).unwrap();
    let expected = serde_json::json!({"files": [{"file": "app/second.yaml", "valid": false, "warnings": [], "errors": [{
        "code": "E909", "key": "immutable", "line": 3, "column": 12,
        "message": "the API server refuses every later edit, a roll-back too; take immutable out",
    }]}]});
    assert_eq!(found, expected);
}

#[test]
fn a_folder_without_a_config_is_no_answer() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.yaml"), "kind: Service\n").unwrap();
    let output = canaryctl(["validate", "."]).current_dir(folder.path()).output().unwrap();
    let expected = "canaryctl: .: expected a ConfigMap canary-settings with the key config.json, or something that mounts or \
                    syncs it\n";
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), expected));
}

/// Fragments of the language in random order.
fn soup(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let word = prop_oneof![8 => prop::sample::select(words).prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

const YAML: &[&str] = &[
    "kind: ",
    "Deployment",
    "ConfigMap",
    "Kustomization",
    "List",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "spec:",
    "template:",
    "volumes:",
    "containers:",
    "items:",
    "metadata:",
    "name: ",
    "canary-settings",
    "configMap:",
    "volumeMounts:",
    "subPath: ",
    "&a ",
    "*a",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "---\n",
    "|\n",
    "\"",
    "'",
    "<<: ",
    "resources:",
    "patches:",
    "path: ",
    "../",
    "a.yaml",
    ".",
    "é",
    "\u{feff}",
    "data:",
    "config.json: ",
    "\"CANARY_PERCENTAGE\"",
    "configMapGenerator:",
    "files:",
    "# ",
];
const NGINX: &[&str] = &[
    "http",
    "server",
    "location",
    " ",
    "{",
    "}",
    ";",
    "\n",
    "\"",
    "'",
    "#",
    "\\",
    "~ ",
    "= ",
    "/",
    "/assets/",
    "(",
    ")",
    "*",
    "[a-z]",
    "try_files ",
    "$uri",
    "/index.html",
    "=404",
    "@a",
    "root /srv;",
    "add_header ",
    "A b",
    "include ",
    "nginx.conf",
    "rewrite ",
    "error_page 404 =200 /index.html;",
    "if (!-e $request_filename)",
    "${",
    "é",
    "\u{feff}",
    "x_by_lua_block",
];

/// Expects an exit code and no panic.
fn survives(files: &[(&str, &[u8])], named: &str) -> Result<(), TestCaseError> {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let output = canaryctl(["validate", named]).current_dir(folder.path()).output().unwrap();
    prop_assert!(output.status.code().is_some_and(|code| code < 3), "{:?} {}", output.status, text(&output.stderr));
    prop_assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn any_manifest_has_an_answer(yaml in soup(YAML), other in soup(YAML)) {
        survives(&[("kustomization.yaml", yaml.as_bytes()), ("a.yaml", other.as_bytes())], ".")?;
        survives(&[("b.yaml", yaml.as_bytes())], "b.yaml")?;
    }

    #[test]
    fn any_configuration_has_an_answer(conf in soup(NGINX)) {
        survives(&[("nginx.conf", conf.as_bytes())], "nginx.conf")?;
    }

    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["kustomization.yaml", "nginx.conf", "a.yaml"] {
            survives(&[(name, &bytes)], name)?;
        }
    }
}
