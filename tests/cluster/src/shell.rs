//! Commands, as somebody would type them.

use std::path::Path;
use std::process::Command;

/// Runs a script with `bash -eu` in `dir`; returns what it printed.
///
/// # Panics
///
/// When it fails; the message has its output.
#[track_caller]
pub fn run(dir: &Path, script: &str, env: &[(&str, &str)]) -> String {
    attempt(dir, script, env).unwrap_or_else(|report| panic!("failed: {script}\n{report}"))
}

/// The same, where a failure is an answer too.
///
/// # Errors
///
/// What a script printed that failed.
pub fn attempt(dir: &Path, script: &str, env: &[(&str, &str)]) -> Result<String, String> {
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", script]).current_dir(dir).envs(env.iter().copied());
    let output = command.output().unwrap_or_else(|e| panic!("cannot run bash: {e}"));
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(format!("{out}{err}")) }
}
