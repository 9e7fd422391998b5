//! `canaryctl init`: the files that a repository lacks for a canary.

mod plan;
mod record;
mod repository;
mod standard;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use serde_json::json;

use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;
use plan::Plan;
use record::Record;
use repository::{NewFile, Repository};
use standard::Names;

/// Write the files that a repository lacks for a canary, and say what is left to do.
///
/// Looks for the bundler, the package manager, the workflow files of CI, configs and clusters of Flux. Writes a config at 0 %
/// where there is none, and the object with which Flux applies it; with `--with standard` also the image, the manifests with your
/// names, rollout and CI. Changes no file that is there, so a second run changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl init --dry-run
  canaryctl init --namespace shop
  canaryctl init --with standard --namespace shop --set app=shop --set image=ghcr.io/acme/shop
  canaryctl init --remove
  canaryctl init apps/shop --output json")]
pub(crate) struct Args {
    /// The folder of the repository.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The namespace of the pods that serve the pages.
    #[arg(long, value_name = "NAME", default_value = "frontend", value_parser = parse_namespace)]
    namespace: String,
    /// How much to write.
    #[arg(long, value_name = "SIZE", value_enum, default_value_t = Size::Minimal)]
    with: Size,
    /// A name in the settings of --with standard, such as app, image or repository. May be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = Names::parse)]
    set: Vec<(String, String)>,
    /// The team that approves changes of the manifests, for CODEOWNERS of --with standard.
    #[arg(long, value_name = "TEAM")]
    owners: Option<String>,
    /// Remove the files that init has written here and that have not changed since.
    #[arg(long, conflicts_with_all = ["with", "set", "owners"])]
    remove: bool,
    /// Write the config as canary.json, with its JSON Schema beside it; kustomize makes the ConfigMap of it.
    #[arg(long, conflicts_with_all = ["with", "set", "owners", "remove"])]
    json: bool,
    /// Write nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Size {
    /// The config, for workloads that you have.
    Minimal,
    /// Also the image of the front end, the workloads, the Flux objects, a rollout, and a workflow of CI.
    Standard,
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
    let mut record = Record::read(&args.dir)?;
    if args.remove {
        let (removed, kept) = record.remove(&args.dir, args.dry_run)?;
        if !args.dry_run {
            record.write(&args.dir)?;
        }
        print_removed(&removed, &kept, args.dry_run, output)?;
        return Ok(ExitCode::SUCCESS);
    }
    let repository = Repository::read(&args.dir);
    let plan = match args.with {
        Size::Minimal => Plan::of(&repository, &args.namespace, args.json),
        Size::Standard => {
            let names = Names::new(&args.namespace, &args.set, &repository);
            Plan::standard(&args.dir, &repository, &names, args.owners.as_deref(), &record)
        }
    };
    if !args.dry_run && !plan.files.is_empty() {
        for file in &plan.files {
            write(&args.dir, file)?;
            record.add(&file.path, &file.text);
        }
        record.write(&args.dir)?;
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

fn print_removed(removed: &[String], kept: &[String], is_dry: bool, output: Output) -> anyhow::Result<()> {
    let mut out = stdout(output);
    if output == Output::Json {
        writeln!(out, "{}", json!({"removed": removed, "kept": kept, "written": !is_dry}))?;
        return Ok(out.flush()?);
    }
    let verb = if is_dry { "would remove" } else { "removed" };
    for file in removed {
        writeln!(out, "{verb}: {file}")?;
    }
    for file in kept {
        writeln!(out, "kept: {file}: it has changed since init wrote it")?;
    }
    Ok(out.flush()?)
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
