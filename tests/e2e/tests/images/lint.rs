//! The Dockerfiles as they stand, and mutants of them that are wrong in one place: each has to be found, for that reason.

use crate::dockerfile;
use canary_e2e::files::{read, repo, temp_dir, write};
use canary_e2e::process::find_program;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

const FILES: [&str; 2] = ["nginx/Dockerfile", "canaryctl/Dockerfile"];

/// What hadolint and the project's own rules find in each of several Dockerfiles.
#[track_caller]
fn faults(texts: &[String]) -> Vec<Vec<String>> {
    let dir = temp_dir();
    let mut command = Command::new(find_program("hadolint"));
    command.args(["--no-fail", "--format", "json", "--config"]).arg(repo(".hadolint.yaml"));
    let mut found = BTreeMap::new();
    for (number, text) in texts.iter().enumerate() {
        let file = dir.path().join(number.to_string());
        write(&file, text);
        command.arg(&file);
        found.insert(file.display().to_string(), dockerfile::faults(text));
    }
    let output = command.output().unwrap();
    let report: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    for fault in report {
        let [file, code, message] = ["file", "code", "message"].map(|key| fault[key].as_str().unwrap());
        found.get_mut(file).unwrap().push(format!("{code} {message}"));
    }
    (0..texts.len()).map(|number| found[&dir.path().join(number.to_string()).display().to_string()].clone()).collect()
}

#[test]
fn the_dockerfiles_have_no_fault() {
    let texts = FILES.map(|file| read(&repo(file)));
    assert_eq!(faults(&texts), [Vec::<String>::new(), Vec::new()]);
    // The same Debian under both, and the compiler of the rest of the project.
    let pin =
        |text: &str, name: &str| text.lines().find(|line| line.starts_with(&format!("ARG {name}="))).map(str::to_owned);
    assert_eq!(pin(&texts[0], "BASE"), pin(&texts[1], "BASE"));
    let toolchain = read(&repo("rust-toolchain.toml"));
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = \"")).unwrap().trim_end_matches('"');
    let rust = pin(&texts[1], "RUST").unwrap();
    assert!(rust.contains(&format!("/rust:{channel}-")), "{rust} and {channel}");
}

#[test]
fn every_mutant_is_caught() {
    let mutants: Vec<Value> = serde_saphyr::from_str(&read(&repo("tests/e2e/tests/images/mutants.yaml"))).unwrap();
    assert!(mutants.len() >= 20, "{} mutants", mutants.len());
    let told = |mutant: &Value, key: &str| mutant[key].as_str().unwrap_or_default().to_owned();
    let mutated = mutants.iter().map(|mutant| {
        let (text, from) = (read(&repo(&told(mutant, "file"))), told(mutant, "from"));
        assert!(text.contains(&from), "{mutant}");
        text.replace(&from, &told(mutant, "to"))
    });
    let found = faults(&mutated.collect::<Vec<_>>());
    let escaped = mutants.iter().zip(found).filter_map(|(mutant, found)| {
        let expected = told(mutant, "expect");
        assert!(!expected.is_empty(), "{mutant}");
        (!found.iter().any(|fault| fault.contains(&expected)))
            .then(|| format!("{}: expected {expected:?} among {found:#?}", told(mutant, "name")))
    });
    let escaped: Vec<_> = escaped.collect();
    assert!(escaped.is_empty(), "{}", escaped.join("\n"));
}
