//! `canaryctl schema`: what editors have to know of the config.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use crate::terminal::output::Output;

/// Print the JSON Schema of the config, for editors.
///
/// It rejects nothing that the runtime reads without an error (E-codes). What it cannot express, such as decimals, names
/// of variants or flags that require each other in a circle, is for `canaryctl validate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl schema >canary-config.schema.json
  canaryctl schema --output json

Then, first in the config:
  \"$schema\": \"./canary-config.schema.json\"")]
pub(crate) struct Args {}

/// A file and no code: there it can be read as what it is, and the tests hold it against the parser.
const SCHEMA: &str = include_str!("../config/schema.json");

/// The top-level keys of a config.
pub(crate) fn keys() -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    let keys = schema.get("properties").and_then(Value::as_object);
    keys.into_iter().flat_map(|keys| keys.keys().cloned()).collect()
}

/// Prints the schema.
pub(crate) fn run(_args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match output {
        Output::Text => out.write_all(SCHEMA.as_bytes())?,
        Output::Json => writeln!(out, "{}", serde_json::from_str::<Value>(SCHEMA)?)?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
