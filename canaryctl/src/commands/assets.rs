//! `canaryctl assets`: the bundle that a bundler's manifest describes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use serde_json::json;

use crate::bundler::bundle::Bundle;
use crate::bundler::dist::{self, Dist};
use crate::bundler::manifest::Manifest;
use crate::config::editor::Editor;
use crate::terminal::output::Output;

/// Print the bundle of a build, as it stands in the config under ASSETS.canary.
///
/// Reads the manifest of Vite (build.manifest), webpack (webpack-manifest-plugin, webpack-assets-manifest) or esbuild
/// (--metafile, named by --manifest). Scripts and stylesheets of the entry get the SHA-384 of their files; what the
/// entry imports statically is preloaded; what it imports later stays with the bundler's own loader.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl assets --dir dist
  canaryctl assets --dir dist --manifest meta.json --version 1.5.0 --base /assets/1.5.0/")]
pub(crate) struct Args {
    /// The folder that the bundler wrote.
    #[arg(long, value_name = "DIST")]
    dir: PathBuf,
    /// The manifest; else .vite/manifest.json, manifest.json, asset-manifest.json or assets-manifest.json in DIST.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The entry, by its key in the manifest, where there are several.
    #[arg(long, value_name = "KEY")]
    entry: Option<String>,
    /// The bundle's version; else that of package.json in DIST or its parent.
    #[arg(long, value_name = "V")]
    version: Option<String>,
    /// The address of DIST, as the bundler was told; else what the entry's page in DIST says, else /assets/VERSION/.
    #[arg(long, value_name = "PATH", value_parser = dist::parse_base)]
    base: Option<String>,
    /// How the scripts run: a module unless told, with webpack classic.
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<Kind>,
    /// Write the bundle into the config of this ConfigMap manifest.
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Module,
    Classic,
}

/// Prints the bundle, or writes it where it belongs.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    ensure!(args.dir.is_dir(), "no folder {}", args.dir.display());
    let bundle = read(args)?;
    if let Some(file) = &args.into {
        return write_into(file, &bundle, output);
    }
    let mut out = io::stdout().lock();
    match output {
        Output::Text => serde_json::to_writer_pretty(&mut out, &bundle),
        Output::Json => serde_json::to_writer(&mut out, &bundle),
    }
    .map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn read(args: &Args) -> anyhow::Result<Bundle> {
    let version = match &args.version {
        Some(version) => version.clone(),
        None => dist::version(&args.dir)?.with_context(|| {
            format!("no version in a package.json of {} or its parent: name one with --version", args.dir.display())
        })?,
    };
    let manifest = Manifest::find(&args.dir, args.manifest.as_deref())?;
    let mut entry = manifest.entry(&args.dir, args.entry.as_deref())?;
    if let Some(kind) = args.kind {
        entry.files.classic = kind == Kind::Classic;
    }
    let base = match &args.base {
        Some(base) => base.clone(),
        None => match crate::html::base::of_page(&args.dir, &entry)? {
            Some(base) => base,
            None => dist::parse_base(&format!("/assets/{version}/"))
                .map_err(|_| anyhow::anyhow!("version {version} cannot be part of an address: name one with --base"))?,
        },
    };
    let dist = Dist { dir: args.dir.clone(), base };
    dist.bundle(Some(version), &entry.files)
}

/// Makes the bundle the canary of the config in a manifest.
fn write_into(file: &Path, bundle: &Bundle, output: Output) -> anyhow::Result<ExitCode> {
    let mut editor = Editor::open(file)?;
    editor.set(&["ASSETS", "canary"], &serde_json::to_string(bundle)?)?;
    if editor.is_changed() {
        editor.raise_revision()?;
        for fault in editor.judge()? {
            // Whoever does not read warnings gets the edit nevertheless.
            let _ = writeln!(io::stderr(), "canaryctl: {}: {fault}", file.display());
        }
        editor.save()?;
    }
    let mut out = io::stdout().lock();
    let (version, changed) = (bundle.version.as_deref().unwrap_or_default(), editor.is_changed());
    match output {
        Output::Text if changed => writeln!(out, "{}: ASSETS.canary is {version} now", file.display()),
        Output::Text => writeln!(out, "{}: nothing to change", file.display()),
        Output::Json => writeln!(out, "{}", json!({"file": file, "version": version, "changed": changed})),
    }?;
    Ok(ExitCode::SUCCESS)
}
