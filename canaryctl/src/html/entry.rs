//! Detection of the entry that a bundler wrote into a page.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::bundler::dist::{self, check_url};
use crate::bundler::entry::Files;
use crate::html::elements::Element;

/// The entry of a page, and the elements that load it.
#[derive(Debug, Default)]
pub(crate) struct PageEntry {
    pub(crate) files: Files,
    /// The base path of the build.
    pub(crate) base: String,
    /// The elements to remove.
    pub(crate) removed: Vec<RemovedElement>,
    /// Notes for the operator.
    pub(crate) notes: Vec<String>,
    /// The nonce of the first script.
    pub(crate) nonce: Option<String>,
}

/// An element to remove from the page.
#[derive(Debug)]
pub(crate) struct RemovedElement {
    pub(crate) line: usize,
    pub(crate) url: String,
    span: Range<usize>,
}

/// A page of a build.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// The build's folder.
    pub(crate) dir: &'a Path,
    /// The path of the page below the folder.
    pub(crate) path: &'a str,
    /// The base path, if known.
    pub(crate) base: Option<&'a str>,
    /// The files of the build, if there is a manifest of Vite.
    pub(crate) files: Option<Vec<String>>,
}

/// The attributes that a bundle can express, or does not need.
const KNOWN: [&str; 10] = ["type", "src", "crossorigin", "integrity", "nonce", "defer", "async", "rel", "href", "as"];

impl PageEntry {
    /// The positions of the elements to remove.
    pub(crate) fn spans(&self) -> Vec<Range<usize>> {
        self.removed.iter().map(|it| it.span.clone()).collect()
    }

    /// The index of the removed element that the runtime replaces: the first behind all import maps, because browsers ignore
    /// a map that comes after a module.
    pub(crate) fn place(&self, elements: &[Element]) -> usize {
        let maps = elements.iter().filter(|it| it.name == "script" && it.attribute("type") == Some("importmap"));
        let end = maps.map(|it| it.span.end).max().unwrap_or_default();
        self.removed.iter().position(|it| it.span.start >= end).unwrap_or_default()
    }
}

/// The role of an element in the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Script,
    Style,
    Preload,
}

impl Page<'_> {
    /// Finds the entry: the module scripts of the build, or else its deferred scripts, with preloads and stylesheets.
    pub(crate) fn find_entry(&self, elements: &[Element]) -> anyhow::Result<PageEntry> {
        if let Some(base) = elements.iter().find(|it| it.name == "base" && it.attribute("href").is_some()) {
            bail!("line {}: <base href> changes the meaning of every URL: remove it", base.line);
        }
        let mut entry = PageEntry { base: self.base(elements), ..PageEntry::default() };
        let modules = || elements.iter().filter(|it| is_module(it) && self.file(it, &entry.base).is_some());
        let is_relative = modules().filter_map(local_url).any(|it| !it.starts_with('/'));
        entry.files.classic = modules().next().is_none();
        for element in elements {
            self.add(element, &mut entry).with_context(|| format!("line {}", element.line))?;
        }
        let dir = self.dir.display();
        ensure!(
            !entry.files.scripts.is_empty(),
            "no module script and no deferred script of a file in {dir}: name the folder with --dir, its base path with --base"
        );
        if is_relative && self.base.is_none() {
            entry.notes.push(format!("URLs are relative: assuming that {dir} is served at /; if not, use --base"));
        }
        Ok(entry)
    }

    /// The base path: the part of a script's URL before the path of a file in the folder.
    fn base(&self, elements: &[Element]) -> String {
        let sources = elements.iter().filter(|it| is_module(it) || is_deferred(it)).filter_map(local_url);
        let located = sources.filter(|it| it.starts_with('/')).filter_map(|it| dist::locate(self.dir, it));
        let found = located.filter(|(_, file)| self.is_of_build(file)).map(|(base, _)| base).next();
        self.base.or(found).unwrap_or("/").to_owned()
    }

    fn is_of_build(&self, file: &str) -> bool {
        self.files.as_ref().is_none_or(|files| files.iter().any(|it| it == file))
    }

    /// The absolute path of an element's URL, if it has the page's origin.
    fn url(&self, element: &Element, base: &str) -> Option<String> {
        let url = local_url(element)?;
        if url.starts_with('/') {
            return Some(url.to_owned());
        }
        let mut parts: Vec<&str> = self.path.split('/').collect();
        parts.pop();
        for part in url.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Some(format!("{base}{}", parts.join("/")))
    }

    /// The file of the build that an element loads.
    fn file(&self, element: &Element, base: &str) -> Option<String> {
        let url = self.url(element, base)?;
        // The query is not part of the file name; a URL with a query is refused later.
        let file = url.strip_prefix(base)?.split(['?', '#']).next()?;
        (dist::is_inside(file) && self.dir.join(file).is_file() && self.is_of_build(file)).then(|| file.to_owned())
    }

    /// Adds an element to the entry if it belongs to it.
    fn add(&self, element: &Element, entry: &mut PageEntry) -> anyhow::Result<()> {
        let Some(url) = self.url(element, &entry.base) else { return Ok(()) };
        let file = self.file(element, &entry.base);
        if element.attribute("nomodule").is_some() {
            let why = "part of a legacy build, which would lose its stylesheets: build without it";
            ensure!(file.is_none(), "<script nomodule>: {url}: {why}");
            return Ok(());
        }
        let Some(role) = role(element, entry.files.classic) else { return Ok(()) };
        let line = element.line;
        let Some(file) = file else {
            // Without a manifest, an unknown script might be part of the entry.
            let dir = self.dir.display();
            let may_be_foreign = role != Role::Script || self.files.is_some();
            ensure!(may_be_foreign, "<script>: {url}: no such file in {dir}, which is served at {}", entry.base);
            if role != Role::Preload {
                entry.notes.push(format!("line {line}: kept {url}: not part of this build"));
            }
            return Ok(());
        };
        let special = ["media", "title", "disabled"].into_iter().find(|it| element.attribute(it).is_some());
        if let Some(name) = special.filter(|_| role == Role::Style) {
            entry.notes.push(format!("line {line}: kept {url}: a bundle cannot express its attribute {name}"));
            return Ok(());
        }
        check_url(&url)?;
        let dropped = element.attributes().filter(|name| !KNOWN.contains(name));
        entry.notes.extend(dropped.map(|name| format!("line {line}: dropped the attribute {name} of {url}")));
        if role == Role::Script && entry.nonce.is_none() {
            entry.nonce = element.attribute("nonce").map(str::to_owned);
        }
        entry.removed.push(RemovedElement { line, url, span: element.span.clone() });
        match role {
            Role::Script => entry.files.scripts.push(file),
            Role::Style => entry.files.styles.push(file),
            Role::Preload => entry.files.preload.push(file),
        }
        Ok(())
    }
}

fn role(element: &Element, is_classic: bool) -> Option<Role> {
    let is_script = if is_classic { is_deferred } else { is_module };
    if is_script(element) {
        Some(Role::Script)
    } else if element.is_link("stylesheet") {
        Some(Role::Style)
    } else {
        element.is_link("modulepreload").then_some(Role::Preload)
    }
}

/// The URL of an element if it has the page's origin: no scheme and no host.
fn local_url(element: &Element) -> Option<&str> {
    let name = if element.name == "script" { "src" } else { "href" };
    let url = element.attribute(name).or_else(|| element.attribute("data-src"))?.trim_ascii();
    let is_cross_origin = url.starts_with("//") || url.split('/').next().is_some_and(|it| it.contains(':'));
    (!url.is_empty() && !is_cross_origin).then_some(url)
}

fn is_module(element: &Element) -> bool {
    let kind = element.attribute("type").unwrap_or_default();
    is_external(element) && kind.trim_ascii().eq_ignore_ascii_case("module")
}

/// Whether an element is a classic deferred script, as in pages of webpack.
fn is_deferred(element: &Element) -> bool {
    let kind = element.attribute("type").unwrap_or_default().trim_ascii();
    let is_classic = kind.is_empty() || kind.eq_ignore_ascii_case("text/javascript");
    is_external(element) && is_classic && element.attribute("defer").is_some()
}

fn is_external(element: &Element) -> bool {
    element.name == "script" && element.attribute("src").is_some() && element.attribute("nomodule").is_none()
}
