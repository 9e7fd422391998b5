//! Remotes over HTTP, signed commits, and answers of webhooks and Prometheus that say nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::shop::Shop;
use crate::support::text;

/// Serves the repositories of a folder by git's own HTTP backend, and returns its address. With a value of `Authorization`, it
/// answers nobody else.
pub(crate) fn http(folder: &Path, authorization: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = folder.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            thread::spawn(move || backend(stream, &folder, authorization));
        }
    });
    url
}

fn backend(stream: TcpStream, folder: &Path, authorization: Option<&str>) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let found = lines.iter().filter_map(|line| line.split_once(": "));
        found.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    };
    let mut first = lines[0].split(' ');
    let (method, address) = (first.next().unwrap(), first.next().unwrap());
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut body = Vec::new();
    if header("transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).unwrap();
            if size == 0 {
                break;
            }
            body.extend(&chunk[..size]);
        }
    } else {
        body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
    }
    if authorization.is_some() && header("authorization").as_deref() != authorization {
        let head =
            "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let _ = reader.into_inner().write_all(head.as_bytes());
        return;
    }
    let mut command = Command::new("git");
    command.arg("http-backend").env("GIT_PROJECT_ROOT", folder).env("GIT_HTTP_EXPORT_ALL", "1");
    command.env("PATH_INFO", path).env("QUERY_STRING", query).env("REQUEST_METHOD", method);
    command.env("CONTENT_TYPE", header("content-type").unwrap_or_default()).env("REMOTE_USER", "bot");
    command.env("GIT_PROTOCOL", header("git-protocol").unwrap_or_default());
    command.env("HTTP_CONTENT_ENCODING", header("content-encoding").unwrap_or_default());
    command.env("CONTENT_LENGTH", body.len().to_string());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || drop(input.write_all(&body)));
    let answer = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    let mut stream = reader.into_inner();
    let status = String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned();
    let status = status.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\n").as_bytes());
    let _ = stream.write_all(&answer);
}

#[test]
fn a_remote_over_http_is_cloned_and_pushed_to() {
    let mut shop = Shop::new("");
    shop.git(&["--git-dir=../remote.git", "config", "http.receivepack", "true"]);
    shop.git(&["--git-dir=../remote.git", "config", "uploadpack.allowFilter", "true"]);
    let url = format!("{}/remote.git", http(&shop.path(""), None));
    for weight in [0, 10] {
        let report = shop.run(&["step", "--repo", &url, "--now", &shop.clock()]);
        assert_eq!((&report["weight"], &shop.config()["CANARY_PERCENTAGE"]), (&json!(weight), &json!(weight)));
        shop.now += 60;
    }
    shop.visit(5, 600, 60);
    let report = shop.run(&["step", "--repo", &url, "--now", &shop.clock()]);
    assert_eq!((&report["phase"], &shop.config()["CANARY_PERCENTAGE"]), (&json!("Failed"), &json!(0)));
    // The clone has no blobs but those that were read; the whole history is checked all the same.
    let output = shop.command(&["verify", "--repo", &url]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
}

/// Credentials that may read and not write: an expired deploy key, or a token of less scope.
#[test]
fn a_remote_that_takes_no_push_is_one_line_and_takes_it_later() {
    let shop = Shop::new("");
    let url = format!("{}/remote.git", http(&shop.path(""), None));
    shop.git(&["--git-dir=../remote.git", "config", "http.receivepack", "false"]);
    let output = shop.command(&["step", "--repo", &url, "--now", &shop.clock()]).output().unwrap();
    let errors = text(&output.stderr);
    assert_eq!((output.status.code(), errors.lines().count(), shop.count()), (Some(2), 1, 1), "{errors}");
    let expected = format!("canaryctl: {url} refuses the push (start 1.6.0 at 0 %): ");
    assert!(errors.starts_with(&expected) && errors.contains("403"), "{errors}");
    shop.git(&["--git-dir=../remote.git", "config", "http.receivepack", "true"]);
    shop.run(&["step", "--repo", &url, "--now", &shop.clock()]);
    assert_eq!(shop.count(), 2);
}

#[test]
fn webhooks_that_hang_redirect_or_fail_are_failed_checks() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hung = format!("http://{}/", silent.local_addr().unwrap());
    for (url, kind, status, reason) in [
        (hung.as_str(), "", 0, "no answer within 0.3 s"),
        ("URL/hook", "text/plain\r\nLocation: /elsewhere", 302, "status 302"),
        ("URL/hook", "text/plain", 500, "status 500: no"),
        ("http://127.0.0.1:1/", "", 0, "cannot connect to 127.0.0.1:1"),
    ] {
        let hook = format!("    webhooks: [ {{ name: load, url: \"{url}\", timeout: 300ms, retries: 1 }} ]\n");
        let mut shop = Shop::new(&hook);
        shop.web.set("/hook", status, kind, "no");
        shop.web.set("/elsewhere", 200, "text/plain", "yes");
        shop.begin();
        shop.visit(9, 600, 0);
        let report = shop.step();
        let found = report["reason"].as_str().unwrap();
        assert!(found.starts_with("rollout: load: ") && found.contains(reason), "{report}");
        assert!(found.ends_with("1 of 3 checks failed") && report["weight"] == 10, "{report}");
    }
}

#[test]
fn prometheus_without_a_fresh_value_never_advances() {
    let metrics = "    metrics: [ { name: api, thresholdRange: { max: 1 }, query: up } ]\n";
    let mut shop = Shop::new(metrics);
    shop.begin();
    shop.visit(9, 600, 0);
    let result = |kind: &str, series: &str| {
        format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"{kind}\",\"result\":{series}}}}}")
    };
    let one = |value: &str| format!("{{\"metric\":{{}},\"value\":[1,\"{value}\"]}}");
    let now = shop.clock();
    for (status, body, reason) in [
        (503, String::new(), "found status 503"),
        (200, "<html>".to_owned(), "expected JSON"),
        (200, "{\"status\":\"error\"}".to_owned(), "found the status \"error\""),
        (200, result("vector", "[]"), "found no series"),
        (200, result("vector", &format!("[{}]", one("NaN"))), "found NaN"),
        (200, result("vector", &format!("[{}]", one("-Inf"))), "found -Inf"),
        (200, result("vector", &format!("[{},{}]", one("0"), one("0"))), "found 2 series"),
        (200, result("matrix", "[]"), "found a result of type \"matrix\""),
    ] {
        shop.web.set("/api/v1/query", status, "application/json", body);
        let report = shop.run(&["step", "--now", &now, "--prometheus", &shop.web.url]);
        let found = report["reason"].as_str().unwrap();
        assert!(found.starts_with("no data of metric api: ") && found.contains(reason), "{report}");
        assert_eq!((&report["weight"], &report["commit"]), (&json!(10), &json!(null)));
    }
    let report = shop.run(&["step", "--now", &now, "--prometheus", "http://127.0.0.1:1"]);
    assert!(report["reason"].as_str().unwrap().contains("cannot connect"), "{report}");
}

#[test]
fn a_clock_that_jumps_back_neither_advances_nor_commits_twice() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    assert_eq!(shop.step()["weight"], 50);
    let (count, now) = (shop.count(), shop.now);
    for jump in [-600, -5_400] {
        shop.now = now + jump;
        let report = shop.step();
        assert_eq!((&report["weight"], shop.count()), (&json!(50), count), "{jump}: {report}");
    }
    shop.now = now;
    shop.visit(5, 600, 200);
    assert_eq!(shop.step()["phase"], "Failed");
}

#[test]
fn a_commit_by_somebody_else_between_fetch_and_push_is_kept() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    shop.pull();
    let clock = shop.clock();
    let mut children = Vec::new();
    for _ in 0..2 {
        let mut command = shop.command(&["step", "--now", &clock]);
        children.push(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    }
    for number in 0..3 {
        shop.write("README", &number.to_string());
        shop.git(&["add", "README"]);
        shop.git(&["commit", "--quiet", "--message", "unrelated"]);
        // Whoever loses the race takes over what is there.
        let mut push = Command::new("git");
        push.current_dir(shop.path("tree")).args(["push", "--quiet", "origin", "main"]).stderr(Stdio::null());
        while !push.status().unwrap().success() {
            shop.git(&["-c", "rebase.autoStash=true", "pull", "--quiet", "--rebase", "origin", "main"]);
        }
        thread::sleep(Duration::from_millis(40));
    }
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let log = shop.git(&["--git-dir=../remote.git", "log", "--format=%s", "main"]);
    assert_eq!(log.matches("raise canary from 10 % to 50 %").count(), 1, "{log}");
    assert_eq!((log.matches("unrelated").count(), shop.file("README").as_str()), (3, "2"), "{log}");
}
