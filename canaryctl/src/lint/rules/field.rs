//! Fields that kustomize does not have.

use crate::lint::diagnostic::Finding;
use crate::lint::suggest::meant;
use crate::lint::tree::Node;

/// Those of a Kustomization and of a Component alike, as kustomize 5 reads them. `<<` is YAML's.
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

/// What a kustomization has that kustomize refuses.
pub(crate) fn check(root: Node<'_>) -> Vec<Finding> {
    // Flux' own Kustomization may stand in a file of that name.
    let api = root.get("apiVersion").and_then(Node::text);
    if api.is_some_and(|api| !api.starts_with("kustomize.config.k8s.io/")) {
        return Vec::new();
    }
    root.entries().filter_map(|(key, _)| unknown(key)).collect()
}

fn unknown(key: Node<'_>) -> Option<Finding> {
    let name = key.text()?;
    // kustomize does not look at the case.
    if FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name)) {
        return None;
    }
    let hint = meant(name, FIELDS).map(|field| format!("; is {field} meant?")).unwrap_or_default();
    let message = format!(
        "kustomize cannot build this, and Flux keeps what it applied last, so no edit arrives: expected a field that \
         kustomize knows{hint}"
    );
    Some(Finding { code: "E917", key: name.to_owned(), place: Some(key.place()), message })
}
