//! Rules for the Kustomization of Flux that applies the config (E910 to W913).

use crate::config::configmap::NAME;
use crate::config::yaml::Node;
use crate::lint::object::{Found, Object};
use crate::lint::object_set::ObjectSet;

const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Checks a Kustomization of Flux, or a patch of one, that applies a set.
pub(crate) fn check(flux: &Object, set: &ObjectSet, found: &mut Vec<Found>) {
    if set.configs().next().is_none() && !set.generators.iter().any(|it| it.name() == NAME) {
        return;
    }
    for (field, waits) in [
        ("wait", "until all that it applies is healthy"),
        ("healthChecks", "for these objects to become healthy"),
        ("dependsOn", "for other Kustomizations to become ready"),
    ] {
        if let Some(node) = flux.at(&["spec", field]).filter(|it| it.is_true() || it.items().next().is_some()) {
            found.push(flux.diagnostic("E910", format!("spec.{field}"), node, format!(
                "the config waits {waits}, so a roll-back of a broken canary is held up by that canary; give the config a \
                 Kustomization of its own, without {field}"
            )));
        }
    }
    for map in set.configs() {
        let annotated = |name| map.at(&["metadata", "annotations", name]).and_then(Node::text) == Some("disabled");
        let at = map.at(&["metadata", "name"]).unwrap_or(map.root());
        if flux.at(&["spec", "prune"]).is_some_and(Node::is_true) && !annotated(PRUNE) {
            found.push(map.diagnostic("W913", "metadata.annotations", at, format!(
                "Flux deletes the config when it leaves Git or its Kustomization, and no pod starts without it; annotate it \
                 {PRUNE}: disabled"
            )));
        }
        let replaces =
            ["substitute", "substituteFrom"].into_iter().any(|it| flux.at(&["spec", "postBuild", it]).is_some());
        if replaces && !annotated(SUBSTITUTE) {
            let texts = || map.at(&["data"]).into_iter().flat_map(Node::entries);
            let holds = |(_, value): &(Node<'_>, Node<'_>)| value.text().is_some_and(|text| text.contains("${"));
            let message = |now: &str| {
                format!("postBuild of the Kustomization {} {now}; annotate it {SUBSTITUTE}: disabled", flux.name())
            };
            found.push(match texts().find(holds) {
                Some((key, value)) => {
                    let message = message(
                        "replaces each ${...} in the config, or fails at it: pages get another config than Git has",
                    );
                    map.diagnostic("E911", format!("data.{}", key.text().unwrap_or_default()), value, message)
                }
                None => map.diagnostic(
                    "W912",
                    "metadata.annotations",
                    at,
                    message("would replace a ${...} that is written into the config later"),
                ),
            });
        }
    }
}
