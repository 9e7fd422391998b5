//! The files of `--with standard`: image, manifests with the names of the team, rollout and CI.

use super::plan::FOLDER;
use super::repository::{CONFIG, GITHUB, GITLAB, NewFile, Repository};

/// Files of the manifests, relative to `k8s/`.
macro_rules! manifests {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("../../../../k8s/", $path)))),*]
    };
}

const MANIFESTS: &[(&str, &str)] = manifests![
    "base/frontend/canary.yaml" "base/frontend/disruption.yaml" "base/frontend/kustomization.yaml"
    "base/frontend/pod.yaml" "base/frontend/stable.yaml"
    "clusters/production/kustomization.yaml" "clusters/production/settings.yaml"
    "components/app-name/kustomization.yaml" "components/app-name/names.yaml"
    "components/config-access/access.yaml" "components/config-access/kustomization.yaml"
    "components/csp/kustomization.yaml"
    "components/flux/alerts.yaml" "components/flux/images.yaml" "components/flux/kustomization.yaml"
    "components/flux/receiver.yaml" "components/flux/settings.yaml" "components/flux/source.yaml"
    "components/flux/sync.yaml"
    "components/gateway/kustomization.yaml" "components/gateway/route.yaml"
    "components/hpa/autoscaler.yaml" "components/hpa/kustomization.yaml"
    "components/ingress/ingress.yaml" "components/ingress/kustomization.yaml"
    "components/network-policy/default-deny.yaml" "components/network-policy/frontend.yaml"
    "components/network-policy/kustomization.yaml"
    "components/registry-login/kustomization.yaml"
    "overlays/production/kustomization.yaml"
    "overlays/production/config/canary-config-cm.yaml" "overlays/production/config/kustomization.yaml"
    "overlays/production/frontend/canary.yaml" "overlays/production/frontend/kustomization.yaml"
    "overlays/production/frontend/stable.yaml"
    "overlays/production/namespace/kustomization.yaml" "overlays/production/namespace/namespace.yaml"
];

const NGINX: [(&str, &str); 5] = [
    ("nginx/Dockerfile", include_str!("../../../../nginx/Dockerfile")),
    ("nginx/csp.conf", include_str!("../../../../nginx/csp.conf")),
    ("nginx/headers.conf", include_str!("../../../../nginx/headers.conf")),
    ("nginx/nginx.conf", include_str!("../../../../nginx/nginx.conf")),
    ("nginx/peer.sh", include_str!("../../../../nginx/peer.sh")),
];

/// The image in the manifests, which that of the team replaces.
const IMAGE: &str = "registry.example.com/shop/frontend";

/// The settings that a team has to choose.
const CHOSEN: [&str; 3] = ["image", "frontend_host", "repository"];

/// The names of an app, as its settings have them.
#[derive(Debug)]
pub(crate) struct Names(Vec<(String, String)>);

impl Names {
    /// Checks a `KEY=VALUE` of `--set`.
    pub(crate) fn parse(text: &str) -> Result<(String, String), String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        if key == "namespace" || key == "environment" || default_of(key).is_none() {
            let keys: Vec<_> =
                settings().map(|(key, _)| key).filter(|it| !matches!(*it, "namespace" | "environment")).collect();
            return Err(format!("found {key}, expected one of {}", keys.join(", ")));
        }
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/@".contains(&byte);
        if value.is_empty() || !value.bytes().all(is_legal) || key == "path" && value.contains('/') {
            return Err(format!(
                "found {value:?} for {key}, expected characters of A-Z a-z 0-9 - . _ : / @, and a path without /"
            ));
        }
        Ok((key.to_owned(), value.to_owned()))
    }

    /// The names that the user gave, and the remote of the repository.
    pub(crate) fn new(namespace: &str, set: &[(String, String)], repository: &Repository) -> Self {
        let mut names = vec![("namespace".to_owned(), namespace.to_owned())];
        names.extend(set.iter().cloned());
        if let Some(remote) = repository.remote.as_ref().filter(|_| names.iter().all(|(key, _)| key != "repository")) {
            names.push(("repository".to_owned(), remote.clone()));
        }
        Self(names)
    }

    fn get<'a>(&'a self, key: &'a str) -> &'a str {
        let own = self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        own.or_else(|| default_of(key)).unwrap_or_default()
    }

    /// The keys that still have the values of the example.
    fn missing(&self) -> Vec<&'static str> {
        CHOSEN.into_iter().filter(|key| self.0.iter().all(|(name, _)| name != key)).collect()
    }

    /// The namespace of the pods.
    pub(crate) fn namespace(&self) -> &str {
        self.get("namespace")
    }

    /// The path of the config.
    pub(crate) fn config(&self) -> String {
        format!("{}/overlays/production/config/canary-config-cm.yaml", self.get("path"))
    }
}

/// The settings of the example.
fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    let text = MANIFESTS.iter().find(|(path, _)| path.ends_with("settings.yaml")).map_or("", |(_, text)| text);
    let (_, data) = text.split_once("\ndata:\n").unwrap_or_default();
    data.lines().filter_map(|line| line.trim().split_once(": ").filter(|_| !line.trim().starts_with('#')))
}

fn default_of(key: &str) -> Option<&'static str> {
    settings().find(|(name, _)| *name == key).map(|(_, value)| value)
}

/// All files, whether or not they are there.
pub(crate) fn files(names: &Names, repository: &Repository, owners: Option<&str>) -> Vec<NewFile> {
    let path = names.get("path");
    let mut files = Vec::new();
    let mut add = |path: String, about: &str, text: String| files.push(NewFile { path, about: about.to_owned(), text });
    for (file, text) in NGINX {
        add(file.to_owned(), "the image of the front end", text.to_owned());
    }
    // A chart has its own workloads.
    if repository.chart.is_none() {
        for (file, text) in MANIFESTS {
            add(format!("{path}/{file}"), about(file), manifest(file, text, names, &repository.version));
        }
        for cluster in &repository.clusters {
            let text = FLUX.replace("APP", names.get("app")).replace("PATH", path);
            add(format!("{cluster}/{}.yaml", names.get("app")), "Flux applies the cluster's folder", text);
        }
        add(format!("{path}/rollout.yaml"), "rollouts step by step", rollout(names));
        add(format!("{path}/rollout.schema.json"), "its schema, for editors", ROLLOUT_SCHEMA.to_owned());
    }
    if let Some((file, text)) = workflow(names, repository) {
        add(file, "checks config and manifests in CI", text);
    }
    if let Some(owners) = owners {
        let file = if repository.ci.as_ref().is_some_and(|ci| ci.name == GITHUB) {
            ".github/CODEOWNERS"
        } else {
            "CODEOWNERS"
        };
        let text = format!(
            "# What Flux applies, and the percentages.\n/{path}/ {owners}\n/{path}/overlays/*/config/ {owners}\n"
        );
        add(file.to_owned(), "who approves changes", text);
    }
    files
}

/// What is left to do with these files.
pub(crate) fn steps(names: &Names, repository: &Repository, owners: Option<&str>) -> Vec<String> {
    let (path, app) = (names.get("path"), names.get("app"));
    let mut steps = Vec::new();
    if let Some(chart) = &repository.chart {
        steps.push(format!(
            "in the chart {chart}: mount the ConfigMap canary-settings as a folder at /usr/share/nginx/html/config, config.json as canary.json"
        ));
        return steps;
    }
    let missing = names.missing();
    if !missing.is_empty() {
        steps.push(format!("choose {} in {path}/clusters/production/settings.yaml", missing.join(", ")));
    }
    steps.push(format!("build nginx/Dockerfile and push {}:{}", names.get("image"), repository.version));
    steps.push(format!(
        "create the Secrets {app}-git, {app}-webhook, {app}-alerts, git-signers, image-robot-key and sops-age"
    ));
    if let Some((file, _)) = workflow(names, repository) {
        let include = match repository.ci.as_ref() {
            Some(ci) if ci.name == GITLAB => format!("in {}, below include: - local: {file}; ", ci.file),
            _ => String::new(),
        };
        steps.push(format!("{include}in {file}: your image of canaryctl, and the page views of the site"));
    }
    if repository.clusters.is_empty() {
        steps.push(format!("kubectl apply -k {path}/clusters/production"));
    }
    if owners.is_none() {
        steps.push(format!("in CODEOWNERS: /{path}/ and /{path}/overlays/*/config/, with the teams that approve them"));
    }
    steps
}

fn about(file: &str) -> &'static str {
    match file.split('/').next() {
        Some("base") => "the workloads",
        Some("clusters") if file.ends_with("settings.yaml") => "all names",
        Some("clusters") => "the Flux objects of production",
        Some("overlays") if file.ends_with("canary-config-cm.yaml") => "the config, at 0 % and without flags",
        Some("overlays") => "production",
        _ => "a component",
    }
}

fn manifest(file: &str, text: &str, names: &Names, version: &str) -> String {
    if file.ends_with("/settings.yaml") && file.starts_with("clusters/") {
        let line = |line: &str| {
            let (indent, rest) = line.split_at(line.len().saturating_sub(line.trim_start().len()));
            match rest.split_once(": ") {
                Some((key, _)) if indent.len() == 2 && default_of(key).is_some() => {
                    // The namespace of the ConfigMap itself is Flux's.
                    if key == "namespace" && rest.ends_with("flux-system") {
                        return line.to_owned();
                    }
                    format!("{indent}{key}: {}", names.get(key))
                }
                _ => line.to_owned(),
            }
        };
        return text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n";
    }
    if file.starts_with("overlays/production/frontend/") {
        let image = names.get("image");
        return text
            .replace(&format!("{IMAGE}:1.4.2"), &format!("{image}:{version}"))
            .replace(&format!("{IMAGE}:1.5.0"), &format!("{image}:{version}"))
            .replace("flux-system:frontend-canary", &format!("flux-system:{}-canary", names.get("app")));
    }
    text.to_owned()
}

fn rollout(names: &Names) -> String {
    let overlay = format!("{}/overlays/production", names.get("path"));
    ROLLOUT
        .replace("APP", names.get("app"))
        .replace("OVERLAY", &overlay)
        .replace("IMAGE", names.get("image"))
        .replace("NAMESPACE", names.get("namespace"))
}

const ROLLOUT_SCHEMA: &str = include_str!("../../rollout/schema.json");

const ROLLOUT: &str = r#"# yaml-language-server: $schema=rollout.schema.json
apiVersion: canary.rollout/v1alpha1
kind: ClientCanary
metadata: { name: APP }
spec:
  configRef: { path: OVERLAY/config/canary-config-cm.yaml }
  stable: { url: "http://frontend-stable.NAMESPACE", image: { path: OVERLAY/frontend/stable.yaml, name: IMAGE } }
  canary: { url: "http://frontend-canary.NAMESPACE", image: { path: OVERLAY/frontend/canary.yaml, name: IMAGE } }
  analysis:
    interval: 1m
    stepDuration: 1h
    threshold: 5
    stepWeights: [1, 5, 10, 25, 50]
    source: { collectors: "http://canary-collector.NAMESPACE:9090", replicas: 2 }
"#;

const FLUX: &str = "# The Flux objects of the app, which sync everything else.
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: APP-objects
  namespace: flux-system
spec:
  interval: 10m
  retryInterval: 1m
  timeout: 1m
  prune: true
  sourceRef:
    kind: GitRepository
    name: flux-system
  path: ./PATH/clusters/production
";

/// The workflow of the repository's CI: its path and text.
pub(crate) fn workflow(names: &Names, repository: &Repository) -> Option<(String, String)> {
    let app = names.get("app");
    let (file, text) = match repository.ci.as_ref()?.name {
        GITHUB => (format!(".github/workflows/canary-{app}.yaml"), include_str!("ci/github.yaml")),
        GITLAB => (format!(".gitlab/ci/canary-{app}.yml"), include_str!("ci/gitlab.yml")),
        _ => return None,
    };
    // Beside a chart there is the config alone.
    let (manifests, config) = if repository.chart.is_some() {
        (FOLDER, format!("{FOLDER}/{CONFIG}"))
    } else {
        (names.get("path"), names.config())
    };
    let text = text
        .replace("canary-frontend", &format!("canary-{app}"))
        .replace("[\"k8s/", &format!("[\"{manifests}/"))
        .replace("MANIFESTS: k8s\n", &format!("MANIFESTS: {manifests}\n"))
        .replace("CONFIG: k8s/overlays/production/config/canary-config-cm.yaml\n", &format!("CONFIG: {config}\n"))
        .replace("ROLLOUT: k8s/", &format!("ROLLOUT: {manifests}/"));
    Some((file, text))
}
