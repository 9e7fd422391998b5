//! Client of the API server and of the pods' HTTP ports.
//!
//! Tests poll it many times a second, so no request starts a process.

use crate::kubectl;
use canary_e2e::http;
use canary_e2e::process::Process;
use serde_json::Value;
use std::process::Command;

/// A client of the API server, through `kubectl proxy`.
#[derive(Debug)]
pub struct Api {
    url: String,
    _proxy: Process,
}

/// A pod that is ready and is not being deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its IP address.
    pub ip: String,
    /// Its only container.
    pub container: Container,
}

/// One run of a pod's container; a restart makes a new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The container runtime's id.
    pub id: String,
    /// How many times the kubelet has restarted the container.
    pub restarts: u64,
}

impl Pod {
    /// The percentage in the config that the pod serves; `None` if the config is missing or malformed.
    #[must_use]
    pub fn percentage(&self) -> Option<u64> {
        parse_percentage(&get_text(&format!("http://{}:8080/config/canary.json", self.ip))?)
    }
}

impl Api {
    /// Starts `kubectl proxy` on a free port.
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

    /// The percentage in the `ConfigMap`.
    #[must_use]
    pub fn percentage(&self) -> Option<u64> {
        let config = self.get("/api/v1/namespaces/frontend/configmaps/canary-settings")?;
        parse_percentage(config["data"]["config.json"].as_str()?)
    }

    /// The ready pods of a Deployment.
    #[must_use]
    pub fn pods(&self, deployment: &str) -> Vec<Pod> {
        let list = self
            .get(&format!("/api/v1/namespaces/frontend/pods?labelSelector=app.kubernetes.io%2Fname%3D{deployment}"));
        let is_ready = |pod: &&Value| {
            let ready = kubectl::condition(pod, "Ready").is_some_and(|condition| condition.status == "True");
            ready && pod["metadata"]["deletionTimestamp"].is_null()
        };
        let items = list.as_ref().and_then(|list| list["items"].as_array()).into_iter().flatten();
        items.filter(is_ready).map(parse_pod).collect()
    }

    /// The ready pods of `frontend-stable` and `frontend-canary`.
    #[must_use]
    pub fn frontend_pods(&self) -> Vec<Pod> {
        [self.pods("frontend-stable"), self.pods("frontend-canary")].concat()
    }

    /// Whether both Deployments' pods all serve that percentage.
    #[must_use]
    pub fn all_pods_serve(&self, percentage: u64) -> bool {
        let pods = self.frontend_pods();
        !pods.is_empty() && pods.iter().all(|pod| pod.percentage() == Some(percentage))
    }

    fn get(&self, path: &str) -> Option<Value> {
        serde_json::from_str(&get_text(&format!("{}{path}", self.url))?).ok()
    }
}

fn parse_pod(pod: &Value) -> Pod {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let container = &pod["status"]["containerStatuses"][0];
    let id = text(&container["containerID"]).trim_start_matches("containerd://").to_owned();
    Pod {
        name: text(&pod["metadata"]["name"]),
        ip: text(&pod["status"]["podIP"]),
        container: Container { id, restarts: container["restartCount"].as_u64().unwrap_or_default() },
    }
}

fn get_text(url: &str) -> Option<String> {
    let response = http::request("GET", url, &[], b"").ok()?;
    (response.status == 200).then(|| response.text())
}

fn parse_percentage(config: &str) -> Option<u64> {
    serde_json::from_str::<Value>(config).ok()?["CANARY_PERCENTAGE"].as_u64()
}
