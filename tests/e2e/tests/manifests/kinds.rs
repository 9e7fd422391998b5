//! The schemas of kinds, in `tests/schemas`.

use crate::schema::{self, Schemas};
use canary_e2e::files::repo;
use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::Read as _;
use std::sync::LazyLock;

/// The supported versions of Kubernetes.
pub(crate) const KUBERNETES: [&str; 3] = ["1.32", "1.33", "1.34"];

static BUILT_IN: LazyLock<Vec<Map<String, Value>>> =
    LazyLock::new(|| KUBERNETES.iter().map(|version| load(&format!("kubernetes-{version}"))).collect());
static CUSTOM: LazyLock<Map<String, Value>> = LazyLock::new(|| load("crds"));

fn load(name: &str) -> Map<String, Value> {
    let path = repo(&format!("tests/schemas/{name}.json.gz"));
    let mut text = String::new();
    GzDecoder::new(File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The findings for an object by the schemas of all versions.
pub(crate) fn check(object: &Value) -> Vec<String> {
    let (api, kind) = (object["apiVersion"].as_str().unwrap_or_default(), object["kind"].as_str().unwrap_or_default());
    let mut faults = if let Some(schema) = CUSTOM.get(&format!("{api}/{kind}")) {
        custom(schema, object)
    } else {
        KUBERNETES.iter().zip(BUILT_IN.iter()).flat_map(|(version, kinds)| built_in(version, kinds, object)).collect()
    };
    faults.dedup();
    faults
}

fn custom(schema: &Value, object: &Value) -> Vec<String> {
    // A CRD says only `metadata: object`, so this takes the fields of every object.
    let mut bare = object.clone();
    let metadata = bare["metadata"].take();
    bare["metadata"] = Value::Object(Map::new());
    let meta = Schemas::Definitions(&BUILT_IN[0]);
    let mut faults =
        schema::check(meta, &BUILT_IN[0]["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"], &metadata, "metadata");
    faults.extend(schema::check(Schemas::Structural, schema, &bare, ""));
    faults
}

fn built_in(version: &str, kinds: &Map<String, Value>, object: &Value) -> Vec<String> {
    let is_it = |kind: &Value| {
        let (group, version) =
            (kind["group"].as_str().unwrap_or_default(), kind["version"].as_str().unwrap_or_default());
        let api = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        object["apiVersion"] == api && kind["kind"] == object["kind"]
    };
    let named =
        |schema: &&Value| schema["x-kubernetes-group-version-kind"].as_array().is_some_and(|all| all.iter().any(is_it));
    match kinds.values().find(named) {
        Some(schema) => schema::check(Schemas::Definitions(kinds), schema, object, ""),
        None => vec![format!("no such kind in Kubernetes {version}, nor in a CRD of tests/schemas")],
    }
}
