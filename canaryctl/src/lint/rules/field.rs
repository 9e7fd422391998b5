//! The rule for unknown fields of a kustomization (E917).

use std::collections::HashMap;

use crate::config::yaml::Node;
use crate::lint::suggest::nearest;
use crate::terminal::diagnostic::FileDiagnostic;

/// The fields of a Kustomization and of a Component, as kustomize 5 reads them. `<<` is YAML's.
const FIELDS: [&str; 35] = [
    "<<",
    "apiVersion",
    "bases",
    "buildMetadata",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "configurations",
    "crds",
    "generatorOptions",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "imageTags",
    "images",
    "kind",
    "labels",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "openapi",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "resources",
    "secretGenerator",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
];

/// Checks the fields of a kustomization.
pub(crate) fn check(root: Node<'_>) -> Vec<FileDiagnostic> {
    // Flux' own Kustomization may be in a file of that name.
    let api = root.get("apiVersion").and_then(Node::text);
    if api.is_some_and(|api| !api.starts_with("kustomize.config.k8s.io/")) {
        return Vec::new();
    }
    root.entries().filter_map(|(key, _)| unknown(key)).chain(repeated(root)).collect()
}

/// Fields that are there twice, of which kustomize reads the last one alone.
fn repeated(root: Node<'_>) -> Vec<FileDiagnostic> {
    let mut seen = HashMap::new();
    let twice = root.entries().filter_map(|(key, _)| Some((seen.insert(key.text()?, key)?, key)));
    let found = twice.map(|(first, key)| {
        let line = first.position().line;
        let message = format!(
            "kustomize reads this one alone, not that on line {line}, and builds without what is there: merge them"
        );
        FileDiagnostic::new("E917", key.text().unwrap_or_default(), Some(key.position()), message).underline(key.len())
    });
    found.collect()
}

fn unknown(key: Node<'_>) -> Option<FileDiagnostic> {
    let name = key.text()?;
    // kustomize ignores the case.
    if FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name)) {
        return None;
    }
    let hint = nearest(name, FIELDS).map(|field| format!("; did you mean {field}?")).unwrap_or_default();
    let message = format!(
        "kustomize cannot build this, and Flux keeps what it applied last, so no edit arrives: expected a field that \
         kustomize knows{hint}"
    );
    Some(FileDiagnostic::new("E917", name, Some(key.position()), message).underline(key.len()))
}
