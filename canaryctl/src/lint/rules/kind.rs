//! Kinds that Kubernetes does not have.

use crate::lint::object::{Found, Object};
use crate::lint::suggest::meant;

/// What has to do with a config, by its API. None of these APIs has another kind of nearly that name.
const KINDS: [(&str, &str); 5] = [
    ("v1", "ConfigMap"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
];

/// What is wrong with an object's kind. That of a patch need not be one.
pub(crate) fn check(object: &Object) -> Option<Found> {
    let own = KINDS.iter().filter(|(api, _)| *api == object.text(&["apiVersion"])).map(|(_, kind)| *kind);
    let kind = meant(object.kind(), own).filter(|kind| object.is_whole() && *kind != object.kind())?;
    let message = format!(
        "the API server has no such kind, so nothing that is applied together with this arrives; expected {kind}"
    );
    Some(object.says("E915", "kind", object.at(&["kind"])?, message))
}
