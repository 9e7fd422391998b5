//! The rule for unknown fields of a kustomization (E917).

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
    root.entries().filter_map(|(key, _)| unknown(key)).collect()
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
