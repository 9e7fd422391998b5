//! `canaryctl rollout schema`: the JSON Schema of `rollout.yaml`.

use std::process::ExitCode;

use crate::commands::schema;
use crate::terminal::output::Output;

const SCHEMA: &str = include_str!("../../rollout/schema.json");

/// Print the JSON Schema of rollout.yaml, for editors.
///
/// The schema rejects nothing that the controller reads. It cannot express decimals of weights, the order of a ladder, or times of
/// a freeze: `canaryctl validate` checks those.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout schema >rollout.schema.json

Then, first in rollout.yaml:
  # yaml-language-server: $schema=rollout.schema.json")]
pub(crate) struct Args {}

/// Prints the schema.
pub(crate) fn run(_args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    schema::print(SCHEMA, output)
}
