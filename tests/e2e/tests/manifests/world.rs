//! The objects of a folder of `k8s/clusters`: those of Flux itself, and those that each Kustomization syncs.

use crate::value::{called, list, text};
use canary_e2e::files::{copy_tree, read, repo, temp_dir, write};
use canary_e2e::process::find_program;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The namespace of Flux objects.
pub(crate) const FLUX: &str = "flux-system";

/// A copy of `k8s/` that may be edited.
pub(crate) struct Tree(TempDir);

impl Tree {
    pub(crate) fn new() -> Self {
        let dir = temp_dir();
        copy_tree(&repo("k8s"), &dir.path().join("k8s"));
        Self(dir)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Replaces text that is there exactly once. With an empty `from` it appends, and creates the file.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.root().join(file);
        if from.is_empty() {
            let old = fs::read_to_string(&path).unwrap_or_default();
            return write(&path, old + to);
        }
        let old = read(&path);
        assert_eq!(old.matches(from).count(), 1, "{from:?} in {file}");
        write(&path, old.replace(from, to));
    }
}

/// One Kustomization of Flux, and the objects that it syncs.
pub(crate) struct Synced {
    pub(crate) by: Value,
    pub(crate) objects: Vec<Value>,
}

/// All of one cluster.
pub(crate) struct World {
    /// The objects of `k8s/clusters/NAME`.
    pub(crate) flux: Vec<Value>,
    pub(crate) synced: Vec<Synced>,
    /// The YAML files of the working copy, by path.
    pub(crate) sources: BTreeMap<String, String>,
    /// The errors of builds.
    pub(crate) faults: Vec<String>,
}

impl World {
    /// Builds everything that Flux builds in a cluster.
    pub(crate) fn build(root: &Path, cluster: &str) -> Self {
        Self::build_at(root, "k8s", cluster)
    }

    /// Builds a cluster of manifests in another folder.
    pub(crate) fn build_at(root: &Path, folder: &str, cluster: &str) -> Self {
        let mut world = Self { flux: Vec::new(), synced: Vec::new(), sources: sources(root), faults: Vec::new() };
        let own = format!("./{folder}/clusters/{cluster}");
        world.flux = build(root, &own).unwrap_or_else(|fault| {
            world.faults.push(fault);
            Vec::new()
        });
        for by in world.flux.clone() {
            if text(&by["apiVersion"]).starts_with("kustomize.toolkit.fluxcd.io/") && by["spec"]["path"] != own {
                let objects = world.sync(root, &by);
                world.synced.push(Synced { by, objects });
            }
        }
        world
    }

    fn sync(&mut self, root: &Path, by: &Value) -> Vec<Value> {
        let mut objects = build_synced(root, &by["spec"]).unwrap_or_else(|fault| {
            self.faults.push(format!("{}: {fault}", called(by)));
            Vec::new()
        });
        let post_build = &by["spec"]["postBuild"];
        let mut variables = Map::new();
        for from in list(&post_build["substituteFrom"]) {
            let found = self.flux.iter().find(|o| o["kind"] == from["kind"] && o["metadata"]["name"] == from["name"]);
            variables.extend(found.and_then(|o| o["data"].as_object().cloned()).unwrap_or_default());
        }
        variables.extend(post_build["substitute"].as_object().cloned().unwrap_or_default());
        for object in &mut objects {
            let name = called(object);
            if post_build.is_object()
                && object["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] != "disabled"
            {
                substitute(object, &variables);
                if object.to_string().contains("${") {
                    self.faults.push(format!("{name}: a ${{...}} that no setting replaces"));
                }
            } else if object["kind"] != "ConfigMap" && object.to_string().contains("${") {
                self.faults.push(format!("{name}: a ${{...}} that nobody replaces"));
            }
        }
        objects
    }

    /// All objects of the cluster.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &Value> {
        self.flux.iter().chain(self.workloads())
    }

    /// The synced objects, without those of Flux.
    pub(crate) fn workloads(&self) -> impl Iterator<Item = &Value> {
        self.synced.iter().flat_map(|synced| &synced.objects)
    }

    /// The synced objects of a kind.
    pub(crate) fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.workloads().filter(move |object| object["kind"] == kind)
    }

    /// The Flux objects of a kind. `Kustomization` is that of Flux.
    pub(crate) fn flux<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.flux.iter().filter(move |object| object["kind"] == kind)
    }

    /// Whether there is an object of that kind, name and namespace.
    pub(crate) fn has(&self, kind: &Value, name: &Value, namespace: &str) -> bool {
        self.objects().any(|object| {
            object["kind"] == *kind
                && object["metadata"]["name"] == *name
                && object["metadata"]["namespace"] == namespace
        })
    }
}

/// The output of kustomize for a folder, or its error.
pub(crate) fn build(root: &Path, folder: &str) -> Result<Vec<Value>, String> {
    if !root.join(folder).is_dir() {
        return Err(format!("no folder {folder}"));
    }
    let output = Command::new(find_program("kustomize")).arg("build").arg(root.join(folder)).output().unwrap();
    if !output.status.success() {
        return Err(format!("{folder}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_saphyr::from_multiple(&String::from_utf8_lossy(&output.stdout)).map_err(|e| format!("{folder}: {e}"))
}

/// The output of kustomize for a Kustomization of Flux, which adds namespace, images and patches to that of the folder.
fn build_synced(root: &Path, spec: &Value) -> Result<Vec<Value>, String> {
    let folder = text(&spec["path"]);
    if !root.join(folder).is_dir() {
        return Err(format!("no folder {folder}"));
    }
    let mut kustomization = Map::new();
    for (key, of) in [("namespace", "targetNamespace"), ("images", "images"), ("patches", "patches")] {
        kustomization.extend((!spec[of].is_null()).then(|| (key.to_owned(), spec[of].clone())));
    }
    let dir = temp_dir();
    let above = "../".repeat(dir.path().components().count());
    let root = fs::canonicalize(root).unwrap();
    kustomization.insert("resources".to_owned(), vec![format!("{above}{}/{folder}", root.display())].into());
    write(&dir.path().join("kustomization.yaml"), Value::from(kustomization).to_string());
    build(dir.path(), "")
}

/// Flux's post-build substitution of `${name}`.
fn substitute(value: &mut Value, variables: &Map<String, Value>) {
    match value {
        Value::String(text) => {
            for (name, told) in variables {
                *text = text.replace(&format!("${{{name}}}"), told.as_str().unwrap_or_default());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| substitute(item, variables)),
        Value::Object(fields) => fields.values_mut().for_each(|field| substitute(field, variables)),
        _ => {}
    }
}

fn sources(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.join("k8s")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.insert(path.strip_prefix(root).unwrap().display().to_string(), read(&path));
            }
        }
    }
    found
}
