//! The contents of an image, and the files that the next release carries over.

use crate::archive::Image;
use crate::built::{self, OLD_MODULE, frontend, images};
use canary_e2e::files::{repo, temp_dir};
use serde_json::Value;
use std::collections::BTreeSet;

const HTML: &str = "usr/share/nginx/html";

/// The folders below `/assets/`.
fn versions(image: &Image) -> Vec<String> {
    let files = image.list(&format!("{HTML}/assets"));
    let versions: BTreeSet<_> = files.iter().filter_map(|file| file.split('/').next()).map(str::to_owned).collect();
    versions.into_iter().collect()
}

#[test]
fn an_image_has_its_version_and_the_previous_one() {
    let [first, second, third] = ["1.4.2", "1.5.0", "1.6.0"].map(|version| Image::open(&frontend(version)));
    assert_eq!(versions(&first), ["1.4.2"]);
    assert_eq!(versions(&second), ["1.4.2", "1.5.0"]);
    assert_eq!(versions(&third), ["1.5.0", "1.6.0"]);

    // Byte for byte, with the compressed copies.
    for (before, after, version) in [(&first, &second, "1.4.2"), (&second, &third, "1.5.0")] {
        let folder = format!("{HTML}/assets/{version}");
        let files = before.list(&folder);
        for name in ["bundle.json", "main.css", "main.css.br", "main.css.gz", "main.js", "main.js.br", "main.js.gz"] {
            assert!(files.iter().any(|file| file == name), "{name} of {version}: {files:?}");
        }
        assert_eq!(after.list(&folder), files);
        for file in files {
            let path = format!("{folder}/{file}");
            assert!(before.read(&path) == after.read(&path), "{path}");
        }
    }

    // The hashed files of the runtime come from the release before alone; canary.js is the release's own.
    let old = format!("{HTML}/{OLD_MODULE}");
    assert_eq!(second.read(&old), first.read(&old));
    assert!(!third.root().join(&old).exists());
    for image in [&first, &second, &third] {
        assert!(image.read(&format!("{HTML}/runtime/canary.js")) == std::fs::read(repo("pkg/canary.js")).unwrap());
    }
}

#[test]
fn image_metadata() {
    for version in ["1.4.2", "1.5.0"] {
        let image = Image::open(&frontend(version));
        assert_eq!(image.name, format!("registry.example.com/shop/frontend:{version}"));
        // `runAsNonRoot` without `runAsUser` needs a numeric user.
        assert_eq!(image.config["User"], "65534:65534");
        assert_eq!(image.config["StopSignal"], "SIGQUIT");
        assert!(image.config["ExposedPorts"]["8080/tcp"].is_object());
        let label = |name: &str| image.config["Labels"][format!("org.opencontainers.image.{name}")].clone();
        assert_eq!(label("version"), version);
        assert_eq!(label("revision").as_str().map(str::len), Some(40));

        // The page loads the bundle of that version, which bundle.json describes for the config.
        let page = String::from_utf8(image.read(&format!("{HTML}/index.html"))).unwrap();
        let bundle: Value =
            serde_json::from_slice(&image.read(&format!("{HTML}/assets/{version}/bundle.json"))).unwrap();
        let stable = page.split("data-canary-stable>").nth(1).and_then(|rest| rest.split("</script>").next());
        let stable: Value = serde_json::from_str(stable.unwrap_or_else(|| panic!("{page}"))).unwrap();
        assert_eq!(stable["version"], version);
        for kind in ["scripts", "styles"] {
            let address = if kind == "scripts" { "src" } else { "href" };
            let parts = |bundle: &Value| [address, "integrity"].map(|key| bundle[kind][0][key].clone());
            assert_eq!(parts(&stable), parts(&bundle));
            assert!(parts(&stable).iter().all(Value::is_string), "{stable}");
        }
        assert_eq!(bundle["version"], version);
        if version == "1.5.0" {
            let config = canary_e2e::files::read(&repo("k8s/base/canary-config-cm.yaml"));
            for part in [&bundle["scripts"][0], &bundle["styles"][0]] {
                assert!(config.contains(part["integrity"].as_str().unwrap()), "{part}");
            }
        }

        // An SBOM is made from the list of dpkg.
        let status = String::from_utf8(image.read("var/lib/dpkg/status")).unwrap();
        for package in ["nginx", "libnginx-mod-http-brotli-static", "libc6"] {
            assert!(status.contains(&format!("Package: {package}\n")), "{package}");
        }
        // Nothing of the build or of the machine is left.
        assert!(!image.root().join("previous").exists() && !image.root().join("files").exists());
        for mounted in ["etc/resolv.conf", "etc/hostname", "etc/hosts"] {
            assert!(std::fs::read(image.root().join(mounted)).is_ok_and(|it| it.is_empty()), "/{mounted}");
        }
        for empty in ["var/lib/apt/lists", "var/log", "var/cache/apt", "root"] {
            let files = image
                .list(empty)
                .into_iter()
                .filter(|file| !file.starts_with(".bashrc") && !file.starts_with(".profile"));
            assert_eq!(files.collect::<Vec<_>>(), [""; 0], "/{empty}");
        }
    }
}

#[test]
fn images_share_layers() {
    // 1.4.2 was built in a storage of its own, so 1.5.0 has built its layers again.
    let [first, second, third] = ["1.4.2", "1.5.0", "1.6.0"].map(|version| Image::open(&frontend(version)).layers);
    assert_eq!(first.len(), 5, "base, nginx, its config, the runtime's preload, the files: {first:?}");
    assert_eq!(first[..4], second[..4]);
    assert_eq!(second[..4], third[..4]);
    assert_ne!(first[4], second[4]);
}

#[test]
#[ignore = "scripts/test-long images"]
fn builds_are_reproducible() {
    let again = temp_dir();
    built::build(again.path());
    for version in ["1.4.2", "1.5.0", "1.6.0"] {
        let again = Image::open(&again.path().join(format!("frontend-{version}.tar")));
        assert_eq!(Image::open(&frontend(version)).layers, again.layers, "{version}");
    }
}

#[test]
#[ignore = "scripts/test-long images"]
fn invalid_builds_fail() {
    let (to, empty) = (temp_dir(), temp_dir());
    let base = std::process::Command::new(repo("scripts/need")).arg("--base").output().unwrap().stdout;
    let base = String::from_utf8(base).unwrap().trim().to_owned();
    for (what, name, value) in [
        ("a previous image that is none of these", "PREVIOUS", format!("docker-archive:{base}")),
        ("no runtime", "RUNTIME", empty.path().display().to_string()),
        // This canaryctl writes another version than the requested one.
        (
            "a bundle of another version",
            "CANARYCTL",
            repo("tests/e2e/tests/images/another-version").display().to_string(),
        ),
    ] {
        let output = images(to.path(), &["frontend:1.5.0"], &[(name, value)]);
        assert!(!output.status.success(), "{what}");
        assert!(!to.path().join("frontend-1.5.0.tar").exists(), "{what}");
    }
}
