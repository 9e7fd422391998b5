//! The configuration that `nginx/peer.sh` writes in a pod.

use super::image;
use canary_e2e::files;
use canary_e2e::nginx::Nginx;
use canary_e2e::process::find_program;
use std::fs;
use std::process::Command;

/// What `peer.sh` writes for a pod with that resolv.conf, and its output.
fn peer_sh(resolv_conf: &str, peer: &str, writable: bool) -> (String, String) {
    peer_sh_with(resolv_conf, peer, "", writable)
}

fn peer_sh_with(resolv_conf: &str, peer: &str, collector: &str, writable: bool) -> (String, String) {
    let dir = files::temp_dir();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let mut script = files::read(&files::repo("nginx/peer.sh"));
    for (from, to) in [("/etc/resolv.conf", path("resolv.conf")), ("/etc/nginx/peer/", path("peer/"))] {
        assert!(script.contains(from), "{from}");
        script = script.replace(from, &to);
    }
    files::write(&dir.path().join("peer.sh"), script);
    files::write(&dir.path().join("resolv.conf"), resolv_conf);
    if writable {
        files::write(&dir.path().join("peer/peer.conf"), "of an earlier start");
    }
    let mut command = Command::new(find_program("sh"));
    command
        .arg(dir.path().join("peer.sh"))
        .args(["echo", "the server starts"])
        .env("PEER", peer)
        .env("COLLECTOR", collector);
    let output = command.output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the server starts\n");
    let text = fs::read_to_string(dir.path().join("peer/peer.conf")).unwrap_or_default();
    (text, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn peer_script_writes_resolver_and_peer() {
    const POD: &str = "search shop.svc.cluster.local svc.cluster.local cluster.local\n\
        nameserver 10.96.0.10\noptions ndots:5\n";
    const IPV6: &str = "# two\nnameserver fd00:10:96::a\nnameserver fe80::1%eth0\nnameserver 10.96.0.10\n";
    for (resolv_conf, peer, written) in [
        (POD, "frontend-canary", "resolver 10.96.0.10 valid=10s; set $peer frontend-canary.shop.svc.cluster.local:80;"),
        (POD, "canary:8080", "resolver 10.96.0.10 valid=10s; set $peer canary.shop.svc.cluster.local:8080;"),
        (POD, "canary.other.svc.here", "resolver 10.96.0.10 valid=10s; set $peer canary.other.svc.here:80;"),
        (IPV6, "canary", "resolver [fd00:10:96::a] 10.96.0.10 valid=10s; set $peer canary:80;"),
        ("", "192.0.2.1:8080", "set $peer 192.0.2.1:8080;"),
        (POD, "", ""),
    ] {
        assert_eq!(peer_sh(resolv_conf, peer, true), (format!("{written}\n"), String::new()));
        let files = image::build(&["1.4.2"]);
        // nginx checks the configuration before it starts.
        let _nginx = Nginx::start_with(files.root(), |config| {
            config.insert("peer/peer.conf".to_owned(), written.to_owned());
        });
    }
    for peer in ["canary; return 200", "http://canary", "$host", "a b"] {
        let told = format!("peer.sh: PEER is not the name of a Service: {peer}\n");
        assert_eq!(peer_sh(POD, peer, true), ("\n".to_owned(), told));
    }
    let (written, told) = peer_sh(POD, "frontend-canary", false);
    assert!(written.is_empty() && told.starts_with("peer.sh: cannot write /"), "{told}");
    assert_eq!(peer_sh(POD, "", false), (String::new(), String::new()));
}

#[test]
fn peer_script_writes_the_collector() {
    const POD: &str = "search shop.svc.cluster.local cluster.local\nnameserver 10.96.0.10\n";
    let both = |collector| peer_sh_with(POD, "canary", collector, true);
    let peer = "set $peer canary.shop.svc.cluster.local:80;";
    let collector = "set $collector canary-collector.shop.svc.cluster.local:8081;";
    let resolver = "resolver 10.96.0.10 valid=10s;";
    assert_eq!(both("canary-collector:8081"), (format!("{resolver} {peer} {collector}\n"), String::new()));
    let alone = peer_sh_with(POD, "", "canary-collector:8081", true);
    assert_eq!(alone, (format!("{resolver} {collector}\n"), String::new()));
    let told = "peer.sh: COLLECTOR is not the name of a Service: a;b\n".to_owned();
    assert_eq!(both("a;b"), (format!("{resolver} {peer}\n"), told));
}
