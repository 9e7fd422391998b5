//! The Grafana dashboard: it is what its generator prints, and a Prometheus that scrapes two collectors has an answer to each
//! of its queries.

use super::alerts::groups;
use canary_e2e::files::{read, repo, temp_dir, write};
use canary_e2e::http;
use canary_e2e::process::{Process, find_program, free_port};
use canary_e2e::wait::until;
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use url::form_urlencoded::Serializer;

const FILE: &str = "k8s/components/collector-dashboard/dashboard.json";
const PATIENCE: Duration = Duration::from_mins(1);

fn dashboard() -> Value {
    serde_json::from_str(&read(&repo(FILE))).unwrap()
}

/// The title of each panel, and its queries with their legends.
fn panels(dashboard: &Value) -> Vec<(String, Vec<(String, String)>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let panels = dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row");
    let queries = |panel: &Value| {
        let targets = panel["targets"].as_array().unwrap().iter();
        targets.map(|target| (text(&target["expr"]), text(&target["legendFormat"]))).collect()
    };
    panels.map(|panel| (text(&panel["title"]), queries(panel))).collect()
}

#[test]
fn the_dashboard_is_what_its_generator_prints() {
    let output = Command::new("node").arg(repo("dashboard/generate.js")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed == read(&repo(FILE)), "{FILE} is out of date: node dashboard/generate.js >{FILE}");
}

/// `canaryctl collect`.
struct Collector {
    reports: String,
    metrics: String,
    _process: Process,
}

fn collect(config: &Path) -> Collector {
    let program = std::env::var_os("CANARYCTL").map_or_else(|| repo("target/release/canaryctl"), PathBuf::from);
    let mut command = Command::new(program);
    command.arg("collect").arg("--config").arg(config).args(["--window=1", "--horizon=1"]);
    command.args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"]);
    let mut process = Process::spawn("collect", command);
    let [reports, metrics] = process.first_lines();
    Collector { reports, metrics, _process: process }
}

impl Collector {
    /// Sends the reports of some page views of both arms, and requests that count nothing.
    fn post(&self) {
        let send = |site: &str, body: &Value| {
            let headers = [("Sec-Fetch-Site", site)];
            let url = format!("{}/runtime/r?n=0123456789abcdef", self.reports);
            assert_eq!(http::request("POST", &url, &headers, body.to_string().as_bytes()).unwrap().status, 204);
        };
        for (cohort, arm) in [("canary", "canary"), ("control", "stable")] {
            for more in [
                json!({ "kind": "exposure", "decisionMs": 30 }),
                json!({ "kind": "exposure", "decisionMs": 40 }),
                json!({ "kind": "ready", "readyMs": 400 }),
                json!({ "kind": "failed", "code": "E401" }),
                json!({ "kind": "error", "own": true }),
                json!({ "kind": "vitals", "lcpMs": 2_600, "inpMs": 250, "cls": 0.2 }),
            ] {
                let mut report = json!({ "v": 1, "age": 0, "salt": "2.5.0", "revision": 4, "cohort": cohort, "arm": arm,
                    "version": "2.5.0", "first": "run", "both": false, "returning": false, "engine": "gecko",
                    "device": "mobile" });
                report.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                send("same-origin", &report);
            }
        }
        send("cross-site", &json!({}));
    }
}

/// Debian's Prometheus with the rules of the component, which scrapes the collectors as prometheus-operator would.
struct Prometheus {
    origin: String,
    _process: Process,
    _folder: TempDir,
}

impl Prometheus {
    fn start(collectors: &[Collector]) -> Self {
        let folder = temp_dir();
        let path = |name: &str| folder.path().join(name);
        let target = |(number, collector): (usize, &Collector)| {
            let address = collector.metrics.trim_start_matches("http://").trim_end_matches('/');
            json!({ "targets": [address], "labels": { "namespace": "shop", "pod": format!("canary-collector-{number}") } })
        };
        let targets: Vec<_> = collectors.iter().enumerate().map(target).collect();
        let every = json!({ "scrape_interval": "1s", "evaluation_interval": "1s" });
        // JSON is YAML.
        let scrape = json!([{ "job_name": "canary-collector-windows", "static_configs": targets }]);
        write(&path("rules.yaml"), json!({ "groups": groups() }).to_string());
        let config = json!({ "global": every, "rule_files": ["rules.yaml"], "scrape_configs": scrape });
        write(&path("prometheus.yaml"), config.to_string());
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(find_program("prometheus"));
        command.arg(format!("--config.file={}", path("prometheus.yaml").display()));
        command.arg(format!("--storage.tsdb.path={}", path("data").display()));
        command.arg(format!("--web.listen-address={address}")).arg("--log.level=warn");
        let mut process = Process::spawn("prometheus", command);
        let origin = format!("http://{address}");
        let ready = format!("{origin}/-/ready");
        process.ready(|| (http::request("GET", &ready, &[], b"").ok()?.status == 200).then_some(()));
        Self { origin, _process: process, _folder: folder }
    }

    fn ask(&self, path: &str, parameter: (&str, &str)) -> Value {
        let query = Serializer::new(String::new()).append_pair(parameter.0, parameter.1).finish();
        let answer: Value =
            serde_json::from_str(&http::get(&format!("{}/api/v1/{path}?{query}", self.origin), &[]).text()).unwrap();
        assert_eq!(answer["status"], "success", "{parameter:?}: {answer}");
        answer["data"].clone()
    }

    /// The series of a query that have a value.
    fn series(&self, query: &str) -> Vec<Value> {
        let series = self.ask("query", ("query", query))["result"].as_array().unwrap().clone();
        series.into_iter().filter(|series| series["value"][1].as_str().is_some_and(|value| value != "NaN")).collect()
    }
}

/// Why a query's answer shows nothing, or not all: each label of the legend has a value, and both arms are there.
fn lack(prometheus: &Prometheus, query: &str, legend: &str) -> Option<String> {
    let query = query.replace("$namespace", "shop").replace("$__rate_interval", "1m");
    let series = prometheus.series(&query);
    let labels = Regex::new(r"\{\{(\w+)\}\}").unwrap();
    for label in labels.captures_iter(legend).map(|found| found[1].to_owned()) {
        let values: BTreeSet<_> = series.iter().filter_map(|series| series["metric"][&label].as_str()).collect();
        if values.is_empty() || label == "arm" && values.len() < 2 {
            return Some(format!("{query}: {label} in {values:?}"));
        }
    }
    series.is_empty().then_some(query)
}

#[test]
fn every_query_of_the_dashboard_finds_data() {
    let folder = temp_dir();
    let config = folder.path().join("canary.json");
    let text = r#"{"CANARY_PERCENTAGE": 10, "SALT": "2.5.0", "REVISION": 4, "FEATURE_FLAGS": {}, "TELEMETRY": {},
        "ASSETS": {"canary": {"version": "2.5.0", "scripts": [{"src": "/assets/2.5.0/main.js"}]}}}"#;
    write(&config, text);
    let collectors = [collect(&config), collect(&config)];
    let prometheus = Prometheus::start(&collectors);
    let dashboard = dashboard();
    let panels = panels(&dashboard);
    assert_eq!(panels.len(), 16);
    let mut lacks = Vec::new();
    until("data in all panels", PATIENCE, || {
        collectors.iter().for_each(Collector::post);
        let queries = panels.iter().flat_map(|(_, queries)| queries);
        lacks = queries.filter_map(|(query, legend)| lack(&prometheus, query, legend)).collect();
        // For whoever reads why the test failed.
        println!("no data: {lacks:?}");
        lacks.is_empty().then_some(())
    });

    // The list of namespaces, which the dashboard offers, and the rules.
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert_eq!(variables[1]["query"], "label_values(canary_exposures_total, namespace)");
    let namespaces = prometheus.ask("label/namespace/values", ("match[]", "canary_exposures_total"));
    assert_eq!(namespaces, json!(["shop"]));
    let rules = prometheus.ask("rules", ("type", "record"));
    let rules: Vec<_> =
        rules["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
    assert!(rules.len() >= 6 && rules.iter().all(|rule| rule["health"] == "ok"), "{rules:?}");
    // Negative control: a query of a metric that does not exist.
    assert!(lack(&prometheus, "sum by (arm) (canary_views)", "{{arm}}").is_some());
}
