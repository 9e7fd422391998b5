//! What a cluster gets fits together, and fits the files that nginx serves.

use base64::Engine as _;
use canary_e2e::base::{Base, CONFIG_MOUNT};
use canary_e2e::files::{read, repo};
use canary_e2e::http;
use canary_e2e::kustomize::Manifests;
use canary_e2e::nginx::{self, Nginx};
use canary_e2e::site::Site;
use serde_json::Value;
use sha2::{Digest, Sha384};
use std::fs;

const DEPLOYMENTS: [&str; 2] = ["frontend-stable", "frontend-canary"];

fn base() -> Manifests {
    Manifests::build(&repo("k8s/base"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether an object has all the labels that a selector names, which are some.
fn selects(selector: &Value, labels: &Value) -> bool {
    let selector = selector.as_object().expect("a selector");
    !selector.is_empty() && selector.iter().all(|(key, value)| labels[key] == *value)
}

#[test]
fn every_pod_sees_the_config() {
    let base = base();
    for deployment in DEPLOYMENTS {
        let files = base.mounted(deployment, CONFIG_MOUNT);
        assert_eq!(files.keys().collect::<Vec<_>>(), ["canary.json"]);
        let config: Value = serde_json::from_slice(&files["canary.json"]).unwrap();
        assert!(config["CANARY_PERCENTAGE"].is_number() && config["FEATURE_FLAGS"].is_object(), "{config}");
    }
}

#[test]
fn selectors_and_ports_meet() {
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
            // Where nginx.conf listens.
            assert_eq!(target.expect("the port that the Service names")["containerPort"], 8080);
        }
    }
}

#[test]
fn each_deployment_asks_the_other() {
    let base = base();
    for (name, other) in [(DEPLOYMENTS[0], DEPLOYMENTS[1]), (DEPLOYMENTS[1], DEPLOYMENTS[0])] {
        let pod = &base.find("Deployment", name)["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let peer = list(&container["env"]).iter().find(|entry| entry["name"] == "PEER").expect("a PEER");
        assert_eq!(peer["value"], other, "{name}");
        // What peer.sh takes where no port is told.
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

#[test]
fn the_ingress_tells_stable_from_canary() {
    let base = base();
    let rules = list(&base.find("Ingress", "frontend")["spec"]["rules"]);
    let paths: Vec<_> = rules.iter().flat_map(|rule| list(&rule["http"]["paths"])).collect();
    let routes: Vec<_> = paths.iter().map(|path| (&path["path"], &path["pathType"], backend(&base, path))).collect();
    let route = |path: &str, service: &str| (Value::from(path), Value::from("Prefix"), service.to_owned());
    let expected = [route("/canary/", "frontend-canary"), route("/", "frontend-stable")];
    assert_eq!(routes, expected.each_ref().map(|(path, kind, service)| (path, kind, service.clone())));
}

/// The name of a path's Service, whose port is there.
fn backend(base: &Manifests, path: &Value) -> String {
    let service = &path["backend"]["service"];
    let name = service["name"].as_str().unwrap();
    let ports = list(&base.find("Service", name)["spec"]["ports"]);
    assert!(ports.iter().any(|port| port["name"] == service["port"]["name"]), "{service}");
    name.to_owned()
}

#[test]
fn integrity_is_that_of_the_files() {
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

/// nginx, which checks its configuration at the start, with or without the id cookie.
fn serve(site: &Site, cookie: bool) -> Nginx {
    site.mount(&Base::new().mounted());
    Nginx::start_with(site.root(), |config| {
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
    let site = Site::new();
    let nginx = serve(&site, false);
    for path in ["/", "/index.html", "/a/route"].iter().chain(&OTHERS) {
        assert_eq!(http::get(&nginx.url(path), &[]).header("set-cookie"), None, "{path}");
    }
    assert_eq!(http::get(&nginx.url("/"), &[]).header("cache-control"), Some("no-cache"));
}

#[test]
fn the_id_cookie_can_be_switched_on() {
    let site = Site::new();
    let nginx = serve(&site, true);
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
