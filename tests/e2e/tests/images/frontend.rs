//! A front end as its pod runs it, and as Docker does by default.

use crate::archive::Image;
use crate::built::{OLD_MODULE, frontend, unbrotli};
use crate::container::{Container, Pod, ask, url};
use canary_e2e::atomic::{AtomicWriter, Files};
use canary_e2e::files::{read, repo, temp_dir};
use canary_e2e::process::is_running;
use canary_e2e::wait::{self, DEADLINE};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

/// The settings of the manifest, with the ConfigMap in `config`.
fn pod<'a>(manifest: &'a Value, config: &'a Path) -> Pod<'a> {
    let spec = &manifest["spec"]["template"]["spec"];
    let container = &spec["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
    assert_eq!(container["securityContext"]["capabilities"]["drop"][0], "ALL");
    assert_eq!([&spec["securityContext"]["runAsUser"], &spec["securityContext"]["runAsGroup"]], [65534, 65534]);
    let mut pod = Pod { strict: true, ..Pod::default() };
    pod.command = container["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    for mount in container["volumeMounts"].as_array().unwrap() {
        let path = mount["mountPath"].as_str().unwrap();
        let volumes = spec["volumes"].as_array().unwrap();
        let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]).unwrap();
        if volume["emptyDir"].is_object() {
            pod.empty.push(path);
        } else {
            pod.mounts.push((config, path));
        }
    }
    pod
}

fn manifest() -> Value {
    serde_saphyr::from_str(&read(&repo("k8s/base/frontend/pod.yaml"))).unwrap()
}

#[test]
fn a_pod_serves_its_site() {
    let (volume, manifest) = (temp_dir(), manifest());
    let config = AtomicWriter::new(volume.path().join("config"));
    let set = |json: &str| config.write(&Files::from([("canary.json".to_owned(), json.as_bytes().to_vec())]));
    set(r#"{"CANARY_PERCENTAGE": 5}"#);
    for (version, before) in [("1.4.2", None), ("1.5.0", Some("1.4.2"))] {
        let image = Image::open(&frontend(version));
        let mounted = volume.path().join("config");
        let container = Container::start(&image, &pod(&manifest, &mounted)).ready();
        let get = |path: &str| container.get(path, &[]);

        let page = get("/");
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(page.text().contains(&format!("/assets/{version}/main.js")));
        assert_eq!(get("/some/route").body, page.body);
        assert_eq!(get("/healthz").text(), "ok\n");
        assert_eq!(get("/runtime/canary.js").status, 200);
        let modules = image.list("usr/share/nginx/html/runtime");
        let wasm = modules.iter().find_map(|file| file.strip_suffix(".wasm")).unwrap();
        assert_eq!(get(&format!("/runtime/{wasm}.wasm")).header("content-type"), Some("application/wasm"));
        let missing = get("/assets/1.3.0/main.js");
        assert_eq!((missing.status, missing.header("cache-control")), (404, Some("no-store")));

        let mut files = vec![
            format!("/assets/{version}/main.js"),
            format!("/assets/{version}/bundle.json"),
            format!("/{OLD_MODULE}"),
        ];
        files.extend(before.map(|before| format!("/assets/{before}/main.css")));
        for path in files {
            let plain = get(&path);
            assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{path}");
            assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
            assert!(plain.body == image.read(&format!("usr/share/nginx/html{path}")), "{path}");
            let br = container.get(&path, &[("Accept-Encoding", "gzip, br")]);
            assert_eq!(br.header("content-encoding"), Some("br"), "{path}");
            assert!(unbrotli(&br.body) == plain.body, "{path}");
            let gz = container.get(&path, &[("Accept-Encoding", "gzip")]);
            assert_eq!(gz.header("content-encoding"), Some("gzip"), "{path}");
            let mut text = Vec::new();
            GzDecoder::new(gz.body.as_slice()).read_to_end(&mut text).unwrap();
            assert!(text == plain.body, "{path}");
        }

        // The next request gets an edit of the mounted folder.
        for percentage in [10, 25] {
            let json = format!(r#"{{"CANARY_PERCENTAGE": {percentage}}}"#);
            set(&json);
            assert_eq!(get("/config/canary.json").text(), json);
        }
    }
}

#[test]
fn a_pod_has_no_write_access_and_no_capabilities() {
    let (config, manifest) = (temp_dir(), manifest());
    let image = Image::open(&frontend("1.5.0"));
    let mut pod = pod(&manifest, config.path());
    pod.env = vec!["PEER=frontend-canary.:8080"];
    let container = Container::start(&image, &pod).ready();

    let status = read(format!("/proc/{}/status", container.pid()).as_ref());
    let line =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(|rest| rest.trim().replace('\t', " "));
    assert_eq!(line("Uid:").as_deref(), Some("65534 65534 65534 65534"));
    assert_eq!(line("Gid:").as_deref(), Some("65534 65534 65534 65534"));
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(line(set).as_deref(), Some("0000000000000000"), "{set}");
    }
    assert_eq!(line("NoNewPrivs:").as_deref(), Some("1"));

    let writes = |container: &Container, path: &str| container.sh(&format!("echo it >{path}")).status.success();
    for path in ["/tmp/it", "/etc/nginx/peer/it"] {
        assert!(writes(&container, path), "{path}");
    }
    for path in [
        "/it",
        "/etc/nginx/it",
        "/var/tmp/it",
        "/var/log/it",
        "/usr/share/nginx/html/it",
        "/usr/share/nginx/html/config/it",
    ] {
        assert!(!writes(&container, path), "{path}");
    }
    let told = container.sh("cat /etc/nginx/peer/peer.conf");
    assert!(String::from_utf8_lossy(&told.stdout).contains("set $peer frontend-canary.:8080;"), "{told:?}");

    // Also without the read-only file system, the user cannot change anything that is served or run.
    pod.strict = false;
    let container = Container::start(&image, &pod).ready();
    assert!(writes(&container, "/var/tmp/it"), "the file system is still read-only");
    for path in ["/it", "/etc/nginx/it", "/etc/nginx/nginx.conf", "/usr/share/nginx/html/index.html", "/usr/sbin/nginx"]
    {
        assert!(!writes(&container, path), "{path}");
    }
}

#[test]
fn plain_docker_needs_no_flags() {
    let image = Image::open(&frontend("1.5.0"));
    let container = Container::start(&image, &Pod { env: vec!["PEER=canary.:8080"], ..Pod::default() }).ready();
    assert_eq!(container.get("/", &[]).status, 200);
    assert_eq!(container.get("/config/canary.json", &[]).status, 404);
    let told = container.sh("cat /etc/nginx/peer/peer.conf");
    assert!(String::from_utf8_lossy(&told.stdout).contains("set $peer canary.:8080;"), "{told:?}");
}

/// The first line of the answer to a request that begins before the container gets a signal and ends after it.
#[track_caller]
fn request_over(signal: &str) -> String {
    let image = Image::open(&frontend("1.5.0"));
    let container = Container::start(&image, &Pod::default()).ready();
    let pid = container.pid();
    ask(pid, || {
        let mut stream = TcpStream::connect("127.0.0.1:8080").unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: shop\r\n").unwrap();
        // A later request has been answered, so this one has been read.
        assert_eq!(canary_e2e::http::get(&url("/healthz"), &[]).status, 200);
        assert!(container.sh("kill -0 1").status.success());
        let kill = std::process::Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().unwrap();
        assert!(kill.success());
        // It accepts no more connections.
        wait::until("nobody to listen", DEADLINE, || TcpStream::connect("127.0.0.1:8080").is_err().then_some(()));
        let _ = stream.write_all(b"Connection: close\r\n\r\n");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        wait::until("its end", DEADLINE, || (!is_running(pid)).then_some(()));
        answer.lines().next().unwrap_or_default().to_owned()
    })
}

#[test]
fn the_stop_signal_lets_requests_end() {
    let signal = Image::open(&frontend("1.5.0")).config["StopSignal"].as_str().unwrap().replace("SIG", "");
    assert_eq!(request_over(&signal), "HTTP/1.1 200 OK");
    // The default stop signal of a runtime.
    assert_eq!(request_over("TERM"), "");
}
