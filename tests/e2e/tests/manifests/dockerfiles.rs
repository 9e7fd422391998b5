//! The Dockerfiles, and mutants of them: hadolint and the rules of the project have to find each one.

mod rules;

use canary_e2e::files::{read, repo, temp_dir, write};
use canary_e2e::process::find_program;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

const FILES: [&str; 2] = ["nginx/Dockerfile", "canaryctl/Dockerfile"];

/// The findings of hadolint and of the rules for each of these Dockerfiles.
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
        found.insert(file.display().to_string(), rules::faults(text));
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
fn dockerfiles_have_no_findings() {
    let texts = FILES.map(|file| read(&repo(file)));
    assert_eq!(faults(&texts), [Vec::<String>::new(), Vec::new()]);
    // Both have the same Debian, and the compiler of the project.
    let pin =
        |text: &str, name: &str| text.lines().find(|line| line.starts_with(&format!("ARG {name}="))).map(str::to_owned);
    assert_eq!(pin(&texts[0], "BASE"), pin(&texts[1], "BASE"));
    let toolchain = read(&repo("rust-toolchain.toml"));
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = \"")).unwrap().trim_end_matches('"');
    let rust = pin(&texts[1], "RUST").unwrap();
    assert!(rust.contains(&format!("/rust:{channel}-")), "{rust} and {channel}");
}

/// Cargo reads the manifests of all members, and looks for the files that they name, before it builds one of them.
#[test]
fn the_build_of_canaryctl_has_all_that_the_workspace_names() {
    let (dockerfile, ignored) = (read(&repo("canaryctl/Dockerfile")), read(&repo(".dockerignore")));
    let scripts = read(&repo("scripts/test-cluster"));
    let context = temp_dir();
    let sources =
        dockerfile.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--"));
    let sources: Vec<_> = sources.flat_map(|line| line.rsplit_once(' ').unwrap().0.split(' ')).collect();
    assert!(sources.len() > 10, "{sources:?}");
    for source in &sources {
        assert!(ignored.lines().any(|line| line == format!("!{source}")), ".dockerignore leaves {source} out");
        // The cluster's tests build the image again only when one of these has changed.
        let listed = |line: &str| line.starts_with("sources=") && line.split([' ', ')']).any(|word| word == *source);
        assert!(source.starts_with("tests/") || scripts.lines().any(listed), "scripts/test-cluster lacks {source}");
    }
    let listed = Command::new("git").arg("-C").arg(repo("")).args(["ls-files", "-z", "--"]).args(&sources).output();
    for file in String::from_utf8(listed.unwrap().stdout).unwrap().split_terminator('\0') {
        // As .dockerignore says of the two folders of tests.
        if !file.starts_with("tests/") || file.ends_with("Cargo.toml") || file.contains("/src/") {
            let to = context.path().join(file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(repo(file), to).unwrap();
        }
    }
    // It reads all manifests first, and then lacks this binary.
    let build = ["build", "--locked", "--offline", "--package", "canaryctl", "--bin", "none"];
    let output = Command::new("cargo").args(build).current_dir(context.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no bin target named `none` in `canaryctl` package"), "{said}");
}

#[test]
fn every_dockerfile_mutant_is_found() {
    let mutants: Vec<Value> =
        serde_saphyr::from_str(&read(&repo("tests/e2e/tests/manifests/dockerfiles/mutants.yaml"))).unwrap();
    assert!(mutants.len() >= 20, "{} mutants", mutants.len());
    let text_of = |mutant: &Value, key: &str| mutant[key].as_str().unwrap_or_default().to_owned();
    let mutated = mutants.iter().map(|mutant| {
        let (text, from) = (read(&repo(&text_of(mutant, "file"))), text_of(mutant, "from"));
        assert!(text.contains(&from), "{mutant}");
        text.replace(&from, &text_of(mutant, "to"))
    });
    let found = faults(&mutated.collect::<Vec<_>>());
    let escaped = mutants.iter().zip(found).filter_map(|(mutant, found)| {
        let expected = text_of(mutant, "expect");
        assert!(!expected.is_empty(), "{mutant}");
        (!found.iter().any(|fault| fault.contains(&expected)))
            .then(|| format!("{}: expected {expected:?} among {found:#?}", text_of(mutant, "name")))
    });
    let escaped: Vec<_> = escaped.collect();
    assert!(escaped.is_empty(), "{}", escaped.join("\n"));
}
