//! Runs shell scripts.

use std::path::Path;
use std::process::Command;

/// Runs a script with `bash -euo pipefail` in `dir`; returns what it prints.
///
/// # Panics
///
/// When the script fails; the message contains its output.
#[track_caller]
pub fn run(dir: &Path, script: &str, env: &[(&str, &str)]) -> String {
    try_run(dir, script, env).unwrap_or_else(|report| panic!("failed: {script}\n{report}"))
}

/// Runs a script with `bash -euo pipefail` in `dir`; a failure is a result to check.
///
/// # Errors
///
/// The output of a script that failed.
pub fn try_run(dir: &Path, script: &str, env: &[(&str, &str)]) -> Result<String, String> {
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", script]).current_dir(dir).envs(env.iter().copied());
    let output = command.output().unwrap_or_else(|e| panic!("cannot run bash: {e}"));
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(format!("{out}{err}")) }
}
