//! The names of an environment: each stands in its settings alone, so several apps and environments fit into one cluster.

use crate::checks::alternative;
use crate::value::{called, text};
use crate::world::{Tree, World};
use canary_e2e::files::{copy_tree, read};
use serde_json::Value;
use std::collections::BTreeSet;

/// The settings that differ, with the value of production and that of the second app.
const NAMES: [(&str, &str, &str); 9] = [
    ("app", "frontend", "second-app"),
    ("namespace", "frontend", "second-space"),
    ("path", "k8s", "deploy"),
    ("environment", "production", "second"),
    ("repository", "ssh://git@git.example.com/shop/frontend.git", "ssh://git@git.test/second/app.git"),
    ("branch", "main", "trunk"),
    ("image", "registry.example.com/shop/frontend", "registry.test:5000/second/app"),
    ("manifests", "oci://registry.example.com/shop/frontend-manifests", "oci://registry.test:5000/second/manifests"),
    ("frontend_host", "shop.example.com", "second.test"),
];

/// Adds a second app as docs/kubernetes.md says.
fn add_second(tree: &Tree) {
    for folder in ["overlays", "clusters"] {
        let folder = tree.root().join("k8s").join(folder);
        copy_tree(&folder.join("production"), &folder.join("second"));
    }
    for (name, old, new) in NAMES {
        tree.edit(
            "k8s/clusters/second/settings.yaml",
            &format!("\n  {name}: {old}\n"),
            &format!("\n  {name}: {new}\n"),
        );
    }
    tree.edit(
        "k8s/overlays/second/frontend/canary.yaml",
        "\"flux-system:frontend-canary\"",
        "\"flux-system:second-app-canary\"",
    );
    // The folder of the settings.
    copy_tree(&tree.root().join("k8s"), &tree.root().join("deploy"));
}

/// The texts of an object, but the names that workloads have in each namespace and the placeholder of the image.
fn texts(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, path, found)),
        Value::Object(fields) => fields.iter().for_each(|(key, field)| texts(field, &format!("{path}/{key}"), found)),
        _ => {}
    }
}

#[test]
fn every_name_follows_the_settings() {
    for component in ["as it is", "oci-source", "helm-release"] {
        let tree = Tree::new();
        alternative(component, &tree);
        add_second(&tree);
        let world = World::build_at(tree.root(), "deploy", "second");
        assert_eq!(world.faults, [""; 0]);
        let mut left = Vec::new();
        for object in &world.flux {
            texts(object, &called(object), &mut left);
        }
        // Workloads and the one account have the same names in each namespace.
        left.retain(|(path, text)| {
            let is_of_the_namespace =
                ["/healthChecks/name", "/images/name", "/patches/target/name", "/releaseName", "/valuesKey"]
                    .iter()
                    .any(|end| path.ends_with(end));
            let is_old = ["frontend", "k8s", "production", "main", "example.com"].iter().any(|old| text.contains(old));
            is_old
                && !is_of_the_namespace
                && text != "image-robot@example.com"
                && !text.ends_with("/overlays/second/frontend")
                && !text.ends_with("/charts/frontend")
        });
        assert_eq!(left, [], "{component}");
        let mut of_pods = Vec::new();
        for object in world.workloads() {
            let namespace = &object["metadata"][if object["kind"] == "Namespace" { "name" } else { "namespace" }];
            assert_eq!(namespace, "second-space", "{}", called(object));
            texts(object, &called(object), &mut of_pods);
        }
        of_pods.retain(|(_, text)| text.contains("example.com") || text.contains("production"));
        assert_eq!(of_pods, [], "{component}");
        let images: Vec<_> =
            world.all("Deployment").map(|it| text(&it["spec"]["template"]["spec"]["containers"][0]["image"])).collect();
        assert!(images.iter().all(|image| image.starts_with("registry.test:5000/second/app:1.")), "{images:?}");
        let accounts: Vec<_> = world.all("RoleBinding").map(|it| &it["subjects"][0]["name"]).collect();
        assert_eq!(accounts, ["second-app-config"]);
    }
}

/// Kinds that are in no namespace. kustomize writes one into all that it does not know, and the API server drops it.
const CLUSTER_SCOPED: [&str; 9] = [
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "Namespace",
    "PriorityClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

#[test]
fn two_apps_share_no_object() {
    let tree = Tree::new();
    for component in ["nudge", "flagger", "collector", "monitoring"] {
        alternative(component, &tree);
    }
    add_second(&tree);
    let ids = |world: &World| -> BTreeSet<String> {
        let id = |object: &Value| {
            let is_wide = CLUSTER_SCOPED.contains(&text(&object["kind"]));
            let namespace = if is_wide { &Value::Null } else { &object["metadata"]["namespace"] };
            format!("{} {} {namespace}", object["apiVersion"], called(object))
        };
        world.objects().map(id).collect()
    };
    let [first, second] = [World::build(tree.root(), "production"), World::build_at(tree.root(), "deploy", "second")];
    assert_eq!((first.faults.as_slice(), second.faults.as_slice()), ([].as_slice(), [].as_slice()));
    let (first, second) = (ids(&first), ids(&second));
    assert_eq!(first.len(), second.len());
    assert_eq!(first.intersection(&second).collect::<Vec<_>>(), Vec::<&String>::new());
    for wide in ["Namespace second-space null", "ValidatingAdmissionPolicy second-app-canary-nudge null"] {
        assert!(second.iter().any(|id| id.ends_with(wide)), "{wide} in {second:?}");
    }
}

/// An environment begins without a canary, and no file has names of the demo.
#[test]
fn environments_begin_at_zero() {
    let tree = Tree::new();
    for environment in ["staging", "production"] {
        let config = read(&tree.root().join(format!("k8s/overlays/{environment}/config/canary-config-cm.yaml")));
        assert!(config.contains("\"CANARY_PERCENTAGE\": 0,") && config.contains("\"FEATURE_FLAGS\": {}"), "{config}");
        for object in World::build(tree.root(), environment).objects() {
            assert!(!object.to_string().contains("demo"), "{object}");
        }
    }
}
