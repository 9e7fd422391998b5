//! The image of canaryctl, compiled in a container.

use crate::archive::Image;
use crate::built::must;
use crate::container::{Pod, check_tools, output};
use canary_e2e::files::{repo, temp_dir};
use std::time::Instant;

#[test]
#[ignore = "scripts/test-long images"]
fn canaryctl_runs_without_privileges() {
    check_tools();
    let to = temp_dir();
    let start = Instant::now();
    must(to.path(), &["canaryctl:0.1.0"], &[]);
    println!("canaryctl's image: {:.0?}", start.elapsed());
    let image = Image::open(&to.path().join("canaryctl-0.1.0.tar"));
    assert_eq!(image.name, "registry.example.com/shop/canaryctl:0.1.0");
    assert_eq!((image.config["User"].as_str(), image.command()), (Some("65534:65534"), vec!["canaryctl".to_owned()]));
    assert_eq!(image.config["Labels"]["org.opencontainers.image.version"], "0.1.0");
    // The binary without sources and compiler.
    assert!(!image.root().join("src").exists() && !image.root().join("usr/local/cargo").exists());

    let k8s = repo("k8s/base").canonicalize().unwrap();
    let run = |args: &[&str]| {
        let command = [&["canaryctl"], args].concat();
        let output = output(&image, &Pod { command, strict: true, mounts: vec![(&k8s, "/k8s")], ..Pod::default() });
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), text)
    };
    assert_eq!(run(&["bucket", "--help"]).0, Some(0));
    let (status, text) = run(&["validate", "/k8s/canary-config-cm.yaml"]);
    assert_eq!(status, Some(0), "{text}");
    let (status, text) = run(&["set", "10", "--config", "/k8s/canary-config-cm.yaml"]);
    assert_eq!(status, Some(2), "{text}");
    let (status, text) = run(&["validate", "/nowhere.yaml"]);
    assert_eq!(status, Some(2), "{text}");
}
