//! What the cluster is asked and told.

use canary_e2e::wait;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a cluster on a busy machine may take for most things.
pub const DEADLINE: Duration = Duration::from_mins(3);

/// Runs `kubectl` with `args`, which spaces separate.
///
/// # Panics
///
/// When it fails; the message has its own.
#[track_caller]
pub fn kubectl(args: &str) -> String {
    attempt(args).unwrap_or_else(|report| panic!("kubectl {args}: {report}"))
}

/// The same, where a failure is an answer too.
///
/// # Errors
///
/// What `kubectl` said.
pub fn attempt(args: &str) -> Result<String, String> {
    finish(Command::new("kubectl").args(args.split_whitespace()), "")
}

/// The same, with a manifest on standard input, which `args` name as `-`.
///
/// # Errors
///
/// What `kubectl` said.
pub fn send(args: &str, manifest: &str) -> Result<String, String> {
    finish(Command::new("kubectl").args(args.split_whitespace()), manifest)
}

/// Makes objects of a manifest, or changes them.
#[track_caller]
pub fn apply(manifest: &str) {
    if let Err(report) = send("apply --server-side --force-conflicts --filename -", manifest) {
        panic!("cannot apply: {report}\n{manifest}");
    }
}

/// An object or a list, `-n frontend get pods` for one.
#[track_caller]
pub fn get(args: &str) -> Value {
    let text = kubectl(&format!("{args} --output json"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("kubectl {args}: {e}"))
}

/// Where a Service is.
#[track_caller]
#[must_use]
pub fn service(namespace: &str, name: &str) -> String {
    let ip = kubectl(&format!("-n {namespace} get service {name} -o jsonpath={{.spec.clusterIP}}"));
    format!("http://{ip}:80")
}

/// Waits until `probe` finds in that object what it looks for.
#[track_caller]
pub fn wait_for<T>(what: &str, args: &str, mut probe: impl FnMut(&Value) -> Option<T>) -> T {
    wait::until(what, DEADLINE, || {
        let text = attempt(&format!("{args} --output json")).ok()?;
        probe(&serde_json::from_str(&text).ok()?)
    })
}

/// The condition of that type: its status, reason and message.
#[must_use]
pub fn condition(object: &Value, kind: &str) -> Option<(String, String, String)> {
    let condition = object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)?;
    let text = |key: &str| condition[key].as_str().unwrap_or_default().to_owned();
    Some((text("status"), text("reason"), text("message")))
}

fn finish(command: &mut Command, input: &str) -> Result<String, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("cannot run kubectl: {e}"))?;
    // Closed at the end of the line; who ends before it has read everything says why.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(err) }
}
