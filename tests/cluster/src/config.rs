//! The canary config on its way: in the API, in the pods.

use crate::kubectl;
use canary_e2e::http;
use serde_json::Value;

/// The percentage that the `ConfigMap` in the API says.
#[must_use]
pub fn in_api() -> Option<u64> {
    let text = kubectl::attempt("-n frontend get configmap canary-settings -o jsonpath={.data.config\\.json}").ok()?;
    percentage(&text)
}

/// The percentage that the pod with this address serves.
#[must_use]
pub fn in_pod(ip: &str) -> Option<u64> {
    let answer = http::request("GET", &format!("http://{ip}:8080/config/canary.json"), &[], b"").ok()?;
    (answer.status == 200).then(|| percentage(&answer.text())).flatten()
}

/// Whether every pod of both Deployments serves that percentage.
#[must_use]
pub fn in_all_pods(percentage: u64) -> bool {
    let pods = pods("");
    !pods.is_empty() && pods.iter().all(|pod| in_pod(&pod.ip) == Some(percentage))
}

/// A pod of the shop that is ready and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its address.
    pub ip: String,
}

/// The pods of one Deployment, or of both.
#[track_caller]
#[must_use]
pub fn pods(deployment: &str) -> Vec<Pod> {
    let name = if deployment.is_empty() { String::new() } else { format!(",app.kubernetes.io/name={deployment}") };
    let list = kubectl::get(&format!("-n frontend get pods -l app.kubernetes.io/part-of=canary-demo{name}"));
    let stays = |pod: &&Value| {
        let ready = kubectl::condition(pod, "Ready").is_some_and(|(status, ..)| status == "True");
        ready && pod["metadata"]["deletionTimestamp"].is_null()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = list["items"].as_array().into_iter().flatten();
    items.filter(stays).map(|p| Pod { name: text(&p["metadata"]["name"]), ip: text(&p["status"]["podIP"]) }).collect()
}

/// Where a Deployment's Service is.
#[track_caller]
#[must_use]
pub fn service(deployment: &str) -> String {
    let ip = kubectl::kubectl(&format!("-n frontend get service {deployment} -o jsonpath={{.spec.clusterIP}}"));
    format!("http://{ip}:80")
}

fn percentage(text: &str) -> Option<u64> {
    serde_json::from_str::<Value>(text).ok()?["CANARY_PERCENTAGE"].as_u64()
}
