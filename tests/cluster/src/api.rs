//! What the API server and the pods say, asked as often as one likes: without a process for each question.

use crate::kubectl;
use canary_e2e::http;
use canary_e2e::process::Process;
use serde_json::Value;
use std::process::Command;

/// The API server, behind `kubectl proxy`.
#[derive(Debug)]
pub struct Api {
    url: String,
    _proxy: Process,
}

/// A pod of the shop that is ready and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its address.
    pub ip: String,
    /// The container that it runs.
    pub container: Container,
}

/// The one container of a pod; started again it is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its name on the node.
    pub id: String,
    /// How many were there before it.
    pub restarts: u64,
}

impl Pod {
    /// The percentage that it serves; none if it serves no config, or one that is no JSON.
    #[must_use]
    pub fn percentage(&self) -> Option<u64> {
        percentage(&ask(&format!("http://{}:8080/config/canary.json", self.ip))?)
    }
}

impl Api {
    /// Starts the proxy.
    #[track_caller]
    #[must_use]
    pub fn start() -> Self {
        let mut command = Command::new("kubectl");
        command.args(["proxy", "--port=0"]);
        let mut proxy = Process::spawn("kubectl proxy", command);
        let line = proxy.first_line();
        let (_, address) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no address: {line}"));
        Self { url: format!("http://{address}"), _proxy: proxy }
    }

    /// The percentage that the `ConfigMap` says.
    #[must_use]
    pub fn percentage(&self) -> Option<u64> {
        let config = self.get("/api/v1/namespaces/frontend/configmaps/canary-settings")?;
        percentage(config["data"]["config.json"].as_str()?)
    }

    /// The pods of one Deployment.
    #[must_use]
    pub fn pods(&self, deployment: &str) -> Vec<Pod> {
        let list = self
            .get(&format!("/api/v1/namespaces/frontend/pods?labelSelector=app.kubernetes.io%2Fname%3D{deployment}"));
        let stays = |pod: &&Value| {
            let ready = kubectl::condition(pod, "Ready").is_some_and(|(status, ..)| status == "True");
            ready && pod["metadata"]["deletionTimestamp"].is_null()
        };
        let items = list.as_ref().and_then(|list| list["items"].as_array()).into_iter().flatten();
        items.filter(stays).map(pod).collect()
    }

    /// The pods of both.
    #[must_use]
    pub fn all_pods(&self) -> Vec<Pod> {
        [self.pods("frontend-stable"), self.pods("frontend-canary")].concat()
    }

    /// Whether every pod of both serves that percentage.
    #[must_use]
    pub fn all_pods_serve(&self, percentage: u64) -> bool {
        let pods = self.all_pods();
        !pods.is_empty() && pods.iter().all(|pod| pod.percentage() == Some(percentage))
    }

    fn get(&self, path: &str) -> Option<Value> {
        serde_json::from_str(&ask(&format!("{}{path}", self.url))?).ok()
    }
}

fn pod(pod: &Value) -> Pod {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let container = &pod["status"]["containerStatuses"][0];
    let id = text(&container["containerID"]).trim_start_matches("containerd://").to_owned();
    Pod {
        name: text(&pod["metadata"]["name"]),
        ip: text(&pod["status"]["podIP"]),
        container: Container { id, restarts: container["restartCount"].as_u64().unwrap_or_default() },
    }
}

fn ask(url: &str) -> Option<String> {
    let answer = http::request("GET", url, &[], b"").ok()?;
    (answer.status == 200).then(|| answer.text())
}

fn percentage(config: &str) -> Option<u64> {
    serde_json::from_str::<Value>(config).ok()?["CANARY_PERCENTAGE"].as_u64()
}
