//! The two ports: which reports are counted, and what hostile clients get.

use std::io::Write;
use std::net::TcpStream;

use crate::support::{
    Collector, WINDOW, exchange, minute, report, status, wait_for_next_minute, wait_until, without_stalls,
};
use canary_collector::hash;
use serde_json::{Value, json};

fn in_memory() -> Collector {
    Collector::start(&Value::Null)
}

#[test]
fn only_the_sites_own_pages_are_counted() {
    let collector = in_memory();
    let exposures =
        || collector.metric(r#"canary_exposures_total{arm="canary",cohort="canary",revision="7",version="1.5.0"}"#);
    let body = report("exposure", 0.0);
    let good = [
        "Sec-Fetch-Site: same-origin\r\n",
        "Origin: https://shop.example\r\n",
        "Origin: https://www.example\r\n",
        "Sec-Fetch-Site: same-origin\r\nOrigin: https://shop.example\r\nContent-Type: text/plain\r\n",
    ];
    for (before, headers) in good.iter().enumerate() {
        assert_eq!(exposures(), before as u64);
        assert_eq!(collector.post_with(headers, &body), 204, "{headers}");
    }
    assert_eq!(exposures(), 4);
    let bad = [
        ("", "origin"),
        ("Origin: https://evil.example\r\n", "origin"),
        ("Origin: null\r\n", "origin"),
        ("Sec-Fetch-Site: cross-site\r\nOrigin: https://shop.example\r\n", "site"),
        ("Sec-Fetch-Site: same-site\r\n", "site"),
        ("Sec-Fetch-Site: none\r\n", "site"),
        ("Sec-Fetch-Site: cross-site\r\nOrigin: https://www.example\r\n", "site"),
    ];
    for (headers, reason) in bad {
        let series = format!(r#"canary_reports_refused_total{{reason="{reason}"}}"#);
        let before = collector.metric(&series);
        assert_eq!(collector.post_with(headers, &body), 204, "{headers}");
        assert_eq!(collector.metric(&series), before + 1, "{headers}");
    }
    assert_eq!(exposures(), 4);
}

#[test]
fn requests_that_are_no_report_have_their_status() {
    let collector = in_memory();
    let send = |request: &str| status(&exchange(collector.reports, request.as_bytes()));
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        assert_eq!(
            send(&format!("{method} /runtime/r HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
            405,
            "{method}"
        );
    }
    assert_eq!(send("POST /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), 404);
    assert_eq!(send("POST /custom/r HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), 204);
    assert_eq!(send("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 200);
    // 2,048 bytes are a body, one more is not, whether it is announced or comes in chunks.
    assert_eq!(collector.post(&"x".repeat(2_048)), 204);
    assert_eq!(collector.post(&"x".repeat(2_049)), 413);
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1_024)).repeat(3);
    let head = "POST /runtime/r HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\nTransfer-Encoding: chunked\r\n";
    assert_eq!(send(&format!("{head}\r\n{chunk}0\r\n\r\n")), 413);
    assert_eq!(collector.metric(r#"canary_reports_refused_total{reason="large"}"#), 2);
    // A report in chunks counts like any other.
    let body = report("exposure", 0.0);
    let chunked = format!("{head}Connection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    assert_eq!(send(&chunked), 204);
    assert_eq!(collector.metric(r#"canary_reports_refused_total{reason="malformed"}"#), 1);
    let exposures = r#"canary_exposures_total{arm="canary",cohort="canary",revision="7",version="1.5.0"}"#;
    assert_eq!(collector.metric(exposures), 1);
}

#[test]
fn windows_are_final_and_exact() {
    without_stalls(|| {
        let collector = in_memory();
        let start = wait_for_next_minute();
        for _ in 0..5 {
            assert_eq!(collector.post(&report("exposure", 0.0)), 204);
        }
        assert_eq!(collector.post(&report("ready", 10.5)), 204);
        if minute() != start {
            return None;
        }
        assert_eq!(collector.post(&report("ready", 20_001.0)), 204);
        assert_eq!(collector.metric(r#"canary_reports_refused_total{reason="age"}"#), 1);
        let (header, rows) = collector.windows("");
        assert!(header["through"].as_u64().unwrap() < start && rows.is_empty(), "{header} {rows:?}");
        assert_eq!(header["window"], WINDOW);
        // 48 hours are kept, and all before the start is a gap.
        let kept = minute() - 48 * 3_600 / WINDOW;
        assert!(header["since"].as_u64().unwrap().abs_diff(kept) <= 1, "{header} {kept}");
        let gap = header["gaps"][0].clone();
        assert_eq!(gap[0], header["since"]);
        assert!((start - 3..start).contains(&gap[1].as_u64().unwrap()), "{gap} {start}");
        wait_until(|| collector.windows("").0["through"].as_u64().unwrap() > start);
        let (header, rows) = collector.windows(&format!("?since={start}"));
        collector.ran()?;
        assert_eq!((&header["since"], header["gaps"].as_array().unwrap().len()), (&json!(start), 0));
        assert_eq!(rows.len(), 1, "{rows:?}");
        let row = &rows[0];
        assert_eq!((&row["minute"], &row["exposed"], &row["ready"]), (&json!(start), &json!(5), &json!(1)));
        assert_eq!((&row["salt"], &row["revision"], &row["capped"]), (&json!("release"), &json!(7), &Value::Null));
        let silent =
            r#"canary_views_total{arm="canary",cohort="canary",revision="7",version="1.5.0",outcome="silent"}"#;
        assert_eq!(collector.metric(silent), 4);
        for bad in [
            "?since=",
            "?since=-1",
            "?since=x",
            "?since=1.5",
            "?since=1&since=2",
            "?from=1",
            "?since=99999999999999999999",
        ] {
            assert_eq!(collector.get(&format!("/windows{bad}")).0, 400, "{bad}");
        }
        let later = start + 1_000_000;
        let (header, rows) = collector.windows(&format!("?since={later}"));
        assert!(header["since"] == later && rows.is_empty() && header["gaps"] == json!([]), "{header}");
        Some(())
    });
}

#[test]
fn the_metrics_port_asks_for_its_token() {
    let collector = Collector::start(&json!({"token": "secret"}));
    for path in ["/metrics", "/windows"] {
        assert_eq!(collector.get(path).0, 401);
        for wrong in ["Bearer ", "Bearer secret1", "Bearer secreT", "Basic secret", "secret"] {
            assert_eq!(collector.get_with(path, &format!("Authorization: {wrong}\r\n")).0, 401, "{wrong}");
        }
        assert_eq!(collector.get_with(path, "Authorization: Bearer secret\r\n").0, 200);
    }
    assert_eq!((collector.get("/healthz").0, collector.get("/console").0), (200, 404));
    assert_eq!(
        status(&exchange(collector.metrics, b"POST /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
        405
    );
}

#[test]
fn a_scraper_gets_the_format_that_it_asks_for() {
    let collector = in_memory();
    let openmetrics =
        collector.get_with("/metrics", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n");
    assert!(openmetrics.1.ends_with("# EOF\n"));
    assert!(!collector.get("/metrics").1.contains("# EOF"));
}

/// Numbers that look random and are the same each time.
fn number(seed: u64) -> u64 {
    hash((5, 6), seed)
}

#[test]
fn hostile_bytes_do_no_harm() {
    let collector = in_memory();
    let before = collector.resident_kib();
    // Connections that send nothing, half a head or half a body, and stay.
    let mut idle = Vec::new();
    for at in 0..600 {
        let mut stream = TcpStream::connect(collector.reports).unwrap();
        let head = "POST /runtime/r HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n{\"v\":1";
        stream.write_all(&head.as_bytes()[..at % (head.len() + 1)]).unwrap();
        idle.push(stream);
    }
    for seed in 0..300_u64 {
        let bytes: Vec<u8> = (0..number(seed) % 400).map(|at| number(seed * 1_000 + at) as u8).collect();
        let address = if seed % 2 == 0 { collector.reports } else { collector.metrics };
        let mut stream = TcpStream::connect(address).unwrap();
        let _ = stream.write_all(&bytes);
        let body = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(collector.post(&body), 204);
    }
    let headers = "X-Long: y\r\n".repeat(5_000);
    let large = format!("POST /runtime/r HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    assert!([400, 431].contains(&status(&exchange(collector.reports, large.as_bytes()))));
    for body in
        ["[".repeat(2_000), format!("{{\"a\":{}", "[".repeat(1_900)), "9".repeat(2_000), "\"\\ud800\"".to_owned()]
    {
        assert_eq!(collector.post(&body), 204);
    }
    assert_eq!(collector.metric(r#"canary_reports_refused_total{reason="malformed"}"#), 304);
    assert_eq!(collector.post(&report("exposure", 0.0)), 204);
    let grown = collector.resident_kib() - before;
    assert!(grown < 32 * 1_024, "{grown} KiB more");
    // Half a body is answered after its time-out, and the connection ends.
    wait_until(|| collector.metric(r#"canary_reports_refused_total{reason="incomplete"}"#) > 0);
}

#[test]
fn invented_labels_make_no_series() {
    let collector = in_memory();
    let mut labels: Value = serde_json::from_str(&report("exposure", 0.0)).unwrap();
    let first = minute();
    let series = || collector.get("/metrics").1.lines().count();
    let mut before = 0;
    for at in 0..600_u64 {
        let name = format!("x{:x}", number(at));
        (labels["salt"], labels["version"], labels["revision"]) = (json!(name), json!(name), json!(number(at) >> 12));
        (labels["arm"], labels["kind"], labels["code"]) = (
            json!(["canary", "stable"][at as usize % 2]),
            json!(["exposure", "failed"][at as usize / 2 % 2]),
            json!(name),
        );
        assert_eq!(collector.post(&labels.to_string()), 204);
        if at == 50 {
            before = series();
        }
    }
    let last = minute();
    assert_eq!(series(), before);
    wait_until(|| collector.windows("").0["through"].as_u64().unwrap() >= last);
    let (_, rows) = collector.windows("");
    let total: u64 = rows.iter().map(|row| row["exposed"].as_u64().unwrap() + row["failed"].as_u64().unwrap()).sum();
    assert_eq!(total, 600);
    // Stable has eight versions and `other`, the canary `other`; the requests took some minutes.
    assert!(rows.len() as u64 <= 10 * (last - first + 1), "{} rows", rows.len());
    assert!(rows.iter().all(|row| row["salt"] == "other" && row["revision"] == "other"));
}

/// A flood from one network is left out of the capped counts from its second minute on, and other networks are not.
#[test]
fn a_flood_is_left_out_of_the_capped_counts() {
    without_stalls(|| {
        let collector = in_memory();
        let start = wait_for_next_minute();
        let send = |stream: &mut TcpStream, client: &str, at: u64| {
            // Even, so an overloaded server takes it too.
            let nonce = number(at) & !1;
            let body = report("exposure", 0.0);
            let length = body.len();
            write!(stream, "POST /runtime/r?n={nonce:016x} HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\nX-Client: {client}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        };
        let mut stream = TcpStream::connect(collector.reports).unwrap();
        let drain = stream.try_clone().unwrap();
        std::thread::spawn(move || std::io::copy(&mut { drain }, &mut std::io::sink()));
        (0..3_000).for_each(|at| send(&mut stream, "192.0.2.7", at));
        let exposures = r#"canary_exposures_total{arm="canary",cohort="canary",revision="7",version="1.5.0"}"#;
        wait_until(|| collector.metric(exposures) == 3_000);
        if minute() != start {
            return None;
        }
        let flood = wait_for_next_minute();
        (0..1_000).for_each(|at| send(&mut stream, "192.0.2.9", at + 10_000));
        (0..100).for_each(|at| send(&mut stream, "198.51.100.1", at + 20_000));
        wait_until(|| collector.metric(exposures) == 4_100);
        wait_until(|| collector.windows("").0["through"].as_u64().unwrap() > flood + 1);
        let (_, rows) = collector.windows(&format!("?since={start}"));
        let sum = |counts: &dyn Fn(&Value) -> u64| rows.iter().map(counts).sum::<u64>();
        assert_eq!(sum(&|row| row["exposed"].as_u64().unwrap()), 4_100);
        let capped =
            sum(&|row| row["capped"].as_object().unwrap_or(row.as_object().unwrap())["exposed"].as_u64().unwrap());
        // All of the first minute, a third of the flood, and all of the other network.
        assert!((3_000 + 200 + 100..3_000 + 500 + 100).contains(&capped), "{capped} {rows:?}");
        Some(())
    });
}
