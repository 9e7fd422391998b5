//! `canaryctl init`: the files that a repository lacks for a canary.

mod plan;
mod repository;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use serde_json::json;

use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;
use plan::{NewFile, Plan};
use repository::Repository;

/// Write the files that a repository lacks for a canary, and say what is left to do.
///
/// Looks for the bundler, the package manager, the workflow files of CI, configs and clusters of Flux. Writes a config at 0 %
/// where there is none, and the object with which Flux applies it. Changes no file that is there, so a second run changes
/// nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl init --dry-run
  canaryctl init --namespace shop
  canaryctl init apps/shop --output json")]
pub(crate) struct Args {
    /// The folder of the repository.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The namespace of the pods that serve the pages.
    #[arg(long, value_name = "NAME", default_value = "frontend", value_parser = parse_namespace)]
    namespace: String,
    /// Write the config as canary.json, with its JSON Schema beside it; kustomize makes the ConfigMap of it.
    #[arg(long)]
    json: bool,
    /// Write nothing.
    #[arg(long)]
    dry_run: bool,
}

fn parse_namespace(text: &str) -> Result<String, &'static str> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = (1..=63).contains(&text.len()) && text.bytes().all(is_inner);
    let is_name = is_name && !text.starts_with('-') && !text.ends_with('-');
    is_name.then(|| text.to_owned()).ok_or("expected 1 to 63 of a-z 0-9 -, with no - at the ends")
}

/// Writes the files and prints the plan.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    ensure!(args.dir.is_dir(), "{}: expected a folder", args.dir.display());
    let repository = Repository::read(&args.dir);
    let plan = Plan::of(&repository, &args.namespace, args.json);
    if !args.dry_run {
        for file in &plan.files {
            write(&args.dir, file)?;
        }
    }
    print(&repository, &plan, args.dry_run, output)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that is not there, with the folders above it.
fn write(dir: &Path, file: &NewFile) -> anyhow::Result<()> {
    let path = dir.join(&file.path);
    let create = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        // A file that somebody else has written meanwhile stays.
        OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(file.text.as_bytes())
    };
    create().with_context(|| format!("cannot write {}", path.display()))
}

fn print(repository: &Repository, plan: &Plan, is_dry: bool, output: Output) -> anyhow::Result<()> {
    let mut out = stdout(output);
    if output == Output::Json {
        let found: serde_json::Map<_, _> = repository
            .found()
            .into_iter()
            .map(|(kind, name, file)| (kind.into(), json!({"name": name, "file": file})))
            .collect();
        let files = plan.files.iter().map(|it| json!({"file": it.path, "content": it.about, "written": !is_dry}));
        let files: Vec<_> = files.collect();
        writeln!(out, "{}", json!({"found": found, "kept": plan.kept, "files": files, "todo": plan.todo}))?;
        return Ok(out.flush()?);
    }
    for (kind, name, file) in repository.found() {
        writeln!(out, "found: {kind}: {name} ({file})")?;
    }
    for file in &plan.kept {
        writeln!(out, "kept: {file}")?;
    }
    let verb = if is_dry { "would write" } else { "wrote" };
    for NewFile { path, about, .. } in &plan.files {
        writeln!(out, "{verb}: {path}: {about}")?;
    }
    if plan.files.is_empty() {
        writeln!(out, "nothing to write")?;
    }
    for step in &plan.todo {
        writeln!(out, "to do: {step}")?;
    }
    Ok(out.flush()?)
}
