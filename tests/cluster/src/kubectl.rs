//! Runs `kubectl`, and reads what it prints.

use canary_e2e::wait;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a test waits for the cluster, on a busy machine.
pub const DEADLINE: Duration = Duration::from_mins(3);

/// Runs `kubectl` with `args`, separated by spaces; returns what it prints.
///
/// # Panics
///
/// When `kubectl` fails; the message contains its output.
#[track_caller]
pub fn kubectl(args: &str) -> String {
    try_kubectl(args).unwrap_or_else(|report| panic!("kubectl {args}: {report}"))
}

/// Runs `kubectl` with `args`, separated by spaces; a failure is a result to check.
///
/// # Errors
///
/// The standard error of a `kubectl` that failed.
pub fn try_kubectl(args: &str) -> Result<String, String> {
    finish(Command::new("kubectl").args(args.split_whitespace()), "")
}

/// Runs `kubectl` with a manifest on standard input; `args` refer to it as `-`.
///
/// # Errors
///
/// The standard error of a `kubectl` that failed.
pub fn try_kubectl_with_manifest(args: &str, manifest: &str) -> Result<String, String> {
    finish(Command::new("kubectl").args(args.split_whitespace()), manifest)
}

/// Applies a manifest on the server side.
///
/// # Panics
///
/// When the API server rejects it.
#[track_caller]
pub fn apply(manifest: &str) {
    if let Err(report) = try_kubectl_with_manifest("apply --server-side --force-conflicts --filename -", manifest) {
        panic!("cannot apply: {report}\n{manifest}");
    }
}

/// Reads an object or a list as JSON; `args` are for example `-n frontend get pods`.
#[track_caller]
pub fn get_json(args: &str) -> Value {
    let text = kubectl(&format!("{args} --output json"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("kubectl {args}: {e}"))
}

/// The URL of a Service's port 80.
#[track_caller]
#[must_use]
pub fn service_url(namespace: &str, name: &str) -> String {
    let ip = kubectl(&format!("-n {namespace} get service {name} -o jsonpath={{.spec.clusterIP}}"));
    format!("http://{ip}:80")
}

/// Reads an object again and again until `probe` returns a value, and returns that value.
#[track_caller]
pub fn wait_for<T>(what: &str, args: &str, mut probe: impl FnMut(&Value) -> Option<T>) -> T {
    wait::until(what, DEADLINE, || {
        let text = try_kubectl(&format!("{args} --output json")).ok()?;
        probe(&serde_json::from_str(&text).ok()?)
    })
}

/// A condition of an object's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// A word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

/// Finds the condition of type `kind` in an object's status.
#[must_use]
pub fn condition(object: &Value, kind: &str) -> Option<Condition> {
    let condition = object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)?;
    let text = |key: &str| condition[key].as_str().unwrap_or_default().to_owned();
    Some(Condition { status: text("status"), reason: text("reason"), message: text("message") })
}

fn finish(command: &mut Command, input: &str) -> Result<String, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("cannot run kubectl: {e}"))?;
    // A kubectl that ends before it has read everything reports why, so a failed write is no error here.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(err) }
}
