//! Image automation: Flux's image robot writes new tags to Git.

use canary_cluster::environment::{Environment, IMAGE_AUTOMATION};
use canary_cluster::image;
use canary_cluster::kubectl::{self, kubectl};
use canary_cluster::timings;
use std::time::Instant;

const IMAGES: &str = "-n frontend get deployments frontend-stable frontend-canary \
    -o jsonpath={.items[*].spec.template.spec.containers[0].image}";

/// A new tag reaches the canary by the robot's signed commit; stable keeps its image.
pub(crate) fn updates_the_canary(env: &Environment) {
    env.set_percentage(5);
    let before = kubectl(IMAGES);
    let stable = before.split(' ').next().unwrap().to_owned();

    env.repository.replace(IMAGE_AUTOMATION, "  suspend: true\n", "");
    env.repository.push("resume the image automation");
    kubectl::wait_for(
        "the image automation to be resumed",
        "-n flux-system get imageupdateautomation frontend",
        |object| (object["spec"]["suspend"] != true).then_some(()),
    );
    let start = Instant::now();
    image::tag("frontend:1.5.0", "frontend:1.6.0-rc.1");
    env.request_reconciliation("imagerepository frontend");
    kubectl::wait_for(
        "the image policy to select the new tag",
        "-n flux-system get imagepolicy frontend-canary",
        |object| (object["status"]["latestRef"]["tag"] == "1.6.0-rc.1").then_some(()),
    );
    kubectl::wait_for("the Deployment to have the new tag", "-n frontend get deployment frontend-canary", |object| {
        let image = object["spec"]["template"]["spec"]["containers"][0]["image"].as_str()?;
        image.contains(":1.6.0-rc.1@sha256:").then_some(())
    });
    kubectl("-n frontend rollout status deployment/frontend-canary --timeout=120s");
    timings::print("new tag in the registry to ready pods", start.elapsed());
    assert!(kubectl(IMAGES).starts_with(&stable), "stable's image has changed");

    let commit = env.repository.run("git pull -q --rebase; git show --stat --format='%an %G?' HEAD");
    assert!(commit.starts_with("image-robot G"), "{commit}");
    assert!(
        commit.contains("overlays/production/frontend/canary.yaml") && commit.contains("1 file changed"),
        "{commit}"
    );
}
