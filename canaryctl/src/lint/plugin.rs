//! What a kustomization names besides manifests and patches: generators, transformers, charts, schemas. Their files have to be
//! there; what they do is not computed.

use std::fs;
use std::path::Path;

use crate::config::configmap::{KEY, NAME};
use crate::config::yaml::{Node, Tree};
use crate::lint::kustomize::{Visit, is_remote};
use crate::lint::object::{Found, Object};
use crate::lint::object_set::FILE;
use crate::terminal::diagnostic::FileDiagnostic;

/// Transformers of kustomize that change no value of a `ConfigMap`.
const HARMLESS: [&str; 8] = [
    "AnnotationsTransformer",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PrefixTransformer",
    "ReplicaCountTransformer",
    "SuffixTransformer",
];

impl Visit<'_> {
    pub(super) fn plugins(&mut self, file: usize, folder: &Path, root: Node<'_>) {
        for field in ["generators", "transformers", "validators"] {
            for (entry, index) in root.list(field) {
                let key = format!("{field}[{index}]");
                let name = entry.text().unwrap_or_default();
                if name.contains('\n') {
                    for tree in Tree::parse_inside(entry) {
                        self.plugin(file, &tree);
                    }
                } else if is_remote(folder, name) || folder.join(name).is_dir() {
                    self.files.note(file, entry);
                } else {
                    let read = self.read(folder, name);
                    for tree in read.iter().flat_map(|read| self.files.manifests(*read)).collect::<Vec<_>>() {
                        self.plugin(*read.as_ref().unwrap_or(&file), &tree);
                    }
                    self.missing(file, &key, entry, read.map(|_| ()));
                }
            }
        }
        for field in ["crds", "configurations"] {
            for (entry, index) in root.list(field) {
                self.exists(file, folder, &format!("{field}[{index}]"), entry);
            }
        }
        if let Some(path) = root.at(&["openapi", "path"]) {
            self.exists(file, folder, "openapi.path", path);
        }
        for (chart, index) in root.list("helmCharts") {
            self.files.note(file, chart.get("name").unwrap_or(chart));
            if let Some(values) = chart.get("valuesFile") {
                self.exists(file, folder, &format!("helmCharts[{index}].valuesFile"), values);
            }
        }
    }

    /// Reports a file of a kustomization that is missing; its contents do not matter here.
    fn exists(&mut self, file: usize, folder: &Path, key: &str, entry: Node<'_>) {
        let name = entry.text().unwrap_or_default();
        if is_remote(folder, name) {
            self.files.note(file, entry);
            return;
        }
        let found = fs::metadata(folder.join(name)).map(|_| ()).map_err(|error| error.to_string());
        self.missing(file, key, entry, found);
    }

    /// Warns where a generator makes the config, or a transformer may change it.
    fn plugin(&mut self, file: usize, tree: &Tree) {
        let root = tree.root();
        let kind = root.get("kind").and_then(Node::text).unwrap_or_default();
        let message = if kind == "ConfigMapGenerator" {
            let name = root.at(&["metadata", "name"]).and_then(Node::text);
            let is_config = name == Some(NAME);
            is_config
                .then(|| "the config was found here, and was not checked: write it into configMapGenerator".to_owned())
        } else {
            let is_meant = !HARMLESS.contains(&kind) && [KEY, NAME].iter().any(|word| tree.has_text(word));
            is_meant.then(|| unchecked("a transformer"))
        };
        if let Some(message) = message {
            let at = root.get("kind").unwrap_or(root);
            self.unchecked(file, "kind".to_owned(), at, message);
        }
    }

    /// Warns of a change of the config that is not computed.
    pub(super) fn unchecked(&mut self, file: usize, key: String, at: Node<'_>, message: String) {
        self.set.touches_config = true;
        self.files
            .report(vec![(file, FileDiagnostic::new("W918", key, Some(at.position()), message).underline(at.len()))]);
    }

    /// Warns of a patch that changes the config itself: one that is merged, or a list of operations.
    pub(super) fn patched(&mut self, file: usize, tree: &Tree, target: Option<&str>) {
        for (key, at) in changes(tree.root(), target) {
            self.unchecked(file, key, at, unchecked("a patch"));
        }
    }

    /// Warns of a replacement that writes into the config.
    pub(super) fn replaced(&mut self, file: usize, replacement: Node<'_>) {
        for (target, _) in replacement.list("targets") {
            let name = target.at(&["select", "name"]).and_then(Node::text);
            let is_own = name == Some(NAME)
                || name.is_none() && target.at(&["select", "kind"]).and_then(Node::text) == Some("ConfigMap");
            for (path, _) in target.list("fieldPaths").filter(|_| is_own) {
                if path.text().is_some_and(is_config_path) {
                    self.unchecked(file, "replacements".to_owned(), path, unchecked("a replacement"));
                }
            }
        }
    }
}

/// The places where a patch changes the config, with their keys. `target` is the name in the patch's target.
pub(crate) fn changes<'a>(root: Node<'a>, target: Option<&str>) -> Vec<(String, Node<'a>)> {
    let mut found = Vec::new();
    let text = |path: &[&str]| root.at(path).and_then(Node::text);
    let is_own = target.or_else(|| text(&["metadata", "name"])) == Some(NAME);
    if text(&["kind"]) == Some("ConfigMap") && is_own {
        for key in [KEY, FILE] {
            found.extend(root.at(&["data", key]).map(|value| (format!("data.{key}"), value)));
        }
        found.extend(root.get("$patch").map(|value| ("$patch".to_owned(), value)));
    }
    if target == Some(NAME) {
        let paths = root.items().filter_map(|step| step.get("path"));
        found
            .extend(paths.filter(|path| path.text().is_some_and(is_config_path)).map(|path| ("path".to_owned(), path)));
    }
    found
}

/// Whether the path of a field leads to the config: `/data/config.json` of a patch, `data.[config.json]` of a replacement.
fn is_config_path(path: &str) -> bool {
    path.trim_matches('/') == "data" || path.contains("data") && [KEY, FILE].iter().any(|key| path.contains(key))
}

/// The message about something that changes the config.
pub(crate) fn unchecked(what: &str) -> String {
    format!("the config is changed here, by {what}, and the result was not checked: write the config as it is to be")
}

/// A change of the config by a patch of Flux.
pub(crate) fn of_flux(flux: &Object, found: &mut Vec<Found>) {
    for (entry, index) in flux.at(&["spec"]).into_iter().flat_map(|spec| spec.list("patches")) {
        let target = entry.at(&["target", "name"]).and_then(Node::text);
        for tree in entry.get("patch").map(Tree::parse_inside).unwrap_or_default() {
            for (key, at) in changes(tree.root(), target) {
                found.push(flux.diagnostic(
                    "W918",
                    format!("spec.patches[{index}].patch: {key}"),
                    at,
                    unchecked("a patch"),
                ));
            }
        }
    }
}
