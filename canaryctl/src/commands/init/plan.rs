//! The files to write, and the steps that are left to people.

use std::path::Path;

use super::record::Record;
use super::repository::{CONFIG, Found, JSON_CONFIG, NewFile, Repository};
use super::standard::{self, Names};
use crate::config::schema;

/// The folder of the config and of nothing else, so that whoever may edit it can apply nothing more.
pub(crate) const FOLDER: &str = "k8s/canary-config";

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) files: Vec<NewFile>,
    /// Files that are there and that this would have written otherwise.
    pub(crate) kept: Vec<String>,
    pub(crate) todo: Vec<String>,
}

impl Plan {
    /// The files of `--with standard` in place of those of a config alone, without those that are there. A config elsewhere, or a
    /// chart, keeps the manifests that are around it.
    pub(crate) fn standard(
        dir: &Path,
        repository: &Repository,
        names: &Names,
        owners: Option<&str>,
        record: &Record,
    ) -> Self {
        let config = names.config();
        // That of another app, which this has written, is no reason to leave this one out.
        let has_other = repository.configs.iter().any(|it| *it != config && !record.has(it));
        let mut plan = if has_other || repository.chart.is_some() {
            Self::of(repository, names.namespace(), false)
        } else {
            Self { files: Vec::new(), kept: Vec::new(), todo: steps(repository, &config) }
        };
        let is_of_manifests = |path: &str| has_other && !path.starts_with("nginx/");
        for file in standard::files(names, repository, owners) {
            if dir.join(&file.path).exists() {
                plan.kept.push(file.path);
            } else if !is_of_manifests(&file.path) {
                plan.files.push(file);
            }
        }
        plan.kept.sort();
        plan.kept.dedup();
        if !has_other {
            let own = standard::steps(names, repository, owners);
            let has_workflow = standard::workflow(names, repository).is_some();
            plan.todo.retain(|step| !step.starts_with("apply ") && !step.starts_with("serve /config"));
            plan.todo.retain(|step| !has_workflow || !step.contains(": canaryctl validate "));
            plan.todo.splice(0..0, own);
        }
        plan
    }

    /// The files of a config alone.
    pub(crate) fn of(repository: &Repository, namespace: &str, is_json: bool) -> Self {
        let mut files = Vec::new();
        let has_config = !repository.configs.is_empty();
        let name = if is_json { JSON_CONFIG } else { CONFIG };
        let config = repository.configs.first().cloned().unwrap_or_else(|| format!("{FOLDER}/{name}"));
        if !has_config {
            let new = |name: &str, about: &str, text: String| NewFile {
                path: format!("{FOLDER}/{name}"),
                about: about.to_owned(),
                text,
            };
            let text = if is_json { JSON_TEXT } else { CONFIG_TEXT };
            files.push(new(name, "the config, at 0 % and without flags", text.to_owned()));
            if is_json {
                files.push(new(
                    "canary.schema.json",
                    "the JSON Schema of the config, for editors",
                    schema::SCHEMA.to_owned(),
                ));
            }
            let resources = if is_json { GENERATOR_TEXT } else { RESOURCES_TEXT };
            let text = KUSTOMIZATION_TEXT.replace("NAMESPACE", namespace) + resources;
            files.push(new("kustomization.yaml", &format!("the config in the namespace {namespace}"), text));
        }
        // A config that was there may be applied by something that this does not know.
        if !has_config && repository.applied_by.is_empty() {
            for cluster in &repository.clusters {
                let path = format!("{cluster}/canary-config.yaml");
                files.push(NewFile { path, about: "Flux applies the config".to_owned(), text: FLUX_TEXT.to_owned() });
            }
        }
        let kept = repository.configs.iter().chain(&repository.applied_by).cloned().collect();
        Self { files, kept, todo: steps(repository, &config) }
    }
}

/// What this does not do, because it would change files that are there.
fn steps(repository: &Repository, config: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let manager = repository.package_manager.as_ref().map_or("npm", |found| found.name);
    if !repository.has_package {
        let verb = if manager == "npm" { "install" } else { "add" };
        steps.push(format!("{manager} {verb} canary-runtime"));
    }
    let pages = match &repository.bundler {
        Some(Found { name: "Vite", file }) => {
            format!(
                "in {file}: import canary from \"canary-runtime/vite\", and add canary({{ config: \"{config}\" }}) to plugins"
            )
        }
        Some(Found { name, .. }) => format!("after each build with {name}: canaryctl inject DIST/index.html"),
        None => "after each build: canaryctl inject DIST/index.html".to_owned(),
    };
    steps.push(pages);
    steps.push("serve /config/canary.json from the ConfigMap canary-settings, mounted as a folder".to_owned());
    if repository.clusters.is_empty() {
        let folder = config.rsplit_once('/').map_or(".", |(folder, _)| folder);
        steps.push(format!("apply {folder} to the cluster: no folder of flux bootstrap was found"));
    }
    let ci = repository.ci.as_ref().map_or_else(|| "in CI".to_owned(), |found| format!("in {}", found.file));
    steps.push(format!("{ci}: canaryctl validate {config}"));
    steps.push(format!("with the first canary's build: canaryctl assets --dir DIST --into {config}, then canaryctl set 1 --config {config}"));
    steps
}

const CONFIG_TEXT: &str = r#"# The canary config. Edit, commit and push it: the next page view follows, without a rollout.
# Undo with `git revert`.
#
#   CANARY_PERCENTAGE  share of users on the canary, 0 to 100. 0 sends everyone to stable.
#   FEATURE_FLAGS      true, false, or the percentage of users that get true.
#
# Everyone can read this at /config/canary.json: no secrets.
apiVersion: v1
kind: ConfigMap
metadata:
  name: canary-settings
  annotations:
    # Flux must never delete it: without it no pod starts.
    kustomize.toolkit.fluxcd.io/prune: disabled
    # Flux must not replace `${...}` in the JSON.
    kustomize.toolkit.fluxcd.io/substitute: disabled
data:
  config.json: |
    {
      "SCHEMA_VERSION": 1,
      "CANARY_PERCENTAGE": 0,
      "REVISION": 1,
      "SALT": "release-1",
      "FEATURE_FLAGS": {}
    }
"#;

const KUSTOMIZATION_TEXT: &str =
    "# The canary config, separate from the workloads, so that it never waits for what they wait for.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: NAMESPACE
";

const RESOURCES_TEXT: &str = "resources:
  - canary-config-cm.yaml
";

const GENERATOR_TEXT: &str = "configMapGenerator:
  - name: canary-settings
    files:
      - config.json=canary.json
    options:
      # Pods mount this name; with a hash every edit would replace them all.
      disableNameSuffixHash: true
      annotations:
        # Flux must never delete it: without it no pod starts.
        kustomize.toolkit.fluxcd.io/prune: disabled
        # Flux must not replace `${...}` in the JSON.
        kustomize.toolkit.fluxcd.io/substitute: disabled
";

const JSON_TEXT: &str = r#"{
  "$schema": "./canary.schema.json",
  "SCHEMA_VERSION": 1,
  "CANARY_PERCENTAGE": 0,
  "REVISION": 1,
  "SALT": "release-1",
  "FEATURE_FLAGS": {}
}
"#;

const FLUX_TEXT: &str = "# The canary config. It waits for nothing: a rollback must not wait for a broken canary.
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: canary-config
  namespace: flux-system
spec:
  interval: 10m
  retryInterval: 1m
  timeout: 1m
  prune: true
  sourceRef:
    kind: GitRepository
    name: flux-system
  path: ./k8s/canary-config
";
