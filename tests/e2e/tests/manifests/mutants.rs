//! Mutants of the manifests: each is wrong in one place, and has to be found.
//!
//! A file of `mutants/` is a list. `from` is text that occurs once in `file`, and `to` replaces it. `with` names an
//! [`alternative`] to begin with. One of the findings has to contain `expect`.

use crate::checks::{alternative, faults};
use crate::world::Tree;
use canary_e2e::files::{read, repo};
use serde_json::Value;
use std::collections::BTreeSet;

/// Checks a file of at least `count` mutants.
#[track_caller]
fn caught(file: &str, count: usize) {
    let text = read(&repo(&format!("tests/e2e/tests/manifests/mutants/{file}")));
    let mutants: Vec<Value> = serde_saphyr::from_str(&text).unwrap();
    assert!(mutants.len() >= count, "{} mutants", mutants.len());
    let names: BTreeSet<_> = mutants.iter().map(|mutant| mutant["name"].as_str().expect("a name")).collect();
    assert_eq!(names.len(), mutants.len());
    let escaped: Vec<_> = mutants.iter().filter_map(escape).collect();
    assert!(escaped.is_empty(), "{}", escaped.join("\n"));
}

// Several tests, because kustomize takes long and tests run side by side.
#[test]
fn schemas_catch_their_mutants() {
    caught("schemas.yaml", 21);
}

#[test]
fn references_catch_their_mutants() {
    caught("references.yaml", 26);
}

#[test]
fn rules_for_pods_catch_their_mutants() {
    caught("pods.yaml", 27);
}

#[test]
fn rules_for_flux_catch_their_mutants() {
    caught("sync.yaml", 20);
}

#[test]
fn rules_for_access_catch_their_mutants() {
    caught("access.yaml", 19);
}

/// Describes a mutant without the expected finding.
fn escape(mutant: &Value) -> Option<String> {
    let text = |key: &str| mutant[key].as_str().unwrap_or_default();
    let tree = Tree::new();
    alternative(mutant["with"].as_str().unwrap_or("as it is"), &tree);
    tree.edit(text("file"), text("from"), text("to"));
    let found = faults(tree.root(), "production");
    let expected = text("expect");
    assert!(!expected.is_empty(), "{mutant}");
    (!found.iter().any(|fault| fault.contains(expected)))
        .then(|| format!("{}: expected {expected:?} among {found:#?}", text("name")))
}
