//! The rule for other objects in the path of the config (E930).

use crate::lint::object::{Found, Object};
use crate::lint::object_set::{FILE, ObjectSet, is_config};
use crate::lint::sources::Sources;
use crate::lint::volume::volumes;

/// The usual file of the config.
const MANIFEST: &str = "canary-config-cm.yaml";

const MESSAGE: &str = "only the config may be here: whoever may edit percentages could apply this to the cluster, with the rights of \
                       Flux; give it a path of its own";

const ROLLOUT: &str = "the cluster has no such kind, so Flux would apply nothing that is together with it; beside it, write a \
                       kustomization.yaml that names the config alone";

/// Checks a set. Where it is only for the config, without pods that mount it, every other object is foreign; in the usual
/// file of the config it always is. A rollout's file is no object: it is foreign where something applies the set.
pub(crate) fn check(files: &Sources, set: &ObjectSet, is_path: bool, is_applied: bool, found: &mut Vec<Found>) {
    let configs: Vec<_> = set.configs().collect();
    let is_own = |name: Option<&str>| configs.iter().any(|config| Some(config.name()) == name);
    let is_mounted = || set.objects.iter().flat_map(volumes).any(|it| it.has_file(FILE) || is_own(it.name()));
    // Where something could not be read, the mount may be missing with it.
    let is_alone = is_path && !files.has_errors() && !configs.is_empty() && !is_mounted();
    let is_manifest = |object: &Object| {
        let is_usual = files.path(object.file).is_some_and(|path| path.ends_with(MANIFEST));
        is_usual && configs.iter().any(|config| config.file == object.file)
    };
    for object in set.objects.iter().filter(|object| object.is_whole() && !is_config(object)) {
        let is_rollout = object.kind() == "ClientCanary";
        if is_alone && (!is_rollout || is_applied) || is_manifest(object) {
            let at = object.at(&["kind"]).unwrap_or(object.root());
            let message = if is_rollout && !is_manifest(object) { ROLLOUT } else { MESSAGE };
            found.push(object.diagnostic("E930", "kind", at, message));
        }
    }
}
