//! Whose commits are taken.

use canary_cluster::environment::Shop;
use canary_cluster::kubectl::{self, DEADLINE, kubectl};
use canary_e2e::wait;

/// Waits until Flux has looked at `commit` and does not take it.
#[track_caller]
fn refused(shop: &Shop, commit: &str, why: &str) {
    kubectl::wait_for(&format!("{commit} to be refused"), "-n flux-system get gitrepository frontend", |object| {
        let (status, reason, message) = kubectl::condition(object, "SourceVerified")?;
        (status == "False" && reason == "InvalidCommitSignature" && message.contains(why) && message.contains(commit))
            .then_some(())
    });
    shop.alerts.wait_for(&["HEAD is not signed by a known key", "signature verification of"]);
}

pub(crate) fn unsigned(shop: &Shop) {
    shop.set_percentage(5);
    shop.repository.run("canaryctl set 100 --file $F");
    let commit = shop.repository.push_unsigned("not signed");
    refused(shop, &commit, "unsupported signature type");
    assert_eq!(shop.api.percentage(), Some(5));
    let said = shop.repository.run(&shop.guide.block("describe gitrepository frontend"));
    assert!(said.contains("InvalidCommitSignature"), "{said}");

    // A signed commit on top is taken, and brings the unsigned one along, which a look at the range finds.
    shop.repository.run(&shop.guide.block("git log --show-signature"));
    shop.wait_synced();
    assert_eq!(shop.api.percentage(), Some(5));
    let look = shop.guide.block("git log --format=");
    let unsigned = shop.repository.attempt(&look, &format!("{commit}~1")).unwrap_err();
    assert!(unsigned.starts_with("N ") && unsigned.trim_end().ends_with("ann: not signed"), "{unsigned}");
    assert_eq!(shop.repository.attempt(&look, &commit), Ok(String::new()));
}

pub(crate) fn stranger(shop: &Shop) {
    shop.set_percentage(5);
    shop.repository.run("canaryctl set 100 --file $F");
    let commit = shop.repository.push_by("stranger", "a stranger's");
    refused(shop, &commit, "no matching key");
    assert_eq!(shop.api.percentage(), Some(5));

    // No longer a stranger: the Secret made anew holds at the next fetch, and takes no commit.
    let keys = shop.repository.path("keys");
    for name in ["ann", "image-robot", "sealed", "stranger"] {
        canary_e2e::files::write(&keys.join(format!("{name}.asc")), shop.signers.public(name));
    }
    shop.repository.run(&shop.guide.block("create secret generic git-signers"));
    shop.ask("gitrepository frontend");
    shop.wait_applied("frontend-config", &commit);
    assert_eq!(shop.api.percentage(), Some(100));
    std::fs::remove_file(keys.join("stranger.asc")).unwrap();
    shop.repository.run(&format!("{}; rm -r keys", shop.guide.block("create secret generic git-signers").trim()));
}

/// Nobody can sign, and the canary has to go: the guide's commands, one after the other.
pub(crate) fn break_glass(shop: &Shop) {
    shop.set_percentage(25);
    shop.repository.run("canaryctl set 50 --file $F");
    let commit = shop.repository.push_unsigned("not signed");
    refused(shop, &commit, "unsupported signature type");

    let glass = shop.guide.block("edit configmap canary-settings");
    // An editor that does what the remark behind the command says.
    let editor = "export KUBE_EDITOR=\"sed -i 's/\\\"CANARY_PERCENTAGE\\\": [0-9]*/\\\"CANARY_PERCENTAGE\\\": 0/'\"";
    shop.repository.run(&format!("{editor}\n{glass}"));
    assert_eq!(shop.api.percentage(), Some(0));
    wait::until("0 % in every pod", DEADLINE, || shop.api.all_pods_serve(0).then_some(()));

    // Git says the same, signed with the sealed key, and Flux goes on.
    shop.repository.run("canaryctl set 0 --file $F");
    let signed = shop.repository.push_by("sealed", "nobody on the canary");
    let suspend = glass.lines().next().unwrap();
    shop.repository.run(&format!("{suspend}\n{}", shop.guide.block("\"suspend\":false")));
    kubectl::wait_for("the signed commit", "-n flux-system get kustomization frontend-config", |object| {
        assert_eq!(shop.api.percentage(), Some(0), "the config that had to go is back");
        object["status"]["lastAppliedRevision"].as_str()?.ends_with(&signed).then_some(())
    });
    assert_eq!(shop.api.percentage(), Some(0));
    let verified = kubectl::get("-n flux-system get gitrepository frontend");
    assert_eq!(kubectl::condition(&verified, "SourceVerified").unwrap().0, "True");
    assert_eq!(
        kubectl("-n flux-system get kustomizations -o jsonpath={.items[*].spec.suspend}").replace("false", "").trim(),
        ""
    );
}
