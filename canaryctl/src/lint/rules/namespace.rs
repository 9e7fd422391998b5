//! Traps around the namespace that the config is in.

use crate::lint::object::{Found, Object};
use crate::lint::object_set::Set;
use crate::lint::rules::flux;
use crate::lint::rules::workload;
use crate::lint::tree::Node;

const NONE: &str = "this has no namespace, so Flux refuses it, and kubectl writes it where no pod may mount it; write that of \
                    the pods into the kustomization";

/// Objects that are applied together with others.
pub(crate) struct Part<'a> {
    set: &'a Set,
    /// By Flux, which knows no namespace but what it is told.
    by_flux: bool,
    /// Where Flux moves all of them.
    target: Option<&'a str>,
}

/// A config, and where it ends up.
struct Source<'a> {
    by: &'a Object,
    at: Node<'a>,
    name: &'a str,
    namespace: &'a str,
    by_flux: bool,
}

impl<'a> Part<'a> {
    /// What a kustomization makes, whoever applies it.
    pub(crate) fn plain(set: &'a Set) -> Self {
        Self { set, by_flux: false, target: None }
    }

    /// What a Kustomization of Flux applies; nothing where it may change namespaces in a way that is not computed.
    pub(crate) fn applied(by: &'a Set, flux: &'a Object, set: &'a Set) -> Option<Self> {
        let patches = by.objects.iter().filter(|patch| flux::is_flux(patch) && patch.is_laid_over(flux));
        let layers: Vec<_> = [flux].into_iter().chain(patches).collect();
        let told = |field| layers.iter().rev().find_map(|layer| layer.at(&["spec", field]));
        let is_known = !by.is_moved && told("patches").is_none() && told("components").is_none();
        is_known.then(|| Self { set, by_flux: true, target: told("targetNamespace").and_then(Node::text) })
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

    /// What pods mount, and the namespaces of the pods.
    fn mounts(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.set.objects.iter().flat_map(|object| {
            let namespace = self.target.unwrap_or(object.namespace());
            workload::volumes(object).filter_map(move |volume| Some((volume.name()?, namespace)))
        })
    }
}

impl<'a> Source<'a> {
    /// The namespace of pods that want the config, where all of them lack it.
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

/// Whether Flux may put anything into the name.
fn is_open(namespace: &str) -> bool {
    namespace.contains('$')
}

/// What is wrong with the namespaces of configs, among the parts of one environment.
pub(crate) fn check(parts: &[Part<'_>], found: &mut Vec<Found>) {
    if parts.iter().any(|part| part.set.is_moved) {
        return;
    }
    let sources: Vec<_> = parts.iter().flat_map(Part::sources).collect();
    let mounts: Vec<_> = parts.iter().flat_map(Part::mounts).collect();
    for source in &sources {
        if let Some(message) = source.fault(&sources, &mounts) {
            found.push(source.by.says("E916", "metadata.namespace", source.at, message));
        }
    }
}
