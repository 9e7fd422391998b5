//! Disruptions that page views survive: rollouts, deleted pods, crashes, drains and outages.

use crate::browser::{Outcome, Visitor};
use canary_cluster::api::Pod;
use canary_cluster::container;
use canary_cluster::environment::Environment;
use canary_cluster::kubectl::{self, DEADLINE, kubectl};
use canary_cluster::load::{Failure, Load};
use canary_cluster::node::Outage;
use canary_e2e::demo::{CANARY, STABLE};
use canary_e2e::wait;
use std::thread;
use std::time::{Duration, Instant};

/// The files that a page view requests, and those that open tabs of either version may still request.
const FILES: &[&str] = &[
    "/",
    "/config/canary.json",
    "/runtime/canary.js",
    "/assets/1.4.2/main.js",
    "/assets/1.4.2/main.css",
    "/assets/1.5.0/main.js",
    "/assets/1.5.0/main.css",
];

const STABLE_IMAGE: &str = "k8s/overlays/production/frontend/stable.yaml";

/// The length of an outage: `CANARY_OUTAGE` in seconds, or `default`.
fn outage_length(default: u64) -> Duration {
    let seconds = std::env::var("CANARY_OUTAGE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(default))
}

/// Opens the page again and again for that long; each page view must show the canary without a console error.
#[track_caller]
fn view_canary_for(visitor: &Visitor, time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        assert_eq!(visitor.view(), CANARY);
    }
    assert_eq!(visitor.console_errors(), Vec::<String>::new());
}

/// A promotion and its revert: stable gets the canary's image while a tab of 1.4.2 is open.
pub(crate) fn rolling_update(env: &Environment) {
    env.set_percentage(25);
    let (tab, visitor) = (Visitor::new(), Visitor::new());
    env.set_percentage(0);
    assert_eq!(tab.view(), STABLE);
    env.set_percentage(25);

    let load = Load::start(FILES);
    env.repository.replace(STABLE_IMAGE, "frontend:1.4.2", "frontend:1.5.0");
    env.repository.push("1.5.0 becomes stable");
    env.wait_for_sync();
    kubectl("-n frontend rollout status deployment/frontend-stable --timeout=180s");
    view_canary_for(&visitor, Duration::from_secs(5));
    assert_eq!(tab.status("/assets/1.4.2/main.js"), 200);

    env.repository.run("git revert --no-edit HEAD && git push -q");
    env.wait_for_sync();
    kubectl("-n frontend rollout status deployment/frontend-stable --timeout=180s");
    view_canary_for(&visitor, Duration::from_secs(5));
    assert_eq!(tab.status("/assets/1.4.2/main.js"), 200);
    assert_eq!(load.stop(), Vec::<String>::new());
}

/// A pod of each Deployment is deleted and replaced.
pub(crate) fn pod_deleted(env: &Environment) {
    env.set_percentage(25);
    let visitor = Visitor::new();
    for deployment in ["frontend-stable", "frontend-canary"] {
        let load = Load::start(FILES);
        let pod = env.api.pods(deployment).remove(0);
        kubectl(&format!("-n frontend delete pod {} --wait=false", pod.name));
        wait::until("the pod to be replaced", DEADLINE, || {
            let pods = env.api.pods(deployment);
            (pods.len() >= 2 && !pods.contains(&pod)).then_some(())
        });
        view_canary_for(&visitor, Duration::from_secs(5));
        assert_eq!(load.stop(), Vec::<String>::new());
    }
}

/// nginx is killed in one pod of each Deployment, and the kubelet restarts the container.
///
/// Until the kubelet notices, the Service still sends requests to that pod, so some fail. The test prints how many, and
/// checks that none fails before the kill or after the pod is ready again.
pub(crate) fn container_killed(env: &Environment) {
    env.set_percentage(25);
    let visitor = Visitor::new();
    for deployment in ["frontend-stable", "frontend-canary"] {
        let load = Load::start(FILES);
        let pod = env.api.pods(deployment).remove(0);
        let killed = Instant::now();
        container::kill(&pod.container);
        let (outcomes, ready_again) = view_until_ready_again(env, &visitor, deployment, &pod);
        let requests = load.requests();
        // Discards the console errors of failed requests.
        let _ = visitor.console_errors();
        view_canary_for(&visitor, Duration::from_secs(5));

        let failures = load.into_failures();
        let count = |outcome| outcomes.iter().filter(|it| **it == outcome).count();
        println!(
            "{deployment}, ready again after {:.1} s: {} of {requests} requests failed, {:.1} s from first to last; \
             of {} page views {} got no page, {} no bundle",
            (ready_again - killed).as_secs_f64(),
            failures.len(),
            failure_span(&failures).as_secs_f64(),
            outcomes.len(),
            count(Outcome::NoPage),
            count(Outcome::Blank),
        );
        let outside: Vec<_> = failures.iter().filter(|it| it.ended < killed || it.started > ready_again).collect();
        assert!(outside.is_empty(), "failed while all pods were ready: {outside:?}");
        // A page view that cannot load the canary's files shows stable's bundle.
        if deployment == "frontend-canary" {
            let others: Vec<_> = failures.iter().filter(|it| !it.message.contains("/assets/1.5.0/")).collect();
            assert!(others.is_empty(), "requests for stable's own files failed: {others:?}");
            assert_eq!(count(Outcome::Bundle), outcomes.len());
        }
    }
}

/// The time from the start of the first failed request to the end of the last.
fn failure_span(failures: &[Failure]) -> Duration {
    let (first, last) = (failures.iter().map(|it| it.started).min(), failures.iter().map(|it| it.ended).max());
    first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first)
}

/// Opens the page until the pod is ready with a new container; returns the outcomes, and when it was ready.
fn view_until_ready_again(
    env: &Environment,
    visitor: &Visitor,
    deployment: &str,
    pod: &Pod,
) -> (Vec<Outcome>, Instant) {
    let wait_until_ready = || {
        wait::until("the pod to be ready again", DEADLINE, || {
            let mut pods = env.api.pods(deployment).into_iter();
            pods.find(|it| it.name == pod.name && it.container != pod.container)
        });
        Instant::now()
    };
    thread::scope(|scope| {
        let waiting = scope.spawn(wait_until_ready);
        let mut outcomes = vec![];
        while !waiting.is_finished() {
            outcomes.push(visitor.try_view());
        }
        (outcomes, waiting.join().unwrap())
    })
}

/// A cordoned node; dropping it uncordons the node.
struct CordonedNode(String);

impl Drop for CordonedNode {
    fn drop(&mut self) {
        kubectl(&format!("uncordon {}", self.0));
    }
}

/// A drain of the only node, where evicted pods cannot move: the disruption budgets stop it at one pod per Deployment.
pub(crate) fn drain(env: &Environment) {
    env.set_percentage(25);
    let visitor = Visitor::new();
    let load = Load::start(FILES);
    let node = CordonedNode(kubectl("get nodes -o jsonpath={.items[0].metadata.name}"));
    let result = kubectl::try_kubectl(&format!(
        "drain {} --delete-emptydir-data --ignore-daemonsets --timeout=30s \
         --pod-selector=app.kubernetes.io/part-of=frontend",
        node.0
    ));
    let error = result.unwrap_err();
    assert!(error.contains("violate the pod's disruption budget"), "{error}");
    for deployment in ["frontend-stable", "frontend-canary"] {
        assert_eq!(env.api.pods(deployment).len(), 1, "{deployment}");
    }
    view_canary_for(&visitor, Duration::from_secs(5));
    drop(node);
    wait::until("all pods to be ready", DEADLINE, || {
        (env.api.pods("frontend-stable").len() == 2 && env.api.pods("frontend-canary").len() == 2).then_some(())
    });
    assert_eq!(load.stop(), Vec::<String>::new());
}

/// Pages work while the API server is stopped; afterwards Flux syncs again.
pub(crate) fn api_server_outage(env: &Environment) {
    env.set_percentage(25);
    let visitor = Visitor::new();
    let load = Load::start(FILES);
    let stopped = Outage::start(&["apiserver"]);
    view_canary_for(&visitor, outage_length(60));
    stopped.end();
    view_canary_for(&visitor, Duration::from_secs(5));
    assert_eq!(load.stop(), Vec::<String>::new());
    // Flux doubles its retry interval after each failure, so the test asks it to reconcile.
    env.repository.run("canaryctl set 5 --config $F --commit --push");
    wait::until("5 % in the ConfigMap", DEADLINE, || {
        env.request_reconciliation("gitrepository frontend");
        (env.api.percentage() == Some(5)).then_some(())
    });
}

/// Pages work while Flux's controllers are stopped; a commit pushed meanwhile is applied afterwards.
pub(crate) fn flux_outage(env: &Environment) {
    env.set_percentage(25);
    let visitor = Visitor::new();
    let load = Load::start(FILES);
    let stopped = Outage::start(&["source-controller", "kustomize-controller", "notification-controller"]);
    env.repository.run("canaryctl set 0 --config $F --commit --push");
    view_canary_for(&visitor, outage_length(20));
    assert_eq!(env.api.percentage(), Some(25));
    stopped.end();
    env.wait_for_configmap(0);
    assert_eq!(load.stop(), Vec::<String>::new());
}
