//! Mutants of the manifests, in `mutants.yaml`: each has to be found, with the expected finding.

use crate::checks::{alternative, faults};
use crate::world::Tree;
use canary_e2e::files::{read, repo};
use serde_json::Value;
use std::collections::BTreeSet;
use std::thread;

#[test]
fn every_mutant_is_caught() {
    let mutants: Vec<Value> = serde_saphyr::from_str(&read(&repo("tests/e2e/tests/manifests/mutants.yaml"))).unwrap();
    assert!(mutants.len() >= 25, "{} mutants", mutants.len());
    let names: BTreeSet<_> = mutants.iter().map(|mutant| mutant["name"].as_str().expect("a name")).collect();
    assert_eq!(names.len(), mutants.len());
    // kustomize takes most of the time, so two threads run.
    let (some, others) = mutants.split_at(mutants.len() / 2);
    let escaped = thread::scope(|scope| {
        let other = scope.spawn(|| others.iter().filter_map(escape).collect::<Vec<_>>());
        let mut escaped: Vec<_> = some.iter().filter_map(escape).collect();
        escaped.extend(other.join().unwrap());
        escaped
    });
    assert!(escaped.is_empty(), "{}", escaped.join("\n"));
}

/// A mutant without the expected finding.
fn escape(mutant: &Value) -> Option<String> {
    let told = |key: &str| mutant[key].as_str().unwrap_or_default();
    let tree = Tree::new();
    alternative(mutant["with"].as_str().unwrap_or("as it is"), &tree);
    tree.edit(told("file"), told("from"), told("to"));
    let found = faults(tree.root(), "production");
    let expected = told("expect");
    assert!(!expected.is_empty(), "{mutant}");
    (!found.iter().any(|fault| fault.contains(expected)))
        .then(|| format!("{}: expected {expected:?} among {found:#?}", told("name")))
}
