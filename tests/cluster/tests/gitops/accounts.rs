//! The account that Flux applies the canary config with, and the nudge's under another name.

use crate::admission;
use canary_cluster::environment::Environment;
use canary_cluster::kubectl::{self, Condition, DEADLINE, kubectl};
use canary_e2e::{files, wait};

const CONFIG_FOLDER: &str = "k8s/overlays/production/config/kustomization.yaml";

/// Everyone in the cluster becomes its administrator.
const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: taken-over\n\
                       roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }\n\
                       subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: system:authenticated }]\n";

/// The service account `other` may read all Secrets of the namespace.
const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: taken-over\n\
                    rules: [{ apiGroups: [\"\"], resources: [secrets], verbs: [get, list] }]\n";

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: taken-over\nstringData: { key: value }\n";

/// The API server refuses any object but the canary config in its folder, and Flux sends an alert.
pub(crate) fn config(env: &Environment) {
    let pod = files::read(&files::repo("tests/cluster/tests/gitops/pod.yaml"));
    for object in [BINDING, ROLE, SECRET, &pod] {
        refuses(env, object);
    }
    env.set_percentage(25);
}

/// Adds an object to the config's folder, waits for the refusal and the alert, and takes it out again.
#[track_caller]
fn refuses(env: &Environment, object: &str) {
    let (kustomization, folder) = ("frontend-config", CONFIG_FOLDER);
    let kind = object.lines().find_map(|line| line.strip_prefix("kind: ")).unwrap();
    let name = object.lines().find_map(|line| line.strip_prefix("  name: ")).unwrap();
    env.alerts.clear();
    files::write(&env.repository.path(folder).with_file_name("extra.yaml"), object);
    env.repository.replace(folder, "resources:\n", "resources:\n  - extra.yaml\n");
    let commit = env.repository.push("one object more");
    let get = format!("-n flux-system get kustomization {kustomization}");
    kubectl::wait_for(&format!("{kind} in {folder} to be refused"), &get, |status| {
        let Condition { status, message, .. } = kubectl::condition(status, "Ready")?;
        let names_it = message.to_lowercase().contains(&format!("{}/", kind.to_lowercase())) || message.contains(name);
        (status == "False" && message.contains("forbidden") && names_it).then_some(())
    });
    let alert = env.alerts.wait_for(&["frontend does not sync", "forbidden", kustomization]);
    assert!(alert.to_string().contains(&commit), "{alert}");
    let found = kubectl(&format!("-n frontend get {kind} {name} --ignore-not-found"));
    assert!(found.is_empty(), "{found}");
    env.repository.run("git revert --no-edit HEAD && git push -q");
    env.wait_for_kustomization(kustomization, &env.repository.head());
}

/// With a prefix and in another namespace, the nudge's account is held to its annotation as well.
pub(crate) fn renamed_nudge(env: &Environment) {
    let overlay = env.repository.path("k8s/overlays/blue/kustomization.yaml");
    files::write(
        &overlay,
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: shop\nnamePrefix: blue-\n\
         resources: [../../base/frontend]\ncomponents: [../../components/nudge]\n",
    );
    let built = admission::build(env, "overlays/blue");
    std::fs::remove_dir_all(overlay.parent().unwrap()).unwrap();
    let kinds =
        ["ServiceAccount", "Role", "RoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];
    let is_access = |object: &&str| object.lines().any(|line| kinds.iter().any(|kind| line == format!("kind: {kind}")));
    let access: Vec<_> = built.split("---\n").filter(is_access).collect();
    assert_eq!(access.len(), 5, "{built}");
    kubectl("create namespace shop");
    kubectl::apply(&access.join("---\n"));
    let pod = files::read(&files::repo("tests/cluster/tests/gitops/pod.yaml"));
    kubectl::apply(&pod.replace("namespace: frontend", "namespace: shop"));
    let nudge = "-n shop --as=system:serviceaccount:shop:blue-canary-nudge";
    // The API server enforces a policy some time after it was created.
    wait::until("the policy to be enforced", DEADLINE, || {
        kubectl::try_kubectl(&format!("{nudge} label pod admission-test who=nudge --dry-run=server")).err()
    });
    let allowed = kubectl::try_kubectl(&format!("{nudge} annotate pod admission-test canary/config-revision=another"));
    assert!(allowed.is_ok(), "{allowed:?}");
    for change in [
        "label pod admission-test who=nudge",
        "annotate pod admission-test who=nudge",
        "set image pod/admission-test nginx=registry.example.com/shop/frontend:1.5.0",
    ] {
        let error = kubectl::try_kubectl(&format!("{nudge} {change}")).expect_err(change);
        assert!(error.contains("blue-canary-nudge") && error.contains("may"), "{change}: {error}");
        let admin = "-n shop --as=system:serviceaccount:shop:default --as-group=system:masters";
        let result = kubectl::try_kubectl(&format!("{admin} {change} --dry-run=server"));
        assert!(result.is_ok(), "{change}, as another account: {result:?}");
    }
    kubectl("delete namespace shop --wait=false");
    kubectl("delete validatingadmissionpolicy/blue-canary-nudge validatingadmissionpolicybinding/blue-canary-nudge");
}
