//! Who may ask the API server for what: as little as can be.

use crate::value::{called, list};
use crate::world::World;
use serde_json::{Value, json};

/// What an account may do that it should not.
pub(crate) fn check(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for kind in ["ClusterRole", "ClusterRoleBinding"] {
        faults.extend(world.all(kind).map(|object| format!("{}: for the whole cluster", called(object))));
    }
    for role in world.all("Role") {
        let mut found = Vec::new();
        for rule in list(&role["rules"]) {
            rights(rule, &mut found);
        }
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", called(role))));
    }
    for account in world.all("ServiceAccount").filter(|one| one["automountServiceAccountToken"] != false) {
        faults.push(format!("{}: any pod of it would get a token", called(account)));
    }
    if world.all("Role").flat_map(|role| list(&role["rules"])).any(may_patch_pods) {
        faults.extend(patches(world));
    }
    faults
}

fn rights(rule: &Value, faults: &mut Vec<String>) {
    let has = |key: &str, wanted: &[&str]| list(&rule[key]).iter().any(|value| wanted.iter().any(|one| value == one));
    if ["apiGroups", "resources", "verbs"].iter().any(|key| has(key, &["*"])) {
        faults.push("a wildcard".to_owned());
    }
    if has("resources", &["secrets"]) {
        faults.push("it may see secrets".to_owned());
    }
    if has("resources", &["configmaps"]) && rule["resourceNames"] != json!(["canary-settings"]) {
        faults.push("it may see other ConfigMaps".to_owned());
    }
    if has("verbs", &["create", "delete", "deletecollection", "update", "escalate", "bind", "impersonate"]) {
        faults.push("it may make or delete something".to_owned());
    }
    if has("resources", &["configmaps"]) && has("verbs", &["patch"]) {
        faults.push("it may change the config, which is Git's".to_owned());
    }
}

fn may_patch_pods(rule: &Value) -> bool {
    list(&rule["resources"]).contains(&json!("pods")) && list(&rule["verbs"]).contains(&json!("patch"))
}

/// A pod's image can be patched: whoever may patch pods is held to the annotation by an admission policy.
fn patches(world: &World) -> Option<String> {
    let (any, deny) = (json!({}), json!(["Deny"]));
    let holds = |policy: &Value| {
        let spec = &policy["spec"];
        let rule = &spec["matchConstraints"]["resourceRules"][0];
        let name = &policy["metadata"]["name"];
        let bound = world.all("ValidatingAdmissionPolicyBinding").any(|binding| {
            binding["spec"]["policyName"] == *name
                && binding["spec"]["validationActions"] == deny
                && binding["spec"].get("matchResources").unwrap_or(&any) == &any
        });
        let text = spec.to_string();
        bound
            && spec["failurePolicy"] == "Fail"
            && rule["resources"] == json!(["pods"])
            && rule["operations"] == json!(["UPDATE"])
            && [
                "object.spec == oldObject.spec",
                ".?labels",
                ".?finalizers",
                ".?ownerReferences",
                "canary/config-revision",
            ]
            .iter()
            .all(|part| text.contains(part))
    };
    (!world.all("ValidatingAdmissionPolicy").any(holds))
        .then(|| "a Role may patch pods, and no admission policy says what of them".to_owned())
}

/// The annotation that the policy allows is the one that is set, and the account is the one that has the rights.
#[test]
fn the_admission_policy_allows_the_patches() {
    use canary_e2e::files::{read, repo};
    let source = read(&repo("canaryctl/src/nudge/pod.rs"));
    let annotation = source.split_once("ANNOTATION: &str = \"").unwrap().1.split('"').next().unwrap();
    let policy = read(&repo("k8s/components/nudge/admission.yaml"));
    assert!(policy.contains(&format!("key == '{annotation}'")), "{annotation}");
    let access = read(&repo("k8s/components/nudge/access.yaml"));
    let account = policy.split_once("request.namespace + ':").unwrap().1.split('\'').next().unwrap();
    assert!(access.contains(&format!("kind: ServiceAccount\nmetadata:\n  name: {account}\n")), "{account}");
}
