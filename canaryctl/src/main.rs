//! `canaryctl`: the canary on the command line, computed by the code that runs in the browser.
//!
//! Every verb is a module with its `Args` and a `run`, which returns the exit code: 0, or 1 if the answer to a question is
//! no. An error is printed here on one line, with the source below if it is about a file, and exits with 2, like wrong usage.

mod bundler;
mod cli;
mod commands;
mod config;
mod console;
#[cfg(test)]
mod fuzz;
mod html;
mod lint;
#[cfg(feature = "cluster")]
mod nudge;
mod platform;
mod population;
mod rollout;
mod server;
mod terminal;

use std::io::{self, ErrorKind};
use std::process::ExitCode;

use terminal::{diagnostic, message};

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            message::error(&error);
            diagnostic::print_source(&error);
            ExitCode::from(2)
        }
    }
}

/// Whether the reader of the output closed it early, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}
