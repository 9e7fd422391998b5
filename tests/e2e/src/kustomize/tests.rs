use super::Manifests;
use crate::files::{temp_dir, write};

const CONFIG_MAP: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata:
  name: canary-8h2k
data:
  config.json: |-
    {"percentage": 10}
  notes: "1"
binaryData:
  blob: AAEC
"#;

/// A Deployment with the given mount options and volume source.
fn deployment(mount: &str, volume: &str) -> String {
    format!(
        r"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: nginx
        volumeMounts:
        - {{name: config, mountPath: /html/config{mount}}}
        - {{name: tmp, mountPath: /tmp}}
      volumes:
      - {{name: tmp, emptyDir: {{}}}}
      - {{name: config, {volume}}}
"
    )
}

fn manifests(mount: &str, volume: &str) -> Manifests {
    Manifests::parse(&format!("{CONFIG_MAP}---{}", deployment(mount, volume)))
}

#[test]
fn mounts_every_key() {
    let files = manifests("", "configMap: {name: canary-8h2k}").mounted("web", "/html/config");
    assert_eq!(files.keys().collect::<Vec<_>>(), ["blob", "config.json", "notes"]);
    assert_eq!(files["config.json"], br#"{"percentage": 10}"#);
    assert_eq!(files["blob"], [0, 1, 2]);
}

#[test]
fn mounts_the_items_under_their_paths() {
    let volume = "configMap: {name: canary-8h2k, items: [{key: config.json, path: v1/canary.json}]}";
    let files = manifests("/", volume).mounted("web", "/html/config");
    assert_eq!(files.keys().collect::<Vec<_>>(), ["v1/canary.json"]);
}

#[test]
#[should_panic(expected = "has a subPath: it would never be updated")]
fn rejects_a_sub_path() {
    let _ = manifests(", subPath: canary.json", "configMap: {name: canary-8h2k}").mounted("web", "/html/config");
}

#[test]
#[should_panic(expected = r#"items name the key "gone", which is not there"#)]
fn rejects_a_missing_key() {
    let volume = "configMap: {name: canary-8h2k, items: [{key: gone, path: x}]}";
    let _ = manifests("", volume).mounted("web", "/html/config");
}

#[test]
#[should_panic(expected = r#"the volume "config" is no ConfigMap"#)]
fn rejects_other_volumes() {
    let _ = manifests("", "emptyDir: {}").mounted("web", "/html/config");
}

#[test]
#[should_panic(expected = r#"manifests with the ConfigMap "canary""#)]
fn rejects_a_name_without_its_hash() {
    let _ = manifests("", "configMap: {name: canary}").mounted("web", "/html/config");
}

#[test]
fn follows_the_hash_that_kustomize_adds() {
    let dir = temp_dir();
    write(&dir.path().join("canary.json"), "{}\n");
    write(&dir.path().join("deployment.yaml"), deployment("", "configMap: {name: canary}"));
    let kustomization = "resources: [deployment.yaml]\nconfigMapGenerator:\n- {name: canary, files: [canary.json]}\n";
    write(&dir.path().join("kustomization.yaml"), kustomization);
    let built = Manifests::build(dir.path());
    assert_eq!(built.documents().len(), 2);
    assert_eq!(built.mounted("web", "/html/config")["canary.json"], b"{}\n");
}

#[test]
#[should_panic(expected = "kustomize cannot build")]
fn shows_the_error_of_kustomize() {
    let _ = Manifests::build(temp_dir().path());
}
