//! The rule for misspelt kinds (E915).

use crate::lint::object::{Found, Object};
use crate::lint::suggest::nearest;

/// Kinds that have to do with a config, by their API. None of these APIs has another kind with a similar name.
const KINDS: [(&str, &str); 5] = [
    ("v1", "ConfigMap"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
];

/// Checks the kind of an object. That of a patch need not be one.
pub(crate) fn check(object: &Object) -> Option<Found> {
    let own = KINDS.iter().filter(|(api, _)| *api == object.text(&["apiVersion"])).map(|(_, kind)| *kind);
    let kind = nearest(object.kind(), own).filter(|kind| object.is_whole() && *kind != object.kind())?;
    let message = format!(
        "the API server has no such kind, so nothing that is applied together with this arrives; expected {kind}"
    );
    Some(object.diagnostic("E915", "kind", object.at(&["kind"])?, message))
}
