//! The production environment under test: a Git repository, signing keys, Secrets, and the manifests that Flux syncs.

use crate::alerts::AlertServer;
use crate::api::Api;
use crate::guide::OperationsGuide;
use crate::kubectl::{self, DEADLINE, apply, kubectl};
use crate::node;
use crate::repository::{Repository, USER};
use crate::shell;
use crate::signing_keys::SigningKeys;
use canary_e2e::{files, wait};
use serde_json::{Value, json};

/// The token that the Git server and the Receiver share.
const WEBHOOK_TOKEN: &str = "of-the-tests";

/// The manifest of the `ImageUpdateAutomation`, the image robot; the tests suspend it.
pub const IMAGE_AUTOMATION: &str = "k8s/components/flux/images.yaml";

/// The demo in production, set up as `docs/kubernetes.md` describes it.
#[derive(Debug)]
pub struct Environment {
    /// Keys of ann, image-robot and sealed, which are in the Secret `git-signers`, and of a stranger, whose key is not.
    pub keys: SigningKeys,
    /// The repository that Flux syncs.
    pub repository: Repository,
    /// The client of the API server.
    pub api: Api,
    /// The server that Flux posts alerts to.
    pub alerts: AlertServer,
    /// The operations guide.
    pub guide: OperationsGuide,
    /// The commit that every test starts from.
    initial_commit: String,
}

impl Environment {
    /// Sets up the environment and waits until both Deployments have ready pods.
    #[track_caller]
    #[must_use]
    pub fn set_up() -> Self {
        let keys = SigningKeys::new(&["ann", "image-robot", "sealed", "stranger"]);
        let repository = Repository::new(&keys);
        let mut environment = Self {
            keys,
            repository,
            api: Api::start(),
            alerts: AlertServer::start(),
            guide: OperationsGuide::read(),
            initial_commit: String::new(),
        };
        environment.repository.replace(
            "k8s/clusters/production/settings.yaml",
            "ssh://git@git.example.com/shop/frontend.git",
            &Repository::url(),
        );
        // The image robot must not commit between a test's own commits; the test of image automation resumes it.
        environment.repository.replace(
            IMAGE_AUTOMATION,
            "spec:\n  interval: 10m\n",
            "spec:\n  suspend: true\n  interval: 10m\n",
        );
        environment.create_secrets();
        environment.initial_commit = environment.repository.push("the manifests");
        kubectl(&format!("apply -k {}", environment.repository.path("k8s/clusters/production").display()));
        environment.wait_for_sync();
        environment.notify_receiver_on_push();
        allow_ingress_from_tests();
        environment
    }

    /// Restores the manifests in Git and waits until the config is in the cluster; pods may need longer.
    #[track_caller]
    pub fn reset(&self) {
        self.notify_receiver_on_push();
        self.repository.reset(&self.initial_commit);
        self.wait_for_kustomization("frontend-config", &self.repository.head());
        self.alerts.clear();
    }

    /// Waits until all Kustomizations have applied the latest commit and both Deployments have ready pods.
    #[track_caller]
    pub fn wait_for_sync(&self) {
        let head = self.repository.head();
        for name in ["frontend-sync", "frontend-namespace", "frontend-config", "frontend"] {
            self.wait_for_kustomization(name, &head);
        }
        wait::until("ready pods of both Deployments", DEADLINE, || {
            (!self.api.pods("frontend-stable").is_empty() && !self.api.pods("frontend-canary").is_empty()).then_some(())
        });
    }

    /// Waits until a Kustomization has applied a commit.
    #[track_caller]
    pub fn wait_for_kustomization(&self, name: &str, commit: &str) {
        let what = format!("{name} at {commit}");
        kubectl::wait_for(&what, &format!("-n flux-system get kustomization {name}"), |object| {
            let revision = object["status"]["lastAppliedRevision"].as_str()?;
            revision.ends_with(commit).then_some(())
        });
    }

    /// Asks Flux to reconcile an object now, for example `gitrepository frontend`; does not wait.
    #[track_caller]
    pub fn request_reconciliation(&self, object: &str) {
        let now = self.repository.run("date +%s%N");
        kubectl(&format!(
            "-n flux-system annotate --overwrite {object} reconcile.fluxcd.io/requestedAt={}",
            now.trim()
        ));
    }

    /// Sets the percentage with `canaryctl`, pushes, and waits until every pod serves it.
    #[track_caller]
    pub fn set_percentage(&self, percentage: u64) {
        if self.api.percentage() != Some(percentage) {
            self.repository.run(&format!("canaryctl set {percentage} --config $F --commit --push"));
        }
        self.wait_for_configmap(percentage);
        self.annotate_pods();
        self.wait_for_pods(percentage);
    }

    /// Waits until the `ConfigMap` in the API has that percentage.
    #[track_caller]
    pub fn wait_for_configmap(&self, percentage: u64) {
        wait::until(format!("{percentage} % in the ConfigMap"), DEADLINE, || {
            (self.api.percentage() == Some(percentage)).then_some(())
        });
    }

    /// Waits until every pod serves that percentage.
    #[track_caller]
    pub fn wait_for_pods(&self, percentage: u64) {
        wait::until(format!("{percentage} % in every pod"), DEADLINE, || {
            self.api.all_pods_serve(percentage).then_some(())
        });
    }

    /// Annotates the pods, as the guide does, so that the kubelet updates their volumes at once.
    #[track_caller]
    pub fn annotate_pods(&self) {
        self.repository.run(&self.guide.line("canary/touched"));
    }

    /// Makes the Git server call Flux's Receiver after each push.
    #[track_caller]
    pub fn notify_receiver_on_push(&self) {
        let path = kubectl::wait_for("the Receiver's path", "-n flux-system get receiver frontend", |object| {
            object["status"]["webhookPath"].as_str().map(str::to_owned)
        });
        self.repository.set_push_hook(&format!(
            "body='{{}}'
            sum=$(printf %s \"$body\" | openssl dgst -sha256 -hmac {WEBHOOK_TOKEN} -r | cut -d' ' -f1)
            curl -s -o /dev/null -H \"X-Signature: sha256=$sum\" -d \"$body\" {}{path}",
            kubectl::service_url("flux-system", "webhook-receiver")
        ));
    }

    /// Creates the Secrets that `docs/kubernetes.md` lists.
    #[track_caller]
    fn create_secrets(&self) {
        let signers = ["ann", "image-robot", "sealed"].map(|name| (format!("{name}.asc"), self.keys.public_key(name)));
        let age = shell::run(&files::repo(""), "age-keygen 2>/dev/null", &[]);
        for (name, entries) in [
            ("frontend-git", json!({ "username": USER, "password": USER })),
            (
                "git-signers",
                signers.into_iter().map(|(k, v)| (k, Value::from(v))).collect::<serde_json::Map<_, _>>().into(),
            ),
            ("image-robot-key", json!({ "git.asc": self.keys.private_key("image-robot") })),
            ("frontend-webhook", json!({ "token": WEBHOOK_TOKEN })),
            ("frontend-alerts", json!({ "address": self.alerts.url() })),
            ("sops-age", json!({ "age.agekey": age })),
        ] {
            let metadata = json!({ "name": name, "namespace": "flux-system" });
            let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": entries });
            apply(&secret.to_string());
        }
    }
}

/// Allows requests from the tests to the pods, for clusters that enforce network policies.
#[track_caller]
fn allow_ingress_from_tests() {
    let from = json!([{ "from": [{ "ipBlock": { "cidr": format!("{}/32", node::host_address()) } }] }]);
    let pods = json!({ "matchLabels": { "app.kubernetes.io/part-of": "frontend" } });
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": { "name": "tests", "namespace": "frontend" },
        "spec": { "podSelector": pods, "ingress": from },
    });
    apply(&policy.to_string());
}
