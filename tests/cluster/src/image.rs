//! Pushes the images that the manifests name to the node's registry.

use crate::shell;
use canary_e2e::files::repo;

/// The registry's address for the tests; the node calls it `registry.example.com`.
const REGISTRY: &str = "127.0.0.1:443";

/// Pushes the archives that `scripts/images` has built, `NAME-VERSION.tar` in `folder`.
#[track_caller]
pub fn push_all(folder: &str) {
    for image in ["frontend:1.4.2", "frontend:1.5.0", "canaryctl:0.1.0"] {
        push(folder, image);
    }
}

/// Pushes one of these archives.
#[track_caller]
pub fn push(folder: &str, image: &str) {
    copy(&format!("docker-archive:{folder}/{}.tar", image.replace(':', "-")), image);
}

/// Adds a tag to an image in the registry.
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
