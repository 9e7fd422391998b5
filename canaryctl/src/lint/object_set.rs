//! Objects that are applied together.

use std::collections::BTreeSet;

use super::rules::{configmap, kind, workload};
use crate::config::configmap::{KEY, NAME};
use crate::lint::object::{Found, Object};
use crate::lint::tree::Node;

/// The file that Nginx serves.
pub(crate) const FILE: &str = "canary.json";

/// What one kustomization, or one file, comes to.
#[derive(Debug, Default)]
pub(crate) struct Set {
    /// In the order in which kustomize would see them: patches behind what they are laid over.
    pub(crate) objects: Vec<Object>,
    pub(crate) generators: Vec<Generator>,
    /// Whether something writes namespaces that is not computed.
    pub(crate) is_moved: bool,
}

/// An entry of `configMapGenerator`. Its object is the kustomization.
#[derive(Debug)]
pub(crate) struct Generator {
    pub(crate) by: Object,
    /// Its place in the list.
    pub(crate) index: usize,
}

impl Generator {
    /// The entry.
    pub(crate) fn node(&self) -> Option<Node<'_>> {
        self.by.at(&["configMapGenerator"])?.items().nth(self.index)
    }

    /// A key of the entry.
    pub(crate) fn get(&self, path: &[&str]) -> Option<Node<'_>> {
        self.node()?.at(path)
    }

    /// How the `ConfigMap` is called, without a hash.
    pub(crate) fn name(&self) -> &str {
        self.get(&["name"]).and_then(Node::text).unwrap_or_default()
    }

    /// An option of its own, else of all.
    pub(crate) fn option(&self, name: &str) -> bool {
        let own = self.get(&["options", name]);
        own.or_else(|| self.by.at(&["generatorOptions", name])).is_some_and(Node::is_true)
    }

    /// Whether it makes a `ConfigMap` of its own.
    pub(crate) fn creates(&self) -> bool {
        !matches!(self.get(&["behavior"]).and_then(Node::text), Some("merge" | "replace"))
    }
}

impl Set {
    /// The scopes that there are.
    fn scopes(&self) -> BTreeSet<&str> {
        let objects = self.objects.iter().map(|object| object.scope.as_str());
        objects.chain(self.generators.iter().map(|generator| generator.by.scope.as_str())).collect()
    }

    /// Names that the config's `ConfigMap` has in a scope.
    pub(crate) fn names(&self, scope: &str) -> BTreeSet<&str> {
        let own = self.objects.iter().filter(|object| object.scope == scope);
        let maps = own.clone().filter(|object| is_config(object)).map(Object::name);
        let mounted =
            own.flat_map(workload::volumes).filter(workload::Volume::has_file).filter_map(|volume| volume.name());
        [NAME].into_iter().chain(maps).chain(mounted).collect()
    }

    /// The config's whole `ConfigMap`s.
    pub(crate) fn configs(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| object.is_whole() && is_config(object))
    }

    /// Whether it has anything to do with the config.
    pub(crate) fn is_about_config(&self) -> bool {
        let names: BTreeSet<_> = self.scopes().into_iter().flat_map(|scope| self.names(scope)).collect();
        let generated = self.generators.iter().any(|generator| names.contains(generator.name()));
        generated
            || self.objects.iter().any(|object| {
                is_config(object)
                    || crate::lint::rules::flux::is_flux(object)
                    || workload::volumes(object).any(|volume| volume.name().is_some_and(|name| names.contains(name)))
                    || workload::variables(object).any(|(name, ..)| names.contains(name))
            })
    }

    /// What its objects get wrong together.
    pub(crate) fn traps(&self) -> Vec<Found> {
        let mut found: Vec<_> = self.objects.iter().filter_map(kind::check).collect();
        for scope in self.scopes() {
            let names = self.names(scope);
            configmap::check(self, scope, &names, &mut found);
            workload::check(self, scope, &names, &mut found);
        }
        found
    }
}

/// Whether an object is a `ConfigMap` with the config in it.
pub(crate) fn is_config(object: &Object) -> bool {
    let holds =
        |(_, value): (Node<'_>, Node<'_>)| value.text().is_some_and(|text| text.contains("\"CANARY_PERCENTAGE\""));
    let data = || object.at(&["data"]).into_iter().flat_map(Node::entries);
    object.kind() == "ConfigMap"
        && (object.name() == NAME || data().filter(|(key, _)| matches!(key.text(), Some(KEY | FILE))).any(holds))
}
