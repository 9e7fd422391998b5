//! `canaryctl inject`: replaces the entry of a bundler's page by the runtime.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use serde_json::json;

use crate::bundler::bundle::Bundle;
use crate::bundler::dist::{self, Dist};
use crate::bundler::manifest::Manifest;
use crate::config::default_path;
use crate::html::csp::{self, InlineSource};
use crate::html::entry::{Page, PageEntry};
use crate::html::preload::{self, RuntimeFiles};
use crate::html::snippet::{Snippet, parse_data};
use crate::html::{app_root, elements, guard, inline_style, rewrite, warnings};
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// Make a bundler's page load the runtime.
///
/// Removes the entry from the page (its module scripts, their modulepreloads and the build's stylesheets) and records it as
/// stable, with the SHA-384 of every script and stylesheet; inserts the inline guard, preloads (of the config, the runtime's
/// files and stable) and canary.js instead. All else stays byte for byte. In a page that loads the runtime already, only an
/// older guard and the names of the runtime's files are updated. Prints what was taken, and the hashes of inline scripts for
/// script-src of the Content-Security-Policy.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl inject dist/index.html
  canaryctl inject dist/index.html --out public/index.html --data refresh=60")]
pub(crate) struct Args {
    /// The page.
    #[arg(value_name = "PAGE")]
    page: PathBuf,
    /// Write to this file instead of the page.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The folder that the bundler wrote [default: the folder of the page].
    #[arg(long, value_name = "DIST")]
    dir: Option<PathBuf>,
    /// The base path of DIST [default: the part of the entry's URL before a file of DIST, or / if it is relative].
    #[arg(long, value_name = "PATH", value_parser = dist::parse_base)]
    base: Option<String>,
    /// The URL of canary.js.
    #[arg(long, value_name = "PATH", default_value = "/runtime/canary.js", value_parser = parse_runtime)]
    runtime: String,
    /// The folder with the runtime's files, whose names the page preloads [default: that of --runtime in DIST,
    /// node_modules/canary-runtime, or pkg].
    #[arg(long, value_name = "DIR")]
    runtime_dir: Option<PathBuf>,
    /// Do not preload stable: for a page whose users mostly get the canary.
    #[arg(long)]
    no_stable_preload: bool,
    /// The version of stable [default: that of package.json in DIST or its parent, or none].
    #[arg(long, value_name = "V")]
    version: Option<String>,
    /// An attribute data-KEY of the script tag; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_data)]
    data: Vec<(String, String)>,
}

fn parse_runtime(text: &str) -> Result<String, String> {
    dist::check_url(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

/// The new page, and the data of the report.
#[derive(Debug)]
struct Injection {
    html: String,
    changed: bool,
    stable: Option<Bundle>,
    entry: PageEntry,
}

/// Rewrites the page, and prints the report.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let name = args.page.display().to_string();
    let bytes = fs::read(&args.page).with_context(|| format!("cannot read {name}"))?;
    let html = String::from_utf8(bytes).with_context(|| name.clone())?;
    let mut injection = inject(args, &html).with_context(|| name.clone())?;
    let mut hashes = csp::inline_scripts(&injection.html).with_context(|| name.clone())?;
    let inline = inline_style::find(&injection.html);
    let target = args.out.as_deref().unwrap_or(&args.page);
    if injection.changed || args.out.is_some() {
        fs::write(target, &injection.html).with_context(|| format!("cannot write {}", target.display()))?;
    }
    if injection.changed {
        injection.entry.notes.extend(outdated_files(target));
        injection.entry.notes.extend(warnings::of_page(&injection.html, &hashes).with_context(|| name.clone())?);
        injection.entry.notes.extend(warnings::of_workers(&dist(args), target));
    }
    hashes.extend(inline.handlers);
    print(&name, &injection, &hashes, &inline.styles, output)?;
    Ok(ExitCode::SUCCESS)
}

/// The folder that the bundler wrote.
fn dist(args: &Args) -> PathBuf {
    let dir = args.dir.clone().or_else(|| args.page.parent().map(Path::to_owned)).unwrap_or_default();
    if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir }
}

/// The runtime's files, from the folder that is named or the first that has them.
fn runtime_files(args: &Args) -> anyhow::Result<Option<RuntimeFiles>> {
    if let Some(folder) = &args.runtime_dir {
        let files = RuntimeFiles::read(folder);
        return files.map(Some).with_context(|| format!("no canary.js of a build in {}", folder.display()));
    }
    let below =
        Path::new(&args.runtime).parent().and_then(|it| it.strip_prefix("/").ok()).map(|it| dist(args).join(it));
    let found = below.and_then(|folder| RuntimeFiles::read(&folder));
    Ok(found.or_else(|| default_path::runtime(None).ok().and_then(|folder| RuntimeFiles::read(&folder))))
}

fn inject(args: &Args, html: &str) -> anyhow::Result<Injection> {
    let elements = elements::elements(html)?;
    let tag = elements.iter().find(|it| it.attribute("src") == Some(&args.runtime));
    let guard = guard::find(&elements);
    // A page with guard and tag written by hand has the runtime as well.
    if (guard.is_some() && tag.is_some()) || elements.iter().any(|it| it.attribute("data-canary-stable").is_some()) {
        let nonce = tag.and_then(|it| it.attribute("nonce"));
        let mut updated = html.to_owned();
        if let Some(files) = runtime_files(args)? {
            updated = preload::update(&updated, &elements, &args.runtime, &files);
        }
        let updated = guard::update(&updated, &elements::elements(&updated)?, nonce);
        return Ok(Injection { changed: updated != html, html: updated, stable: None, entry: PageEntry::default() });
    }
    if let Some(guard) = guard {
        bail!(
            "line {}: found a guard but no <script src=\"{}\">: remove it or add the script",
            guard.line,
            args.runtime
        );
    }
    if let Some(script) = tag {
        bail!("line {}: found <script src=\"{}\"> but no guard: remove it or add the guard", script.line, args.runtime);
    }
    let dir = dist(args);
    ensure!(dir.is_dir(), "no folder {}", dir.display());
    let below = fs::canonicalize(&args.page)?.strip_prefix(fs::canonicalize(&dir)?).map(Path::to_owned).ok();
    let path = below.as_deref().and_then(Path::to_str).unwrap_or_default();
    let page = Page { dir: &dir, path, base: args.base.as_deref(), files: Manifest::vite_files(&dir)? };
    let mut entry = page.find_entry(html, &elements)?;
    let version = match &args.version {
        Some(version) => Some(version.clone()),
        None => dist::version(&dir)?,
    };
    let stable = Dist { dir, base: entry.base.clone() }.bundle(version, &entry.files)?;
    let files = runtime_files(args)?;
    if files.is_none() {
        entry
            .notes
            .push("no folder with the runtime's files, which are not preloaded: name it with --runtime-dir".to_owned());
    }
    let mut data = args.data.clone();
    // A canary that leaves it empty has failed; of another page the runtime cannot say that.
    if let Some(root) = app_root::selector(html).filter(|_| data.iter().all(|(key, _)| key != "root")) {
        entry.notes.push(format!("data-root=\"{root}\": a canary that draws nothing there has failed (E406)"));
        data.push(("root".to_owned(), root));
    }
    let snippet = Snippet {
        runtime: &args.runtime,
        data: &data,
        nonce: entry.nonce.as_deref(),
        stable: &stable,
        files: files.as_ref(),
        preloads_stable: !args.no_stable_preload,
    };
    let html = rewrite::replace(html, &entry.spans(), entry.place(&elements), &snippet.lines()?);
    Ok(Injection { html, changed: true, stable: Some(stable), entry })
}

/// Notes about compressed files of the old page, which nginx would serve instead of the new one.
fn outdated_files(page: &Path) -> impl Iterator<Item = String> {
    let compressed = [".br", ".gz"].map(|suffix| format!("{}{suffix}", page.display()));
    compressed
        .into_iter()
        .filter(|it| Path::new(it).exists())
        .map(|it| format!("{it} has the old page: compress the page again"))
}

fn print(
    name: &str,
    injection: &Injection,
    hashes: &[InlineSource],
    styles: &[InlineSource],
    output: Output,
) -> io::Result<()> {
    let mut out = stdout(output);
    if output == Output::Json {
        let removed = injection.entry.removed.iter().map(|it| json!({"line": it.line, "address": it.url}));
        let list = |all: &[InlineSource]| -> Vec<_> {
            all.iter().map(|it| json!({"line": it.line, "source": it.source})).collect()
        };
        let report = json!({
            "file": name,
            "changed": injection.changed,
            "stable": injection.stable,
            "taken": removed.collect::<Vec<_>>(),
            "notes": injection.entry.notes,
            "scriptSrc": list(hashes),
            "styleSrc": list(styles),
        });
        writeln!(out, "{report}")?;
        return out.flush();
    }
    match &injection.stable {
        None if injection.changed => writeln!(out, "{name}: loads the runtime already, guard updated")?,
        None => writeln!(out, "{name}: loads the runtime already, nothing changed")?,
        Some(stable) => {
            let version = stable.version.as_deref().unwrap_or("without a version");
            writeln!(out, "{name}: stable {version}: {}", stable.summary())?;
        }
    }
    for it in &injection.entry.removed {
        writeln!(out, "taken: line {}: {}", it.line, it.url)?;
    }
    for note in &injection.entry.notes {
        writeln!(out, "note: {note}")?;
    }
    if hashes.is_empty() {
        writeln!(out, "script-src: no inline script to allow")?;
    }
    for it in hashes {
        let kind = if it.is_attribute() { "event handler" } else { "inline script" };
        writeln!(out, "script-src: {} ({kind}, now on line {})", it.source, it.line)?;
    }
    for it in styles {
        let kind = if it.is_attribute() { "style attribute" } else { "inline style" };
        writeln!(out, "style-src: {} ({kind}, now on line {})", it.source, it.line)?;
    }
    out.flush()
}
