//! `canaryctl guard`: prints the inline guard, or its hash.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;

use crate::html::{csp, guard};
use crate::terminal::output::Output;

/// Print the inline guard, for a page that is written by hand.
///
/// The guard is an element that loads stable if canary.js cannot: missing, blocked, broken or silent. Put it before the tag
/// of canary.js, below the same parent, with no other module script between them. canaryctl inject adds it by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl guard
  canaryctl guard --hash")]
pub(crate) struct Args {
    /// Print the source expression for script-src of the Content-Security-Policy instead.
    #[arg(long)]
    hash: bool,
}

/// Prints the element or the hash.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let (element, source) = (guard::element(None), csp::source(&guard::script()));
    let mut out = io::stdout().lock();
    match output {
        Output::Json => writeln!(out, "{}", json!({"element": element, "scriptSrc": source})),
        Output::Text if args.hash => writeln!(out, "{source}"),
        Output::Text => writeln!(out, "{element}"),
    }?;
    Ok(ExitCode::SUCCESS)
}
