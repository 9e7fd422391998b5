//! `canaryctl schema`: the JSON Schema of the config.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use crate::config::schema::SCHEMA;
use crate::terminal::output::Output;

/// Print the JSON Schema of the config, for editors.
///
/// The schema rejects nothing that the runtime reads without an error (E-codes). It cannot express decimals, names of
/// variants or flags that require each other in a circle: `canaryctl validate` checks those.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl schema >canary-config.schema.json
  canaryctl schema --output json

Then, first in the config:
  \"$schema\": \"./canary-config.schema.json\"")]
pub(crate) struct Args {}

/// Prints the schema.
pub(crate) fn run(_args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    print(SCHEMA, output)
}

/// Prints the text of a schema as it is, or on one line for machines.
pub(crate) fn print(schema: &str, output: Output) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match output {
        Output::Text => out.write_all(schema.as_bytes())?,
        Output::Json => writeln!(out, "{}", serde_json::from_str::<Value>(schema)?)?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
