//! Rules for pods that get the config (E902 to E904, E907, E908, W914).

use std::collections::BTreeSet;

use crate::config::configmap::{KEY, NAME};
use crate::config::yaml::Node;
use crate::lint::object::{Found, Object};
use crate::lint::object_set::{FILE, ObjectSet, single_files};
use crate::lint::volume::{Volume, containers, variables, volumes};

/// Checks the workloads of a scope.
pub(crate) fn check(set: &ObjectSet, scope: &str, names: &BTreeSet<&str>, found: &mut Vec<Found>) {
    let own: Vec<_> = set.objects.iter().filter(|object| object.scope == scope).collect();
    let mut maps = set.configs().filter(|map| map.scope == scope).map(Object::name);
    let mut expected = maps.next().filter(|_| maps.next().is_none()).map(|name| ("the config is in", name));
    for object in &own {
        variables_of(object, names, found);
        // A patch is checked together with the object that it changes, or alone, if that is elsewhere.
        if !object.is_whole() && set.objects.iter().any(|other| object.is_patch_of(other)) {
            continue;
        }
        let patches = set.objects.iter().filter(|patch| patch.is_patch_of(object));
        let layers: Vec<_> = [*object].into_iter().chain(patches).collect();
        let workload = Workload::new(&layers, names);
        workload.mounts(found);
        let single: Vec<_> = layers.iter().flat_map(|layer| single_files(layer)).map(|(name, _)| name).collect();
        for volume in &workload.volumes {
            // What is mounted as a single file has the name of the mount.
            if !single.contains(&volume.name()) {
                volume.files(set, scope, found);
            }
            volume.optional(found);
            volume.other(&mut expected, found);
        }
    }
}

/// An object with its patches.
struct Workload<'s, 'a> {
    layers: &'s [&'a Object],
    volumes: Vec<Merged<'a>>,
}

impl<'s, 'a> Workload<'s, 'a> {
    fn new(layers: &'s [&'a Object], names: &BTreeSet<&str>) -> Self {
        let mut merged: Vec<Merged<'a>> = Vec::new();
        for volume in layers.iter().flat_map(|object| volumes(object)) {
            match merged.iter_mut().find(|known| known.layers.first().is_some_and(|it| it.is_same(&volume))) {
                Some(known) => known.layers.push(volume),
                None => merged.push(Merged { layers: vec![volume] }),
            }
        }
        merged.retain(|volume| names.contains(volume.name()) || volume.layers.iter().any(|it| it.has_file(FILE)));
        Self { layers, volumes: merged }
    }

    fn mounts(&self, found: &mut Vec<Found>) {
        for object in self.layers {
            for (container, key) in containers(object) {
                for (mount, index) in container.list("volumeMounts") {
                    let name = mount.get("name").and_then(Node::text);
                    if !self.volumes.iter().flat_map(|volume| &volume.layers).any(|it| Some(it.label) == name) {
                        continue;
                    }
                    for field in ["subPath", "subPathExpr"] {
                        if let Some(path) = mount.get(field).filter(|path| path.text().is_some()) {
                            found.push(object.diagnostic(
                                "E902",
                                format!("{key}.volumeMounts[{index}].{field}"),
                                path,
                                format!(
                                    "a {field} mount never gets new contents, so these pods serve an old config \
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

/// A volume in all layers. The last layer that has a field counts.
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

    fn files(&self, set: &ObjectSet, scope: &str, found: &mut Vec<Found>) {
        let keys = set.keys(scope, self.name());
        let Some((object, items, key)) = self.get("items") else {
            if keys.is_some_and(|keys| keys.contains(FILE)) {
                return;
            }
            let Some(layer) = self.layers.last() else { return };
            found.push(layer.object.diagnostic("E903", layer.key.clone(), layer.map, format!(
                "without items the file is called {KEY}, and /config/{FILE} is a 404: everybody gets stable; add items: \
                 [{{key: {KEY}, path: {FILE}}}]"
            )));
            return;
        };
        let mut served = false;
        for (item, index) in items.items().zip(0_usize..) {
            let path = item.get("path").and_then(Node::text);
            let Some(name) = item.get("key") else { continue };
            let is_usual = path != Some(FILE) || name.text() == Some(KEY) || self.name() != NAME;
            let known = keys.as_ref().map_or(is_usual, |keys| name.text().is_some_and(|name| keys.contains(name)));
            served |= path == Some(FILE);
            if !known {
                found.push(object.diagnostic("E904", format!("{key}[{index}].key"), name, format!(
                    "the ConfigMap {} has no such key: pods of the next rollout do not start, and those that run keep the \
                     old file; the config's key is {KEY}",
                    self.name()
                )));
            }
        }
        if !served {
            found.push(object.diagnostic("E903", key, items, format!(
                "no item becomes the file {FILE}, so /config/{FILE} is a 404 and everybody gets stable; write {{key: {KEY}, \
                 path: {FILE}}}"
            )));
        }
    }

    fn optional(&self, found: &mut Vec<Found>) {
        if let Some((object, optional, key)) = self.get("optional").filter(|(_, optional, _)| optional.is_true()) {
            found.push(object.diagnostic(
                "W914",
                key,
                optional,
                "pods start without the config where it is missing, and everybody gets stable in silence; leave optional out",
            ));
        }
    }

    /// `expected` is the `ConfigMap` of the config, or the one that the first pods mount, and how that is known.
    fn other(&self, expected: &mut Option<(&'static str, &'a str)>, found: &mut Vec<Found>) {
        let Some((object, name, key)) = self.get("name") else { return };
        match expected {
            None => *expected = name.text().map(|name| ("other pods mount", name)),
            Some((how, expected)) if name.text() != Some(expected) => found.push(object.diagnostic(
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

fn variables_of(object: &Object, names: &BTreeSet<&str>, found: &mut Vec<Found>) {
    for (_, key, node) in variables(object).filter(|(name, ..)| names.contains(name)) {
        found.push(object.diagnostic(
            "E908",
            key,
            node,
            "a variable is read when the container starts and never again, so it says an old config after the first edit; \
             mount the ConfigMap as a folder",
        ));
    }
}
