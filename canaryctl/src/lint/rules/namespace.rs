//! The rule for the namespace of the config (E916).

use crate::config::yaml::Node;
use crate::lint::object::{Found, Object};
use crate::lint::object_set::ObjectSet;
use crate::lint::volume::volumes;

const NONE: &str = "this has no namespace, so Flux refuses it, and kubectl writes it where no pod may mount it; write that of \
                    the pods into the kustomization";

/// Objects that are applied together with those of other parts.
pub(crate) struct Part<'a> {
    set: &'a ObjectSet,
    /// Whether Flux applies them. Flux knows no default namespace.
    by_flux: bool,
    /// The namespace that Flux moves all of them to.
    target: Option<&'a str>,
}

/// A config and the namespace that it ends up in.
struct Source<'a> {
    by: &'a Object,
    at: Node<'a>,
    name: &'a str,
    namespace: &'a str,
    by_flux: bool,
}

impl<'a> Part<'a> {
    /// The objects of a kustomization, whoever applies them.
    pub(crate) fn plain(set: &'a ObjectSet) -> Self {
        Self { set, by_flux: false, target: None }
    }

    /// The objects that a Kustomization of Flux applies; nothing where it may change namespaces in a way that is not
    /// computed here.
    pub(crate) fn applied(by: &'a ObjectSet, flux: &'a Object, set: &'a ObjectSet) -> Option<Self> {
        let patches = by.objects.iter().filter(|patch| patch.is_flux() && patch.is_patch_of(flux));
        let layers: Vec<_> = [flux].into_iter().chain(patches).collect();
        let field = |field| layers.iter().rev().find_map(|layer| layer.at(&["spec", field]));
        let is_known = !by.is_moved && field("patches").is_none() && field("components").is_none();
        is_known.then(|| Self { set, by_flux: true, target: field("targetNamespace").and_then(Node::text) })
    }

    fn sources(&self) -> Vec<Source<'a>> {
        let source =
            |by, at, name, own| Source { by, at, name, namespace: self.target.unwrap_or(own), by_flux: self.by_flux };
        let maps = self.set.configs().map(|map| {
            let at = map.at(&["metadata", "namespace"]).or(map.at(&["metadata", "name"])).unwrap_or(map.root());
            source(map, at, map.name(), map.namespace())
        });
        let made =
            self.set.generators.iter().filter(|it| it.creates() && self.set.names(&it.by.scope).contains(it.name()));
        let made = made.filter_map(|it| {
            let own = it.get(&["namespace"]).and_then(Node::text).unwrap_or_default();
            let moved = Some(it.by.namespace()).filter(|moved| !moved.is_empty());
            Some(source(&it.by, it.node()?, it.name(), moved.unwrap_or(own)))
        });
        maps.chain(made).collect()
    }

    /// The `ConfigMap`s that pods mount, with the namespaces of the pods.
    fn mounts(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.set.objects.iter().flat_map(|object| {
            let namespace = self.target.unwrap_or(object.namespace());
            volumes(object).filter_map(move |volume| Some((volume.name()?, namespace)))
        })
    }
}

impl<'a> Source<'a> {
    /// The namespace of the pods that mount the config, where none of them has it.
    fn wanted_in(&self, sources: &[Self], mounts: &[(&str, &'a str)]) -> Option<&'a str> {
        let pods = || mounts.iter().filter(|(name, _)| *name == self.name).map(|(_, pods)| *pods);
        if pods().any(|pods| pods == self.namespace || is_open(pods)) {
            return None;
        }
        let has = |pods: &str| {
            let mut named = sources.iter().filter(|it| it.name == self.name);
            named.any(|it| it.namespace == pods || is_open(it.namespace))
        };
        pods().find(|pods| !pods.is_empty() && !has(pods))
    }

    fn fault(&self, sources: &[Self], mounts: &[(&str, &'a str)]) -> Option<String> {
        let namespace = self.namespace;
        if is_open(namespace) {
            return None;
        }
        let wanted = self.wanted_in(sources, mounts);
        if namespace.is_empty() {
            return (self.by_flux || wanted.is_some()).then(|| NONE.to_owned());
        }
        wanted.map(|pods| {
            format!(
                "this is in the namespace {namespace}, and the pods that mount it are in {pods}: they never see an edit, and \
                 those of the next rollout do not start; write the same into both kustomizations"
            )
        })
    }
}

/// Whether Flux may still replace a variable in the name.
fn is_open(namespace: &str) -> bool {
    namespace.contains('$')
}

/// Checks the namespaces of configs, among the parts of one environment.
pub(crate) fn check(parts: &[Part<'_>], found: &mut Vec<Found>) {
    if parts.iter().any(|part| part.set.is_moved) {
        return;
    }
    let sources: Vec<_> = parts.iter().flat_map(Part::sources).collect();
    let mounts: Vec<_> = parts.iter().flat_map(Part::mounts).collect();
    for source in &sources {
        if let Some(message) = source.fault(&sources, &mounts) {
            found.push(source.by.diagnostic("E916", "metadata.namespace", source.at, message));
        }
    }
}
