//! A cluster that is not what Git says, and a Git that says what is wrong.

use crate::browser::Visitor;
use canary_cluster::environment::Shop;
use canary_cluster::kubectl::{self, DEADLINE, kubectl};
use canary_cluster::timings::Times;
use canary_e2e::demo::{CANARY, STABLE};
use canary_e2e::wait;
use std::time::Instant;

const CANARY_IMAGE: &str = "k8s/overlays/production/frontend/canary.yaml";

/// Somebody edits the cluster; Flux makes it what Git says.
pub(crate) fn hand_edit(shop: &Shop) {
    shop.set_percentage(5);
    let edited = kubectl("-n frontend get configmap canary-settings -o yaml")
        .replace("\"CANARY_PERCENTAGE\": 5", "\"CANARY_PERCENTAGE\": 100");
    kubectl::send("replace -f -", &edited).unwrap();
    let begin = Instant::now();
    assert_eq!(shop.api.percentage(), Some(100));
    wait::until("Flux to undo the edit", DEADLINE, || (shop.api.percentage() == Some(5)).then_some(()));
    let mut times = Times::new("hand edit to undone, interval 1 min");
    times.add(begin.elapsed());
    times.print();
}

/// Pages go on with the last config that they had, and who has none gets stable.
pub(crate) fn malformed(shop: &Shop) {
    shop.set_percentage(25);
    let visitor = Visitor::new();
    assert_eq!(visitor.view(), CANARY);

    shop.repository.replace(
        canary_cluster::repository::CONFIG,
        "\"CANARY_PERCENTAGE\": 25",
        "\"CANARY_PERCENTAGE\": many",
    );
    let bad = shop.repository.push("a typing error");
    shop.wait_applied("frontend-config", &bad);
    shop.touch_pods();
    wait::until("the bad config in every pod", DEADLINE, || {
        shop.api.all_pods().iter().all(|pod| pod.percentage().is_none()).then_some(())
    });
    assert_eq!(visitor.view_again(), CANARY, "with the last good config");
    assert_eq!(visitor.view(), STABLE, "with none at all");
    let complaints = visitor.complaints();
    assert!(complaints.iter().any(|line| line.contains("[canary] E1")), "{complaints:?}");

    shop.repository.run("git revert --no-edit HEAD && git push -q");
    shop.set_percentage(25);
    assert_eq!(visitor.view(), CANARY);
}

pub(crate) fn crash_loop(shop: &Shop) {
    // Another command: nginx refuses it and ends.
    broken_canary(
        shop,
        "          image: ",
        "          args: [nginx, -X]\n          command: [nginx, -X]\n          image: ",
    );
}

pub(crate) fn missing_image(shop: &Shop) {
    broken_canary(shop, "frontend:1.5.0", "frontend:1.5.0-gone");
}

/// A canary whose pods do not become ready, and a roll-back pushed while Flux waits for them.
fn broken_canary(shop: &Shop, from: &str, to: &str) {
    shop.set_percentage(25);
    let visitor = Visitor::new();
    shop.repository.replace(CANARY_IMAGE, from, to);
    shop.repository.push("a canary that does not start");
    kubectl::wait_for("Flux to wait for the pods", "-n flux-system get kustomization frontend", |object| {
        let (status, reason, message) = kubectl::condition(object, "Reconciling")?;
        (status == "True" && format!("{reason} {message}").contains("health")).then_some(())
    });

    let begin = Instant::now();
    shop.repository.run(&shop.guide.line("canaryctl set 0"));
    wait::until("the roll-back in the API", DEADLINE, || (shop.api.percentage() == Some(0)).then_some(()));
    let mut times = Times::new("roll-back pushed while the canary is broken");
    times.add(begin.elapsed());
    times.print();
    shop.touch_pods();
    wait::until("the roll-back in every pod", DEADLINE, || shop.api.all_pods_serve(0).then_some(()));
    assert_eq!(visitor.view(), STABLE);

    shop.repository.run("git revert --no-edit HEAD~1 && git push -q");
    shop.wait_synced();
    kubectl("-n frontend rollout status deployment/frontend-canary --timeout=120s");
}
