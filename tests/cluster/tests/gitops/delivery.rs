//! How the cluster hears of a push, and the pods of the config.

use canary_cluster::environment::Shop;
use canary_cluster::kubectl::kubectl;

/// The component that has the kubelet look at once.
const FAST: &str = "  - ../../../components/fast-config\n";
const COMPONENTS: &str = "k8s/overlays/production/frontend/kustomization.yaml";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A Receiver, and `canaryctl nudge`.
    Nudge,
    /// A Receiver; then kubelet's own minute.
    Receiver,
    /// Nothing tells anybody.
    Polling,
}

impl Way {
    /// Has the cluster hear of pushes that way.
    #[track_caller]
    pub(crate) fn enter(self, shop: &Shop) {
        let overlay = canary_e2e::files::read(&shop.repository.path(COMPONENTS));
        match (self, overlay.contains(FAST)) {
            (Self::Nudge, false) => {
                shop.repository.replace(COMPONENTS, "components:\n", &format!("components:\n{FAST}"));
            }
            (Self::Receiver | Self::Polling, true) => shop.repository.replace(COMPONENTS, FAST, ""),
            _ => return self.set_hook(shop),
        }
        Self::Receiver.set_hook(shop);
        shop.repository.push("another way for the config");
        shop.wait_synced();
        if self == Self::Nudge {
            kubectl("-n frontend rollout status deployment/canary-nudge --timeout=120s");
        }
        self.set_hook(shop);
    }

    #[track_caller]
    fn set_hook(self, shop: &Shop) {
        if self == Self::Polling { shop.repository.on_push_nothing() } else { shop.tell_receiver() }
    }
}
