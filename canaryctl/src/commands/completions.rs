//! `canaryctl completions`: what a shell needs to complete the command line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;

use crate::terminal::output::Output;

/// Print completions for a shell.
///
/// The output is a script of that shell, whatever --output says.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl completions bash >~/.local/share/bash-completion/completions/canaryctl
  canaryctl completions fish >~/.config/fish/completions/canaryctl.fish")]
pub(crate) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script for the command line of `program`.
pub(crate) fn run(args: &Args, program: &mut Command, _output: Output) -> anyhow::Result<ExitCode> {
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, program, "canaryctl", &mut script);
    let mut out = io::stdout().lock();
    out.write_all(&script)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
