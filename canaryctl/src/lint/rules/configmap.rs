//! Rules for the `ConfigMap` that holds the config (E905, E906, E909, W918).

use std::collections::BTreeSet;

use crate::config::configmap::{KEY, NAME};
use crate::lint::object::{Found, Object};
use crate::lint::object_set::{FILE, ObjectSet, is_config};
use crate::lint::volume::volumes;

const HASHED: &str = "the name gets a hash of the contents, so every edit replaces all pods and a roll-back waits for them; \
                      set generatorOptions.disableNameSuffixHash: true, or make it a plain resource";
const IMMUTABLE: &str = "the API server refuses every later edit, a roll-back too; take immutable out";

/// Checks the sources of the config in a scope.
pub(crate) fn check(set: &ObjectSet, scope: &str, names: &BTreeSet<&str>, found: &mut Vec<Found>) {
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
            found.push(object.diagnostic("E905", "metadata.name", at, message));
        }
        found.extend(other_key(set, object));
        if let Some(immutable) = object.at(&["immutable"]).filter(|it| it.is_true() && names.contains(object.name())) {
            found.push(object.diagnostic("E909", "immutable", immutable, IMMUTABLE));
        }
    }
    for generator in set.generators.iter().filter(|it| it.by.scope == scope && names.contains(it.name())) {
        let Some(at) = generator.get(&["name"]).or(generator.node()) else { continue };
        let key = |end: &str| format!("configMapGenerator[{}].{end}", generator.index);
        if generator.creates()
            && let Some(message) = source(generator.name())
        {
            found.push(generator.by.diagnostic("E905", key("name"), at, message));
        }
        if !generator.option("disableNameSuffixHash") {
            found.push(generator.by.diagnostic("E906", key("name"), at, HASHED));
        }
        if generator.option("immutable") {
            let at = generator.get(&["options", "immutable"]).unwrap_or(at);
            found.push(generator.by.diagnostic("E909", key("options.immutable"), at, IMMUTABLE));
        }
    }
}

/// Another key than the config's. Where pods name the key that they take, the rule for pods applies instead.
fn other_key(set: &ObjectSet, object: &Object) -> Option<Found> {
    let keys = set.keys(&object.scope, NAME).filter(|_| object.is_whole() && object.name() == NAME)?;
    let is_mounted = set.objects.iter().flat_map(volumes).any(|volume| volume.name() == Some(NAME));
    if is_mounted || keys.contains(KEY) || keys.contains(FILE) {
        return None;
    }
    let (key, _) = object.at(&["data"])?.entries().next()?;
    let message = format!("no config was found here, and none was checked: expected the key {KEY}");
    Some(object.diagnostic("W918", format!("data.{}", key.text().unwrap_or_default()), key, message))
}
