//! Rules for workloads beyond their schemas.

use crate::value::{called, list, selects, text};
use crate::world::World;
use canary_e2e::files::{read, repo};
use serde_json::{Value, json};

/// The Deployment that makes kubelets update volumes at once. It serves no requests.
pub(crate) const NUDGE: &str = "Deployment canary-nudge";

/// The collector of reports.
pub(crate) const COLLECTOR: &str = "Deployment canary-collector";

/// The controller of rollouts. It serves no requests of visitors.
pub(crate) const ROLLOUT: &str = "Deployment canary-rollout";

/// The findings for a workload.
pub(crate) fn check(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for deployment in world.all("Deployment").chain(world.all("StatefulSet")) {
        let mut found = Vec::new();
        images(deployment, &mut found);
        restricted(world, deployment, &mut found);
        lasting(deployment, &mut found);
        if [NUDGE, ROLLOUT].contains(&called(deployment).as_str()) {
            alone(deployment, &mut found);
        } else {
            if deployment["kind"] == "Deployment" {
                leaving(deployment, &mut found);
            }
            scaled(world, deployment, &mut found);
            mounts(deployment, &mut found);
        }
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", called(deployment))));
    }
    faults.extend(same(world));
    faults.extend(beside_flagger(world));
    faults.extend(networks(world));
    faults
}

fn containers(deployment: &Value) -> &[Value] {
    list(&deployment["spec"]["template"]["spec"]["containers"])
}

fn images(deployment: &Value, faults: &mut Vec<String>) {
    for container in containers(deployment) {
        let image = text(&container["image"]);
        let name = image.split('@').next().unwrap_or(image);
        match name.rsplit('/').next().and_then(|last| last.split_once(':')) {
            None => faults.push(format!("the image {image} has no tag")),
            Some((_, tag)) if tag == "latest" || !tag.contains('.') => {
                faults.push(format!("the tag of the image {image} is no version"));
            }
            Some(_) => {}
        }
    }
}

/// The Pod Security Standard `restricted`, and a little more.
fn restricted(world: &World, deployment: &Value, faults: &mut Vec<String>) {
    let pod = &deployment["spec"]["template"]["spec"];
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    let within = &deployment["metadata"]["namespace"];
    let label = "pod-security.kubernetes.io/enforce";
    let enforced =
        |space: &Value| space["metadata"]["name"] == *within && space["metadata"]["labels"][label] == "restricted";
    demand(world.all("Namespace").any(enforced), "its namespace does not enforce Pod Security `restricted`");
    // It watches and patches through the API; no other workload does.
    let token = called(deployment) == NUDGE && text(&pod["serviceAccountName"]) == "canary-nudge";
    demand(pod["automountServiceAccountToken"] == token, "it gets a token of the API server, or lacks its own");
    demand(pod["securityContext"]["runAsNonRoot"] == true, "it may run as root");
    demand(
        pod["securityContext"]["runAsUser"].as_u64().is_some_and(|user| user > 0),
        "it does not say which user it runs as",
    );
    demand(
        pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault",
        "its seccomp profile is not RuntimeDefault",
    );
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        demand(pod[key] != true, &format!("it uses {key}"));
    }
    for volume in list(&pod["volumes"]) {
        let allowed = [
            "configMap",
            "emptyDir",
            "secret",
            "projected",
            "downwardAPI",
            "csi",
            "persistentVolumeClaim",
            "ephemeral",
        ];
        demand(
            allowed.iter().any(|kind| volume[kind].is_object()),
            &format!("its volume {} is of a kind that is not allowed", volume["name"]),
        );
    }
    for container in list(&pod["containers"]).iter().chain(list(&pod["initContainers"])) {
        let context = &container["securityContext"];
        demand(context["allowPrivilegeEscalation"] == false, "privileges may rise");
        demand(context["readOnlyRootFilesystem"] == true, "its root file system can be written to");
        demand(context["capabilities"] == json!({ "drop": ["ALL"] }), "it keeps capabilities");
        demand(context["privileged"] != true && context["runAsUser"] != 0, "it is privileged");
        demand(list(&container["ports"]).iter().all(|port| port["hostPort"].is_null()), "it takes a port of the node");
    }
}

fn lasting(deployment: &Value, faults: &mut Vec<String>) {
    for container in containers(deployment) {
        for probe in ["readinessProbe", "livenessProbe"] {
            if !container[probe].is_object() {
                faults.push(format!("the container {} has no {probe}", container["name"]));
            }
        }
        for (kind, what) in [("requests", "cpu"), ("requests", "memory"), ("limits", "memory")] {
            if container["resources"][kind][what].is_null() {
                faults.push(format!("the container {} has no {kind} of {what}", container["name"]));
            }
        }
    }
}

/// Two at a time would patch the same pods twice.
fn alone(deployment: &Value, faults: &mut Vec<String>) {
    if deployment["spec"]["replicas"] != 1 || deployment["spec"]["strategy"]["type"] != "Recreate" {
        faults.push("there may be more than one of it".to_owned());
    }
    for container in containers(deployment) {
        // Without an API server it is not ready. A liveness probe must not restart it then.
        if container["livenessProbe"]["httpGet"]["path"] != "/healthz" {
            faults.push("its liveness depends on more than itself".to_owned());
        }
    }
}

/// A rollout loses no request: new pods start first, and old ones stay until they get no more requests.
fn leaving(deployment: &Value, faults: &mut Vec<String>) {
    let spec = &deployment["spec"];
    if spec["strategy"]["rollingUpdate"]["maxUnavailable"] != 0 {
        faults.push("a rollout may take pods away before new ones are ready".to_owned());
    }
    if spec["minReadySeconds"].as_u64().is_none_or(|seconds| seconds == 0) {
        faults.push("no minReadySeconds".to_owned());
    }
    let pod = &spec["template"]["spec"];
    if list(&pod["topologySpreadConstraints"]).is_empty() {
        faults.push("its pods are not spread over nodes".to_owned());
    }
    let conf = read(&repo("nginx/nginx.conf"));
    let shutdown: u64 =
        conf.split_once("worker_shutdown_timeout ").unwrap().1.split("s;").next().unwrap().parse().unwrap();
    for container in list(&pod["containers"]) {
        let Some(sleep) = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64() else {
            faults.push(format!("the container {} leaves without a preStop sleep", container["name"]));
            continue;
        };
        let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
        if grace <= sleep + shutdown {
            faults.push(format!(
                "killed after {grace} s, but it takes {sleep} s of preStop and {shutdown} s of Nginx to leave"
            ));
        }
    }
}

/// One owner of the number of replicas, and a disruption budget.
fn scaled(world: &World, deployment: &Value, faults: &mut Vec<String>) {
    let name = &deployment["metadata"]["name"];
    let scaler = world.all("HorizontalPodAutoscaler").any(|scaler| scaler["spec"]["scaleTargetRef"]["name"] == *name);
    match (scaler, deployment["spec"]["replicas"].is_null()) {
        (true, false) => faults.push("Git says `replicas`, and so does an autoscaler".to_owned()),
        (false, true) => faults.push("nobody says how many `replicas`".to_owned()),
        _ => {}
    }
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let budget = |budget: &Value| selects(&budget["spec"]["selector"]["matchLabels"], labels);
    if !world.all("PodDisruptionBudget").any(budget) {
        faults.push("no PodDisruptionBudget".to_owned());
    }
}

/// The config is a mounted folder with one file, which follows the ConfigMap.
fn mounts(deployment: &Value, faults: &mut Vec<String>) {
    let pod = &deployment["spec"]["template"]["spec"];
    let config = list(&pod["volumes"]).iter().find(|volume| volume["configMap"]["name"] == "canary-settings");
    let Some(config) = config else { return faults.push("it does not mount the config".to_owned()) };
    if list(&config["configMap"]["items"]) != [json!({ "key": "config.json", "path": "canary.json" })] {
        faults.push("the config's key is not mounted as canary.json".to_owned());
    }
    if config["configMap"]["optional"] == true {
        faults.push("it starts without the config".to_owned());
    }
    for mount in list(&pod["containers"]).iter().flat_map(|container| list(&container["volumeMounts"])) {
        if mount["name"] == config["name"] && !(mount["subPath"].is_null() && mount["subPathExpr"].is_null()) {
            faults.push("the config is mounted with subPath, and is never updated".to_owned());
        }
    }
}

/// Stable and canary differ in image, names and replicas alone, or their comparison would be biased.
fn same(world: &World) -> Vec<String> {
    let bare = |name: &str| {
        let deployment = world.all("Deployment").find(|deployment| deployment["metadata"]["name"] == name);
        let mut spec = deployment?["spec"].clone();
        for place in [
            "/replicas",
            "/selector",
            "/template/metadata/labels/app.kubernetes.io~1name",
            "/template/spec/containers/0/image",
            "/template/spec/containers/0/env",
        ] {
            if let Some(value) = spec.pointer_mut(place) {
                *value = Value::Null;
            }
        }
        Some(spec)
    };
    let (stable, canary) = (bare("frontend-stable"), bare("frontend-canary"));
    if stable == canary {
        Vec::new()
    } else {
        vec!["frontend-stable and frontend-canary differ in more than image and peer".to_owned()]
    }
}

/// With Flagger: it owns the selector of the Service and the replicas, and copies what pods mount.
fn beside_flagger(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    let settings = world.all("ConfigMap").filter(|map| map["metadata"]["name"] == "canary-settings");
    for map in settings.filter(|map| map["metadata"]["annotations"]["flagger.app/config-tracking"] != "disabled") {
        faults.push(format!("{}: Flagger would copy it, and pods would keep the copy", called(map)));
    }
    for canary in world.all("Canary") {
        let target = &canary["spec"]["targetRef"]["name"];
        for service in world.all("Service").filter(|service| service["metadata"]["name"] == *target) {
            if service["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/ssa"] != "IfNotPresent" {
                faults.push(format!("{}: Flux would put back the selector that Flagger sets", called(service)));
            }
        }
    }
    faults
}

/// Network policies deny by default and allow what is needed.
fn networks(world: &World) -> Vec<String> {
    let policies: Vec<_> = world.all("NetworkPolicy").map(|policy| &policy["spec"]).collect();
    if policies.is_empty() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let denies = |spec: &&Value| {
        spec["podSelector"] == json!({})
            && spec["policyTypes"] == json!(["Ingress", "Egress"])
            && spec["ingress"].is_null()
            && spec["egress"].is_null()
    };
    if !policies.iter().any(denies) {
        faults.push("NetworkPolicy: nothing denies by default".to_owned());
    }
    let has_collector = world.all("Service").any(|service| service["metadata"]["name"] == "canary-collector");
    for deployment in world.all("Deployment").chain(world.all("StatefulSet")) {
        let pod = &deployment["spec"]["template"]["metadata"]["labels"];
        let mine: Vec<_> = policies.iter().filter(|spec| selects(&spec["podSelector"]["matchLabels"], pod)).collect();
        let allows = |way: &str, peers: &str, port: u64, wanted: &dyn Fn(&Value) -> bool| {
            mine.iter().flat_map(|spec| list(&spec[way])).any(|rule| {
                list(&rule["ports"]).iter().any(|known| known["port"] == port) && list(&rule[peers]).iter().any(wanted)
            })
        };
        let pods = |peer: &Value| peer["podSelector"].is_object() && selects(&peer["podSelector"]["matchLabels"], pod);
        let space = |peer: &Value| peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"].is_string();
        let system =
            |peer: &Value| peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] == "kube-system";
        let anywhere = |port: u64| {
            let rules = || mine.iter().flat_map(|spec| list(&spec["egress"])).filter(|rule| rule["to"].is_null());
            rules().any(|rule| list(&rule["ports"]).iter().any(|known| known["port"] == port))
        };
        if called(deployment) == NUDGE {
            if !anywhere(443) || !anywhere(6443) {
                faults.push("NetworkPolicy: canary-nudge cannot ask the API server".to_owned());
            }
            continue;
        }
        let named = |key: &str, name: &str| {
            let labels = json!({ key: name });
            move |peer: &Value| peer["podSelector"]["matchLabels"] == labels
        };
        if called(deployment) == ROLLOUT {
            let frontends = named("app.kubernetes.io/part-of", "frontend");
            let collectors = named("app.kubernetes.io/name", "canary-collector");
            let asked = policies
                .iter()
                .filter(|spec| spec["podSelector"]["matchLabels"] == json!({ "app.kubernetes.io/part-of": "frontend" }))
                .flat_map(|spec| list(&spec["ingress"]))
                .any(|rule| list(&rule["from"]).iter().any(pods));
            let needs: [(bool, &str); 6] = [
                (allows("egress", "to", 9090, &collectors), "it cannot ask the collectors"),
                (allows("egress", "to", 8080, &frontends) && asked, "it cannot ask the front ends"),
                (allows("egress", "to", 53, &system), "it cannot look names up"),
                (anywhere(22) && anywhere(443), "it cannot reach Git"),
                (allows("ingress", "from", 9091, &space), "Prometheus cannot ask it"),
                (!anywhere(6443), "it may ask the API server"),
            ];
            let missing = needs.iter().filter(|(holds, _)| !holds);
            faults.extend(missing.map(|(_, what)| format!("NetworkPolicy: canary-rollout: {what}")));
            continue;
        }
        if deployment["metadata"]["name"] == "canary-collector" {
            let frontends = named("app.kubernetes.io/part-of", "frontend");
            let controller = named("app.kubernetes.io/name", "canary-rollout");
            let egress = mine.iter().flat_map(|spec| list(&spec["egress"])).count();
            let needs: [(bool, &str); 4] = [
                (allows("ingress", "from", 8081, &frontends), "no front end can send it reports"),
                (allows("ingress", "from", 9090, &space), "Prometheus cannot ask it"),
                (allows("ingress", "from", 9090, &controller), "the rollout controller cannot ask it"),
                (egress == 0 && !mine.is_empty(), "it may connect to something"),
            ];
            let missing = needs.iter().filter(|(holds, _)| !holds);
            faults.extend(missing.map(|(_, what)| format!("NetworkPolicy: canary-collector: {what}")));
            continue;
        }
        if has_collector && !allows("egress", "to", 8081, &named("app.kubernetes.io/name", "canary-collector")) {
            faults.push(format!("NetworkPolicy: {}: it cannot pass reports on", pod["app.kubernetes.io/name"]));
        }
        let needs: [(bool, &str); 4] = [
            (allows("ingress", "from", 8080, &pods), "the peer cannot ask it"),
            (allows("egress", "to", 8080, &pods), "it cannot ask its peer"),
            (allows("egress", "to", 53, &system), "it cannot look names up"),
            (allows("ingress", "from", 8080, &space), "no proxy may ask it"),
        ];
        faults.extend(
            needs
                .iter()
                .filter(|(holds, _)| !holds)
                .map(|(_, what)| format!("NetworkPolicy: {}: {what}", pod["app.kubernetes.io/name"])),
        );
    }
    faults
}
