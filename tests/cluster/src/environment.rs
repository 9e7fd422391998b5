//! The whole thing: repository, signers, secrets, and the manifests synced by Flux.

use crate::alerts::Alerts;
use crate::api::Api;
use crate::guide::Guide;
use crate::kubectl::{self, DEADLINE, apply, kubectl};
use crate::node;
use crate::repository::{Repository, USER};
use crate::shell;
use crate::signing_keys::Signers;
use canary_e2e::{files, wait};
use serde_json::{Value, json};

/// The token that the Git server and the Receiver share.
const TOKEN: &str = "of-the-tests";

/// The file with the image robot, which can be suspended.
pub const ROBOT: &str = "k8s/components/flux/images.yaml";

/// A shop in production, as `docs/kubernetes.md` says that one is set up.
#[derive(Debug)]
pub struct Shop {
    /// Whose keys are in `git-signers`: ann, image-robot, sealed. A stranger's is not.
    pub signers: Signers,
    /// What Flux syncs.
    pub repository: Repository,
    /// What the cluster says.
    pub api: Api,
    /// What Flux tells.
    pub alerts: Alerts,
    /// The operations guide.
    pub guide: Guide,
    /// The commit that tests begin with.
    first: String,
}

impl Shop {
    /// Sets it up and waits until both Deployments are there.
    #[track_caller]
    #[must_use]
    pub fn open() -> Self {
        let signers = Signers::new(&["ann", "image-robot", "sealed", "stranger"]);
        let repository = Repository::new(&signers);
        let mut shop = Self {
            signers,
            repository,
            api: Api::start(),
            alerts: Alerts::listen(),
            guide: Guide::read(),
            first: String::new(),
        };
        shop.repository.replace(
            "k8s/clusters/production/settings.yaml",
            "ssh://git@git.example.com/shop/frontend.git",
            &Repository::url(),
        );
        // Only the test that it is about has the robot commit in between.
        shop.repository.replace(ROBOT, "spec:\n  interval: 10m\n", "spec:\n  suspend: true\n  interval: 10m\n");
        shop.secrets();
        shop.first = shop.repository.push("the manifests");
        kubectl(&format!("apply -k {}", shop.repository.path("k8s/clusters/production").display()));
        shop.wait_synced();
        shop.tell_receiver();
        let_tests_in();
        shop
    }

    /// Puts everything back in Git, and waits until the config is in the cluster; pods may take longer.
    #[track_caller]
    pub fn reset(&self) {
        self.tell_receiver();
        self.repository.reset(&self.first);
        self.wait_applied("frontend-config", &self.repository.head());
        self.alerts.clear();
    }

    /// Waits until Flux has applied the last commit, all of it, and pods are ready.
    #[track_caller]
    pub fn wait_synced(&self) {
        let head = self.repository.head();
        for name in ["frontend-sync", "frontend-namespace", "frontend-config", "frontend"] {
            self.wait_applied(name, &head);
        }
        wait::until("ready pods of both Deployments", DEADLINE, || {
            (!self.api.pods("frontend-stable").is_empty() && !self.api.pods("frontend-canary").is_empty()).then_some(())
        });
    }

    /// Waits until a Kustomization has applied that commit.
    #[track_caller]
    pub fn wait_applied(&self, name: &str, commit: &str) {
        let what = format!("{name} at {commit}");
        kubectl::wait_for(&what, &format!("-n flux-system get kustomization {name}"), |object| {
            let revision = object["status"]["lastAppliedRevision"].as_str()?;
            revision.ends_with(commit).then_some(())
        });
    }

    /// Has Flux look at one of its objects now, `gitrepository frontend` for one.
    #[track_caller]
    pub fn ask(&self, what: &str) {
        let now = self.repository.run("date +%s%N");
        kubectl(&format!("-n flux-system annotate --overwrite {what} reconcile.fluxcd.io/requestedAt={}", now.trim()));
    }

    /// Sets the percentage by `canaryctl`, pushes, and waits until every pod serves it.
    #[track_caller]
    pub fn set_percentage(&self, percentage: u64) {
        if self.api.percentage() != Some(percentage) {
            self.repository.run(&format!("canaryctl set {percentage} --file $F --commit --push"));
        }
        wait::until(format!("{percentage} % in the API"), DEADLINE, || {
            (self.api.percentage() == Some(percentage)).then_some(())
        });
        self.touch_pods();
        wait::until(format!("{percentage} % in every pod"), DEADLINE, || {
            self.api.all_pods_serve(percentage).then_some(())
        });
    }

    /// Makes the kubelet look at every pod's files now, as the guide says.
    #[track_caller]
    pub fn touch_pods(&self) {
        self.repository.run(&self.guide.line("canary/touched"));
    }

    /// Has the Git server call the Receiver after each push.
    #[track_caller]
    pub fn tell_receiver(&self) {
        let path = kubectl::wait_for("the Receiver's path", "-n flux-system get receiver frontend", |object| {
            object["status"]["webhookPath"].as_str().map(str::to_owned)
        });
        self.repository.on_push(&format!(
            "body='{{}}'
            sum=$(printf %s \"$body\" | openssl dgst -sha256 -hmac {TOKEN} -r | cut -d' ' -f1)
            curl -s -o /dev/null -H \"X-Signature: sha256=$sum\" -d \"$body\" {}{path}",
            kubectl::service("flux-system", "webhook-receiver")
        ));
    }

    /// Makes the Secrets that `docs/kubernetes.md` lists.
    #[track_caller]
    fn secrets(&self) {
        let signers = ["ann", "image-robot", "sealed"].map(|name| (format!("{name}.asc"), self.signers.public(name)));
        let age = shell::run(&files::repo(""), "age-keygen 2>/dev/null", &[]);
        for (name, entries) in [
            ("frontend-git", json!({ "username": USER, "password": USER })),
            (
                "git-signers",
                signers.into_iter().map(|(k, v)| (k, Value::from(v))).collect::<serde_json::Map<_, _>>().into(),
            ),
            ("image-robot-key", json!({ "git.asc": self.signers.private("image-robot") })),
            ("frontend-webhook", json!({ "token": TOKEN })),
            ("frontend-alerts", json!({ "address": self.alerts.url() })),
            ("sops-age", json!({ "age.agekey": age })),
        ] {
            let metadata = json!({ "name": name, "namespace": "flux-system" });
            let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": entries });
            apply(&secret.to_string());
        }
    }
}

/// Where network policies are enforced, the tests' address is a stranger's.
#[track_caller]
fn let_tests_in() {
    let from = json!([{ "from": [{ "ipBlock": { "cidr": format!("{}/32", node::host()) } }] }]);
    let pods = json!({ "matchLabels": { "app.kubernetes.io/part-of": "canary-demo" } });
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": { "name": "tests", "namespace": "frontend" },
        "spec": { "podSelector": pods, "ingress": from },
    });
    apply(&policy.to_string());
}
