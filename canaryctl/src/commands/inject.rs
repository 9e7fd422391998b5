//! `canaryctl inject`: replaces the entry of a bundler's page by the runtime.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::bundler::bundle::Bundle;
use crate::bundler::dist::{self, Dist};
use crate::bundler::manifest::Manifest;
use crate::config::default_path;
use crate::html::csp::{self, InlineSource};
use crate::html::inline_style::Inline;
use crate::html::page::{Page, PageEntry};
use crate::html::preload::{self, RuntimeFiles};
use crate::html::site::{self, SitePage};
use crate::html::snippet::{self, Snippet, parse_data};
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
///
/// Takes a folder for all pages in it. Where several of them load scripts of the build, each gets a data-entry of its path, so
/// that it has a canary of its own in ASSETS.entries, which canaryctl assets writes. If a page is refused, all stay as they were.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl inject dist/index.html
  canaryctl inject dist
  canaryctl inject dist/index.html --out public/index.html --data refresh=60")]
pub(crate) struct Args {
    /// The page, several pages, or the folder with all of them.
    #[arg(required = true, value_name = "PAGE")]
    pages: Vec<PathBuf>,
    /// Write to this file instead of the page.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The folder that the bundler wrote [default: the folder of the page, or PAGE if it is a folder].
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

/// A page to inject.
#[derive(Debug)]
struct Target {
    path: PathBuf,
    html: String,
    /// The folder of the build.
    dir: PathBuf,
    /// The name of its entry, where the site has several.
    entry: Option<String>,
}

/// The new page, and the data of the report.
#[derive(Debug)]
struct Injection {
    html: String,
    changed: bool,
    stable: Option<Bundle>,
    entry: PageEntry,
    hashes: Vec<InlineSource>,
    inline: Inline,
}

/// Rewrites the pages, and prints the reports.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let is_one = matches!(args.pages.as_slice(), [page] if !page.is_dir());
    let (targets, plain) = if is_one { (vec![single(args)?], Vec::new()) } else { several(args)? };
    let mut injections = Vec::new();
    for target in &targets {
        let name = target.path.display().to_string();
        let mut injection = inject(args, target).with_context(|| name.clone())?;
        if injection.changed {
            let written = args.out.as_deref().unwrap_or(&target.path);
            injection.entry.notes.extend(outdated_files(written));
            injection.entry.notes.extend(warnings::of_page(&injection.html, &injection.hashes).context(name)?);
            injection.entry.notes.extend(warnings::of_workers(&target.dir, written));
            injection.entry.notes.extend(if is_one { other_entries(args, target) } else { None });
        }
        injections.push(injection);
    }
    write(args, &targets, &injections)?;
    let reports: Vec<_> = targets.iter().zip(&injections).collect();
    print(&reports, &plain, is_one, output)?;
    Ok(ExitCode::SUCCESS)
}

/// The only page.
fn single(args: &Args) -> anyhow::Result<Target> {
    let path = args.pages.first().cloned().unwrap_or_default();
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let html = site::text(bytes).with_context(|| path.display().to_string())?;
    let dir = args.dir.clone().or_else(|| path.parent().map(Path::to_owned)).unwrap_or_default();
    let dir = dist::or_here(dir);
    Ok(Target { path, html, dir, entry: None })
}

/// The pages of a site that load scripts of the build, and the paths of the others.
fn several(args: &Args) -> anyhow::Result<(Vec<Target>, Vec<PathBuf>)> {
    ensure!(args.out.is_none(), "--out is for one page: several are changed in place");
    let (root, pages) = site::find(&args.pages, args.dir.as_deref())?;
    let dir = dist::or_here(args.dir.clone().unwrap_or_else(|| root.clone()));
    let (built, plain): (Vec<_>, Vec<_>) = pages.into_iter().partition(SitePage::has_entry);
    ensure!(!built.is_empty(), "no page of {} loads a script of {}", root.display(), dir.display());
    let has_names = built.len() > 1;
    let named = args.data.iter().any(|(key, _)| key == "entry");
    ensure!(!(has_names && named), "--data entry is for one page: several have the names of their paths");
    let target = |page: SitePage| Target {
        path: root.join(&page.path),
        entry: has_names.then(|| page.entry()),
        html: page.html,
        dir: dir.clone(),
    };
    Ok((built.into_iter().map(target).collect(), plain.into_iter().map(|it| root.join(it.path)).collect()))
}

/// A note where other pages of the site would load the canary of the only page.
fn other_entries(args: &Args, target: &Target) -> Option<String> {
    if args.data.iter().any(|(key, _)| key == "entry") {
        return None;
    }
    let folder = dist::or_here(target.path.parent()?.to_owned());
    let pages = site::pages(&folder, &target.dir).ok()?;
    let own = target.path.file_name()?.to_str()?;
    let other = pages.iter().find(|it| it.has_entry() && it.path != own)?;
    let folder = folder.display();
    Some(format!(
        "{} has an entry of its own, which ASSETS.canary cannot hold as well: canaryctl inject {folder} gives each page its own",
        other.path
    ))
}

/// Writes all pages, or none.
fn write(args: &Args, targets: &[Target], injections: &[Injection]) -> anyhow::Result<()> {
    for (index, (target, injection)) in targets.iter().zip(injections).enumerate() {
        if !injection.changed && args.out.is_none() {
            continue;
        }
        let path = args.out.as_deref().unwrap_or(&target.path);
        if let Err(error) = fs::write(path, &injection.html) {
            // What is written so far is taken back, this page included, of which a part may be written.
            for (earlier, _) in targets.iter().zip(injections).take(index.saturating_add(1)).filter(|it| it.1.changed) {
                if args.out.is_none() {
                    let _ = fs::write(&earlier.path, &earlier.html);
                }
            }
            return Err(error).with_context(|| format!("cannot write {}", path.display()));
        }
    }
    Ok(())
}

/// The runtime's files, from the folder that is named or the first that has them.
fn runtime_files(args: &Args, dir: &Path) -> anyhow::Result<Option<RuntimeFiles>> {
    if let Some(folder) = &args.runtime_dir {
        let files = RuntimeFiles::read(folder);
        return files.map(Some).with_context(|| format!("no canary.js of a build in {}", folder.display()));
    }
    let below = Path::new(&args.runtime).parent().and_then(|it| it.strip_prefix("/").ok()).map(|it| dir.join(it));
    let found = below.and_then(|folder| RuntimeFiles::read(&folder));
    Ok(found.or_else(|| default_path::runtime(None).ok().and_then(|folder| RuntimeFiles::read(&folder))))
}

fn inject(args: &Args, target: &Target) -> anyhow::Result<Injection> {
    let Target { path, html, dir, entry: entry_name } = target;
    let elements = elements::elements(html)?;
    let tag = elements.iter().find(|it| it.attribute("src") == Some(&args.runtime));
    let guard = guard::find(&elements);
    // A page with guard and tag written by hand has the runtime as well.
    if (guard.is_some() && tag.is_some()) || elements.iter().any(|it| it.attribute("data-canary-stable").is_some()) {
        let nonce = tag.and_then(|it| it.attribute("nonce"));
        let mut updated = html.to_owned();
        if let Some(name) = entry_name {
            updated = snippet::with_entry(html, tag, name)
                .with_context(|| format!("no <script src=\"{}\">", args.runtime))?;
        }
        if let Some(files) = runtime_files(args, dir)? {
            updated = preload::update(&updated, &elements::elements(&updated)?, &args.runtime, &files);
        }
        let updated = guard::update(&updated, &elements::elements(&updated)?, nonce);
        return Injection::new(updated != *html, updated, None, PageEntry::default());
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
    ensure!(dir.is_dir(), "no folder {}", dir.display());
    let below = fs::canonicalize(path)?.strip_prefix(fs::canonicalize(dir)?).map(Path::to_owned).ok();
    let path = below.as_deref().and_then(Path::to_str).unwrap_or_default();
    let page = Page { dir, path, base: args.base.as_deref(), files: Manifest::vite_files(dir)? };
    let mut entry = page.find_entry(html, &elements)?;
    let version = match &args.version {
        Some(version) => Some(version.clone()),
        None => dist::version(dir)?,
    };
    let stable = Dist { dir: dir.clone(), base: entry.base.clone() }.bundle(version, &entry.files)?;
    let files = runtime_files(args, dir)?;
    if files.is_none() {
        entry
            .notes
            .push("no folder with the runtime's files, which are not preloaded: name it with --runtime-dir".to_owned());
    }
    let mut data = args.data.clone();
    data.extend(entry_name.iter().map(|name| ("entry".to_owned(), name.clone())));
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
    Injection::new(true, html, Some(stable), entry)
}

impl Injection {
    fn new(changed: bool, html: String, stable: Option<Bundle>, entry: PageEntry) -> anyhow::Result<Self> {
        let hashes = csp::inline_scripts(&html)?;
        let inline = inline_style::find(&html);
        Ok(Self { html, changed, stable, entry, hashes, inline })
    }
}

/// Notes about compressed files of the old page, which nginx would serve instead of the new one.
fn outdated_files(page: &Path) -> impl Iterator<Item = String> {
    let compressed = [".br", ".gz"].map(|suffix| format!("{}{suffix}", page.display()));
    compressed
        .into_iter()
        .filter(|it| Path::new(it).exists())
        .map(|it| format!("{it} has the old page: compress the page again"))
}

fn print(reports: &[(&Target, &Injection)], plain: &[PathBuf], is_one: bool, output: Output) -> io::Result<()> {
    let mut out = stdout(output);
    if output == Output::Json {
        let mut pages: Vec<Value> = reports.iter().map(|(target, injection)| json_report(target, injection)).collect();
        if is_one {
            writeln!(out, "{}", pages.pop().unwrap_or_default())?;
        } else {
            let plain: Vec<_> = plain.iter().map(|path| path.display().to_string()).collect();
            writeln!(out, "{}", json!({"pages": pages, "withoutScripts": plain}))?;
        }
        return out.flush();
    }
    for (target, injection) in reports {
        print_text(&mut out, target, injection)?;
    }
    for path in plain {
        writeln!(out, "{}: loads no script of this build, nothing changed", path.display())?;
    }
    out.flush()
}

fn json_report(target: &Target, injection: &Injection) -> Value {
    let removed = injection.entry.removed.iter().map(|it| json!({"line": it.line, "address": it.url}));
    let sources = |it: &InlineSource| json!({"line": it.line, "source": it.source});
    let scripts = injection.hashes.iter().chain(&injection.inline.handlers).map(sources);
    let styles = injection.inline.styles.iter().map(sources);
    let mut report = json!({
        "file": target.path.display().to_string(),
        "changed": injection.changed,
        "stable": injection.stable,
        "taken": removed.collect::<Vec<_>>(),
        "notes": injection.entry.notes,
        "scriptSrc": scripts.collect::<Vec<_>>(),
        "styleSrc": styles.collect::<Vec<_>>(),
    });
    if let (Some(entry), Some(members)) = (&target.entry, report.as_object_mut()) {
        members.insert("entry".to_owned(), json!(entry));
    }
    report
}

fn print_text(out: &mut impl Write, target: &Target, injection: &Injection) -> io::Result<()> {
    let name = target.path.display();
    let entry = target.entry.as_ref().map(|entry| format!("entry {entry}, ")).unwrap_or_default();
    match &injection.stable {
        None if injection.changed => writeln!(out, "{name}: {entry}loads the runtime already, guard updated")?,
        None => writeln!(out, "{name}: {entry}loads the runtime already, nothing changed")?,
        Some(stable) => {
            let version = stable.version.as_deref().unwrap_or("without a version");
            writeln!(out, "{name}: {entry}stable {version}: {}", stable.summary())?;
        }
    }
    for it in &injection.entry.removed {
        writeln!(out, "taken: line {}: {}", it.line, it.url)?;
    }
    for note in &injection.entry.notes {
        writeln!(out, "note: {note}")?;
    }
    if injection.hashes.is_empty() && injection.inline.handlers.is_empty() {
        writeln!(out, "script-src: no inline script to allow")?;
    }
    for it in injection.hashes.iter().chain(&injection.inline.handlers) {
        let kind = if it.is_attribute() { "event handler" } else { "inline script" };
        writeln!(out, "script-src: {} ({kind}, now on line {})", it.source, it.line)?;
    }
    for it in &injection.inline.styles {
        let kind = if it.is_attribute() { "style attribute" } else { "inline style" };
        writeln!(out, "style-src: {} ({kind}, now on line {})", it.source, it.line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn pages_that_are_written_are_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let target = |name: &str| Target {
            path: dir.path().join(name),
            html: "old".to_owned(),
            dir: dir.path().to_owned(),
            entry: None,
        };
        let targets = [target("a.html"), target("gone/b.html"), target("c.html")];
        for name in ["a.html", "c.html"] {
            fs::write(dir.path().join(name), "old").unwrap();
        }
        let new = || Injection::new(true, "new".to_owned(), None, PageEntry::default()).unwrap();
        let args = Line::parse_from(["inject", "a.html"]).args;
        let error = write(&args, &targets, &[new(), new(), new()]).unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.ends_with("gone/b.html"), "{error}");
        for name in ["a.html", "c.html"] {
            assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), "old", "{name}");
        }
    }
}
