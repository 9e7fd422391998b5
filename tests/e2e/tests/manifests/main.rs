//! The manifests of a cluster fit together, and fit the files that nginx serves.
//!
//! A [`World`] is what Flux makes of one folder of `k8s/clusters`, built by the real kustomize. Tests check it
//! against the schemas of its kinds ([`kinds`]), its names against each other ([`references`]), and against rules of the
//! project ([`pods`], [`access`], [`sync`]). [`mutants`] shows that each of these checks can fail.

mod access;
mod alerts;
mod chart;
mod checks;
mod dockerfiles;
mod kinds;
mod mutants;
mod names;
mod pods;
mod references;
mod rollout;
mod schema;
mod sync;
mod value;
mod world;

use base64::Engine as _;
use canary_e2e::base::{Base, CONFIG_MOUNT};
use canary_e2e::files::{read, repo};
use canary_e2e::http;
use canary_e2e::kustomize::Manifests;
use canary_e2e::nginx::{self, Nginx};
use canary_e2e::site_files::SiteFiles;
use checks::{alternative, faults};
use references::{documented_secrets, secrets};
use serde_json::Value;
use sha2::{Digest, Sha384};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use value::{called, list, selects, text};
use world::{FLUX, Tree, World};

const DEPLOYMENTS: [&str; 2] = ["frontend-stable", "frontend-canary"];

fn base() -> Manifests {
    Manifests::build(&repo("k8s/base"))
}

#[test]
fn every_pod_mounts_the_config() {
    let base = base();
    for deployment in DEPLOYMENTS {
        let files = base.mounted(deployment, CONFIG_MOUNT);
        assert_eq!(files.keys().collect::<Vec<_>>(), ["canary.json"]);
        let config: Value = serde_json::from_slice(&files["canary.json"]).unwrap();
        assert!(config["CANARY_PERCENTAGE"].is_number() && config["FEATURE_FLAGS"].is_object(), "{config}");
    }
}

#[test]
fn selectors_and_ports_match() {
    let base = base();
    for name in DEPLOYMENTS {
        let deployment = &base.find("Deployment", name)["spec"];
        let labels = &deployment["template"]["metadata"]["labels"];
        assert!(selects(&deployment["selector"]["matchLabels"], labels), "{name}");
        let ports: Vec<_> =
            list(&deployment["template"]["spec"]["containers"]).iter().flat_map(|c| list(&c["ports"])).collect();
        let container = &deployment["template"]["spec"]["containers"][0];
        for probe in ["readinessProbe", "livenessProbe"] {
            let asked = &container[probe]["httpGet"];
            assert_eq!(asked["path"], "/healthz", "{name} {probe}");
            assert!(ports.iter().any(|port| port["name"] == asked["port"]), "{name} {probe}");
        }

        let service = &base.find("Service", name)["spec"];
        for other in DEPLOYMENTS {
            let labels = &base.find("Deployment", other)["spec"]["template"]["metadata"]["labels"];
            assert_eq!(selects(&service["selector"], labels), other == name, "the Service {name}, pods of {other}");
        }
        for port in list(&service["ports"]) {
            let target = ports.iter().find(|candidate| candidate["name"] == port["targetPort"]);
            // The port in nginx.conf.
            assert_eq!(target.expect("the port that the Service names")["containerPort"], 8080);
        }
    }
}

#[test]
fn each_deployment_has_the_other_as_peer() {
    let base = base();
    for (name, other) in [(DEPLOYMENTS[0], DEPLOYMENTS[1]), (DEPLOYMENTS[1], DEPLOYMENTS[0])] {
        let pod = &base.find("Deployment", name)["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let peer = list(&container["env"]).iter().find(|entry| entry["name"] == "PEER").expect("a PEER");
        assert_eq!(peer["value"], other, "{name}");
        // The default port of peer.sh.
        assert!(list(&base.find("Service", other)["spec"]["ports"]).iter().any(|port| port["port"] == 80));

        let command: Vec<_> = list(&container["command"]).iter().map(|word| word.as_str().unwrap()).collect();
        assert_eq!(command[..3], ["sh", "/etc/nginx/peer.sh", "nginx"], "{name}");
        let mount = list(&container["volumeMounts"]).iter().find(|mount| mount["mountPath"] == "/etc/nginx/peer");
        let volume = &mount.expect("a folder for peer.sh")["name"];
        let volume = list(&pod["volumes"]).iter().find(|candidate| candidate["name"] == *volume);
        assert!(volume.expect("its volume")["emptyDir"].is_object(), "{name}");
        assert!(read(&repo("nginx/peer.sh")).contains("\nto=/etc/nginx/peer/peer.conf\n"));
    }
}

#[track_caller]
fn holds(cluster: &str, name: &str) {
    let tree = Tree::new();
    alternative(name, &tree);
    assert_eq!(faults(tree.root(), cluster), Vec::<String>::new(), "{cluster}, {name}");
}

#[test]
fn production_has_no_findings() {
    holds("production", "as it is");
}

#[test]
fn staging_has_no_findings() {
    holds("staging", "as it is");
}

#[test]
fn production_has_no_findings_with_an_ingress() {
    holds("production", "ingress");
}

#[test]
fn production_has_no_findings_beside_flagger() {
    holds("production", "flagger");
}

#[test]
fn production_has_no_findings_with_alerts() {
    let tree = Tree::new();
    alternative("monitoring", &tree);
    assert_eq!(World::build(tree.root(), "production").all("PrometheusRule").count(), 1);
    holds("production", "monitoring");
}

#[test]
fn production_has_no_findings_with_nudge() {
    holds("production", "nudge");
}

#[test]
fn production_has_no_findings_with_collectors_and_their_monitoring() {
    let tree = Tree::new();
    alternative("collector", &tree);
    let world = World::build(tree.root(), "production");
    let count = |kind| world.all(kind).count();
    assert_eq!((count("Deployment"), count("ServiceMonitor"), count("PrometheusRule")), (3, 1, 1));
    let dashboard = world.all("ConfigMap").find(|map| map["metadata"]["name"] == "canary-dashboard").unwrap();
    assert_eq!(dashboard["metadata"]["labels"]["grafana_dashboard"], "1");
    assert_eq!(dashboard["data"]["dashboard.json"], read(&repo("k8s/components/collector-dashboard/dashboard.json")));
    holds("production", "collector");
}

#[test]
fn production_has_no_findings_with_collectors_on_volumes() {
    let tree = Tree::new();
    alternative("collector-volume", &tree);
    let world = World::build(tree.root(), "production");
    let set = &world.all("StatefulSet").next().unwrap()["spec"];
    assert_eq!(set["volumeClaimTemplates"][0]["metadata"]["name"], "data");
    assert!(list(&set["template"]["spec"]["volumes"]).iter().all(|volume| volume["name"] != "data"));
    holds("production", "collector-volume");
}

/// The controller has no rights in the cluster and no token; its Secret is its key for Git.
#[test]
fn production_has_no_findings_with_a_rollout_controller() {
    let tree = Tree::new();
    alternative("rollout", &tree);
    let world = World::build(tree.root(), "production");
    let is_subject = |binding: &Value| binding["subjects"].to_string().contains("canary-rollout");
    assert!(!world.objects().any(is_subject));
    let deployment = world.all("Deployment").find(|one| one["metadata"]["name"] == "canary-rollout").unwrap();
    let settings = &world.flux("ConfigMap").next().unwrap()["data"];
    let expected = ["repo", "branch", "rollout"].map(|option| match option {
        "repo" => format!("--repo={}", text(&settings["repository"])),
        "branch" => "--branch=main".to_owned(),
        _ => "--rollout=k8s/rollout.yaml".to_owned(),
    });
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(list(&container["args"])[..3], expected.map(Value::from));
    holds("production", "rollout");
}

#[test]
fn production_has_no_findings_with_its_own_policy_and_a_private_registry() {
    let tree = Tree::new();
    alternative("csp", &tree);
    alternative("registry-login", &tree);
    let world = World::build(tree.root(), "production");
    for pod in world.all("Deployment").map(|it| &it["spec"]["template"]["spec"]) {
        assert_eq!(pod["imagePullSecrets"][0]["name"], "registry");
        let name = text(&list(&pod["volumes"]).iter().find(|it| it["name"] == "csp").unwrap()["configMap"]["name"]);
        assert!(world.all("ConfigMap").any(|map| map["metadata"]["name"] == name) && name != "csp", "{name}");
    }
    assert_eq!(world.flux("ImageRepository").next().unwrap()["spec"]["secretRef"]["name"], "registry");
    holds("production", "csp");
}

#[test]
fn production_has_no_findings_with_an_oci_source() {
    holds("production", "oci-source");
}

#[test]
fn production_has_no_findings_with_a_helm_release() {
    holds("production", "helm-release");
}

#[test]
fn the_base_matches_its_schemas() {
    let objects = world::build(&repo(""), "k8s/base").unwrap();
    assert_eq!(objects.len(), 7);
    for object in objects {
        assert_eq!(kinds::check(&object), Vec::<String>::new(), "{}", called(&object));
    }
}

/// `kubectl apply -k` of an overlay gives what Flux syncs.
#[test]
fn an_overlay_is_the_sum_of_its_folders() {
    let names = |objects: &mut dyn Iterator<Item = &Value>| objects.map(called).collect::<BTreeSet<_>>();
    for environment in ["staging", "production"] {
        let overlay = world::build(&repo(""), &format!("k8s/overlays/{environment}")).unwrap();
        let world = World::build(&repo(""), environment);
        assert_eq!(names(&mut overlay.iter()), names(&mut world.workloads()), "{environment}");
    }
}

/// Guards against checks of an empty set: each kind of object is there.
#[test]
fn every_kind_of_object_is_there() {
    let count = |objects: &mut dyn Iterator<Item = &Value>| {
        let mut kinds = BTreeMap::new();
        objects.for_each(|object| *kinds.entry(text(&object["kind"]).to_owned()).or_insert(0) += 1);
        kinds
    };
    let expected =
        |kinds: &[(&str, i32)]| kinds.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect::<BTreeMap<_, _>>();
    let world = World::build(&repo(""), "production");
    let workloads = [
        ("Namespace", 1),
        ("ConfigMap", 1),
        ("Deployment", 2),
        ("Service", 2),
        ("PodDisruptionBudget", 2),
        ("HorizontalPodAutoscaler", 2),
        ("NetworkPolicy", 2),
        ("Role", 1),
        ("RoleBinding", 1),
        ("HTTPRoute", 1),
    ];
    assert_eq!(count(&mut world.workloads()), expected(&workloads));
    let flux = [
        ("ConfigMap", 1),
        ("GitRepository", 1),
        ("Kustomization", 4),
        ("ImageRepository", 1),
        ("ImagePolicy", 2),
        ("ImageUpdateAutomation", 1),
        ("Receiver", 1),
        ("ServiceAccount", 1),
        ("Provider", 1),
        ("Alert", 4),
    ];
    assert_eq!(count(&mut world.flux.iter()), expected(&flux));
}

#[test]
fn gateway_and_ingress_send_nothing_to_the_canary() {
    let ways = ["as it is", "ingress"].map(|name| {
        let tree = Tree::new();
        alternative(name, &tree);
        let world = World::build(tree.root(), "production");
        let rules: Vec<_> = world
            .all("HTTPRoute")
            .chain(world.all("Ingress"))
            .flat_map(|way| list(&way["spec"]["rules"]))
            .cloned()
            .collect();
        rules
    });
    let gateway: Vec<_> =
        ways[0].iter().map(|rule| (&rule["matches"][0]["path"]["value"], &rule["backendRefs"][0]["name"])).collect();
    let ingress: Vec<_> = list(&ways[1][0]["http"]["paths"])
        .iter()
        .map(|path| (&path["path"], &path["backend"]["service"]["name"]))
        .collect();
    assert_eq!(gateway, ingress);
    let expected = [("/", "frontend-stable")].map(|(path, name)| (Value::from(path), Value::from(name)));
    assert_eq!(gateway, expected.each_ref().map(|(path, name)| (path, name)));
}

/// The values of each environment reach every place.
#[test]
fn a_cluster_syncs_its_environment() {
    for cluster in ["staging", "production"] {
        let world = World::build(&repo(""), cluster);
        let other = if cluster == "staging" { "production" } else { "staging" };
        for object in &world.flux {
            assert!(!object.to_string().contains(other), "{cluster}: {object}");
        }
        let folders: BTreeSet<_> =
            world.flux("Kustomization").map(|one| text(&one["spec"]["path"]).to_owned()).collect();
        let expected = ["clusters/X", "overlays/X/config", "overlays/X/frontend", "overlays/X/namespace"];
        assert_eq!(folders, expected.map(|path| format!("./k8s/{}", path.replace('X', cluster))).into());
        let settings = &world.flux("ConfigMap").next().unwrap()["data"];
        assert_eq!(world.all("HTTPRoute").next().unwrap()["spec"]["hostnames"][0], settings["frontend_host"]);
        assert_eq!(world.flux("GitRepository").next().unwrap()["spec"]["url"], settings["repository"]);
        assert_eq!(world.flux("ImageRepository").next().unwrap()["spec"]["image"], settings["image"]);
    }
}

#[test]
fn the_guide_lists_exactly_the_secrets() {
    let mut named = BTreeSet::new();
    for name in ["as it is", "oci-source"] {
        let tree = Tree::new();
        alternative(name, &tree);
        named.extend(World::build(tree.root(), "production").flux.iter().flat_map(secrets));
    }
    let tree = Tree::new();
    alternative("rollout", &tree);
    let world = World::build(tree.root(), "production");
    let volumes = world.all("Deployment").flat_map(|it| list(&it["spec"]["template"]["spec"]["volumes"]));
    named.extend(volumes.filter_map(|volume| volume["secret"]["secretName"].as_str().map(str::to_owned)));
    assert_eq!(named, documented_secrets());
    assert!(read(&repo("docs/kubernetes.md")).contains(&format!("`{FLUX}`")));
}

#[test]
fn integrity_matches_the_files() {
    let config: Value = serde_json::from_str(&Base::new().config()).unwrap();
    let bundle = &config["ASSETS"]["canary"];
    let assets: Vec<_> = list(&bundle["scripts"])
        .iter()
        .map(|script| (&script["src"], &script["integrity"]))
        .chain(list(&bundle["styles"]).iter().map(|style| (&style["href"], &style["integrity"])))
        .collect();
    assert_eq!(assets.len(), 2);
    for (address, integrity) in assets {
        let address = address.as_str().unwrap();
        let bytes = fs::read(repo("www").join(address.trim_start_matches('/'))).unwrap();
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha384::digest(bytes));
        assert_eq!(*integrity, format!("sha384-{hash}"), "{address}");
    }
}

/// nginx with or without the id cookie.
fn serve(files: &SiteFiles, cookie: bool) -> Nginx {
    files.mount(&Base::new().mounted());
    Nginx::start_with(files.root(), |config| {
        if cookie {
            let switch = "map \"\" $id_cookie_switch { default off; }";
            nginx::replace(config, "nginx.conf", switch, &switch.replace("off", "on"));
        }
    })
}

const OTHERS: [&str; 6] =
    ["/assets/1.4.2/main.js", "/demo/strip.js", "/runtime/canary.js", "/config/canary.json", "/gone.js", "/healthz"];

#[test]
fn the_id_cookie_is_off() {
    let files = SiteFiles::new();
    let nginx = serve(&files, false);
    for path in ["/", "/index.html", "/a/route"].iter().chain(&OTHERS) {
        assert_eq!(http::get(&nginx.url(path), &[]).header("set-cookie"), None, "{path}");
    }
    assert_eq!(http::get(&nginx.url("/"), &[]).header("cache-control"), Some("no-cache"));
}

#[test]
fn the_id_cookie_can_be_switched_on() {
    let files = SiteFiles::new();
    let nginx = serve(&files, true);
    let get = |path: &str, headers: &[(&str, &str)]| {
        let answer = http::get(&nginx.url(path), headers);
        let cookies: Vec<_> = answer.headers_named("set-cookie").map(str::to_owned).collect();
        (cookies, answer.header("cache-control").unwrap_or_default().to_owned())
    };
    let mut ids = Vec::new();
    for path in ["/", "/index.html", "/a/route"] {
        let (cookies, cache) = get(path, &[]);
        assert_eq!((cookies.len(), cache.as_str()), (1, "private, no-store"), "{path}");
        let (id, rest) = cookies[0].strip_prefix("canary_id=").and_then(|rest| rest.split_once("; ")).unwrap();
        assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{id}");
        assert_eq!(rest, "Path=/; SameSite=Lax; Max-Age=7776000");
        ids.push(id.to_owned());
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(
        get("/", &[("Cookie", "a=b; canary_id=known_1")]).0,
        ["canary_id=known_1; Path=/; SameSite=Lax; Max-Age=7776000"]
    );
    assert!(get("/", &[("Cookie", "canary_id=no.id")]).0[0].starts_with("canary_id="));
    assert!(!get("/", &[("Cookie", "canary_id=no.id")]).0[0].contains("no.id"));
    assert!(get("/", &[("X-Forwarded-Proto", "https")]).0[0].ends_with("; Secure"));
    assert_eq!(get("/", &[("Sec-GPC", "1")]), (vec![], "no-cache".to_owned()));
    for path in OTHERS {
        assert!(get(path, &[]).0.is_empty(), "{path}");
    }
}
