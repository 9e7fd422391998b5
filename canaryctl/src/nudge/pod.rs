//! Which pods are told.

use kube::core::Object;
use serde::Deserialize;

use crate::nudge::revision::Revision;

/// The one thing that is ever changed of a pod.
pub(crate) const ANNOTATION: &str = "canary/config-revision";

/// A pod, as far as it matters here: thousands of them are read.
pub(crate) type Pod = Object<Spec, Status>;

/// What a pod is made of.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    node_name: String,
    volumes: Vec<Volume>,
    containers: Vec<Container>,
    init_containers: Vec<Container>,
}

/// How far it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    phase: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Volume {
    name: String,
    config_map: Option<Source>,
    projected: Option<Projected>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Projected {
    /// The API server writes null where there are none.
    sources: Option<Vec<Projection>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Projection {
    config_map: Option<Source>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    volume_mounts: Vec<Mount>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Mount {
    name: String,
    sub_path: String,
    sub_path_expr: String,
}

impl Volume {
    fn has(&self, configmap: &str) -> bool {
        let projected = self.projected.iter().flat_map(|projected| projected.sources.iter().flatten());
        let sources = projected.filter_map(|source| source.config_map.as_ref()).chain(&self.config_map);
        sources.into_iter().any(|source| source.name == configmap)
    }
}

impl Spec {
    /// Whether files of a container follow the ConfigMap. Those that are mounted by subPath never do.
    fn follows(&self, configmap: &str) -> bool {
        let mut mounts = self.containers.iter().chain(&self.init_containers).flat_map(|one| &one.volume_mounts);
        mounts.any(|mount| {
            let whole = mount.sub_path.is_empty() && mount.sub_path_expr.is_empty();
            whole && self.volumes.iter().any(|volume| volume.name == mount.name && volume.has(configmap))
        })
    }
}

/// Whether a kubelet has the pod, and keeps files in it that follow the ConfigMap. One that has no node yet starts with
/// what is there then.
pub(crate) fn follows(pod: &Pod, configmap: &str) -> bool {
    let phase = pod.status.as_ref().map(|status| status.phase.as_str());
    pod.metadata.deletion_timestamp.is_none()
        && !pod.spec.node_name.is_empty()
        && !matches!(phase, Some("Succeeded" | "Failed"))
        && pod.spec.follows(configmap)
}

/// Whether the pod was told already.
pub(crate) fn is_told(pod: &Pod, wanted: &Revision, exact: bool) -> bool {
    let value = pod.metadata.annotations.as_ref().and_then(|all| all.get(ANNOTATION));
    value.is_some_and(|value| wanted.is_told(value, exact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A running pod, with some of it replaced.
    fn pod(place: &str, value: &Value) -> Pod {
        let mut pod = json!({
            "metadata": {"name": "a"},
            "spec": {
                "nodeName": "node",
                "volumes": [
                    {"name": "tmp", "emptyDir": {}},
                    {"name": "config", "configMap": {"name": "canary-settings", "items": [{"key": "a", "path": "b"}]}},
                ],
                "containers": [
                    {"name": "a", "volumeMounts": [
                        {"name": "tmp", "mountPath": "/tmp"},
                        {"name": "config", "mountPath": "/config", "readOnly": true},
                    ]},
                    {"name": "b"},
                ],
            },
            "status": {"phase": "Running", "podIP": "10.0.0.1"},
        });
        if let Some(found) = pod.pointer_mut(place) {
            *found = value.clone();
        } else {
            let (parent, name) = place.rsplit_once('/').unwrap();
            pod.pointer_mut(parent).unwrap()[name] = value.clone();
        }
        serde_json::from_value(pod).unwrap()
    }

    #[test]
    fn pods_with_the_config_are_told() {
        let mount = json!([{"name": "config", "mountPath": "/config"}]);
        let projected = json!({"name": "config", "projected": {"sources": [
            {"secret": {"name": "canary-settings"}}, {"configMap": {"name": "canary-settings"}},
        ]}});
        let nothing = json!({"name": "config", "projected": {"sources": null}});
        let by_secret = json!({"name": "config", "projected": {"sources": [{"secret": {"name": "canary-settings"}}]}});
        let cases = [
            ("/metadata/labels", json!({"any": "label"}), true),
            ("/status/phase", json!("Pending"), true),
            ("/spec/volumes/1", projected, true),
            ("/spec/initContainers", json!([{"name": "sidecar", "volumeMounts": mount}]), true),
            ("/status/phase", json!("Succeeded"), false),
            ("/status/phase", json!("Failed"), false),
            ("/metadata/deletionTimestamp", json!("2026-01-01T00:00:00Z"), false),
            ("/spec/nodeName", json!(""), false),
            ("/spec/volumes/1/configMap/name", json!("other"), false),
            ("/spec/volumes/1", by_secret, false),
            ("/spec/volumes/1", nothing, false),
            ("/spec/volumes/1", json!({"name": "config", "secret": {"secretName": "canary-settings"}}), false),
            ("/spec/containers/0/volumeMounts/1/subPath", json!("canary.json"), false),
            ("/spec/containers/0/volumeMounts/1/subPathExpr", json!("$(A)"), false),
            ("/spec/containers/0/volumeMounts", json!([]), false),
        ];
        for (place, value, expected) in cases {
            assert_eq!(follows(&pod(place, &value), "canary-settings"), expected, "{place} {value}");
        }
    }

    #[test]
    fn an_annotation_says_what_a_pod_was_told() {
        let map = json!({"metadata": {"resourceVersion": "7"}, "data": {"a": "b"}});
        let wanted = Revision::of(&serde_json::from_value(map).unwrap());
        for (value, expected) in [(wanted.to_string(), true), ("other.7".to_owned(), false)] {
            assert_eq!(is_told(&pod("/metadata/annotations", &json!({ANNOTATION: value})), &wanted, true), expected);
        }
        assert!(!is_told(&pod("/metadata/annotations", &json!({"other": wanted.to_string()})), &wanted, false));
    }
}
