//! Recovery from manual edits, malformed configs and broken canaries.

use crate::browser::Visitor;
use canary_cluster::environment::Environment;
use canary_cluster::kubectl::{self, Condition, DEADLINE, kubectl};
use canary_cluster::timings;
use canary_e2e::demo::{CANARY, STABLE};
use canary_e2e::wait;
use std::time::Instant;

const CANARY_IMAGE: &str = "k8s/overlays/production/frontend/canary.yaml";

/// Flux reverts an edit of the `ConfigMap` in the cluster.
pub(crate) fn manual_edit(env: &Environment) {
    env.set_percentage(5);
    let edited = kubectl("-n frontend get configmap canary-settings -o yaml")
        .replace("\"CANARY_PERCENTAGE\": 5", "\"CANARY_PERCENTAGE\": 100");
    kubectl::try_kubectl_with_manifest("replace -f -", &edited).unwrap();
    let start = Instant::now();
    assert_eq!(env.api.percentage(), Some(100));
    wait::until("Flux to revert the edit", DEADLINE, || (env.api.percentage() == Some(5)).then_some(()));
    timings::print("manual edit to reverted, interval 1 min", start.elapsed());
}

/// A browser keeps the last good config that it has stored; one without gets stable.
pub(crate) fn malformed_config(env: &Environment) {
    env.set_percentage(25);
    let visitor = Visitor::new();
    assert_eq!(visitor.view(), CANARY);

    env.repository.replace(
        canary_cluster::repository::CONFIG,
        "\"CANARY_PERCENTAGE\": 25",
        "\"CANARY_PERCENTAGE\": many",
    );
    let malformed = env.repository.push("a typing error");
    env.wait_for_kustomization("frontend-config", &malformed);
    env.annotate_pods();
    wait::until("the malformed config in every pod", DEADLINE, || {
        let pods = env.api.frontend_pods();
        (!pods.is_empty() && pods.iter().all(|pod| pod.percentage().is_none())).then_some(())
    });
    assert_eq!(visitor.view_again(), CANARY, "a browser with a stored config");
    assert_eq!(visitor.view(), STABLE, "a browser without a stored config");
    let errors = visitor.console_errors();
    assert!(errors.iter().any(|line| line.contains("[canary] E1")), "{errors:?}");

    env.repository.run("git revert --no-edit HEAD && git push -q");
    env.set_percentage(25);
    assert_eq!(visitor.view(), CANARY);
}

/// A rollback is applied while the canary's containers crash.
pub(crate) fn crash_loop(env: &Environment) {
    // nginx rejects the option and exits.
    roll_back_broken_canary(
        env,
        "          image: ",
        "          args: [nginx, -X]\n          command: [nginx, -X]\n          image: ",
    );
}

/// A rollback is applied while the canary's image cannot be pulled.
pub(crate) fn missing_image(env: &Environment) {
    roll_back_broken_canary(env, "frontend:1.5.0", "frontend:1.5.0-gone");
}

/// Breaks the canary's pods, and pushes a rollback while Flux waits for them to become ready.
fn roll_back_broken_canary(env: &Environment, from: &str, to: &str) {
    env.set_percentage(25);
    let visitor = Visitor::new();
    env.repository.replace(CANARY_IMAGE, from, to);
    env.repository.push("a canary that does not start");
    kubectl::wait_for("Flux to wait for the pods", "-n flux-system get kustomization frontend", |object| {
        let Condition { status, reason, message } = kubectl::condition(object, "Reconciling")?;
        (status == "True" && format!("{reason} {message}").contains("health")).then_some(())
    });

    let start = Instant::now();
    env.repository.run(&env.guide.line("canaryctl set 0"));
    env.wait_for_configmap(0);
    timings::print("broken canary: push of the rollback to ConfigMap", start.elapsed());
    env.annotate_pods();
    env.wait_for_pods(0);
    assert_eq!(visitor.view(), STABLE);

    env.repository.run("git revert --no-edit HEAD~1 && git push -q");
    env.wait_for_sync();
    kubectl("-n frontend rollout status deployment/frontend-canary --timeout=120s");
}
