//! All checks of a cluster, and the components that it may switch on.

use crate::value::called;
use crate::world::{Tree, World};
use crate::{access, kinds, pods, references, sync};
use canary_e2e::files::{read, repo};
use std::path::Path;

/// All findings for a cluster.
pub(crate) fn faults(root: &Path, cluster: &str) -> Vec<String> {
    let world = World::build(root, cluster);
    let mut faults = world.faults.clone();
    for object in world.objects() {
        faults.extend(kinds::check(object).into_iter().map(|fault| format!("{}: {fault}", called(object))));
    }
    faults.extend(references::check(&world, root));
    faults.extend(pods::check(&world));
    faults.extend(access::check(&world));
    faults.extend(sync::check(&world));
    faults
}

/// Edits that switch on a component, after which everything has to hold too: file, text, replacement.
pub(crate) fn alternative(name: &str, tree: &Tree) {
    const OVERLAY: &str = "k8s/overlays/production/frontend/kustomization.yaml";
    const CLUSTER: &str = "k8s/clusters/production/kustomization.yaml";
    match name {
        "as it is" => {}
        "ingress" => tree.edit(OVERLAY, "components/gateway", "components/ingress"),
        "flagger" => tree.edit(OVERLAY, "components/hpa\n", "components/hpa\n  - ../../../components/flagger\n"),
        "monitoring" => {
            tree.edit(
                OVERLAY,
                "components/network-policy\n",
                "components/network-policy\n  - ../../../components/monitoring\n",
            );
        }
        "nudge" => {
            tree.edit(OVERLAY, "components/hpa\n", "components/hpa\n  - ../../../components/nudge\n");
        }
        "collector" | "collector-volume" => {
            let additions: &[_] =
                if name == "collector" { &["collector-monitoring", "collector-dashboard"] } else { &[name] };
            let list = |component: &&str| format!("  - ../../../components/{component}\n");
            let components: String = ["hpa", "collector"].iter().chain(additions).map(list).collect();
            tree.edit(OVERLAY, "  - ../../../components/hpa\n", &components);
        }
        "rollout" => {
            let components = "components/collector\n  - ../../../components/rollout\n";
            tree.edit(OVERLAY, "components/hpa\n", &format!("components/hpa\n  - ../../../{components}"));
        }
        "csp" => {
            tree.edit(OVERLAY, "components/hpa\n", "components/hpa\n  - ../../../components/csp\n");
            tree.edit(OVERLAY, "", "configMapGenerator:\n  - name: csp\n    files: [csp.conf]\n");
            tree.edit("k8s/overlays/production/frontend/csp.conf", "", &read(&repo("nginx/csp.conf")));
        }
        "registry-login" => {
            tree.edit(OVERLAY, "components/gateway\n", "components/gateway\n  - ../../../components/registry-login\n");
            tree.edit(CLUSTER, "components/flux\n", "components/flux\n  - ../../components/registry-login\n");
        }
        "oci-source" | "helm-release" => {
            tree.edit(CLUSTER, "components/flux\n", &format!("components/flux\n  - ../../components/{name}\n"));
        }
        _ => panic!("no alternative {name}"),
    }
}
