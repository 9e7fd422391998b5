//! Detection of the entry that a bundler wrote into a page.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::bundler::dist::{self, check_url};
use crate::bundler::entry::Files;
use crate::html::elements::Element;
use crate::html::no_entry;

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
    /// The path in `<base href>`.
    pub(crate) href: Option<String>,
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
    /// A preload or prefetch of a script or stylesheet.
    Hint,
}

impl Page<'_> {
    /// Whether the page loads a script of the build, one that can be taken out or another.
    pub(crate) fn has_scripts(&self, html: &str, elements: &[Element]) -> anyhow::Result<bool> {
        if !elements.iter().any(|it| it.name == "script") {
            return Ok(false);
        }
        let href = self.base_href(elements)?;
        let entry = PageEntry { base: self.base(elements, href.as_deref()), href, ..PageEntry::default() };
        let is_entry = |it: &Element| (is_module(it) || is_deferred(it)) && self.file(it, &entry).is_some();
        Ok(elements.iter().any(is_entry) || no_entry::of_build(self, html, elements, &entry).is_some())
    }

    /// Finds the entry: the module scripts of the build, or else its deferred scripts, with preloads and stylesheets.
    pub(crate) fn find_entry(&self, html: &str, elements: &[Element]) -> anyhow::Result<PageEntry> {
        let href = self.base_href(elements)?;
        let mut entry = PageEntry { base: self.base(elements, href.as_deref()), href, ..PageEntry::default() };
        let is_entry = |it: &&Element| (is_module(it) || is_deferred(it)) && self.file(it, &entry).is_some();
        if !elements.iter().any(|it| is_entry(&it)) {
            bail!(no_entry::reason(self, html, elements, &entry));
        }
        let modules = || elements.iter().filter(|it| is_module(it) && self.file(it, &entry).is_some());
        let is_relative = modules().filter_map(local_url).any(|it| !it.starts_with('/'));
        entry.files.classic = modules().next().is_none();
        for element in elements {
            self.add(element, &mut entry).with_context(|| format!("line {}", element.line))?;
        }
        if let Some((line, url)) = no_entry::inline_import(self, html, elements, &entry) {
            bail!(
                "line {line}: an inline script imports {url} of this build, and would run stable beside the canary: move it \
                 into the entry"
            );
        }
        let dir = self.dir.display();
        if is_relative && self.base.is_none() && entry.href.is_none() {
            entry.notes.push(format!("URLs are relative: assuming that {dir} is served at /; if not, use --base"));
        }
        Ok(entry)
    }

    /// The path that `<base href>` gives relative URLs.
    fn base_href(&self, elements: &[Element]) -> anyhow::Result<Option<String>> {
        let Some(element) = elements.iter().find(|it| it.name == "base" && it.attribute("href").is_some()) else {
            return Ok(None);
        };
        let (line, href) = (element.line, element.attribute("href").unwrap_or_default().trim_ascii());
        // These say what a page says without it.
        if matches!(href, "" | "." | "./") {
            return Ok(None);
        }
        let folder = href.rfind('/').and_then(|end| href.get(..=end)).unwrap_or_default();
        let path = dist::parse_base(folder).ok().filter(|_| folder.starts_with('/'));
        let path = path.with_context(|| {
            format!("line {line}: <base href=\"{href}\">: stable has to come from a path of the page's own origin")
        })?;
        if let Some(base) = self.base.filter(|base| *base != path) {
            bail!("line {line}: <base href=\"{href}\"> is not the base path {base}: leave --base out");
        }
        Ok(Some(path))
    }

    /// The base path: the part of a script's URL before the path of a file in the folder.
    fn base(&self, elements: &[Element], href: Option<&str>) -> String {
        let sources = elements.iter().filter(|it| is_module(it) || is_deferred(it)).filter_map(local_url);
        let located = sources.filter(|it| it.starts_with('/')).filter_map(|it| dist::locate(self.dir, it));
        let found = located.filter(|(_, file)| self.is_of_build(file)).map(|(base, _)| base).next();
        self.base.or(found).or(href).unwrap_or("/").to_owned()
    }

    fn is_of_build(&self, file: &str) -> bool {
        self.files.as_ref().is_none_or(|files| files.iter().any(|it| it == file))
    }

    /// The absolute path of an element's URL, if it has the page's origin.
    fn url(&self, element: &Element, entry: &PageEntry) -> Option<String> {
        local_url(element).map(|url| self.resolve(url, entry))
    }

    /// The absolute path of a URL of the page's origin.
    fn resolve(&self, url: &str, entry: &PageEntry) -> String {
        if url.starts_with('/') {
            return url.to_owned();
        }
        let (base, path) = match &entry.href {
            Some(href) => (href.as_str(), ""),
            None => (entry.base.as_str(), self.path),
        };
        let mut parts: Vec<&str> = path.split('/').collect();
        parts.pop();
        for part in url.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        format!("{base}{}", parts.join("/"))
    }

    /// The file of the build that an element loads.
    pub(crate) fn file(&self, element: &Element, entry: &PageEntry) -> Option<String> {
        self.file_of(&self.url(element, entry)?, entry)
    }

    /// The file of the build that a URL of the page's origin names.
    pub(crate) fn file_of(&self, url: &str, entry: &PageEntry) -> Option<String> {
        let url = self.resolve(url, entry);
        // The query is not part of the file name; a URL with a query is refused later.
        let file = url.strip_prefix(&entry.base)?.split(['?', '#']).next()?;
        (dist::is_inside(file) && self.dir.join(file).is_file() && self.is_of_build(file)).then(|| file.to_owned())
    }

    /// Adds an element to the entry if it belongs to it.
    fn add(&self, element: &Element, entry: &mut PageEntry) -> anyhow::Result<()> {
        let Some(url) = self.url(element, entry) else { return Ok(()) };
        let file = self.file(element, entry);
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
            if !matches!(role, Role::Preload | Role::Hint) {
                entry.notes.push(format!("line {line}: kept {url}: not part of this build"));
            }
            return Ok(());
        };
        let is_plain = is_for_all_media(element);
        let special = ["media", "title", "disabled"].into_iter().filter(|it| !(is_plain && *it == "media"));
        let special = special.into_iter().find(|it| element.attribute(it).is_some());
        if let Some(name) = special.filter(|_| role == Role::Style) {
            entry.notes.push(format!("line {line}: kept {url}: a bundle cannot express its attribute {name}"));
            return Ok(());
        }
        check_url(&url)?;
        let known = |name: &&str| KNOWN.contains(name) || (is_plain && matches!(*name, "media" | "onload"));
        let dropped = element.attributes().filter(|name| role != Role::Hint && !known(name));
        entry.notes.extend(dropped.map(|name| format!("line {line}: dropped the attribute {name} of {url}")));
        if role == Role::Script && entry.nonce.is_none() {
            entry.nonce = element.attribute("nonce").map(str::to_owned);
        }
        entry.removed.push(RemovedElement { line, url, span: element.span.clone() });
        match role {
            Role::Script => entry.files.scripts.push(file),
            Role::Style => entry.files.styles.push(file),
            Role::Preload => entry.files.preload.push(file),
            // The bundle's own files are preloaded with their integrity.
            Role::Hint => {}
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
        let is_file = |name: &str| {
            name.split(['?', '#'])
                .next()
                .is_some_and(|it| dist::has_extension(it, "js") || dist::has_extension(it, "css"))
        };
        let kind = element.attribute("as").unwrap_or_default();
        let is_hint = element.is_link("preload") && matches!(kind, "script" | "style")
            || element.is_link("prefetch") && element.attribute("href").is_some_and(is_file);
        if element.is_link("modulepreload") { Some(Role::Preload) } else { is_hint.then_some(Role::Hint) }
    }
}

/// Whether a stylesheet is for all media, perhaps once it has loaded: `media="print" onload="this.media='all'"`.
fn is_for_all_media(element: &Element) -> bool {
    match element.attribute("media").map(str::trim_ascii) {
        Some("" | "all") => true,
        Some("print") => element.attribute("onload").is_some_and(|it| it.contains("media") && it.contains("all")),
        _ => false,
    }
}

/// The URL of an element if it has the page's origin: no scheme and no host.
pub(crate) fn local_url(element: &Element) -> Option<&str> {
    let name = if element.name == "script" { "src" } else { "href" };
    let url = element.attribute(name).or_else(|| element.attribute("data-src"))?.trim_ascii();
    let is_cross_origin = url.starts_with("//") || url.split('/').next().is_some_and(|it| it.contains(':'));
    (!url.is_empty() && !is_cross_origin).then_some(url)
}

pub(crate) fn is_module(element: &Element) -> bool {
    let kind = element.attribute("type").unwrap_or_default();
    is_external(element) && kind.trim_ascii().eq_ignore_ascii_case("module")
}

/// Whether an element is a classic deferred script, as in pages of webpack.
pub(crate) fn is_deferred(element: &Element) -> bool {
    let kind = element.attribute("type").unwrap_or_default().trim_ascii();
    let is_classic = kind.is_empty() || kind.eq_ignore_ascii_case("text/javascript");
    is_external(element) && is_classic && element.attribute("defer").is_some()
}

pub(crate) fn is_external(element: &Element) -> bool {
    element.name == "script" && element.attribute("src").is_some() && element.attribute("nomodule").is_none()
}
