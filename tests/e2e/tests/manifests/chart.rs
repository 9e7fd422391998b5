//! The chart is the overlay `production`, written another way.

use crate::checks::alternative;
use crate::kinds;
use crate::value::{called, text};
use crate::world::{Tree, World};
use canary_e2e::files::{read, repo};
use canary_e2e::process::find_program;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// What Helm makes of the chart and its own values.
fn rendered(arguments: &[&str]) -> Vec<Value> {
    let chart = repo("k8s/charts/frontend");
    let output = Command::new(find_program("helm"))
        .args(["template", "frontend", "--namespace", "frontend", "--kube-version", "1.34"])
        .args(arguments)
        .arg(chart)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_saphyr::from_multiple(&String::from_utf8_lossy(&output.stdout)).unwrap()
}

/// By kind and name, without what only Flux or only Helm reads, and without hashes in names; the config as what it says.
fn comparable<'a>(objects: impl Iterator<Item = &'a Value>) -> BTreeMap<String, Value> {
    let plain = |object: &Value| {
        let mut object = object.clone();
        if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
            annotations
                .retain(|key, _| !key.starts_with("kustomize.toolkit.fluxcd.io/") && !key.starts_with("helm.sh/"));
        }
        if object["data"]["config.json"].is_string() {
            object["data"]["config.json"] = serde_json::from_str(text(&object["data"]["config.json"])).unwrap();
        }
        (called(&object), object)
    };
    objects.map(plain).collect()
}

#[test]
#[ignore = "needs helm: scripts/need helm"]
fn the_chart_equals_the_overlay() {
    let world = World::build(&repo(""), "production");
    let overlay = comparable(world.workloads().filter(|object| object["kind"] != "Namespace"));
    let objects = rendered(&[]);
    let chart = comparable(objects.iter());
    assert_eq!(chart.keys().collect::<Vec<_>>(), overlay.keys().collect::<Vec<_>>());
    for (name, object) in &overlay {
        assert_eq!(chart[name], *object, "{name}");
    }
}

#[test]
#[ignore = "needs helm: scripts/need helm"]
fn optional_parts_of_the_chart_can_be_off() {
    let without = "autoscaling=false,route=ingress,networkPolicy.enabled=false";
    let objects = rendered(&["--set", without, "--set-json", "percentage=12.5"]);
    for object in &objects {
        assert_eq!(kinds::check(object), Vec::<String>::new(), "{}", called(object));
    }
    let kinds: Vec<_> = objects.iter().map(|object| text(&object["kind"])).collect();
    assert!(kinds.contains(&"Ingress"), "{kinds:?}");
    for kind in ["HTTPRoute", "HorizontalPodAutoscaler", "NetworkPolicy"] {
        assert!(!kinds.contains(&kind), "{kinds:?}");
    }
    let comparable = comparable(objects.iter());
    assert_eq!(comparable["Deployment frontend-stable"]["spec"]["replicas"], 2);
    assert_eq!(comparable["ConfigMap canary-settings"]["data"]["config.json"]["CANARY_PERCENTAGE"], 12.5);
}

/// The chart's value `csp` is the component `csp` of the overlay.
#[test]
#[ignore = "needs helm: scripts/need helm"]
fn the_policy_of_the_chart_is_that_of_the_component() {
    let tree = Tree::new();
    alternative("csp", &tree);
    let world = World::build(tree.root(), "production");
    assert_eq!(world.faults, [""; 0]);
    let file = repo("nginx/csp.conf").display().to_string();
    let objects = rendered(&["--set-file", &format!("csp={file}")]);
    // Both put a hash of the contents into the name, each its own.
    let plain = |object: &Value| -> Value {
        let text = object.to_string();
        let names = text.match_indices("\"csp-").map(|(at, _)| text[at..].split('"').nth(1).unwrap().to_owned());
        let names: Vec<_> = names.collect();
        serde_json::from_str(&names.iter().fold(text.clone(), |text, name| text.replace(name, "csp"))).unwrap()
    };
    let overlay: Vec<_> = world.workloads().filter(|object| object["kind"] != "Namespace").map(plain).collect();
    let chart: Vec<_> = objects.iter().map(plain).collect();
    let (overlay, chart) = (comparable(overlay.iter()), comparable(chart.iter()));
    assert_eq!(chart["ConfigMap csp"], overlay["ConfigMap csp"]);
    // kustomize puts what a patch adds first.
    let own = |deployment: &Value| {
        let pod = &deployment["spec"]["template"]["spec"];
        let lists = [&pod["containers"][0]["volumeMounts"], &pod["volumes"]].map(|it| it.as_array().unwrap().clone());
        lists.map(|list| list.into_iter().find(|it| it["name"] == "csp").unwrap())
    };
    for name in ["Deployment frontend-stable", "Deployment frontend-canary"] {
        assert_eq!(own(&chart[name]), own(&overlay[name]), "{name}");
    }
    assert_eq!(text(&chart["ConfigMap csp"]["data"]["csp.conf"]), read(&repo("nginx/csp.conf")));
    // Another policy is another name, so that the pods are replaced.
    let name = |objects: &[Value]| {
        let names: Vec<_> = objects.iter().map(|it| text(&it["metadata"]["name"]).to_owned()).collect();
        names.into_iter().find(|name| name.starts_with("csp-")).unwrap()
    };
    assert_ne!(name(&objects), name(&rendered(&["--set", "csp=another"])));
}
