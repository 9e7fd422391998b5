//! References between objects: every name exists.

use crate::value::{called, list, selects, text};
use crate::world::{FLUX, World};
use canary_e2e::files::{read, repo};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The references to names that do not exist.
pub(crate) fn check(world: &World, root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for object in world.workloads() {
        let mut found = Vec::new();
        match text(&object["kind"]) {
            "Deployment" | "StatefulSet" => pods(world, object, &mut found),
            "Service" => service(world, object, &mut found),
            "HTTPRoute" => route(world, object, &mut found),
            "Ingress" => ingress(world, object, &mut found),
            "HorizontalPodAutoscaler" => target(world, object, &object["spec"]["scaleTargetRef"], &mut found),
            "PodDisruptionBudget" => selected(world, object, &object["spec"]["selector"]["matchLabels"], &mut found),
            "ServiceMonitor" => monitor(world, object, &mut found),
            "NetworkPolicy" => network(world, object, &mut found),
            "RoleBinding" => binding(world, object, &mut found),
            "ValidatingAdmissionPolicyBinding" => {
                let policy = &object["spec"]["policyName"];
                if !world.all("ValidatingAdmissionPolicy").any(|known| known["metadata"]["name"] == *policy) {
                    found.push(format!("no ValidatingAdmissionPolicy {policy}"));
                }
            }
            "Canary" => {
                target(world, object, &object["spec"]["targetRef"], &mut found);
                target(world, object, &object["spec"]["autoscalerRef"], &mut found);
            }
            _ => {}
        }
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", called(object))));
    }
    for object in &world.flux {
        let mut found = Vec::new();
        flux(world, object, root, &mut found);
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", called(object))));
    }
    faults.extend(setters(world));
    faults
}

fn namespace(object: &Value) -> &str {
    text(&object["metadata"]["namespace"])
}

fn binding(world: &World, object: &Value, faults: &mut Vec<String>) {
    let within = namespace(object);
    target(world, object, &object["roleRef"], faults);
    for subject in list(&object["subjects"]) {
        if !world.has(&subject["kind"], &subject["name"], text(&subject["namespace"])) {
            faults.push(format!("no {} {} in {within}", text(&subject["kind"]), subject["name"]));
        }
    }
}

fn pods(world: &World, object: &Value, faults: &mut Vec<String>) {
    let pod = &object["spec"]["template"];
    let account = &pod["spec"]["serviceAccountName"];
    if !account.is_null() && !world.has(&json!("ServiceAccount"), account, namespace(object)) {
        faults.push(format!("no ServiceAccount {account}"));
    }
    if !selects(&object["spec"]["selector"]["matchLabels"], &pod["metadata"]["labels"]) {
        faults.push("its selector does not select its own pods".to_owned());
    }
    for volume in list(&pod["spec"]["volumes"]) {
        let source = &volume["configMap"];
        if !source.is_object() {
            continue;
        }
        let map = world
            .all("ConfigMap")
            .find(|map| map["metadata"]["name"] == source["name"] && namespace(map) == namespace(object));
        let Some(map) = map else {
            faults.push(format!("no ConfigMap {}", source["name"]));
            continue;
        };
        for item in list(&source["items"]) {
            if map["data"][text(&item["key"])].is_null() {
                faults.push(format!("no key {} in the ConfigMap {}", item["key"], source["name"]));
            }
        }
    }
    for container in list(&pod["spec"]["containers"]) {
        for mount in list(&container["volumeMounts"]) {
            let claimed = list(&object["spec"]["volumeClaimTemplates"]);
            let is_claimed = claimed.iter().any(|claim| claim["metadata"]["name"] == mount["name"]);
            if !is_claimed && !list(&pod["spec"]["volumes"]).iter().any(|volume| volume["name"] == mount["name"]) {
                faults.push(format!("no volume {}", mount["name"]));
            }
        }
        for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
            let port = &container[probe]["httpGet"]["port"];
            if !port.is_null()
                && !list(&container["ports"])
                    .iter()
                    .any(|known| known["name"] == *port || known["containerPort"] == *port)
            {
                faults.push(format!("{probe} asks a port {port} that is not there"));
            }
        }
        for variable in list(&container["env"]) {
            // Without a port it is port 80 of a Service in the same namespace: nginx/peer.sh.
            if variable["name"] == "PEER" && !has_port(world, &variable["value"], &json!(80), namespace(object)) {
                faults.push(format!("PEER {} is no Service with port 80", variable["value"]));
            }
            if variable["name"] == "COLLECTOR" {
                let (name, port) = text(&variable["value"]).split_once(':').unwrap_or_default();
                let port = json!(port.parse::<u16>().ok());
                if !has_port(world, &json!(name), &port, namespace(object)) {
                    faults.push(format!("COLLECTOR {} is no Service with that port", variable["value"]));
                }
            }
        }
    }
}

/// A Service has the labels and the port that Prometheus looks for.
fn monitor(world: &World, object: &Value, faults: &mut Vec<String>) {
    let selector = &object["spec"]["selector"]["matchLabels"];
    let services = world.all("Service").filter(|service| namespace(service) == namespace(object));
    let found: Vec<_> = services.filter(|service| selects(selector, &service["metadata"]["labels"])).collect();
    for endpoint in list(&object["spec"]["endpoints"]) {
        let is_named = |port: &Value| port["name"] == endpoint["port"];
        if !found.iter().flat_map(|service| list(&service["spec"]["ports"])).any(is_named) {
            faults.push(format!("no Service with a port {}", endpoint["port"]));
        }
    }
}

fn templates<'a>(world: &'a World, object: &'a Value) -> impl Iterator<Item = &'a Value> {
    world
        .all("Deployment")
        .chain(world.all("StatefulSet"))
        .filter(|deployment| namespace(deployment) == namespace(object))
        .map(|deployment| &deployment["spec"]["template"])
}

/// The suffix of Flagger's copy of a Deployment.
const PRIMARY: &str = "-primary";

fn selected(world: &World, object: &Value, selector: &Value, faults: &mut Vec<String>) {
    let mut selector = selector.clone();
    let name = &mut selector["app.kubernetes.io/name"];
    if let Some(target) = text(name).strip_suffix(PRIMARY)
        && world.all("Canary").any(|canary| canary["spec"]["targetRef"]["name"] == target)
    {
        *name = json!(target);
    }
    if name.is_null() {
        selector.as_object_mut().map(|labels| labels.remove("app.kubernetes.io/name"));
    }
    if !templates(world, object).any(|pod| selects(&selector, &pod["metadata"]["labels"])) {
        faults.push(format!("no pods with {selector}"));
    }
}

fn service(world: &World, object: &Value, faults: &mut Vec<String>) {
    let selector = &object["spec"]["selector"];
    if selector.as_object().is_none_or(serde_json::Map::is_empty) {
        return faults.push("selects nothing".to_owned());
    }
    selected(world, object, selector, faults);
    for pod in templates(world, object).filter(|pod| selects(selector, &pod["metadata"]["labels"])) {
        for port in list(&object["spec"]["ports"]) {
            let known =
                |known: &Value| known["name"] == port["targetPort"] || known["containerPort"] == port["targetPort"];
            if !list(&pod["spec"]["containers"]).iter().flat_map(|container| list(&container["ports"])).any(known) {
                faults.push(format!("its pods have no port {}", port["targetPort"]));
            }
        }
    }
}

fn has_port(world: &World, service: &Value, port: &Value, namespace: &str) -> bool {
    world.all("Service").any(|candidate| {
        candidate["metadata"]["name"] == *service
            && candidate["metadata"]["namespace"] == namespace
            && list(&candidate["spec"]["ports"]).iter().any(|known| known["port"] == *port || known["name"] == *port)
    })
}

fn route(world: &World, object: &Value, faults: &mut Vec<String>) {
    for backend in list(&object["spec"]["rules"]).iter().flat_map(|rule| list(&rule["backendRefs"])) {
        if !has_port(world, &backend["name"], &backend["port"], namespace(object)) {
            faults.push(format!("no Service {} with port {}", backend["name"], backend["port"]));
        }
    }
}

fn ingress(world: &World, object: &Value, faults: &mut Vec<String>) {
    for path in list(&object["spec"]["rules"]).iter().flat_map(|rule| list(&rule["http"]["paths"])) {
        let service = &path["backend"]["service"];
        let port =
            if service["port"]["name"].is_null() { &service["port"]["number"] } else { &service["port"]["name"] };
        if !has_port(world, &service["name"], port, namespace(object)) {
            faults.push(format!("no Service {} with port {port}", service["name"]));
        }
    }
}

fn target(world: &World, object: &Value, target: &Value, faults: &mut Vec<String>) {
    if !target.is_null() && !world.has(&target["kind"], &target["name"], namespace(object)) {
        faults.push(format!("no {} {}", text(&target["kind"]), target["name"]));
    }
}

fn network(world: &World, object: &Value, faults: &mut Vec<String>) {
    let selector = &object["spec"]["podSelector"]["matchLabels"];
    if !selector.is_null() {
        selected(world, object, selector, faults);
    }
    for rule in list(&object["spec"]["ingress"]) {
        for port in list(&rule["ports"]) {
            let known = |known: &Value| known["containerPort"] == port["port"] || known["name"] == port["port"];
            if !templates(world, object)
                .flat_map(|pod| list(&pod["spec"]["containers"]))
                .flat_map(|c| list(&c["ports"]))
                .any(known)
            {
                faults.push(format!("lets in to port {}, which no container has", port["port"]));
            }
        }
    }
}

/// The references of Flux objects, by default in their own namespace.
fn flux(world: &World, object: &Value, root: &Path, faults: &mut Vec<String>) {
    let spec = &object["spec"];
    let mut named = |reference: &Value, kind: Option<&str>| {
        let kind = kind.map_or_else(|| reference["kind"].clone(), Value::from);
        let within = reference["namespace"].as_str().unwrap_or(FLUX);
        if !reference.is_null() && !world.has(&kind, &reference["name"], within) {
            faults.push(format!("no {} {} in {within}", text(&kind), reference["name"]));
        }
    };
    named(&spec["sourceRef"], None);
    named(&spec["chart"]["spec"]["sourceRef"], None);
    named(&spec["imageRepositoryRef"], Some("ImageRepository"));
    named(&spec["providerRef"], Some("Provider"));
    for other in list(&spec["dependsOn"]) {
        named(other, Some("Kustomization"));
    }
    let lists = ["resources", "eventSources", "healthChecks", "valuesFrom"].map(|key| &spec[key]);
    for other in lists.into_iter().chain([&spec["postBuild"]["substituteFrom"]]).flat_map(list) {
        named(other, None);
    }
    for from in list(&spec["valuesFrom"]) {
        let map = world.flux("ConfigMap").find(|map| map["metadata"]["name"] == from["name"]);
        if map.is_some_and(|map| map["data"][text(&from["valuesKey"])].is_null()) {
            faults.push(format!("no key {} in the ConfigMap {}", from["valuesKey"], from["name"]));
        }
    }
    for folder in [&spec["path"], &spec["update"]["path"], &spec["chart"]["spec"]["chart"]] {
        if folder.is_string() && !root.join(text(folder)).is_dir() {
            faults.push(format!("no folder {folder}"));
        }
    }
    let known = documented_secrets();
    for secret in secrets(object) {
        if !known.contains(&secret) {
            faults.push(format!("the Secret {secret:?} is not in docs/kubernetes.md"));
        }
    }
}

/// The names of the Secrets that a Flux object needs.
pub(crate) fn secrets(object: &Value) -> BTreeSet<String> {
    let spec = &object["spec"];
    [
        &spec["secretRef"],
        &spec["verify"]["secretRef"],
        &spec["decryption"]["secretRef"],
        &spec["git"]["commit"]["signingKey"]["secretRef"],
    ]
    .into_iter()
    .filter_map(|reference| reference["name"].as_str().map(str::to_owned))
    .collect()
}

/// The Secrets that the guide tells you to create.
pub(crate) fn documented_secrets() -> BTreeSet<String> {
    let guide = read(&repo("docs/kubernetes.md"));
    let table = guide.split_once("\n| Secret |").expect("the table of Secrets").1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('`').nth(1).map(str::to_owned)).collect()
}

/// The image setter comments name existing policies, in folders that Flux updates.
fn setters(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    let policies: Vec<_> =
        world.flux("ImagePolicy").map(|policy| format!("{FLUX}:{}", text(&policy["metadata"]["name"]))).collect();
    for (file, line, policy) in setter_lines(world) {
        if !policies.iter().any(|known| policy == *known || policy.starts_with(&format!("{known}:"))) {
            faults.push(format!("{file}: no ImagePolicy {policy}: {line}"));
        }
    }
    for robot in world.flux("ImageUpdateAutomation") {
        let folder = text(&robot["spec"]["update"]["path"]).trim_start_matches("./");
        let written = setter_lines(world).any(|(file, ..)| file.starts_with(&format!("{folder}/")));
        if !written && world.flux("HelmRelease").next().is_none() {
            faults.push(format!("{}: nothing to write in {folder}", called(robot)));
        }
    }
    faults
}

/// File, line and policy of each image setter comment in the source files. A build removes them.
pub(crate) fn setter_lines(world: &World) -> impl Iterator<Item = (&str, &str, &str)> {
    world.sources.iter().flat_map(|(file, text)| {
        text.lines().filter_map(move |line| {
            let comment = line.split_once('#')?.1;
            let policy = comment.split_once("\"$imagepolicy\"")?.1.split('"').nth(1)?;
            Some((file.as_str(), line.trim(), policy))
        })
    })
}
