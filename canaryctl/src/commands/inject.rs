//! `canaryctl inject`: a bundler's page, made one that uses the runtime.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use serde_json::json;

use crate::bundler::bundle::Bundle;
use crate::bundler::dist::{self, Dist};
use crate::commands::assets::built;
use crate::commands::guard;
use crate::html::csp::{self, Inline};
use crate::html::elements;
use crate::html::entry::{self, Entry};
use crate::html::snippet::Include;
use crate::terminal::output::Output;

/// Turn a bundler's page into one that uses the runtime.
///
/// Takes the page's entry out (its module scripts, their modulepreloads and the build's stylesheets) and writes it down
/// as stable, with the SHA-384 of every script and stylesheet; the inline guard, the preload of the config and canary.js
/// take its place. All else stays byte for byte. A page that is done already stays as it is, but for an older guard, which
/// is replaced. Prints what was taken, and the hashes of inline scripts for script-src of the Content-Security-Policy.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl inject dist/index.html
  canaryctl inject dist/index.html --out public/index.html --data refresh=60")]
pub(crate) struct Args {
    /// The page.
    #[arg(value_name = "PAGE")]
    page: PathBuf,
    /// Write here instead of over the page.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The folder that the bundler wrote; else the page's own.
    #[arg(long, value_name = "DIST")]
    dir: Option<PathBuf>,
    /// The address of DIST; else what precedes the name of a file of DIST in the entry's address, or / if that is
    /// relative.
    #[arg(long, value_name = "PATH", value_parser = dist::parse_base)]
    base: Option<String>,
    /// The address of canary.js.
    #[arg(long, value_name = "PATH", default_value = "/runtime/canary.js", value_parser = parse_runtime)]
    runtime: String,
    /// Stable's version; else that of package.json in DIST or its parent, else none.
    #[arg(long, value_name = "V")]
    version: Option<String>,
    /// An attribute data-KEY for the script tag; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = crate::html::snippet::parse_data)]
    data: Vec<(String, String)>,
}

fn parse_runtime(text: &str) -> Result<String, String> {
    dist::check_address(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

/// The page as it will be, and what is to be said about it.
#[derive(Debug)]
struct Done {
    html: String,
    changed: bool,
    stable: Option<Bundle>,
    entry: Entry,
}

/// Rewrites the page, and reports.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let name = args.page.display().to_string();
    let bytes = fs::read(&args.page).with_context(|| format!("cannot read {name}"))?;
    let html = String::from_utf8(bytes).with_context(|| name.clone())?;
    let mut done = convert(args, &html).with_context(|| name.clone())?;
    let hashes = csp::inline(&done.html).with_context(|| name.clone())?;
    let target = args.out.as_deref().unwrap_or(&args.page);
    if done.changed || args.out.is_some() {
        fs::write(target, &done.html).with_context(|| format!("cannot write {}", target.display()))?;
    }
    if done.changed {
        done.entry.notes.extend(compressed(target));
    }
    print(&name, &done, &hashes, output)?;
    Ok(ExitCode::SUCCESS)
}

fn convert(args: &Args, html: &str) -> anyhow::Result<Done> {
    let elements = elements::elements(html)?;
    let tag = elements.iter().find(|it| it.attribute("src") == Some(&args.runtime));
    let guard = guard::find(&elements);
    // A page that was written by hand is done as well, with guard and tag.
    if (guard.is_some() && tag.is_some()) || elements.iter().any(|it| it.attribute("data-canary-stable").is_some()) {
        let nonce = tag.and_then(|it| it.attribute("nonce"));
        let renewed = guard::renew(html, &elements, nonce);
        return Ok(Done { changed: renewed != html, html: renewed, stable: None, entry: Entry::default() });
    }
    if let Some(guard) = guard {
        anyhow::bail!("line {}: the guard is there already, by another hand", guard.line);
    }
    if let Some(script) = tag {
        anyhow::bail!("line {}: <script src=\"{}\"> is there already, by another hand", script.line, args.runtime);
    }
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => args.page.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let dir = if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir };
    ensure!(dir.is_dir(), "no folder {}", dir.display());
    let below = fs::canonicalize(&args.page)?.strip_prefix(fs::canonicalize(&dir)?).map(Path::to_owned).ok();
    let page = below.as_deref().and_then(Path::to_str).unwrap_or_default();
    let place = entry::Place { dir: &dir, page, base: args.base.as_deref(), built: built(&dir)? };
    let entry = place.find(&elements)?;
    let version = match &args.version {
        Some(version) => Some(version.clone()),
        None => dist::version(&dir)?,
    };
    let stable = Dist { dir, base: entry.base.clone() }.bundle(version, &entry.files)?;
    let include = Include { runtime: &args.runtime, data: &args.data, nonce: entry.nonce.as_deref(), stable: &stable };
    let html = crate::html::rewrite::replace(html, &entry.spans(), &include.lines()?);
    Ok(Done { html, changed: true, stable: Some(stable), entry })
}

/// Nginx prefers a compressed neighbour of the page, which is now another page.
fn compressed(page: &Path) -> impl Iterator<Item = String> {
    let neighbours = [".br", ".gz"].map(|suffix| format!("{}{suffix}", page.display()));
    neighbours
        .into_iter()
        .filter(|it| Path::new(it).exists())
        .map(|it| format!("{it} is of the page before: compress again"))
}

fn print(name: &str, done: &Done, hashes: &[Inline], output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if output == Output::Json {
        let taken = done.entry.taken.iter().map(|it| json!({"line": it.line, "address": it.address}));
        let hashes = hashes.iter().map(|it| json!({"line": it.line, "source": it.source}));
        let report = json!({
            "file": name,
            "changed": done.changed,
            "stable": done.stable,
            "taken": taken.collect::<Vec<_>>(),
            "notes": done.entry.notes,
            "scriptSrc": hashes.collect::<Vec<_>>(),
        });
        writeln!(out, "{report}")?;
        return out.flush();
    }
    match &done.stable {
        None if done.changed => writeln!(out, "{name}: uses the runtime already, its guard is new")?,
        None => writeln!(out, "{name}: uses the runtime already, nothing changed")?,
        Some(stable) => {
            let version = stable.version.as_deref().unwrap_or("without a version");
            writeln!(out, "{name}: stable {version}: {}", stable.summary())?;
        }
    }
    for it in &done.entry.taken {
        writeln!(out, "taken: line {}: {}", it.line, it.address)?;
    }
    for note in &done.entry.notes {
        writeln!(out, "note: {note}")?;
    }
    if hashes.is_empty() {
        writeln!(out, "script-src: no inline script to allow")?;
    }
    for it in hashes {
        writeln!(out, "script-src: {} (inline script, now on line {})", it.source, it.line)?;
    }
    out.flush()
}
