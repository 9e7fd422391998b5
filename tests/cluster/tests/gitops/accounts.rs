//! The account that Flux applies the canary config with.

use canary_cluster::environment::Environment;
use canary_cluster::kubectl::{self, Condition, kubectl};
use canary_e2e::files;

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
