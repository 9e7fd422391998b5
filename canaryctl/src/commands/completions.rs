//! `canaryctl completions`: prints the completion script of a shell.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;

use crate::terminal::output::Output;

/// Print the completion script of a shell.
///
/// The output is a shell script with any --output.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl completions bash >~/.local/share/bash-completion/completions/canaryctl
  canaryctl completions fish >~/.config/fish/completions/canaryctl.fish")]
pub(crate) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script for a command.
pub(crate) fn run(args: &Args, mut command: Command, _output: Output) -> anyhow::Result<ExitCode> {
    // Into memory first: the generator panics if it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "canaryctl", &mut script);
    let mut out = io::stdout().lock();
    out.write_all(&script)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
