//! `canaryctl assets`: the bundle of a bundler's build, for the config.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::json;

use crate::bundler::bundle::Bundle;
use crate::bundler::dist::{self, Dist};
use crate::bundler::entry::Entry;
use crate::bundler::manifest::Manifest;
use crate::commands::edit::{self, Done};
use crate::config::editor::Editor;
use crate::html::built_page;
use crate::html::site::{self, SitePage, State};
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// Print the bundle of a build, for ASSETS.canary in the config, or write it there.
///
/// Reads the manifest of Vite (build.manifest), webpack (webpack-manifest-plugin, webpack-assets-manifest) or esbuild
/// (--metafile, named by --manifest). Scripts and stylesheets of the entry get the SHA-384 of their files; what the
/// entry imports statically is preloaded; what it imports later stays with the bundler's own loader. Without a manifest, the
/// entry is that of the page index.html; with one, the page's stylesheets belong to the entry as well.
///
/// Where several pages of DIST load scripts of the build, each has a bundle of its own, for ASSETS.entries: what canaryctl inject
/// writes into the page as stable, by the name that it writes as data-entry.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl assets --dir dist
  canaryctl assets dist --into canary-config-cm.yaml
  canaryctl assets --dir dist --manifest meta.json --version 1.5.0 --base /assets/1.5.0/
  canaryctl assets --dir dist --into k8s/overlays/production/config/canary-config-cm.yaml --commit")]
pub(crate) struct Args {
    /// The folder with the pages.
    #[arg(value_name = "DIST", required_unless_present = "dir")]
    site: Option<PathBuf>,
    /// The folder that the bundler wrote [default: DIST].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
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

/// What a build has for `ASSETS`.
#[derive(Debug, Default, Serialize)]
struct Assets {
    /// The bundle of the only page, or of the one that was injected without a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    canary: Option<Bundle>,
    /// The bundles of several pages by their `data-entry`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    entries: BTreeMap<String, Bundle>,
}

impl Args {
    /// The folder with the files of the build.
    fn dir(&self) -> &Path {
        self.dir.as_deref().or(self.site.as_deref()).unwrap_or(Path::new("."))
    }

    /// The path of a page, for messages.
    fn path(&self, page: &SitePage) -> String {
        self.site.as_deref().unwrap_or(self.dir()).join(&page.path).display().to_string()
    }
}

/// Prints the assets, or writes them into the config.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    for folder in [args.dir.as_ref(), args.site.as_ref()].into_iter().flatten() {
        ensure!(folder.is_dir(), "no folder {}", folder.display());
    }
    let (assets, version) = read_assets(args)?;
    ensure!(args.into.is_some() || !args.edit.is_any(), "--dry-run, --commit and --push need --into");
    if let Some(file) = &args.into {
        return write_into(args, file, &assets, &version, output);
    }
    let mut out = stdout(output);
    match &assets {
        Assets { canary: Some(bundle), entries } if entries.is_empty() => print(&mut out, bundle, output)?,
        assets => print(&mut out, assets, output)?,
    }
    writeln!(out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, json: &impl Serialize, output: Output) -> io::Result<()> {
    match output {
        Output::Text => serde_json::to_writer_pretty(out, json),
        Output::Json => serde_json::to_writer(out, json),
    }
    .map_err(io::Error::from)
}

/// The assets of the only entry or of all pages, and the version.
fn read_assets(args: &Args) -> anyhow::Result<(Assets, String)> {
    let version = || match &args.version {
        Some(version) => Ok(version.clone()),
        None => dist::version(args.dir())?.with_context(|| {
            format!("no version in a package.json of {} or its parent: name one with --version", args.dir().display())
        }),
    };
    let site = args.site.as_deref().unwrap_or(args.dir());
    let is_chosen = args.entry.is_some() || args.manifest.is_some();
    let pages = if is_chosen { Vec::new() } else { site::pages(site, args.dir())? };
    let pages: Vec<_> = pages.into_iter().filter(SitePage::has_bundle).collect();
    let version = version()?;
    if pages.len() < 2 {
        // A folder that is named for its build alone has its entry in the start page.
        let page = pages.first().filter(|page| args.site.is_some() || page.path == "index.html");
        return Ok((Assets { canary: Some(read(args, &version, page)?), ..Assets::default() }, version));
    }
    let mut assets = Assets::default();
    for page in pages {
        let name = args.path(&page);
        let mut bundle = page.bundle(args.dir(), args.base.as_deref(), &version).with_context(|| name.clone())?;
        if let Some(kind) = args.kind {
            bundle.set_classic(kind == Kind::Classic);
        }
        if matches!(page.state, State::Injected { entry: None, .. }) {
            let other = assets.canary.replace(bundle);
            ensure!(
                other.is_none(),
                "{name}: the second page with the runtime and without data-entry, of which ASSETS.canary can hold one: \
                 canaryctl inject {} gives each page its own",
                site.display()
            );
        } else {
            assets.entries.insert(page.entry(), bundle);
        }
    }
    Ok((assets, version))
}

/// The bundle of the only entry, or of the one that is chosen.
fn read(args: &Args, version: &str, page: Option<&SitePage>) -> anyhow::Result<Bundle> {
    let dir = args.dir();
    let manifest = Manifest::find(dir, args.manifest.as_deref())?;
    let mut entry = Entry::default();
    if let Some(manifest) = manifest {
        entry = manifest.entry(dir, args.entry.as_deref())?;
        let is_vite = Manifest::vite_files(dir)?.is_some();
        // A manifest that is named is meant, and only Vite's names the page of an entry.
        if args.manifest.is_none()
            && (is_vite || args.entry.is_none())
            && let Some(page) = built_page::read(dir, entry.page.as_deref())?
            && is_vite
        {
            page.complete(&mut entry.files)?;
        }
        if let Some(page) = page.filter(|_| !is_vite) {
            entry.files.classic = !page.has_modules(dir, &entry.files.scripts).with_context(|| args.path(page))?;
        }
    } else if let Some(page) = page {
        ensure!(args.entry.is_none(), "{}: has one entry, without a name", page.path);
        let mut bundle = page.bundle(dir, args.base.as_deref(), version).with_context(|| args.path(page))?;
        if let Some(kind) = args.kind {
            bundle.set_classic(kind == Kind::Classic);
        }
        return Ok(bundle);
    }
    if entry.files.scripts.is_empty() && dir.join("index.html").is_file() {
        let page = SitePage::read(dir, "index.html", dir)?;
        page.bundle(dir, args.base.as_deref(), version).with_context(|| dir.join(page.path).display().to_string())?;
    }
    ensure!(
        !entry.files.scripts.is_empty(),
        "no manifest of a bundler in {0}, and no page {0}/index.html with its entry: let it write a manifest (Vite: \
         build.manifest), or name it with --manifest",
        dir.display()
    );
    if let Some(kind) = args.kind {
        entry.files.classic = kind == Kind::Classic;
    }
    let base = match args.base.as_ref() {
        Some(base) => base.clone(),
        None => match crate::html::base::of_page(dir, &entry)? {
            Some(base) => base,
            None => dist::parse_base(&format!("/assets/{version}/"))
                .map_err(|_| anyhow::anyhow!("version {version} cannot be part of an address: name one with --base"))?,
        },
    };
    let dist = Dist { dir: dir.to_owned(), base };
    dist.bundle(Some(version.to_owned()), &entry.files)
}

/// Makes the assets those of the config, whose other members stay.
fn write_into(args: &Args, file: &Path, assets: &Assets, version: &str, output: Output) -> anyhow::Result<ExitCode> {
    edit::run(&args.edit, file, output, |editor| {
        let mut warnings = Vec::new();
        let mut members = Vec::new();
        let had = |editor: &Editor, member: &str| editor.get(&["ASSETS", member]).is_some();
        if let Some(bundle) = &assets.canary {
            editor.set(&["ASSETS", "canary"], &serde_json::to_string(bundle)?)?;
            members.push("ASSETS.canary".to_owned());
        } else if had(editor, "canary") {
            // A page from before it had a name, which is the start page of the site.
            match assets.entries.get("index") {
                Some(bundle) => {
                    editor.set(&["ASSETS", "canary"], &serde_json::to_string(bundle)?)?;
                    members.push("ASSETS.canary".to_owned());
                }
                None => warnings.push("ASSETS.canary stays as it was, for pages without data-entry".to_owned()),
            }
        }
        if !assets.entries.is_empty() {
            editor.set(&["ASSETS", "entries"], &serde_json::to_string(&assets.entries)?)?;
            let names: Vec<_> = assets.entries.keys().map(String::as_str).collect();
            members.push(format!("ASSETS.entries ({})", names.join(", ")));
        } else if had(editor, "entries") {
            warnings.push("ASSETS.entries stay as they were, for pages with data-entry".to_owned());
        }
        let verb = if assets.entries.is_empty() { "is" } else { "are" };
        let json = [("version", json!(version)), ("changed", json!(editor.is_changed()))];
        Ok(Done {
            text: editor.is_changed().then(|| format!("{} {verb} {version} now", members.join(" and "))),
            json: json.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            subject: format!("canary: assets of {version}"),
            warnings,
        })
    })
}
