//! Objects that are applied together.

use std::collections::BTreeSet;

use crate::config::configmap::{KEY, NAME};
use crate::config::yaml::Node;
use crate::lint::object::Object;
use crate::lint::volume::{Volume, containers, variables, volumes};

/// The file that Nginx serves.
pub(crate) const FILE: &str = "canary.json";

/// The objects of one kustomization or one file.
#[derive(Debug, Default)]
pub(crate) struct ObjectSet {
    /// In the order in which kustomize reads them: patches after the objects that they change.
    pub(crate) objects: Vec<Object>,
    pub(crate) generators: Vec<Generator>,
    /// Whether something sets namespaces in a way that is not computed here.
    pub(crate) is_moved: bool,
    /// Whether something makes or changes the config in a way that is not computed here.
    pub(crate) touches_config: bool,
}

/// An entry of `configMapGenerator`.
#[derive(Debug)]
pub(crate) struct Generator {
    /// The kustomization.
    pub(crate) by: Object,
    /// The index in the list.
    pub(crate) index: usize,
}

impl Generator {
    /// The entry.
    pub(crate) fn node(&self) -> Option<Node<'_>> {
        self.by.at(&["configMapGenerator"])?.items().nth(self.index)
    }

    /// The node at a path of keys of the entry.
    pub(crate) fn get(&self, path: &[&str]) -> Option<Node<'_>> {
        self.node()?.at(path)
    }

    /// The name of the `ConfigMap`, without a hash.
    pub(crate) fn name(&self) -> &str {
        self.get(&["name"]).and_then(Node::text).unwrap_or_default()
    }

    /// The keys that its files and literals make.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let lists = ["files", "literals"].into_iter().filter_map(|field| self.get(&[field]));
        lists.flat_map(Node::items).filter_map(Node::text).map(key_of)
    }

    /// An option of the entry, else of all entries.
    pub(crate) fn option(&self, name: &str) -> bool {
        let own = self.get(&["options", name]);
        own.or_else(|| self.by.at(&["generatorOptions", name])).is_some_and(Node::is_true)
    }

    /// Whether it creates a `ConfigMap`, instead of changing another one.
    pub(crate) fn creates(&self) -> bool {
        !matches!(self.get(&["behavior"]).and_then(Node::text), Some("merge" | "replace"))
    }
}

impl ObjectSet {
    /// The scopes of all objects.
    pub(crate) fn scopes(&self) -> BTreeSet<&str> {
        let objects = self.objects.iter().map(|object| object.scope.as_str());
        objects.chain(self.generators.iter().map(|generator| generator.by.scope.as_str())).collect()
    }

    /// The names of the config's `ConfigMap` in a scope.
    pub(crate) fn names(&self, scope: &str) -> BTreeSet<&str> {
        let own = self.objects.iter().filter(|object| object.scope == scope);
        let maps = own.clone().filter(|object| is_config(object)).map(Object::name);
        let mounted = own.clone().flat_map(volumes).filter(|it| it.has_file(FILE)).filter_map(|volume| volume.name());
        // A generator that makes the file itself, and a single file that a container mounts.
        let makes_file = |it: &&Generator| it.by.scope == scope && it.keys().any(|key| key == FILE);
        let made = self.generators.iter().filter(makes_file).map(Generator::name);
        let single = own.flat_map(single_files).map(|(name, _)| name);
        [NAME].into_iter().chain(maps).chain(mounted).chain(made).chain(single).collect()
    }

    /// The names and keys of the texts that pods mount as the file of the config, and the usual ones.
    pub(crate) fn mounts(&self) -> BTreeSet<(String, String)> {
        let mut found: BTreeSet<_> = [KEY, FILE].map(|key| (NAME.to_owned(), key.to_owned())).into();
        let all: Vec<_> = self.objects.iter().flat_map(volumes).collect();
        for volume in &all {
            let same = all.iter().filter(|other| other.is_same(volume)).filter_map(Volume::name);
            let names: Vec<_> = volume.name().map_or_else(|| same.collect(), |name| vec![name]);
            let items =
                volume.map.list("items").filter(|(item, _)| item.get("path").and_then(Node::text) == Some(FILE));
            for key in items.filter_map(|(item, _)| item.get("key").and_then(Node::text)) {
                found.extend(names.iter().map(|name| ((*name).to_owned(), key.to_owned())));
            }
        }
        found.extend(self.generators.iter().map(|it| (it.name().to_owned(), FILE.to_owned())));
        let single = self.objects.iter().flat_map(single_files);
        found.extend(single.map(|(name, key)| (name.to_owned(), key.to_owned())));
        for map in self.configs() {
            let known = map.at(&["data"]).into_iter().flat_map(Node::fields).filter_map(|(key, _)| key.text());
            found.extend(
                known.filter(|key| [KEY, FILE].contains(key)).map(|key| (map.name().to_owned(), key.to_owned())),
            );
        }
        found
    }

    /// The whole `ConfigMap`s that hold the config.
    pub(crate) fn configs(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| object.is_whole() && is_config(object))
    }

    /// The keys of a `ConfigMap`, if the set has it and all of them are known.
    pub(crate) fn keys(&self, scope: &str, name: &str) -> Option<BTreeSet<&str>> {
        let maps =
            || self.objects.iter().filter(move |it| it.scope == scope && it.kind() == "ConfigMap" && it.name() == name);
        let generators = || self.generators.iter().filter(move |it| it.by.scope == scope && it.name() == name);
        if !maps().any(Object::is_whole) && generators().next().is_none() {
            return None;
        }
        let mut keys = BTreeSet::new();
        for map in maps() {
            for field in ["data", "binaryData"] {
                keys.extend(map.at(&[field]).into_iter().flat_map(Node::fields).filter_map(|(key, _)| key.text()));
            }
        }
        for generator in generators() {
            if generator.get(&["envs"]).or(generator.get(&["env"])).is_some() {
                return None;
            }
            keys.extend(generator.keys());
        }
        Some(keys)
    }

    /// Whether it has anything to do with the config.
    pub(crate) fn is_about_config(&self) -> bool {
        let names: BTreeSet<_> = self.scopes().into_iter().flat_map(|scope| self.names(scope)).collect();
        let is_one = |volume: Volume<'_>| volume.name().is_some_and(|name| names.contains(name));
        self.touches_config
            || self.generators.iter().any(|generator| names.contains(generator.name()))
            || self.objects.iter().any(|object| {
                is_config(object)
                    || object.is_flux()
                    || volumes(object).any(is_one)
                    || variables(object).any(|(name, ..)| names.contains(name))
            })
    }
}

/// The `ConfigMap`s and keys that a container of an object mounts as the file of the config alone, by `subPath`.
pub(crate) fn single_files(object: &Object) -> impl Iterator<Item = (&str, &str)> {
    let mounts = containers(object).flat_map(|(container, _)| container.list("volumeMounts"));
    let files = mounts.filter_map(|(mount, _)| {
        let path = mount.get("mountPath")?.text()?;
        let is_file = path.rsplit('/').next() == Some(FILE);
        is_file.then_some((mount.get("name")?.text()?, mount.get("subPath")?.text()?))
    });
    let files: Vec<_> = files.collect();
    volumes(object).flat_map(move |volume| {
        let own: Vec<_> = files.iter().filter(|(label, _)| *label == volume.label).map(|(_, key)| *key).collect();
        own.into_iter().filter_map(move |key| Some((volume.name()?, key))).collect::<Vec<_>>()
    })
}

/// Whether an object is a `ConfigMap` that holds the config.
pub(crate) fn is_config(object: &Object) -> bool {
    let holds =
        |(_, value): (Node<'_>, Node<'_>)| value.text().is_some_and(|text| text.contains("\"CANARY_PERCENTAGE\""));
    let data = || object.at(&["data"]).into_iter().flat_map(Node::fields);
    object.kind() == "ConfigMap"
        && (object.name() == NAME || data().filter(|(key, _)| matches!(key.text(), Some(KEY | FILE))).any(holds))
}

/// The key of a generator's `KEY=FILE`, `KEY=VALUE` or `FILE`.
pub(crate) fn key_of(entry: &str) -> &str {
    match entry.split_once('=') {
        Some((key, _)) => key,
        None => entry.rsplit('/').next().unwrap_or(entry),
    }
}
