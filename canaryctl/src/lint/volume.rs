//! The ways in which the containers of an object get a `ConfigMap`: volumes and variables.

use crate::config::yaml::Node;
use crate::lint::object::Object;

/// The paths of a pod's description.
const PODS: [&[&str]; 3] =
    [&["spec", "template", "spec"], &["spec", "jobTemplate", "spec", "template", "spec"], &["spec"]];

/// A volume that shows a `ConfigMap`, as one object has it.
pub(crate) struct Volume<'a> {
    pub(crate) object: &'a Object,
    /// The name that containers mount.
    pub(crate) label: &'a str,
    /// The index among the sources of a projected volume.
    source: Option<usize>,
    pub(crate) map: Node<'a>,
    /// The path of `map`.
    pub(crate) key: String,
}

impl<'a> Volume<'a> {
    /// The name of the `ConfigMap`.
    pub(crate) fn name(&self) -> Option<&'a str> {
        self.map.get("name").and_then(Node::text)
    }

    /// Whether an item of it becomes a file of this name.
    pub(crate) fn has_file(&self, file: &str) -> bool {
        self.map.list("items").any(|(item, _)| item.get("path").and_then(Node::text) == Some(file))
    }

    /// Whether two layers have the same volume.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.label, self.source) == (other.label, other.source)
    }
}

/// All volumes of an object that show a `ConfigMap`.
pub(crate) fn volumes(object: &Object) -> impl Iterator<Item = Volume<'_>> {
    let mut found = Vec::new();
    for (pod, path) in pods(object) {
        for (volume, index) in pod.list("volumes") {
            let label = volume.get("name").and_then(Node::text).unwrap_or_default();
            let key = format!("{path}.volumes[{index}]");
            let whole = volume.get("configMap").map(|map| (map, None, format!("{key}.configMap")));
            let projected = volume.get("projected").into_iter().flat_map(|it| it.list("sources"));
            let parts = projected.filter_map(|(source, part)| {
                Some((source.get("configMap")?, Some(part), format!("{key}.projected.sources[{part}].configMap")))
            });
            for (map, source, key) in whole.into_iter().chain(parts) {
                found.push(Volume { object, label, source, map, key });
            }
        }
    }
    found.into_iter()
}

/// The `ConfigMap`s from which an object takes variables, each with its key and node.
pub(crate) fn variables(object: &Object) -> impl Iterator<Item = (&str, String, Node<'_>)> {
    let mut found = Vec::new();
    for (container, key) in containers(object) {
        let one = container.list("env").map(|it| (it, "env", ["valueFrom", "configMapKeyRef", "name"].as_slice()));
        let all = container.list("envFrom").map(|it| (it, "envFrom", ["configMapRef", "name"].as_slice()));
        for ((entry, index), field, path) in one.chain(all) {
            if let Some(name) = entry.at(path)
                && let Some(text) = name.text()
            {
                found.push((text, format!("{key}.{field}[{index}].{}", path.join(".")), name));
            }
        }
    }
    found.into_iter()
}

/// The containers of an object, each with its key.
pub(crate) fn containers(object: &Object) -> impl Iterator<Item = (Node<'_>, String)> {
    pods(object).flat_map(|(pod, path)| {
        ["initContainers", "containers"].into_iter().flat_map(move |field| {
            let path = path.clone();
            pod.list(field).map(move |(container, index)| (container, format!("{path}.{field}[{index}]")))
        })
    })
}

fn pods(object: &Object) -> impl Iterator<Item = (Node<'_>, String)> {
    PODS.into_iter()
        .filter(|path| path.len() > 1 || object.kind() == "Pod")
        .filter_map(|path| Some((object.at(path)?, path.join("."))))
}
