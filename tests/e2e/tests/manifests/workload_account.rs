//! The account that Flux applies the workloads with: it may touch the kinds of objects that they have, and nothing else.

use crate::value::{called, list, text};
use crate::world::{FLUX, World};
use serde_json::{Value, json};

/// The account, its Roles in both namespaces, and its `ClusterRole`.
pub(crate) const ACCOUNT: &str = "frontend-workloads";

/// The resources that the folder and its components may have. A role cannot grant what the account does not have.
const RESOURCES: [&str; 14] = [
    "services",
    "serviceaccounts",
    "deployments",
    "statefulsets",
    "poddisruptionbudgets",
    "horizontalpodautoscalers",
    "networkpolicies",
    "ingresses",
    "httproutes",
    "servicemonitors",
    "prometheusrules",
    "canaries",
    "roles",
    "rolebindings",
];

/// What the account may do that it should not, and what it cannot do that it has to.
pub(crate) fn check(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    let synced = world.synced.iter().find(|synced| synced.by["metadata"]["name"] == "frontend");
    let subject = json!([{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": FLUX}]);
    for binding in world.objects().filter(|one| text(&one["kind"]).ends_with("RoleBinding")) {
        let is_own = binding["roleRef"]["name"] == ACCOUNT && binding["subjects"] == subject;
        if !is_own && list(&binding["subjects"]).iter().any(|one| one["name"] == ACCOUNT) {
            faults.push(format!("{}: other rights for the account of the workloads", called(binding)));
        }
    }
    let named = |role: &&Value| role["metadata"]["name"] == ACCOUNT;
    let own: Vec<_> = world.all("Role").filter(named).flat_map(|role| list(&role["rules"])).collect();
    let cluster: Vec<_> = world.flux("ClusterRole").flat_map(|role| list(&role["rules"])).collect();
    faults.extend(own.iter().filter(|rule| !is_narrow(rule)).map(|rule| format!("{ACCOUNT}: too much: {rule}")));
    let policies = json!(["admissionregistration.k8s.io"]);
    let is_policy =
        |rule: &Value| rule["apiGroups"] == policies && rule["resourceNames"] == json!(["frontend-canary-nudge"]);
    faults.extend(
        cluster
            .iter()
            .filter(|rule| !is_policy(rule))
            .map(|rule| format!("{ACCOUNT}: too much in the cluster: {rule}")),
    );
    let readable = json!([{
        "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["frontend-settings"], "verbs": ["get"]
    }]);
    let settings = world.flux("Role").filter(|role| role["rules"] != readable);
    faults.extend(settings.map(|_| format!("{ACCOUNT}: too much in {FLUX}")));
    let Some(synced) = synced else { return faults };
    if synced.by["spec"]["serviceAccountName"] != ACCOUNT {
        faults.push("the Kustomization of the workloads may apply anything".to_owned());
    }
    for object in &synced.objects {
        let (resource, group) = (resource(object), text(&object["apiVersion"]).rsplit_once('/').map_or("", |it| it.0));
        // kustomize gives a namespace to these as well.
        let rules = if text(&object["kind"]).starts_with("ValidatingAdmission") { &cluster } else { &own };
        let verbs = ["get", "create", "patch", "delete"];
        let refused = verbs.iter().filter(|verb| !may(rules, verb, group, &resource, &object["metadata"]["name"]));
        faults.extend(refused.map(|verb| format!("{ACCOUNT} may not {verb} {resource}: {}", called(object))));
        // Flux tries to create the binding before it creates the role.
        if object["kind"] == "RoleBinding" && !may(&own, "bind", group, "roles", &object["roleRef"]["name"]) {
            faults.push(format!("{ACCOUNT} may not bind the role of {}", called(object)));
        }
    }
    faults
}

/// Whether one of the rules allows a request.
fn may(rules: &[&Value], verb: &str, group: &str, resource: &str, name: &Value) -> bool {
    let has = |rule: &Value, key: &str, value: &str| list(&rule[key]).contains(&json!(value));
    rules.iter().any(|rule| {
        let names = &rule["resourceNames"];
        has(rule, "apiGroups", group)
            && has(rule, "resources", resource)
            && has(rule, "verbs", verb)
            && (names.is_null() || list(names).contains(name))
    })
}

/// Whether a rule is for kinds of workloads, or reads what they wait for, or is one that the nudge's own Role grants.
fn is_narrow(rule: &Value) -> bool {
    let is_read = |verbs: &[Value]| verbs.iter().all(|verb| ["get", "list", "watch"].iter().any(|one| verb == one));
    let verbs = list(&rule["verbs"]);
    let known = |verb: &Value| ["get", "list", "watch", "create", "patch", "delete"].iter().any(|one| verb == one);
    if verbs == [json!("bind")] {
        return rule["resources"] == json!(["roles"]) && rule["resourceNames"] == json!(["canary-nudge"]);
    }
    verbs.iter().all(known)
        && list(&rule["resources"]).iter().all(|resource| match text(resource) {
            "replicasets" => is_read(verbs),
            "configmaps" => is_read(verbs) && rule["resourceNames"] == json!(["canary-settings"]),
            "pods" => verbs == [json!("get"), json!("list"), json!("patch")],
            resource => RESOURCES.contains(&resource),
        })
}

/// The name of an object's kind in rules: `networkpolicies`.
fn resource(object: &Value) -> String {
    let kind = text(&object["kind"]).to_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}
