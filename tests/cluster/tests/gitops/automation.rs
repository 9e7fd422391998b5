//! The image robot.

use canary_cluster::environment::{ROBOT, Shop};
use canary_cluster::image;
use canary_cluster::kubectl::{self, kubectl};
use canary_cluster::timings::Times;
use std::time::Instant;

const IMAGES: &str = "-n frontend get deployments frontend-stable frontend-canary \
    -o jsonpath={.items[*].spec.template.spec.containers[0].image}";

/// A new version reaches the canary by a signed commit of the robot, and stable not at all.
pub(crate) fn moves_the_canary(shop: &Shop) {
    shop.set_percentage(5);
    // What a rollout that nobody asked for would change.
    let before = kubectl(IMAGES);
    let stable = before.split(' ').next().unwrap().to_owned();

    shop.repository.replace(ROBOT, "  suspend: true\n", "");
    shop.repository.push("the robot may");
    kubectl::wait_for("the robot to be free", "-n flux-system get imageupdateautomation frontend", |object| {
        (object["spec"]["suspend"] != true).then_some(())
    });
    let begin = Instant::now();
    image::tag("frontend:1.5.0", "frontend:1.6.0-rc.1");
    shop.ask("imagerepository frontend");
    kubectl::wait_for("the new version", "-n flux-system get imagepolicy frontend-canary", |object| {
        (object["status"]["latestRef"]["tag"] == "1.6.0-rc.1").then_some(())
    });
    kubectl::wait_for("the canary to have it", "-n frontend get deployment frontend-canary", |object| {
        let image = object["spec"]["template"]["spec"]["containers"][0]["image"].as_str()?;
        image.contains(":1.6.0-rc.1@sha256:").then_some(())
    });
    kubectl("-n frontend rollout status deployment/frontend-canary --timeout=120s");
    let mut times = Times::new("new tag in the registry to ready pods");
    times.add(begin.elapsed());
    times.print();
    assert!(kubectl(IMAGES).starts_with(&stable), "stable has moved");

    let commit = shop.repository.run("git pull -q --rebase; git show --stat --format='%an %G?' HEAD");
    assert!(commit.starts_with("image-robot G"), "{commit}");
    assert!(
        commit.contains("overlays/production/frontend/canary.yaml") && commit.contains("1 file changed"),
        "{commit}"
    );
}
