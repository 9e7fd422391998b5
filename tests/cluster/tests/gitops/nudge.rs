//! The pod that has the kubelet look at once: what it may do, and what there is without it.

use crate::delivery::Way;
use canary_cluster::api::Pod;
use canary_cluster::container;
use canary_cluster::environment::Shop;
use canary_cluster::kubectl::{self, DEADLINE, kubectl};
use canary_cluster::node::Outage;
use canary_cluster::timings::Times;
use canary_e2e::{files, http, wait};
use serde_json::{Value, json};
use std::time::Instant;

const ACCESS: &str = "k8s/components/fast-config/access.yaml";
const DEPLOYMENT: &str = "k8s/components/fast-config/deployment.yaml";
const BINDING: &str = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n";

/// Its account, and another one that may do everything.
const ACCOUNT: &str = "--as=system:serviceaccount:frontend:canary-nudge";
const OTHER: &str = "--as=system:serviceaccount:frontend:default --as-group=system:masters";

/// What it says without its rights.
const RIGHT: &str = "not allowed: pods is forbidden: User \"system:serviceaccount:frontend:canary-nudge\" cannot list \
                     resource \"pods\" in API group \"\" in the namespace \"frontend\"";

const PODS: &str = "-n frontend get pods -l app.kubernetes.io/name=canary-nudge";
const POLICY: &str = "get validatingadmissionpolicy/canary-nudge validatingadmissionpolicybinding/canary-nudge";

/// What it may do is said by a policy that is the whole cluster's, and that goes when the component goes.
pub(crate) fn one_annotation(shop: &Shop) {
    Way::Nudge.enter(shop);
    refuses(shop);
    stays(shop);
    Way::Receiver.enter(shop);
    for of_it in [
        POLICY,
        "-n frontend get deployment/canary-nudge serviceaccount/canary-nudge networkpolicy/canary-nudge",
        "-n frontend get role/canary-nudge rolebinding/canary-nudge",
    ] {
        wait::until(format!("{of_it} to find nothing"), DEADLINE, || {
            kubectl(&format!("{of_it} --ignore-not-found")).is_empty().then_some(())
        });
    }
}

#[track_caller]
fn refuses(shop: &Shop) {
    shop.set_percentage(5);
    let pod = &shop.api.pods("frontend-stable")[0].name;
    let said_to = |who: &str, what: &str| {
        kubectl::attempt(&format!("-n frontend {who} {} --dry-run=server", what.replace("POD", pod)))
    };
    let said = said_to(ACCOUNT, "annotate pod POD canary/config-revision=another --overwrite");
    assert!(said.is_ok(), "{said:?}");
    let labels = "may not change labels, finalizers or owners";
    let annotation = "may set the annotation canary/config-revision alone";
    for (what, why) in [
        ("label pod POD who=nudge", labels),
        ("patch pod POD -p {\"metadata\":{\"finalizers\":[\"a.example/b\"]}}", labels),
        ("annotate pod POD who=nudge", annotation),
        ("annotate pod POD canary/touched=now --overwrite", annotation),
        ("annotate pod POD canary/touched-", annotation),
        ("set image pod/POD nginx=registry.example.com/shop/frontend:1.5.0", "may not change what a pod runs"),
    ] {
        let said = said_to(ACCOUNT, what).expect_err(what);
        assert!(said.contains(&format!("canary-nudge {why}")), "{what}: {said}");
        let said = said_to(OTHER, what);
        assert!(said.is_ok(), "{what}, by somebody else: {said:?}");
    }
}

/// Flux, which looks again, finds the policy and its binding as it has made them.
#[track_caller]
fn stays(shop: &Shop) {
    kubectl::wait_for("the policy to be checked", "get validatingadmissionpolicy canary-nudge", |policy| {
        (policy["status"]["observedGeneration"] == policy["metadata"]["generation"]).then_some(())
    });
    let versions = || {
        let objects = kubectl::get(POLICY);
        let of = |object: &Value| object["metadata"]["resourceVersion"].clone();
        objects["items"].as_array().into_iter().flatten().map(of).collect::<Vec<_>>()
    };
    let before = versions();
    assert_eq!(before.len(), 2);
    shop.ask("kustomization frontend");
    kubectl::wait_for("Flux to look again", "-n flux-system get kustomization frontend", |object| {
        let asked = &object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"];
        (object["status"]["lastHandledReconcileAt"] == *asked).then_some(())
    });
    assert_eq!(versions(), before, "Flux has changed what nobody else had");
}

/// Whatever it missed, it tells when it can.
pub(crate) fn makes_up(shop: &Shop) {
    Way::Nudge.enter(shop);
    shop.set_percentage(0);
    cut_off(shop);
    killed(shop);
}

#[track_caller]
fn cut_off(shop: &Shop) {
    let nudge = ready(shop);
    let probe = |path: &str| http::get(&format!("http://{}:8081/{path}", nudge.ip), &[]);
    let gone = Outage::of(&["apiserver"]);
    wait::until("the nudge to miss the API server", DEADLINE, || {
        let answer = probe("readyz");
        (answer.status == 503 && answer.text().contains("no answer from the API server")).then_some(())
    });
    assert_eq!(probe("healthz").status, 200);
    gone.end();
    let begin = push(shop, 25);
    is_told(shop, 25, begin, "API server back: push to every pod's file");
    assert_eq!(ready(shop), nudge, "neither replaced nor started again");
}

/// Once, and it is back at once; twice, and the kubelet waits for a while.
#[track_caller]
fn killed(shop: &Shop) {
    let first = ready(shop);
    container::kill(&first.container);
    let again = wait::until("the nudge to be started again", DEADLINE, || {
        shop.api.pods("canary-nudge").into_iter().find(|pod| pod.container != first.container)
    });
    assert_eq!(again.name, first.name);
    let begin = push(shop, 0);
    is_told(shop, 0, begin, "nudge killed: next push to every pod's file");

    container::kill(&again.container);
    let runs = |list: &Value| list["items"][0]["status"]["containerStatuses"][0]["state"].get("running").is_some();
    kubectl::wait_for("the kubelet to notice", PODS, |list| (!runs(list)).then_some(()));
    let begin = push(shop, 25);
    assert!(!runs(&kubectl::get(PODS)), "started again before the push was in the API");
    is_told(shop, 25, begin, "nudge down: push to every pod's file");
}

/// Scaled to nothing, and without its rights: the kubelet goes on by itself.
pub(crate) fn minute_is_back(shop: &Shop) {
    Way::Nudge.enter(shop);
    shop.set_percentage(0);
    change(shop, DEPLOYMENT, "replicas: 1", "replicas: 0");
    wait::until("the nudge to go", DEADLINE, || shop.api.pods("canary-nudge").is_empty().then_some(()));
    let (before, begin) = (standing(), push(shop, 25));
    serves(shop, 25, begin, "no nudge: push to every pod's file");
    assert_eq!(standing(), before, "pods were changed");

    change(shop, DEPLOYMENT, "replicas: 0", "replicas: 1");
    let nudge = ready(shop);
    let file = shop.repository.path(ACCESS);
    let access = files::read(&file);
    let (_, binding) = access.split_once(BINDING).unwrap_or_else(|| panic!("{ACCESS} binds no role"));
    let binding = format!("{BINDING}{binding}");
    change(shop, ACCESS, &binding, "");
    let (before, begin) = (standing(), push(shop, 0));
    let faults = || kubectl(&format!("-n frontend logs {}", nudge.name)).matches(RIGHT).count();
    wait::until("the nudge to name its right", DEADLINE, || (faults() > 0).then_some(()));
    wait::until("the nudge not to be ready", DEADLINE, || shop.api.pods("canary-nudge").is_empty().then_some(()));
    serves(shop, 0, begin, "nudge without rights: push to every pod's file");
    assert_eq!(standing(), before, "pods were changed");
    assert_eq!(faults(), 1, "told once");

    files::write(&file, access);
    let begin = Instant::now();
    shop.repository.push("as it was");
    shop.wait_synced();
    assert_eq!(ready(shop), nudge, "neither replaced nor started again");
    println!("nudge with rights again: ready after {:.0} s", begin.elapsed().as_secs_f64());
    let begin = push(shop, 25);
    is_told(shop, 25, begin, "nudge with rights again: push to every pod's file");
}

/// The nudge's pod.
#[track_caller]
fn ready(shop: &Shop) -> Pod {
    wait::until("the nudge to be ready", DEADLINE, || shop.api.pods("canary-nudge").pop())
}

/// Changes a file of the component, and waits until that is applied.
#[track_caller]
fn change(shop: &Shop, file: &str, from: &str, to: &str) {
    shop.repository.replace(file, from, to);
    shop.repository.push("another nudge");
    shop.wait_applied("frontend", &shop.repository.head());
}

/// Pushes, and waits until the config is in the API; returns when it began.
#[track_caller]
fn push(shop: &Shop, percentage: u64) -> Instant {
    let begin = Instant::now();
    shop.repository.run(&format!("canaryctl set {percentage} --file $F --commit --push"));
    wait::until(format!("{percentage} % in the API"), DEADLINE, || {
        (shop.api.percentage() == Some(percentage)).then_some(())
    });
    begin
}

/// Waits until every pod was told of the config in the API, and serves it.
#[track_caller]
fn is_told(shop: &Shop, percentage: u64, begin: Instant, what: &str) {
    let version = kubectl("-n frontend get configmap canary-settings -o jsonpath={.metadata.resourceVersion}");
    let told = |pod: &Value| {
        let revision = pod["metadata"]["annotations"]["canary/config-revision"].as_str();
        revision.is_some_and(|revision| revision.ends_with(&format!(".{version}")))
    };
    wait::until("every pod to be told", DEADLINE, || pods().iter().all(told).then_some(()));
    serves(shop, percentage, begin, what);
}

#[track_caller]
fn serves(shop: &Shop, percentage: u64, begin: Instant, what: &str) {
    wait::until(format!("{percentage} % in every pod"), DEADLINE, || shop.api.all_pods_serve(percentage).then_some(()));
    let mut times = Times::new(what);
    times.add(begin.elapsed());
    times.print();
}

/// Which pods of the shop there are, and all that somebody could have done to them.
#[track_caller]
fn standing() -> Vec<Value> {
    let of = |pod: &Value| {
        let (metadata, container) = (&pod["metadata"], &pod["status"]["containerStatuses"][0]);
        json!([metadata["uid"], metadata["labels"], metadata["annotations"], pod["spec"], container["restartCount"]])
    };
    pods().iter().map(of).collect()
}

#[track_caller]
fn pods() -> Vec<Value> {
    let list = kubectl::get("-n frontend get pods -l app.kubernetes.io/part-of=canary-demo");
    list["items"].as_array().cloned().unwrap_or_default()
}
