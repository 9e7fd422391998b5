//! A page of a build: its base path, and the files that its URLs name.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail};

use crate::bundler::dist;
use crate::bundler::entry::Files;
use crate::html::csp::is_classic;
use crate::html::elements::Element;
use crate::html::import_map::is_import_map;

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
    pub(crate) span: Range<usize>,
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

impl PageEntry {
    /// The positions of the elements to remove.
    pub(crate) fn spans(&self) -> Vec<Range<usize>> {
        self.removed.iter().map(|it| it.span.clone()).collect()
    }

    /// The index of the removed element that the runtime replaces: the first behind all import maps, because browsers ignore
    /// a map that comes after a module.
    pub(crate) fn place(&self, elements: &[Element]) -> usize {
        let maps = elements.iter().filter(|it| is_import_map(it));
        let end = maps.map(|it| it.span.end).max().unwrap_or_default();
        self.removed.iter().position(|it| it.span.start >= end).unwrap_or_default()
    }
}

impl Page<'_> {
    /// The path that `<base href>` gives relative URLs.
    pub(crate) fn base_href(&self, elements: &[Element]) -> anyhow::Result<Option<String>> {
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
        let is_relative = !folder.starts_with('/') && !folder.contains(':');
        let path = path.with_context(|| {
            let reason = if is_relative {
                "expected a path that begins with /"
            } else {
                "stable has to come from a path of the page's own origin"
            };
            format!("line {line}: <base href=\"{href}\">: {reason}")
        })?;
        if let Some(base) = self.base.filter(|base| *base != path) {
            bail!("line {line}: <base href=\"{href}\"> is not the base path {base}: leave --base out");
        }
        Ok(Some(path))
    }

    /// The base path: the part of a script's URL before the path of a file in the folder.
    pub(crate) fn base(&self, elements: &[Element], href: Option<&str>) -> String {
        let sources = elements.iter().filter(|it| is_module(it) || is_deferred(it)).filter_map(local_url);
        let located = sources.filter(|it| it.starts_with('/')).filter_map(|it| dist::locate(self.dir, it));
        let found = located.filter(|(_, file)| self.is_of_build(file)).map(|(base, _)| base).next();
        self.base.or(found).or(href).unwrap_or("/").to_owned()
    }

    pub(crate) fn is_of_build(&self, file: &str) -> bool {
        self.files.as_ref().is_none_or(|files| files.iter().any(|it| it == file))
    }

    /// The absolute path of an element's URL, if it has the page's origin.
    pub(crate) fn url(&self, element: &Element, entry: &PageEntry) -> Option<String> {
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
    is_external(element) && is_classic(kind) && element.attribute("defer").is_some()
}

pub(crate) fn is_external(element: &Element) -> bool {
    element.name == "script" && element.attribute("src").is_some() && element.attribute("nomodule").is_none()
}
