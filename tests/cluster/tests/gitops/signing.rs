//! Verification of commit signatures by Flux.

use canary_cluster::environment::Environment;
use canary_cluster::kubectl::{self, Condition, kubectl};

/// Waits until Flux has rejected `commit` and sent an alert; `why` is in the condition's message.
#[track_caller]
fn wait_for_rejection(env: &Environment, commit: &str, why: &str) {
    kubectl::wait_for(&format!("{commit} to be rejected"), "-n flux-system get gitrepository frontend", |object| {
        let Condition { status, reason, message } = kubectl::condition(object, "SourceVerified")?;
        (status == "False" && reason == "InvalidCommitSignature" && message.contains(why) && message.contains(commit))
            .then_some(())
    });
    env.alerts.wait_for(&["HEAD is not signed by a known key", "signature verification of"]);
}

/// Flux rejects an unsigned commit, and accepts a signed commit on top of it.
pub(crate) fn unsigned_commit(env: &Environment) {
    env.set_percentage(5);
    env.repository.run("canaryctl set 100 --config $F");
    let commit = env.repository.push_unsigned("not signed");
    wait_for_rejection(env, &commit, "unsupported signature type");
    assert_eq!(env.api.percentage(), Some(5));
    let description = env.repository.run(&env.guide.block("describe gitrepository frontend"));
    assert!(description.contains("InvalidCommitSignature"), "{description}");

    // Flux verifies HEAD alone; the guide's check of the whole range finds the unsigned commit.
    env.repository.run(&env.guide.block("git log --show-signature"));
    env.wait_for_sync();
    assert_eq!(env.api.percentage(), Some(5));
    let range_check = env.guide.block("git log --format=");
    let unsigned = env.repository.try_run(&range_check, &format!("{commit}~1")).unwrap_err();
    assert!(unsigned.starts_with("N ") && unsigned.trim_end().ends_with("ann: not signed"), "{unsigned}");
    assert_eq!(env.repository.try_run(&range_check, &commit), Ok(String::new()));
}

/// Flux rejects a commit that is signed with an unknown key, until the key is in the Secret.
pub(crate) fn unknown_key(env: &Environment) {
    env.set_percentage(5);
    env.repository.run("canaryctl set 100 --config $F");
    let commit = env.repository.push_signed_by("stranger", "signed with an unknown key");
    wait_for_rejection(env, &commit, "no matching key");
    assert_eq!(env.api.percentage(), Some(5));

    // Flux reads the recreated Secret at its next fetch; no commit is needed.
    let keys = env.repository.path("keys");
    for name in ["ann", "image-robot", "sealed", "stranger"] {
        canary_e2e::files::write(&keys.join(format!("{name}.asc")), env.keys.public_key(name));
    }
    env.repository.run(&env.guide.block("create secret generic git-signers"));
    env.request_reconciliation("gitrepository frontend");
    env.wait_for_kustomization("frontend-config", &commit);
    assert_eq!(env.api.percentage(), Some(100));
    std::fs::remove_file(keys.join("stranger.asc")).unwrap();
    env.repository.run(&format!("{}; rm -r keys", env.guide.block("create secret generic git-signers").trim()));
}

/// The guide's break-glass commands, in order: set 0 % in the cluster while no commit can be signed, then resume Flux.
pub(crate) fn break_glass(env: &Environment) {
    env.set_percentage(25);
    env.repository.run("canaryctl set 50 --config $F");
    let commit = env.repository.push_unsigned("not signed");
    wait_for_rejection(env, &commit, "unsupported signature type");

    let glass = env.guide.block("edit configmap canary-settings");
    // An editor that makes the change that the comment after the command asks for.
    let editor = "export KUBE_EDITOR=\"sed -i 's/\\\"CANARY_PERCENTAGE\\\": [0-9]*/\\\"CANARY_PERCENTAGE\\\": 0/'\"";
    env.repository.run(&format!("{editor}\n{glass}"));
    assert_eq!(env.api.percentage(), Some(0));
    env.wait_for_pods(0);

    // Commit the same percentage, signed with the sealed key, and resume Flux.
    env.repository.run("canaryctl set 0 --config $F");
    let signed = env.repository.push_signed_by("sealed", "0 % on the canary");
    let suspend = glass.lines().next().unwrap();
    env.repository.run(&format!("{suspend}\n{}", env.guide.block("\"suspend\":false")));
    kubectl::wait_for("the signed commit", "-n flux-system get kustomization frontend-config", |object| {
        assert_eq!(env.api.percentage(), Some(0), "Flux has restored the old config");
        object["status"]["lastAppliedRevision"].as_str()?.ends_with(&signed).then_some(())
    });
    assert_eq!(env.api.percentage(), Some(0));
    let verified = kubectl::get_json("-n flux-system get gitrepository frontend");
    assert_eq!(kubectl::condition(&verified, "SourceVerified").unwrap().status, "True");
    assert_eq!(
        kubectl("-n flux-system get kustomizations -o jsonpath={.items[*].spec.suspend}").replace("false", "").trim(),
        ""
    );
}
