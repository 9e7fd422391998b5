//! Traps around the `ConfigMap` itself.

use std::collections::BTreeSet;

use crate::config::configmap::{KEY, NAME};
use crate::lint::object::{Found, Object};
use crate::lint::object_set::{FILE, Set, is_config};
use crate::lint::rules::workload;
use crate::lint::tree::Node;

const HASHED: &str = "the name gets a hash of the contents, so every edit replaces all pods and a roll-back waits for them; \
                      set generatorOptions.disableNameSuffixHash: true, or make it a plain resource";
const IMMUTABLE: &str = "the API server refuses every later edit, a roll-back too; take immutable out";

/// What is wrong with the config's sources in a scope.
pub(crate) fn check(set: &Set, scope: &str, names: &BTreeSet<&str>, found: &mut Vec<Found>) {
    let mut first: Option<String> = None;
    let mut source = |name: &str| match &first {
        None => {
            first = Some(name.to_owned());
            None
        }
        Some(first) => Some(format!(
            "a second source of the config, besides the ConfigMap {first}: an edit of the one that is not mounted, or that \
             is overwritten, changes nothing; keep one"
        )),
    };
    for object in set.objects.iter().filter(|object| object.scope == scope && object.kind() == "ConfigMap") {
        if is_config(object)
            && object.is_whole()
            && let Some(message) = source(object.name())
        {
            let at = object.at(&["metadata", "name"]).unwrap_or(object.root());
            found.push(object.says("E905", "metadata.name", at, message));
        }
        found.extend(other_key(set, object));
        if let Some(immutable) = object.at(&["immutable"]).filter(|it| it.is_true() && names.contains(object.name())) {
            found.push(object.says("E909", "immutable", immutable, IMMUTABLE));
        }
    }
    for generator in set.generators.iter().filter(|it| it.by.scope == scope && names.contains(it.name())) {
        let Some(at) = generator.get(&["name"]).or(generator.node()) else { continue };
        let key = |end: &str| format!("configMapGenerator[{}].{end}", generator.index);
        if generator.creates()
            && let Some(message) = source(generator.name())
        {
            found.push(generator.by.says("E905", key("name"), at, message));
        }
        if !generator.option("disableNameSuffixHash") {
            found.push(generator.by.says("E906", key("name"), at, HASHED));
        }
        if generator.option("immutable") {
            let at = generator.get(&["options", "immutable"]).unwrap_or(at);
            found.push(generator.by.says("E909", key("options.immutable"), at, IMMUTABLE));
        }
    }
}

/// Where pods say which key they take, it is theirs that is wrong.
fn other_key(set: &Set, object: &Object) -> Option<Found> {
    let keys = keys(set, &object.scope, NAME).filter(|_| object.is_whole() && object.name() == NAME)?;
    let is_mounted = set.objects.iter().flat_map(workload::volumes).any(|volume| volume.name() == Some(NAME));
    if is_mounted || keys.contains(KEY) || keys.contains(FILE) {
        return None;
    }
    let (key, _) = object.at(&["data"])?.entries().next()?;
    let message = format!("no config was found here, and none was checked: expected the key {KEY}");
    Some(object.says("W918", format!("data.{}", key.text().unwrap_or_default()), key, message))
}

/// The keys that a `ConfigMap` has, if the set has it and all of them are known.
pub(crate) fn keys<'a>(set: &'a Set, scope: &str, name: &str) -> Option<BTreeSet<&'a str>> {
    let maps =
        || set.objects.iter().filter(move |it| it.scope == scope && it.kind() == "ConfigMap" && it.name() == name);
    let generators = || set.generators.iter().filter(move |it| it.by.scope == scope && it.name() == name);
    if !maps().any(Object::is_whole) && generators().next().is_none() {
        return None;
    }
    let mut keys = BTreeSet::new();
    for map in maps() {
        for field in ["data", "binaryData"] {
            keys.extend(map.at(&[field]).into_iter().flat_map(Node::entries).filter_map(|(key, _)| key.text()));
        }
    }
    for generator in generators() {
        if generator.get(&["envs"]).or(generator.get(&["env"])).is_some() {
            return None;
        }
        let named = ["files", "literals"].into_iter().filter_map(|field| generator.get(&[field])).flat_map(Node::items);
        keys.extend(named.filter_map(Node::text).map(key_of));
    }
    Some(keys)
}

/// The key of a generator's `KEY=FILE`, `KEY=VALUE` or `FILE`.
pub(crate) fn key_of(entry: &str) -> &str {
    match entry.split_once('=') {
        Some((key, _)) => key,
        None => entry.rsplit('/').next().unwrap_or(entry),
    }
}
