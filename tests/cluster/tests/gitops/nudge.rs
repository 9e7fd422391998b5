//! The nudge: the pod that annotates other pods so that the kubelet updates their volumes at once.

use crate::delivery::Delivery;
use canary_cluster::api::Pod;
use canary_cluster::container;
use canary_cluster::environment::Environment;
use canary_cluster::kubectl::{self, DEADLINE, kubectl};
use canary_cluster::node::Outage;
use canary_cluster::timings;
use canary_e2e::{files, http, wait};
use serde_json::{Value, json};
use std::time::Instant;

const ACCESS: &str = "k8s/components/nudge/access.yaml";
const DEPLOYMENT: &str = "k8s/components/nudge/deployment.yaml";
const BINDING: &str = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n";

/// Flags to act as the nudge's `ServiceAccount`.
const AS_NUDGE: &str = "--as=system:serviceaccount:frontend:canary-nudge";

/// Flags to act as another `ServiceAccount`, with every permission.
const AS_ADMIN: &str = "--as=system:serviceaccount:frontend:default --as-group=system:masters";

/// The start of the nudge's log line when it lacks a permission.
const FORBIDDEN: &str = "not allowed: pods is forbidden: User \"system:serviceaccount:frontend:canary-nudge\" cannot list \
                     resource \"pods\" in API group \"\" in the namespace \"frontend\"";

const PODS: &str = "-n frontend get pods -l app.kubernetes.io/name=canary-nudge";
const POLICY: &str = "get validatingadmissionpolicy/canary-nudge-frontend validatingadmissionpolicybinding/canary-nudge-frontend";

/// The admission policy lets the nudge set its annotation and nothing else; the policy goes when the component goes.
pub(crate) fn admission_policy(env: &Environment) {
    Delivery::Nudge.set_up(env);
    rejects_other_changes(env);
    does_not_drift(env);
    Delivery::Receiver.set_up(env);
    for objects in [
        POLICY,
        "-n frontend get deployment/canary-nudge serviceaccount/canary-nudge networkpolicy/canary-nudge",
        "-n frontend get role/canary-nudge rolebinding/canary-nudge",
    ] {
        wait::until(format!("{objects} to find nothing"), DEADLINE, || {
            kubectl(&format!("{objects} --ignore-not-found")).is_empty().then_some(())
        });
    }
}

/// Tries changes of a pod as the nudge, and the rejected ones as an admin too.
#[track_caller]
fn rejects_other_changes(env: &Environment) {
    env.set_percentage(5);
    let pod = &env.api.pods("frontend-stable")[0].name;
    let try_as = |account: &str, change: &str| {
        kubectl::try_kubectl(&format!("-n frontend {account} {} --dry-run=server", change.replace("POD", pod)))
    };
    let result = try_as(AS_NUDGE, "annotate pod POD canary/config-revision=another --overwrite");
    assert!(result.is_ok(), "{result:?}");
    let labels = "may not change labels, finalizers or owners";
    let annotation = "may set the annotation canary/config-revision alone";
    for (change, message) in [
        ("label pod POD who=nudge", labels),
        ("patch pod POD -p {\"metadata\":{\"finalizers\":[\"a.example/b\"]}}", labels),
        ("annotate pod POD who=nudge", annotation),
        ("annotate pod POD canary/touched=now --overwrite", annotation),
        ("annotate pod POD canary/touched-", annotation),
        ("set image pod/POD nginx=registry.example.com/shop/frontend:1.5.0", "may not change what a pod runs"),
    ] {
        let error = try_as(AS_NUDGE, change).expect_err(change);
        assert!(error.contains(&format!("canary-nudge {message}")), "{change}: {error}");
        let result = try_as(AS_ADMIN, change);
        assert!(result.is_ok(), "{change}, as another account: {result:?}");
    }
}

/// Flux finds no difference in the policy and its binding when it reconciles them again.
#[track_caller]
fn does_not_drift(env: &Environment) {
    kubectl::wait_for("the policy to be checked", "get validatingadmissionpolicy canary-nudge-frontend", |policy| {
        (policy["status"]["observedGeneration"] == policy["metadata"]["generation"]).then_some(())
    });
    let versions = || {
        let objects = kubectl::get_json(POLICY);
        let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
        objects["items"].as_array().into_iter().flatten().map(version).collect::<Vec<_>>()
    };
    let before = versions();
    assert_eq!(before.len(), 2);
    env.request_reconciliation("kustomization frontend");
    kubectl::wait_for("Flux to reconcile", "-n flux-system get kustomization frontend", |object| {
        let requested = &object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"];
        (object["status"]["lastHandledReconcileAt"] == *requested).then_some(())
    });
    assert_eq!(versions(), before, "Flux has changed objects that nobody else had changed");
}

/// The nudge handles the changes that it missed during an API server outage or while it was down.
pub(crate) fn catches_up(env: &Environment) {
    Delivery::Nudge.set_up(env);
    env.set_percentage(0);
    after_api_server_outage(env);
    after_kill(env);
}

/// The nudge reports the outage, is not restarted, and handles the next push.
#[track_caller]
fn after_api_server_outage(env: &Environment) {
    let nudge = ready_nudge(env);
    let probe = |path: &str| http::get(&format!("http://{}:8081/{path}", nudge.ip), &[]);
    let stopped = Outage::start(&["apiserver"]);
    wait::until("the nudge to report that the API server is down", DEADLINE, || {
        let response = probe("readyz");
        (response.status == 503 && response.text().contains("no answer from the API server")).then_some(())
    });
    assert_eq!(probe("healthz").status, 200);
    stopped.end();
    let start = push(env, 25);
    wait_for_nudge(env, 25, start, "API server up again: push to every pod's file");
    assert_eq!(ready_nudge(env), nudge, "the nudge's pod was replaced or restarted");
}

/// The kubelet restarts a killed nudge at once the first time, and after a delay the second time.
#[track_caller]
fn after_kill(env: &Environment) {
    let first = ready_nudge(env);
    container::kill(&first.container);
    let restarted = wait::until("the nudge to be restarted", DEADLINE, || {
        env.api.pods("canary-nudge").into_iter().find(|pod| pod.container != first.container)
    });
    assert_eq!(restarted.name, first.name);
    let start = push(env, 0);
    wait_for_nudge(env, 0, start, "nudge restarted: push to every pod's file");

    container::kill(&restarted.container);
    let is_running =
        |list: &Value| list["items"][0]["status"]["containerStatuses"][0]["state"].get("running").is_some();
    kubectl::wait_for("the kubelet to notice the kill", PODS, |list| (!is_running(list)).then_some(()));
    let start = push(env, 25);
    assert!(!is_running(&kubectl::get_json(PODS)), "the nudge was restarted before the push was in the API");
    wait_for_nudge(env, 25, start, "nudge down: push to every pod's file");
}

/// Without a nudge pod, and with one that lacks its permissions, the kubelet updates the volumes at its own sync.
pub(crate) fn kubelet_syncs_without_it(env: &Environment) {
    Delivery::Nudge.set_up(env);
    env.set_percentage(0);
    change(env, DEPLOYMENT, "replicas: 1", "replicas: 0");
    wait::until("the nudge's pod to be deleted", DEADLINE, || env.api.pods("canary-nudge").is_empty().then_some(()));
    let (before, start) = (pod_states(), push(env, 25));
    wait_and_print(env, 25, start, "no nudge: push to every pod's file");
    assert_eq!(pod_states(), before, "pods were changed");

    change(env, DEPLOYMENT, "replicas: 0", "replicas: 1");
    let nudge = ready_nudge(env);
    let file = env.repository.path(ACCESS);
    let access = files::read(&file);
    let (_, binding) = access.split_once(BINDING).unwrap_or_else(|| panic!("{ACCESS} has no RoleBinding"));
    let binding = format!("{BINDING}{binding}");
    change(env, ACCESS, &binding, "");
    let (before, start) = (pod_states(), push(env, 0));
    let log_lines = || kubectl(&format!("-n frontend logs {}", nudge.name)).matches(FORBIDDEN).count();
    wait::until("the nudge to log the missing permission", DEADLINE, || (log_lines() > 0).then_some(()));
    wait::until("the nudge to become unready", DEADLINE, || env.api.pods("canary-nudge").is_empty().then_some(()));
    wait_and_print(env, 0, start, "nudge without permissions: push to every pod's file");
    assert_eq!(pod_states(), before, "pods were changed");
    assert_eq!(log_lines(), 1, "the missing permission is logged once");

    files::write(&file, access);
    let start = Instant::now();
    env.repository.push("restore the RoleBinding");
    env.wait_for_sync();
    assert_eq!(ready_nudge(env), nudge, "the nudge's pod was replaced or restarted");
    println!("nudge with restored permissions: ready after {:.0} s", start.elapsed().as_secs_f64());
    let start = push(env, 25);
    wait_for_nudge(env, 25, start, "nudge with restored permissions: push to every pod's file");
}

/// Waits until the nudge's pod is ready, and returns it.
#[track_caller]
fn ready_nudge(env: &Environment) -> Pod {
    wait::until("the nudge to be ready", DEADLINE, || env.api.pods("canary-nudge").pop())
}

/// Changes a file of the component, pushes it and waits until Flux has applied it.
#[track_caller]
fn change(env: &Environment, file: &str, from: &str, to: &str) {
    env.repository.replace(file, from, to);
    env.repository.push("change the nudge");
    env.wait_for_kustomization("frontend", &env.repository.head());
}

/// Pushes a percentage and waits until it is in the `ConfigMap`; returns when the push started.
#[track_caller]
fn push(env: &Environment, percentage: u64) -> Instant {
    let start = Instant::now();
    env.repository.run(&format!("canaryctl set {percentage} --config $F --commit --push"));
    env.wait_for_configmap(percentage);
    start
}

/// Waits until the nudge has annotated every pod with the `ConfigMap`'s version, and every pod serves the percentage.
#[track_caller]
fn wait_for_nudge(env: &Environment, percentage: u64, start: Instant, what: &str) {
    let version = kubectl("-n frontend get configmap canary-settings -o jsonpath={.metadata.resourceVersion}");
    let is_annotated = |pod: &Value| {
        let revision = pod["metadata"]["annotations"]["canary/config-revision"].as_str();
        revision.is_some_and(|revision| revision.ends_with(&format!(".{version}")))
    };
    wait::until("every pod to be annotated", DEADLINE, || {
        let pods = pods();
        (!pods.is_empty() && pods.iter().all(is_annotated)).then_some(())
    });
    wait_and_print(env, percentage, start, what);
}

/// Waits until every pod serves the percentage, and prints how long that took since `start`.
#[track_caller]
fn wait_and_print(env: &Environment, percentage: u64, start: Instant, what: &str) {
    env.wait_for_pods(percentage);
    timings::print(what, start.elapsed());
}

/// The identity, metadata, spec and restart count of every front end pod, to compare before and after.
#[track_caller]
fn pod_states() -> Vec<Value> {
    let state = |pod: &Value| {
        let (metadata, container) = (&pod["metadata"], &pod["status"]["containerStatuses"][0]);
        json!([metadata["uid"], metadata["labels"], metadata["annotations"], pod["spec"], container["restartCount"]])
    };
    pods().iter().map(state).collect()
}

/// The pods of `frontend-stable` and `frontend-canary`, as the API has them.
#[track_caller]
fn pods() -> Vec<Value> {
    let list = kubectl::get_json("-n frontend get pods -l app.kubernetes.io/part-of=frontend");
    list["items"].as_array().cloned().unwrap_or_default()
}
