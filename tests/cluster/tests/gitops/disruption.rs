//! What pages do not notice.

use crate::browser::{Seen, Visitor};
use canary_cluster::api::Pod;
use canary_cluster::container;
use canary_cluster::environment::Shop;
use canary_cluster::kubectl::{self, DEADLINE, kubectl};
use canary_cluster::load::{Failure, Load};
use canary_cluster::node::Outage;
use canary_e2e::demo::{CANARY, STABLE};
use canary_e2e::wait;
use std::thread;
use std::time::{Duration, Instant};

/// What a page view asks for, and what tabs of either version do.
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

/// How long what is gone stays gone: `CANARY_OUTAGE` in seconds.
fn outage(default: u64) -> Duration {
    let seconds = std::env::var("CANARY_OUTAGE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(default))
}

/// Views the page for so long; what it asks for besides is the load's.
#[track_caller]
fn go_on(visitor: &Visitor, time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        assert_eq!(visitor.view(), CANARY);
    }
    assert_eq!(visitor.complaints(), Vec::<String>::new());
}

/// A promotion, and back: stable gets the canary's image while tabs of 1.4.2 are open.
pub(crate) fn rolling_update(shop: &Shop) {
    shop.set_percentage(25);
    let (tab, visitor) = (Visitor::new(), Visitor::new());
    shop.set_percentage(0);
    assert_eq!(tab.view(), STABLE);
    shop.set_percentage(25);

    let load = Load::start(FILES);
    shop.repository.replace(STABLE_IMAGE, "frontend:1.4.2", "frontend:1.5.0");
    shop.repository.push("1.5.0 becomes stable");
    shop.wait_synced();
    kubectl("-n frontend rollout status deployment/frontend-stable --timeout=180s");
    go_on(&visitor, Duration::from_secs(5));
    assert_eq!(tab.status("/assets/1.4.2/main.js"), 200);

    shop.repository.run("git revert --no-edit HEAD && git push -q");
    shop.wait_synced();
    kubectl("-n frontend rollout status deployment/frontend-stable --timeout=180s");
    go_on(&visitor, Duration::from_secs(5));
    assert_eq!(tab.status("/assets/1.4.2/main.js"), 200);
    assert_eq!(load.end(), Vec::<String>::new());
}

/// A pod is deleted; another takes its place.
pub(crate) fn pod_deleted(shop: &Shop) {
    shop.set_percentage(25);
    let visitor = Visitor::new();
    for deployment in ["frontend-stable", "frontend-canary"] {
        let load = Load::start(FILES);
        let pod = shop.api.pods(deployment).remove(0);
        kubectl(&format!("-n frontend delete pod {} --wait=false", pod.name));
        wait::until("the pod to be replaced", DEADLINE, || {
            let pods = shop.api.pods(deployment);
            (pods.len() >= 2 && !pods.contains(&pod)).then_some(())
        });
        go_on(&visitor, Duration::from_secs(5));
        assert_eq!(load.end(), Vec::<String>::new());
    }
}

/// nginx dies in a pod, as where memory runs out, and the kubelet starts it again. Some are sent there in vain until
/// then, which nothing in front of the pods can prevent: how many is told, and that it is over when the pod is ready.
pub(crate) fn container_killed(shop: &Shop) {
    shop.set_percentage(25);
    let visitor = Visitor::new();
    for deployment in ["frontend-stable", "frontend-canary"] {
        let load = Load::start(FILES);
        let pod = shop.api.pods(deployment).remove(0);
        let killed = Instant::now();
        container::kill(&pod.container);
        let (seen, back) = glance_until_back(shop, &visitor, deployment, &pod);
        let asked = load.asked();
        // Those of what failed.
        let _ = visitor.complaints();
        go_on(&visitor, Duration::from_secs(5));

        let failures = load.failures();
        let count = |what| seen.iter().filter(|seen| **seen == what).count();
        println!(
            "{deployment}, ready again after {:.1} s: {} of {asked} requests failed, {:.1} s from first to last; \
             of {} page views {} got no page, {} no bundle",
            (back - killed).as_secs_f64(),
            failures.len(),
            lasted(&failures).as_secs_f64(),
            seen.len(),
            count(Seen::NoPage),
            count(Seen::Blank),
        );
        let outside: Vec<_> = failures.iter().filter(|it| it.ended < killed || it.began > back).collect();
        assert!(outside.is_empty(), "failed while all pods were there: {outside:?}");
        // Stable has all that is needed without the canary.
        if deployment == "frontend-canary" {
            let others: Vec<_> = failures.iter().filter(|it| !it.what.contains("/assets/1.5.0/")).collect();
            assert!(others.is_empty(), "failed, and are stable's own: {others:?}");
            assert_eq!(count(Seen::Bundle), seen.len());
        }
    }
}

fn lasted(failures: &[Failure]) -> Duration {
    let (first, last) = (failures.iter().map(|it| it.began).min(), failures.iter().map(|it| it.ended).max());
    first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first)
}

/// Views the page until the pod is ready with another container; returns what came of it, and when that was.
fn glance_until_back(shop: &Shop, visitor: &Visitor, deployment: &str, pod: &Pod) -> (Vec<Seen>, Instant) {
    let back = || {
        wait::until("the pod to be ready again", DEADLINE, || {
            let mut pods = shop.api.pods(deployment).into_iter();
            pods.find(|it| it.name == pod.name && it.container != pod.container)
        });
        Instant::now()
    };
    thread::scope(|scope| {
        let waiting = scope.spawn(back);
        let mut seen = vec![];
        while !waiting.is_finished() {
            seen.push(visitor.glance());
        }
        (seen, waiting.join().unwrap())
    })
}

/// A node that takes no pods, until this is dropped.
struct Cordon(String);

impl Drop for Cordon {
    fn drop(&mut self) {
        kubectl(&format!("uncordon {}", self.0));
    }
}

/// One node alone: what is evicted finds no other, so the budget has to hold up the drain, and one pod of each serves.
pub(crate) fn drain(shop: &Shop) {
    shop.set_percentage(25);
    let visitor = Visitor::new();
    let load = Load::start(FILES);
    let cordon = Cordon(kubectl("get nodes -o jsonpath={.items[0].metadata.name}"));
    let said = kubectl::attempt(&format!(
        "drain {} --delete-emptydir-data --ignore-daemonsets --timeout=30s \
         --pod-selector=app.kubernetes.io/part-of=canary-demo",
        cordon.0
    ));
    let said = said.unwrap_err();
    assert!(said.contains("violate the pod's disruption budget"), "{said}");
    for deployment in ["frontend-stable", "frontend-canary"] {
        assert_eq!(shop.api.pods(deployment).len(), 1, "{deployment}");
    }
    go_on(&visitor, Duration::from_secs(5));
    drop(cordon);
    wait::until("all pods to be back", DEADLINE, || {
        (shop.api.pods("frontend-stable").len() == 2 && shop.api.pods("frontend-canary").len() == 2).then_some(())
    });
    assert_eq!(load.end(), Vec::<String>::new());
}

pub(crate) fn api_server_gone(shop: &Shop) {
    shop.set_percentage(25);
    let visitor = Visitor::new();
    let load = Load::start(FILES);
    let gone = Outage::of(&["apiserver"]);
    go_on(&visitor, outage(60));
    gone.end();
    go_on(&visitor, Duration::from_secs(5));
    assert_eq!(load.end(), Vec::<String>::new());
    // By itself Flux may try again much later: it waits twice as long after each failure.
    shop.repository.run("canaryctl set 5 --file $F --commit --push");
    wait::until("5 % in the API", DEADLINE, || {
        shop.ask("gitrepository frontend");
        (shop.api.percentage() == Some(5)).then_some(())
    });
}

/// What is pushed meanwhile comes when Flux is back.
pub(crate) fn flux_gone(shop: &Shop) {
    shop.set_percentage(25);
    let visitor = Visitor::new();
    let load = Load::start(FILES);
    let gone = Outage::of(&["source-controller", "kustomize-controller", "notification-controller"]);
    shop.repository.run("canaryctl set 0 --file $F --commit --push");
    go_on(&visitor, outage(60));
    assert_eq!(shop.api.percentage(), Some(25));
    gone.end();
    wait::until("0 % in the API", DEADLINE, || (shop.api.percentage() == Some(0)).then_some(()));
    assert_eq!(load.end(), Vec::<String>::new());
}
