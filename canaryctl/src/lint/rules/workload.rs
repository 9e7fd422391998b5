//! Traps in how pods get the config.

use std::collections::BTreeSet;

use crate::config::configmap::KEY;
use crate::lint::object::{Found, Object};
use crate::lint::object_set::{FILE, Set};
use crate::lint::rules::configmap::keys;
use crate::lint::tree::Node;

/// Where pods are described.
const PODS: [&[&str]; 3] =
    [&["spec", "template", "spec"], &["spec", "jobTemplate", "spec", "template", "spec"], &["spec"]];

/// What is wrong with the workloads of a scope.
pub(crate) fn check(set: &Set, scope: &str, names: &BTreeSet<&str>, found: &mut Vec<Found>) {
    let own: Vec<_> = set.objects.iter().filter(|object| object.scope == scope).collect();
    let mut maps = set.configs().filter(|map| map.scope == scope).map(Object::name);
    let mut expected = maps.next().filter(|_| maps.next().is_none()).map(|name| ("the config is in", name));
    for object in &own {
        variables_of(object, names, found);
        // A patch is looked at with what it is laid over, or alone, if that is elsewhere.
        if !object.is_whole() && set.objects.iter().any(|other| object.is_laid_over(other)) {
            continue;
        }
        let patches = set.objects.iter().filter(|patch| patch.is_laid_over(object));
        let layers: Vec<_> = [*object].into_iter().chain(patches).collect();
        let workload = Workload::new(&layers, names);
        workload.mounts(found);
        for volume in &workload.volumes {
            volume.files(set, scope, found);
            volume.optional(found);
            volume.other(&mut expected, found);
        }
    }
}

/// An object with what is laid over it.
struct Workload<'s, 'a> {
    layers: &'s [&'a Object],
    volumes: Vec<Merged<'a>>,
}

impl<'s, 'a> Workload<'s, 'a> {
    fn new(layers: &'s [&'a Object], names: &BTreeSet<&str>) -> Self {
        let mut volumes: Vec<Merged<'a>> = Vec::new();
        for volume in layers.iter().flat_map(|object| volumes_of(object)) {
            match volumes.iter_mut().find(|known| known.layers.first().is_some_and(|it| it.is_same(&volume))) {
                Some(known) => known.layers.push(volume),
                None => volumes.push(Merged { layers: vec![volume] }),
            }
        }
        volumes.retain(|volume| names.contains(volume.name()) || volume.layers.iter().any(Volume::has_file));
        Self { layers, volumes }
    }

    fn mounts(&self, found: &mut Vec<Found>) {
        for object in self.layers {
            for (container, key) in containers(object) {
                for (mount, index) in list(container, "volumeMounts") {
                    let name = mount.get("name").and_then(Node::text);
                    if !self.volumes.iter().flat_map(|volume| &volume.layers).any(|it| Some(it.label) == name) {
                        continue;
                    }
                    for field in ["subPath", "subPathExpr"] {
                        if let Some(path) = mount.get(field).filter(|path| path.text().is_some()) {
                            found.push(object.says(
                                "E902",
                                format!("{key}.volumeMounts[{index}].{field}"),
                                path,
                                format!(
                                    "a {field} mount keeps its first contents for ever, so these pods serve an old config \
                                     until they are replaced; mount the folder, without {field}"
                                ),
                            ));
                        }
                    }
                }
            }
        }
    }
}

/// A volume that shows a `ConfigMap`, as one object says it.
pub(crate) struct Volume<'a> {
    object: &'a Object,
    /// What containers mount.
    label: &'a str,
    /// Which of several sources of a projected volume.
    source: Option<usize>,
    map: Node<'a>,
    key: String,
}

impl<'a> Volume<'a> {
    /// The name of the `ConfigMap`.
    pub(crate) fn name(&self) -> Option<&'a str> {
        self.map.get("name").and_then(Node::text)
    }

    /// Whether the file that Nginx serves comes out of it.
    pub(crate) fn has_file(&self) -> bool {
        list(self.map, "items").any(|(item, _)| item.get("path").and_then(Node::text) == Some(FILE))
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.label, self.source) == (other.label, other.source)
    }
}

/// The same volume in all layers, the last one that says something counts.
struct Merged<'a> {
    layers: Vec<Volume<'a>>,
}

impl<'a> Merged<'a> {
    fn get(&self, field: &str) -> Option<(&'a Object, Node<'a>, String)> {
        let last = self.layers.iter().rev().find_map(|layer| Some((layer, layer.map.get(field)?)));
        last.map(|(layer, node)| (layer.object, node, format!("{}.{field}", layer.key)))
    }

    fn name(&self) -> &'a str {
        self.get("name").and_then(|(_, name, _)| name.text()).unwrap_or_default()
    }

    fn files(&self, set: &Set, scope: &str, found: &mut Vec<Found>) {
        let keys = keys(set, scope, self.name());
        let Some((object, items, key)) = self.get("items") else {
            if keys.is_some_and(|keys| keys.contains(FILE)) {
                return;
            }
            let Some(layer) = self.layers.last() else { return };
            found.push(layer.object.says("E903", layer.key.clone(), layer.map, format!(
                "without items the file is called {KEY}, and /config/{FILE} is a 404: everybody gets stable; add items: \
                 [{{key: {KEY}, path: {FILE}}}]"
            )));
            return;
        };
        let mut served = false;
        for (item, index) in items.items().zip(0_usize..) {
            let path = item.get("path").and_then(Node::text);
            let Some(name) = item.get("key") else { continue };
            let known = keys.as_ref().map_or(path != Some(FILE) || name.text() == Some(KEY), |keys| {
                name.text().is_some_and(|name| keys.contains(name))
            });
            served |= path == Some(FILE);
            if !known {
                found.push(object.says("E904", format!("{key}[{index}].key"), name, format!(
                    "the ConfigMap {} has no such key: pods of the next rollout do not start, and those that run keep the \
                     old file; the config's key is {KEY}",
                    self.name()
                )));
            }
        }
        if !served {
            found.push(object.says("E903", key, items, format!(
                "no item becomes the file {FILE}, so /config/{FILE} is a 404 and everybody gets stable; write {{key: {KEY}, \
                 path: {FILE}}}"
            )));
        }
    }

    fn optional(&self, found: &mut Vec<Found>) {
        if let Some((object, optional, key)) = self.get("optional").filter(|(_, optional, _)| optional.is_true()) {
            found.push(object.says(
                "W914",
                key,
                optional,
                "pods start without the config where it is missing, and everybody gets stable in silence; leave optional out",
            ));
        }
    }

    /// `expected` is where the config is, or where the first pods have it from.
    fn other(&self, expected: &mut Option<(&'static str, &'a str)>, found: &mut Vec<Found>) {
        let Some((object, name, key)) = self.get("name") else { return };
        match expected {
            None => *expected = name.text().map(|name| ("other pods mount", name)),
            Some((how, expected)) if name.text() != Some(expected) => found.push(object.says(
                "E907",
                key,
                name,
                format!(
                    "{how} the ConfigMap {expected}: these pods never see its edits, and who is on the canary depends on which \
                     pod answers; mount {expected}"
                ),
            )),
            Some(_) => {}
        }
    }
}

/// All volumes of an object that show a `ConfigMap`.
pub(crate) fn volumes(object: &Object) -> impl Iterator<Item = Volume<'_>> {
    volumes_of(object).into_iter()
}

fn volumes_of(object: &Object) -> Vec<Volume<'_>> {
    let mut found = Vec::new();
    for (pod, path) in pods(object) {
        for (volume, index) in list(pod, "volumes") {
            let name = volume.get("name").and_then(Node::text).unwrap_or_default();
            let key = format!("{path}.volumes[{index}]");
            let whole = volume.get("configMap").map(|map| (map, None, format!("{key}.configMap")));
            let projected = volume.get("projected").into_iter().flat_map(|it| list(it, "sources"));
            let parts = projected.filter_map(|(source, part)| {
                Some((source.get("configMap")?, Some(part), format!("{key}.projected.sources[{part}].configMap")))
            });
            for (map, source, key) in whole.into_iter().chain(parts) {
                found.push(Volume { object, label: name, source, map, key });
            }
        }
    }
    found
}

/// The `ConfigMap`s that variables are taken from, with key and place.
pub(crate) fn variables(object: &Object) -> impl Iterator<Item = (&str, String, Node<'_>)> {
    let mut found = Vec::new();
    for (container, key) in containers(object) {
        let one = list(container, "env").map(|it| (it, "env", ["valueFrom", "configMapKeyRef", "name"].as_slice()));
        let all = list(container, "envFrom").map(|it| (it, "envFrom", ["configMapRef", "name"].as_slice()));
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

fn variables_of(object: &Object, names: &BTreeSet<&str>, found: &mut Vec<Found>) {
    for (_, key, place) in variables(object).filter(|(name, ..)| names.contains(name)) {
        found.push(object.says(
            "E908",
            key,
            place,
            "a variable is read when the container starts and never again, so it says an old config after the first edit; \
             mount the ConfigMap as a folder",
        ));
    }
}

fn pods(object: &Object) -> impl Iterator<Item = (Node<'_>, String)> {
    PODS.into_iter()
        .filter(|path| path.len() > 1 || object.kind() == "Pod")
        .filter_map(|path| Some((object.at(path)?, path.join("."))))
}

fn containers(object: &Object) -> impl Iterator<Item = (Node<'_>, String)> {
    pods(object).flat_map(|(pod, path)| {
        ["initContainers", "containers"].into_iter().flat_map(move |field| {
            let path = path.clone();
            list(pod, field).map(move |(container, index)| (container, format!("{path}.{field}[{index}]")))
        })
    })
}

fn list<'a>(node: Node<'a>, field: &str) -> impl Iterator<Item = (Node<'a>, usize)> + use<'a> {
    node.get(field).into_iter().flat_map(Node::items).zip(0_usize..)
}
