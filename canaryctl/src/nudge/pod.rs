//! Pods, and whether they mount the ConfigMap and have its current revision.

use kube::core::Object;
use serde::Deserialize;

use crate::nudge::revision::Revision;

/// The annotation that the controller sets. It changes nothing else of a pod.
pub(crate) const ANNOTATION: &str = "canary/config-revision";

/// A pod with only the fields that are needed here, because thousands of them are read.
pub(crate) type Pod = Object<Spec, Status>;

/// The part of a pod's spec about its node and its volumes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    node_name: String,
    volumes: Vec<Volume>,
    containers: Vec<Container>,
    init_containers: Vec<Container>,
}

/// The part of a pod's status about its phase.
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
    /// The API server writes null if there are none.
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
    /// Whether files of the volume come from the ConfigMap.
    fn reads(&self, configmap: &str) -> bool {
        let projected = self.projected.iter().flat_map(|projected| projected.sources.iter().flatten());
        let sources = projected.filter_map(|source| source.config_map.as_ref()).chain(&self.config_map);
        sources.into_iter().any(|source| source.name == configmap)
    }
}

impl Spec {
    /// Whether a container mounts the ConfigMap. A `subPath` mount is never updated, so it does not count.
    fn mounts(&self, configmap: &str) -> bool {
        let mut mounts =
            self.containers.iter().chain(&self.init_containers).flat_map(|container| &container.volume_mounts);
        mounts.any(|mount| {
            let is_whole = mount.sub_path.is_empty() && mount.sub_path_expr.is_empty();
            is_whole && self.volumes.iter().any(|volume| volume.name == mount.name && volume.reads(configmap))
        })
    }
}

/// Whether a kubelet keeps files of the ConfigMap up to date in the pod. A pod without a node does not count: it starts
/// with the files of that moment.
pub(crate) fn mounts(pod: &Pod, configmap: &str) -> bool {
    let phase = pod.status.as_ref().map(|status| status.phase.as_str());
    pod.metadata.deletion_timestamp.is_none()
        && !pod.spec.node_name.is_empty()
        && !matches!(phase, Some("Succeeded" | "Failed"))
        && pod.spec.mounts(configmap)
}

/// Whether the annotation of the pod has the desired revision.
pub(crate) fn is_current(pod: &Pod, desired: &Revision, exact: bool) -> bool {
    let value = pod.metadata.annotations.as_ref().and_then(|all| all.get(ANNOTATION));
    value.is_some_and(|value| desired.matches(value, exact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A running pod with one value replaced.
    fn pod(pointer: &str, value: &Value) -> Pod {
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
        if let Some(found) = pod.pointer_mut(pointer) {
            *found = value.clone();
        } else {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            pod.pointer_mut(parent).unwrap()[name] = value.clone();
        }
        serde_json::from_value(pod).unwrap()
    }

    #[test]
    fn pods_that_mount_the_configmap_are_found() {
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
        for (pointer, value, expected) in cases {
            assert_eq!(mounts(&pod(pointer, &value), "canary-settings"), expected, "{pointer} {value}");
        }
    }

    #[test]
    fn the_annotation_decides_whether_a_pod_is_current() {
        let map = json!({"metadata": {"resourceVersion": "7"}, "data": {"a": "b"}});
        let desired = Revision::of(&serde_json::from_value(map).unwrap());
        for (value, expected) in [(desired.to_string(), true), ("other.7".to_owned(), false)] {
            let pod = pod("/metadata/annotations", &json!({ANNOTATION: value}));
            assert_eq!(is_current(&pod, &desired, true), expected);
        }
        let pod = pod("/metadata/annotations", &json!({"other": desired.to_string()}));
        assert!(!is_current(&pod, &desired, false));
    }
}
