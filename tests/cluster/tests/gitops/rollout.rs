//! Whole rollouts: the controller, the collectors and Flux on the cluster, with simulated visitors.

use crate::browser::Visitor;
use crate::delivery::Delivery;
use canary_cluster::environment::Environment;
use canary_cluster::image;
use canary_cluster::kubectl::{self, kubectl};
use canary_cluster::repository::{CONFIG, USER};
use canary_cluster::timings;
use canary_e2e::process::{Process, find_program};
use canary_e2e::{demo, files, wait};
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};

const OVERLAY: &str = "k8s/overlays/production/frontend";

/// A run takes about two minutes, most of them for pods and for the windows of each step.
const RUN: Duration = Duration::from_mins(7);

const ROLLOUT: &str = r#"apiVersion: canary.rollout/v1alpha1
kind: ClientCanary
metadata: { name: frontend }
spec:
  configRef: { path: k8s/overlays/production/config/canary-config-cm.yaml }
  stable: { url: "http://frontend-stable", image: { path: k8s/overlays/production/frontend/stable.yaml, name: registry.example.com/shop/frontend } }
  canary: { url: "http://frontend-canary", image: { path: k8s/overlays/production/frontend/canary.yaml, name: registry.example.com/shop/frontend } }
  notifications:
    providers:
      - { name: flux, type: flux, address: "http://notification-controller.flux-system/", kustomization: { name: frontend-config } }
  analysis:
    interval: 10s
    stepWeights: [10, 50]
    judge: { minViews: 30, metrics: [ { name: not-ready }, { name: error } ] }
    source: { collectors: "http://canary-collector-windows:9090", replicas: 2 }
    alerts: [ { name: flux, providerRef: { name: flux } } ]
"#;

/// A good version is promoted although controller and collector are killed on the way, and a bad one is rolled back. All
/// commits are the controller's and signed, and its alerts arrive through Flux.
pub(crate) fn promotes_and_rolls_back(env: &Environment) {
    image::push(&crate::images(), "canaryctl-git:0.1.0");
    Delivery::Nudge.set_up(env);
    create_secrets(env);
    install(env);
    let visitor = Visitor::new();
    let start = Instant::now();
    let visitors = visit("1.5.0=1");
    wait_for_commit(env, "raise canary from 0 % to 10 %", "Progressing");
    for pod in ["canary-rollout", "canary-collector"] {
        let name = kubectl(&format!(
            "-n frontend get pods -l app.kubernetes.io/name={pod} -o jsonpath={{.items[0].metadata.name}}"
        ));
        kubectl(&format!("-n frontend delete pod {name} --grace-period=0 --force"));
    }
    wait_for_commit(env, "finish 1.5.0", "Succeeded");
    timings::print("a canary's image in Git to its promotion, two steps", start.elapsed());
    env.alerts.wait_for(&["frontend changed", "1.5.0", "Promoted"]);
    drop(visitors);
    env.repository.run("git pull -q --rebase");
    assert!(files::read(&env.repository.path(&format!("{OVERLAY}/stable.yaml"))).contains("frontend:1.5.0"));
    env.wait_for_sync();
    kubectl("-n frontend rollout status deployment/frontend-stable --timeout=120s");
    visitor.view_until(demo::CANARY);

    // What was stable is now the canary whose visitors say that it fails.
    env.repository.replace(&format!("{OVERLAY}/canary.yaml"), "frontend:1.5.0", "frontend:1.4.2");
    env.repository.push("1.4.2 is the canary");
    let start = Instant::now();
    let visitors = visit("1.4.2=20");
    let message = wait_for_commit(env, "roll back 1.4.2", "Failed");
    timings::print("a bad canary's image in Git to its roll-back", start.elapsed());
    assert!(message.contains("not-ready") || message.contains("error"), "{message}");
    env.alerts.wait_for(&["frontend does not sync", "1.4.2", "Rolled back"]);
    env.wait_for_configmap(0);
    env.wait_for_pods(0);
    assert_eq!(visitor.view(), demo::CANARY);
    let unsigned =
        env.repository.run("git log --author=canaryctl --format=%G? origin/main | grep -v -E '^[GU]$' || true");
    assert_eq!(unsigned, "");
    drop(visitors);
    kubectl("-n frontend delete secret canary-rollout");
}

/// The controller's access to Git, and its signing key, which Flux accepts as one more signer's.
#[track_caller]
fn create_secrets(env: &Environment) {
    let folder = files::temp_dir();
    let key = folder.path().join("signing-key");
    let made = Command::new(find_program("ssh-keygen"))
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "canary-rollout@example.com", "-f"])
        .arg(&key)
        .status();
    assert!(made.is_ok_and(|status| status.success()), "ssh-keygen");
    let entries = json!({
        "signing-key": files::read(&key),
        "credentials": format!("username={USER}\npassword={USER}\n"),
    });
    let metadata = json!({ "name": "canary-rollout", "namespace": "frontend" });
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": entries });
    kubectl::apply(&secret.to_string());
    let public = json!({ "stringData": { "canary-rollout.sshpub": files::read(&key.with_extension("pub")) } });
    env.repository.run(&format!("kubectl -n flux-system patch secret git-signers --patch '{public}'"));
}

/// Adds both components, with short windows, and the rollout.
#[track_caller]
fn install(env: &Environment) {
    let repository = &env.repository;
    repository.replace(
        &format!("{OVERLAY}/kustomization.yaml"),
        "components:\n",
        "components:\n  - ../../../components/collector\n  - ../../../components/rollout\n",
    );
    repository.replace(
        "k8s/components/collector/deployment.yaml",
        "            - --data=/var/lib/canary\n",
        "            - --data=/var/lib/canary\n            - --window=5\n            - --horizon=10\n",
    );
    repository.replace(CONFIG, "\"REVISION\"", "\"TELEMETRY\": { \"horizonSeconds\": 10 },\n      \"REVISION\"");
    files::write(&repository.path("k8s/rollout.yaml"), ROLLOUT);
    repository.push("roll out by what browsers report");
    // Its commits follow at once, so that Flux may never be at this one.
    for deployment in ["canary-collector", "canary-rollout"] {
        kubectl::wait_for(deployment, &format!("-n frontend get deployment {deployment}"), |_| Some(()));
        kubectl(&format!("-n frontend rollout status deployment/{deployment} --timeout=120s"));
    }
}

/// Simulated visitors, of whom a share fails on one version, until they are dropped.
#[track_caller]
fn visit(fails: &str) -> Process {
    let mut command = Command::new(find_program("canaryctl"));
    command.args(["traffic", &kubectl::service_url("frontend", "frontend-stable"), "--rate", "60", "--fails", fails]);
    Process::spawn("traffic", command)
}

/// Waits for a commit of the controller with a subject and a phase; returns its message.
#[track_caller]
fn wait_for_commit(env: &Environment, subject: &str, phase: &str) -> String {
    wait::until(format!("the commit {subject:?}"), RUN, || {
        let found = env
            .repository
            .run(&format!("git fetch -q; git log -1 --format=%B --fixed-strings --grep={subject:?} origin/main"));
        (found.contains(subject) && found.contains(&format!("Rollout-Phase: {phase}"))).then_some(found)
    })
}
