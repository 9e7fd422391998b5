//! `canaryctl`: the canary on the command line, computed by the code that runs in the browser.
//!
//! Every verb is a module with its arguments and a `run`. It returns how the program exits: 0, or 1 where the answer
//! to a question is no. An error is printed here, on one line, and exits with 2, as wrong usage does.

mod assets;
mod bucket;
mod bundle;
mod cli;
mod clock;
mod completions;
mod config_file;
mod conflict;
mod counter;
mod crowd;
mod csp;
mod diff;
mod dist;
mod edit;
mod explain;
mod figures;
mod git;
mod guard;
mod html;
mod inject;
mod input;
mod manifest;
mod nudge;
mod output;
mod schema;
mod screen;
mod segment;
mod serve;
mod set;
mod simulate;
mod target;
mod terminal;
mod validate;
mod yaml;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

/// Whoever read the output has seen enough, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

/// Prints an error with its causes on one line. Not `eprintln!`, which panics where nobody reads.
fn complain(error: &anyhow::Error) {
    let _ = writeln!(io::stderr(), "canaryctl: {error:#}");
}
