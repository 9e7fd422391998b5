//! Ways for a changed config to get from a push into the pods.

use canary_cluster::environment::Environment;
use canary_cluster::kubectl::kubectl;

/// The component whose pod makes the kubelet update volumes at once.
const NUDGE: &str = "  - ../../../components/nudge\n";
const COMPONENTS: &str = "k8s/overlays/production/frontend/kustomization.yaml";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The Git server calls Flux's Receiver; `canaryctl nudge` makes the kubelet update the volumes.
    Nudge,
    /// The Git server calls Flux's Receiver; the kubelet updates the volumes at its next sync.
    Receiver,
    /// Flux polls the repository; the kubelet updates the volumes at its next sync.
    Polling,
}

impl Delivery {
    /// Switches the cluster to this way and waits until it has synced.
    #[track_caller]
    pub(crate) fn set_up(self, env: &Environment) {
        let overlay = canary_e2e::files::read(&env.repository.path(COMPONENTS));
        let has_nudge = overlay.contains(NUDGE);
        let wants_nudge = self == Self::Nudge;
        if has_nudge != wants_nudge {
            if wants_nudge {
                env.repository.replace(COMPONENTS, "components:\n", &format!("components:\n{NUDGE}"));
            } else {
                env.repository.replace(COMPONENTS, NUDGE, "");
            }
            // The switch itself need not wait for polling.
            env.notify_receiver_on_push();
            env.repository.push("switch the nudge component");
            env.wait_for_sync();
            if wants_nudge {
                kubectl("-n frontend rollout status deployment/canary-nudge --timeout=120s");
            }
        }
        if self == Self::Polling {
            env.repository.remove_push_hook();
        } else {
            env.notify_receiver_on_push();
        }
    }
}
