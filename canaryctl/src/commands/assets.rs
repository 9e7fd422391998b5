//! `canaryctl assets`: the bundle of a bundler's build, for the config.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use serde_json::json;

use crate::bundler::bundle::Bundle;
use crate::bundler::dist::{self, Dist};
use crate::bundler::entry::Entry;
use crate::bundler::manifest::Manifest;
use crate::commands::edit::{self, Done};
use crate::html::built_page;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// Print the bundle of a build, for ASSETS.canary in the config, or write it there.
///
/// Reads the manifest of Vite (build.manifest), webpack (webpack-manifest-plugin, webpack-assets-manifest) or esbuild
/// (--metafile, named by --manifest). Scripts and stylesheets of the entry get the SHA-384 of their files; what the
/// entry imports statically is preloaded; what it imports later stays with the bundler's own loader. Without a manifest, the
/// entry is that of the page index.html; with one, the page's stylesheets belong to the entry as well.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl assets --dir dist
  canaryctl assets --dir dist --manifest meta.json --version 1.5.0 --base /assets/1.5.0/
  canaryctl assets --dir dist --into k8s/overlays/production/config/canary-config-cm.yaml --commit")]
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
    /// The base address that the bundler built for; else the one in the entry's page in DIST, else /assets/VERSION/.
    #[arg(long, value_name = "PATH", value_parser = dist::parse_base)]
    base: Option<String>,
    /// The type of the scripts; else module, or classic for webpack.
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<Kind>,
    /// The ConfigMap manifest, or the bare config, to write the bundle into.
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    #[command(flatten)]
    edit: edit::Args,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Module,
    Classic,
}

/// Prints the bundle, or writes it into the config.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    ensure!(args.dir.is_dir(), "no folder {}", args.dir.display());
    let bundle = read(args)?;
    ensure!(args.into.is_some() || !args.edit.is_any(), "--dry-run, --commit and --push need --into");
    if let Some(file) = &args.into {
        return write_into(args, file, &bundle, output);
    }
    let mut out = stdout(output);
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
    let mut page_base = None;
    let version = match &args.version {
        Some(version) => version.clone(),
        None => dist::version(&args.dir)?.with_context(|| {
            format!("no version in a package.json of {} or its parent: name one with --version", args.dir.display())
        })?,
    };
    let manifest = Manifest::find(&args.dir, args.manifest.as_deref())?;
    let mut entry = Entry::default();
    if let Some(manifest) = manifest {
        entry = manifest.entry(&args.dir, args.entry.as_deref())?;
        // Only Vite's manifest tells which of the page's files are the build's. A page that cannot be taken apart says nothing
        // against it, and a manifest that is named is meant.
        if args.manifest.is_none()
            && Manifest::vite_files(&args.dir)?.is_some()
            && let Ok(Some(page)) = built_page::read(&args.dir, entry.page.as_deref())
        {
            page.complete(&mut entry.files)?;
        }
    } else if let Some(page) = built_page::read(&args.dir, None)? {
        ensure!(args.entry.is_none(), "{}: has one entry, without a name", page.path);
        entry.files = page.entry.files;
        page_base = Some(page.entry.base);
    }
    ensure!(
        !entry.files.scripts.is_empty(),
        "no manifest of a bundler in {0}, and no page {0}/index.html with its entry: let it write a manifest (Vite: \
         build.manifest), or name it with --manifest",
        args.dir.display()
    );
    if let Some(kind) = args.kind {
        entry.files.classic = kind == Kind::Classic;
    }
    let base = match args.base.as_ref().or(page_base.as_ref()) {
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

/// Makes the bundle the canary of the config.
fn write_into(args: &Args, file: &Path, bundle: &Bundle, output: Output) -> anyhow::Result<ExitCode> {
    let text = serde_json::to_string(bundle)?;
    let version = bundle.version.as_deref().unwrap_or_default();
    edit::run(&args.edit, file, output, |editor| {
        editor.set(&["ASSETS", "canary"], &text)?;
        let json = [("version", json!(version)), ("changed", json!(editor.is_changed()))];
        Ok(Done {
            text: editor.is_changed().then(|| format!("ASSETS.canary is {version} now")),
            json: json.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            subject: format!("canary: assets of {version}"),
            warnings: Vec::new(),
        })
    })
}
