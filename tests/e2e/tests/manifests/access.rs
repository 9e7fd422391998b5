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
    // The account of the canary config is Flux's, and may change what Git has.
    faults.extend(config_account(world));
    let is_config = |role: &&Value| role["metadata"]["name"] == CONFIG_ACCOUNT;
    for role in world.all("Role").filter(|role| !is_config(role)) {
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

/// The account that Flux applies the canary config with, and its Role.
const CONFIG_ACCOUNT: &str = "frontend-config";

/// The Kustomization of the config, where there is one, runs as an account that may touch the one ConfigMap and nothing else.
fn config_account(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    let own = world.flux("Kustomization").find(|one| one["metadata"]["name"] == CONFIG_ACCOUNT);
    let expected = json!([{
        "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["canary-settings"], "verbs": ["get", "create", "patch"]
    }]);
    let subject = json!([{"kind": "ServiceAccount", "name": CONFIG_ACCOUNT, "namespace": "flux-system"}]);
    if own.is_some_and(|own| own["spec"]["serviceAccountName"] != CONFIG_ACCOUNT) {
        faults.push("the Kustomization of the config may apply anything".to_owned());
    }
    let is_there = world.flux("ServiceAccount").any(|one| one["metadata"]["name"] == CONFIG_ACCOUNT);
    let bound = |binding: &Value| binding["roleRef"]["name"] == CONFIG_ACCOUNT && binding["subjects"] == subject;
    if own.is_some() && !(is_there && world.all("RoleBinding").any(bound)) {
        faults.push("the account of the config has no rights".to_owned());
    }
    let roles = world.all("Role").filter(|role| role["metadata"]["name"] == CONFIG_ACCOUNT);
    faults.extend(
        roles.filter(|role| role["rules"] != expected).map(|_| "the account of the config may do more".to_owned()),
    );
    // Any other binding of the account would widen its rights.
    let others = world.all("RoleBinding").chain(world.all("ClusterRoleBinding")).filter(|binding| {
        !bound(binding) && list(&binding["subjects"]).iter().any(|one| one["name"] == CONFIG_ACCOUNT)
    });
    faults.extend(others.map(|binding| format!("{}: more rights for the account of the config", called(binding))));
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
    let account = policy.split_once("username.contains('").unwrap().1.split('\'').next().unwrap();
    assert!(access.contains(&format!("kind: ServiceAccount\nmetadata:\n  name: {account}\n")), "{account}");
}

/// Kustomize renames the account of the nudge, and neither its policy's text nor that text's namespace.
#[test]
fn the_admission_policy_follows_prefixes_and_namespaces() {
    for (edit, name, namespace) in [
        ("", "canary-nudge", "frontend"),
        ("namePrefix: blue-\n", "blue-canary-nudge", "frontend"),
        ("nameSuffix: -v2\n", "canary-nudge-v2", "frontend"),
        ("namePrefix: blue-\nnameSuffix: -v2\nnamespace: shop\n", "blue-canary-nudge-v2", "shop"),
    ] {
        let tree = crate::world::Tree::new();
        let text = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n{}{edit}resources:\n  - ../../base/frontend\n\
             components:\n  - ../../components/nudge\n",
            if edit.contains("namespace") { "" } else { "namespace: frontend\n" }
        );
        canary_e2e::files::write(&tree.root().join("k8s/overlays/other/kustomization.yaml"), text);
        let objects = crate::world::build(tree.root(), "k8s/overlays/other").unwrap();
        let of = |kind: &str| objects.iter().find(|one| one["kind"] == kind).unwrap();
        let account = &of("ServiceAccount")["metadata"];
        assert_eq!((&account["name"], &account["namespace"]), (&json!(name), &json!(namespace)));
        let subject = &of("RoleBinding")["subjects"][0];
        assert_eq!((&subject["name"], &subject["namespace"]), (&json!(name), &json!(namespace)));
        // The policy matches every account of the pod's namespace whose name has this in it.
        let expression = of("ValidatingAdmissionPolicy")["spec"]["matchConditions"][0]["expression"].as_str().unwrap();
        let part = expression.split_once("username.contains('").unwrap().1.split('\'').next().unwrap();
        assert!(
            name.contains(part)
                && expression.contains("startsWith('system:serviceaccount:' + request.namespace + ':')")
        );
        let policy = &of("ValidatingAdmissionPolicy")["metadata"]["name"];
        assert_eq!(&of("ValidatingAdmissionPolicyBinding")["spec"]["policyName"], policy);
        // The Deployment that patches runs as the account.
        let pod = objects.iter().find(|one| one["kind"] == "Deployment" && one["metadata"]["name"] == name).unwrap();
        assert_eq!(pod["spec"]["template"]["spec"]["serviceAccountName"], name);
    }
}
