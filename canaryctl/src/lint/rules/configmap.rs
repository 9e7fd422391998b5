//! Rules for the `ConfigMap` that holds the config (E905, E906, E909, W918, W919).

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::config::configmap::{KEY, NAME, sops_mac};
use crate::config::refusal::{describe, not_text};
use crate::config::yaml::Node;
use crate::lint::object::{Found, Object};
use crate::lint::object_set::{FILE, ObjectSet, is_config};
use crate::lint::volume::volumes;

const HASHED: &str = "the name gets a hash of the contents, so every edit replaces all pods and a roll-back waits for them; \
                      set generatorOptions.disableNameSuffixHash: true, or make it a plain resource";
const IMMUTABLE: &str = "the API server refuses every later edit, a roll-back too; take immutable out";

const SIGNED: &str = "SOPS has signed the plain values as well, so after each edit of the config it says MAC mismatch; the config \
                      is public, so keep it in a file of its own, without SOPS";

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
        values(object, found);
        if let Some(mac) = sops_mac(object.root()).filter(|_| is_config(object)) {
            found.push(object.diagnostic("W919", "sops.mac", mac, SIGNED));
        }
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
        // One that merges adds no hash, and may take it off.
        let mut others = set.generators.iter().filter(|it| it.by.scope == scope && it.name() == generator.name());
        if generator.creates() && !others.any(|it| it.option("disableNameSuffixHash")) {
            found.push(generator.by.diagnostic("E906", key("name"), at, HASHED));
        }
        if generator.option("immutable") {
            let at = generator.get(&["options", "immutable"]).unwrap_or(at);
            found.push(generator.by.diagnostic("E909", key("options.immutable"), at, IMMUTABLE));
        }
    }
}

/// What the API server refuses: values other than text, bytes that are not in base64, and keys that are there twice, are no text
/// or have other characters than those of a file name.
fn values(object: &Object, found: &mut Vec<Found>) {
    let field = |field| object.at(&[field]).into_iter().flat_map(Node::fields);
    let message = |reason: &str| {
        format!("the API server refuses this, and Flux applies nothing that is together with it: {reason}")
    };
    for (key, _) in field("data").chain(field("binaryData")) {
        let name = key.plain().or(key.text()).unwrap_or_default();
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let reason = match not_text(key) {
            Some(what) => format!("found {what} as a key, expected text; put it in quotes"),
            None if name.is_empty() || !name.bytes().all(is_legal) || matches!(name, "." | "..") => {
                "expected a key of A-Z a-z 0-9 . _ -".to_owned()
            }
            None => continue,
        };
        found.push(object.diagnostic("E920", format!("data.{name}"), key, message(&reason)));
    }
    for (key, value) in field("data") {
        if let Some(what) = not_text(value) {
            let key = format!("data.{}", key.text().unwrap_or_default());
            found.push(object.diagnostic("E920", key, value, describe(what, value)));
        }
    }
    for (key, value) in field("binaryData") {
        let name = key.text().unwrap_or_default();
        let text = value.text().unwrap_or_default();
        let bytes = BASE64_STANDARD.decode(text.split_ascii_whitespace().collect::<String>());
        let reason = if field("data").any(|(other, _)| other.text() == Some(name)) {
            "data has this key as well; keep one"
        } else if not_text(value).is_some() || bytes.is_err() {
            "binaryData holds base64; write text into data"
        } else {
            continue;
        };
        found.push(object.diagnostic("E920", format!("binaryData.{name}"), value, message(reason)));
    }
}

/// Another key than the config's. Where pods name the key that they take, the rule for pods applies instead.
fn other_key(set: &ObjectSet, object: &Object) -> Option<Found> {
    if [KEY, FILE].iter().any(|key| object.at(&["data", key]).is_some()) {
        return None;
    }
    let keys = set.keys(&object.scope, NAME).filter(|_| object.is_whole() && object.name() == NAME)?;
    let is_mounted = set.objects.iter().flat_map(volumes).any(|volume| volume.name() == Some(NAME));
    if is_mounted || keys.contains(KEY) || keys.contains(FILE) {
        return None;
    }
    let (key, _) = object.at(&["data"])?.fields().next()?;
    let message = format!("no config was found here, and none was checked: expected the key {KEY}");
    Some(object.diagnostic("W918", format!("data.{}", key.text().unwrap_or_default()), key, message))
}
