//! The images that the manifests name, in the node's registry.

use crate::shell;
use canary_e2e::files::repo;

/// Where the node's registry listens; to the node it is `registry.example.com`.
const REGISTRY: &str = "127.0.0.1:443";

/// Copies the archives that `scripts/images` makes, and whose names are `NAME-VERSION.tar`, to the registry.
#[track_caller]
pub fn push_all(folder: &str) {
    for image in ["frontend:1.4.2", "frontend:1.5.0", "canaryctl:0.1.0"] {
        copy(&format!("docker-archive:{folder}/{}.tar", image.replace(':', "-")), image);
    }
}

/// Gives an image of the registry one more tag.
#[track_caller]
pub fn tag(from: &str, to: &str) {
    copy(&format!("docker://{REGISTRY}/shop/{from}"), to);
}

#[track_caller]
fn copy(from: &str, to: &str) {
    let script = format!(
        "skopeo copy --quiet --insecure-policy --src-tls-verify=false --dest-tls-verify=false {from} docker://{REGISTRY}/shop/{to}"
    );
    shell::run(&repo(""), &script, &[]);
}
