//! A shop's repository with a rollout, its servers, and its visitors.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::web::Web;
use crate::support::{canaryctl, text};

/// The time at which every test begins: 2026-11-30T10:00:00Z, the begin of a minute.
pub(crate) const START: i64 = 1_796_032_800;

pub(crate) const CONFIG: &str = "# The canary.
apiVersion: v1
kind: ConfigMap
metadata: { name: canary-settings } # keep
data:
  config.json: |
    {
      \"CANARY_PERCENTAGE\": 0,
      \"REVISION\": 3,
      \"SALT\": \"release-1.5.0\",
      \"FEATURE_FLAGS\": { \"banner\": true }
    }
";

pub(crate) struct Shop {
    dir: TempDir,
    pub(crate) web: Web,
    pub(crate) now: i64,
    /// Windows as the collector answers them, without the header.
    pub(crate) rows: Vec<Value>,
    pub(crate) gaps: Vec<(i64, i64)>,
    /// How many minutes the collector is behind what is final.
    pub(crate) lag: i64,
}

impl Shop {
    /// A shop whose canary is at 1.6.0 and stable at 1.5.0. `analysis` is added to the file.
    pub(crate) fn new(analysis: &str) -> Self {
        let (dir, web) = (TempDir::new().unwrap(), Web::start());
        let shop = Self { dir, web, now: START, rows: Vec::new(), gaps: Vec::new(), lag: 0 };
        fs::create_dir(shop.path("tree")).unwrap();
        shop.git(&["init", "--quiet", "--initial-branch", "main", "."]);
        shop.git(&["init", "--quiet", "--bare", "--initial-branch", "main", "../remote.git"]);
        shop.git(&["remote", "add", "origin", "../remote.git"]);
        shop.write("cm.yaml", CONFIG);
        shop.write("stable.yaml", "kind: Deployment\nspec:\n  image: example.com/shop:1.5.0 # stable\n");
        shop.write("canary.yaml", "kind: Deployment\nspec:\n  image: example.com/shop:1.6.0@sha256:ab\n");
        let url = &shop.web.url;
        let spec = format!(
            "apiVersion: canary.rollout/v1alpha1
kind: ClientCanary
metadata: {{ name: frontend, namespace: shop }}
spec:
  configRef: {{ path: cm.yaml }}
  stable: {{ url: \"{url}\", image: {{ path: stable.yaml, name: example.com/shop }} }}
  canary: {{ url: \"{url}\", image: {{ path: canary.yaml, name: example.com/shop }} }}
  analysis:
    interval: 1m
    stepDuration: 5m
    stepWeights: [10, 50]
    threshold: 3
    judge: {{ minViews: 10, metrics: [ {{ name: not-ready }}, {{ name: error }} ] }}
    source: {{ collectors: \"{url}\" }}
{analysis}"
        );
        shop.write("rollout.yaml", &spec.replace("URL", url));
        shop.git(&["add", "."]);
        shop.commit("start");
        shop.serve("1.6.0");
        shop.set_page("1.5.0");
        shop
    }

    /// Serves the files of a version.
    pub(crate) fn serve(&self, version: &str) {
        let src = format!("/assets/{version}/main.js");
        let bundle = json!({"version": version, "scripts": [{"src": src, "type": "module"}]});
        self.web.set(&format!("/assets/{version}/bundle.json"), 200, "application/json", bundle.to_string());
        self.web.set(&src, 200, "text/javascript; charset=utf-8", "1");
    }

    /// Serves a page whose stable is a version.
    pub(crate) fn set_page(&self, version: &str) {
        let bundle = json!({"version": version, "scripts": []});
        let page = format!("<!doctype html><script type=\"application/json\" data-canary-stable>{bundle}</script>");
        self.web.set("/", 200, "text/html", page);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path("tree").join(name), text).unwrap();
    }

    fn isolated(&self, mut command: Command) -> Command {
        command.current_dir(self.path("tree")).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for (name, value) in [("NAME", "operator"), ("EMAIL", "operator@example.com")] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        command
    }

    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = self.isolated(Command::new("git")).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout).trim_end().to_owned()
    }

    /// Commits everything in the work tree and pushes it.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["push", "--quiet", "origin", "main"]);
    }

    /// Brings the work tree to what the remote has.
    pub(crate) fn pull(&self) {
        self.git(&["fetch", "--quiet", "origin", "+refs/*:refs/remotes/all/*"]);
        self.git(&["reset", "--quiet", "--hard", "refs/remotes/all/heads/main"]);
    }

    /// A file at the head of the remote's branch.
    pub(crate) fn file(&self, name: &str) -> String {
        self.git(&["--git-dir=../remote.git", "show", &format!("main:{name}")])
    }

    /// The config at the head of the remote's branch.
    pub(crate) fn config(&self) -> Value {
        let file = self.file("cm.yaml");
        let (_, json) = file.split_once("config.json: |").unwrap();
        serde_json::from_str(json).unwrap()
    }

    pub(crate) fn count(&self) -> usize {
        self.git(&["--git-dir=../remote.git", "rev-list", "--count", "main"]).parse().unwrap()
    }

    /// The message of the last commit.
    pub(crate) fn message(&self) -> String {
        self.git(&["--git-dir=../remote.git", "log", "-1", "--format=%B", "main"])
    }

    /// The events of a run.
    pub(crate) fn events(&self, salt: &str) -> Vec<Value> {
        let name = format!("refs/canary/runs/{salt}:events.jsonl");
        let lines = self.git(&["--git-dir=../remote.git", "show", &name]);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The command of a verb at this time.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let since = START / 60 - 10;
        let through = self.now / 60 - 3 - self.lag;
        let header = json!({"collector": "a", "window": 60, "since": since, "through": through, "gaps": self.gaps});
        let rows = self.rows.iter().filter(|row| row["minute"].as_i64().unwrap() <= through);
        let lines: Vec<_> = std::iter::once(&header).chain(rows).map(ToString::to_string).collect();
        self.web.set("/windows", 200, "application/jsonl", lines.join("\n"));
        self.isolated(canaryctl(["rollout"].iter().chain(args)))
    }

    /// Runs a verb, which has to succeed, and returns its JSON.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> Value {
        let args: Vec<_> = args.iter().chain(&["--output", "json"]).copied().collect();
        let output = self.command(&args).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The time in RFC 3339.
    pub(crate) fn clock(&self) -> String {
        let seconds = self.now - START + 10 * 3600;
        let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
        let date = if hours < 24 { "2026-11-30".to_owned() } else { format!("2026-12-{:02}", hours / 24) };
        format!("{date}T{:02}:{minutes:02}:{:02}Z", hours % 24, seconds % 60)
    }

    /// One decision at this time.
    #[track_caller]
    pub(crate) fn step(&self) -> Value {
        self.run(&["step", "--now", &self.clock()])
    }

    /// Minutes go by in which visitors come: so many views a minute, of which so many on the canary are not ready.
    pub(crate) fn visit(&mut self, minutes: i64, views: u64, broken: u64) {
        let config = self.config();
        let percentage = config["CANARY_PERCENTAGE"].as_f64().unwrap();
        for _ in 0..minutes {
            let minute = self.now / 60;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let canary = (views as f64 * percentage / 100.0).round() as u64;
            for (cohort, count, bad) in [("canary", canary, broken.min(canary)), ("rest", views - canary, 0)] {
                if count > 0 {
                    self.rows.push(json!({
                        "minute": minute, "salt": config["SALT"], "revision": config["REVISION"], "cohort": cohort,
                        "arm": "canary", "version": "x", "first": "run", "returning": false, "engine": "chromium",
                        "device": "desktop", "exposed": count, "both": 0, "ready": count - bad, "failed": bad, "left": 0,
                        "errors": 0, "foreignErrors": 0, "codes": {}, "lcp": {"measured": 0, "above": [0, 0, 0]},
                        "inp": {"measured": 0, "above": [0, 0, 0]}, "cls": {"measured": 0, "above": [0, 0, 0]}
                    }));
                }
            }
            self.now += 60;
        }
    }

    /// Goes to the first weight of the run of 1.6.0.
    pub(crate) fn begin(&mut self) {
        assert_eq!(self.step()["phase"], "Initializing");
        self.now += 60;
        assert_eq!(self.step()["phase"], "Progressing");
        self.now += 60;
    }
}
