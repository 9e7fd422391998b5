//! The output of `kustomize build`, and the files that kubelet mounts.

use crate::atomic::Files;
use crate::process::find_program;
use base64::Engine as _;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The output of `kustomize build`.
#[derive(Debug, Clone)]
pub struct Manifests(Vec<Value>);

impl Manifests {
    /// Builds the kustomization in `dir`.
    ///
    /// # Panics
    ///
    /// When kustomize is not installed or fails, with its message.
    #[track_caller]
    #[must_use]
    pub fn build(dir: &Path) -> Self {
        let output = Command::new(find_program("kustomize")).arg("build").arg(dir).output();
        let output = output.unwrap_or_else(|e| panic!("cannot run kustomize: {e}"));
        let report = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kustomize cannot build {}: {report}", dir.display());
        Self::parse(&String::from_utf8_lossy(&output.stdout))
    }

    /// Reads a stream of YAML documents.
    ///
    /// # Panics
    ///
    /// When it is not YAML.
    #[track_caller]
    #[must_use]
    pub fn parse(yaml: &str) -> Self {
        Self(serde_saphyr::from_multiple(yaml).unwrap_or_else(|e| panic!("cannot read the manifests: {e}")))
    }

    /// All documents in their order.
    #[must_use]
    pub fn documents(&self) -> &[Value] {
        &self.0
    }

    /// These manifests and others, as in one cluster.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The object of that kind and name.
    ///
    /// # Panics
    ///
    /// When there is not exactly one.
    #[track_caller]
    #[must_use]
    pub fn find(&self, kind: &str, name: &str) -> &Value {
        let is_it = |doc: &&Value| doc["kind"] == kind && doc["metadata"]["name"] == name;
        let found: Vec<_> = self.0.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "manifests with the {kind} {name:?}");
        found[0]
    }

    /// The files that a pod of the Deployment `deployment` sees below `mount_path`:
    /// the keys of the `ConfigMap` mounted there, renamed by the volume's `items`.
    ///
    /// # Panics
    ///
    /// When no container, or more than one, mounts something there; when it is no
    /// `ConfigMap`; when `items` names a key that is not there, which keeps a pod from
    /// starting; and for a `subPath`, since such a mount never sees a change.
    #[track_caller]
    #[must_use]
    pub fn mounted(&self, deployment: &str, mount_path: &str) -> Files {
        let pod = &self.find("Deployment", deployment)["spec"]["template"]["spec"];
        let at_path =
            |mount: &&Value| text(&mount["mountPath"]).trim_end_matches('/') == mount_path.trim_end_matches('/');
        let mounts: Vec<_> =
            list(&pod["containers"]).iter().flat_map(|c| list(&c["volumeMounts"])).filter(at_path).collect();
        assert_eq!(mounts.len(), 1, "mounts at {mount_path:?} in the Deployment {deployment:?}");
        for key in ["subPath", "subPathExpr"] {
            assert!(mounts[0][key].is_null(), "the mount at {mount_path:?} has a {key}: it would never be updated");
        }
        let name = &mounts[0]["name"];
        let volume = list(&pod["volumes"]).iter().find(|volume| volume["name"] == *name);
        let source = &volume.unwrap_or_else(|| panic!("there is no volume {name}"))["configMap"];
        assert!(source.is_object(), "the volume {name} is no ConfigMap");
        project(self.find("ConfigMap", text(&source["name"])), &source["items"])
    }
}

/// The contents of a `ConfigMap` by key.
///
/// # Panics
///
/// When a value has not the form that the API requires.
#[track_caller]
#[must_use]
pub fn contents(config_map: &Value) -> Files {
    let entries = |field: &str| config_map[field].as_object().into_iter().flatten().map(|(k, v)| (k.clone(), text(v)));
    let base64 = base64::engine::general_purpose::STANDARD;
    let decode = |text: &str| base64.decode(text).unwrap_or_else(|e| panic!("binaryData is no base64: {e}"));
    let plain = entries("data").map(|(key, text)| (key, text.as_bytes().to_vec()));
    plain.chain(entries("binaryData").map(|(key, text)| (key, decode(text)))).collect()
}

#[track_caller]
fn project(config_map: &Value, items: &Value) -> Files {
    let contents = contents(config_map);
    if list(items).is_empty() {
        return contents;
    }
    let file = |item: &Value| {
        let key = text(&item["key"]);
        let bytes = contents.get(key).unwrap_or_else(|| panic!("items name the key {key:?}, which is not there"));
        (text(&item["path"]).to_owned(), bytes.clone())
    };
    list(items).iter().map(file).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no string"))
}

#[cfg(test)]
mod tests;
