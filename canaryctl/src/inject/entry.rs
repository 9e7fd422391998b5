//! The entry that a bundler wrote into a page.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::dist::{self, Files, check_address};
use crate::html::Element;

/// What the page loads of its build.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) files: Files,
    /// The address of the build's folder.
    pub(crate) base: String,
    /// What leaves the page.
    pub(crate) taken: Vec<Taken>,
    /// What whoever runs this should know.
    pub(crate) notes: Vec<String>,
    /// That of the entry's tag.
    pub(crate) nonce: Option<String>,
}

/// An element that leaves the page.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) line: usize,
    pub(crate) address: String,
    span: Range<usize>,
}

/// Where the build and the page are.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) dir: &'a Path,
    /// The page's path below the folder.
    pub(crate) page: &'a str,
    /// The folder's address, where it is known.
    pub(crate) base: Option<&'a str>,
    /// The names of the build's files, where there is a manifest of Vite.
    pub(crate) built: Option<Vec<String>>,
}

/// Attributes that a bundle has a place for, or does not need.
const KNOWN: [&str; 10] = ["type", "src", "crossorigin", "integrity", "nonce", "defer", "async", "rel", "href", "as"];

impl Entry {
    /// The places of what leaves the page.
    pub(crate) fn spans(&self) -> Vec<Range<usize>> {
        self.taken.iter().map(|it| it.span.clone()).collect()
    }
}

impl Place<'_> {
    /// Finds the entry: module scripts of the build, else deferred ones, with their hints and stylesheets.
    pub(crate) fn find(&self, elements: &[Element]) -> anyhow::Result<Entry> {
        if let Some(base) = elements.iter().find(|it| it.name == "base" && it.attribute("href").is_some()) {
            bail!("line {}: <base href> changes what every address means: take it out", base.line);
        }
        let mut entry = Entry { base: self.base(elements)?, ..Entry::default() };
        entry.files.classic = !elements.iter().any(|it| is_module(it) && self.file(it, &entry.base).is_some());
        for element in elements {
            self.visit(element, &mut entry).with_context(|| format!("line {}", element.line))?;
        }
        ensure!(
            !entry.files.scripts.is_empty(),
            "no module script or deferred script of a file in {}: name the folder with --dir, its address with --base",
            self.dir.display()
        );
        Ok(entry)
    }

    /// The folder's address: what comes before the name of a file in the address of a script.
    fn base(&self, elements: &[Element]) -> anyhow::Result<String> {
        if let Some(base) = self.base {
            return Ok(base.to_owned());
        }
        let sources = elements.iter().filter(|it| is_module(it) || is_deferred(it)).filter_map(local);
        let absolute = sources.filter(|it| it.starts_with('/'));
        let base = absolute.filter_map(|it| dist::locate(self.dir, it)).find(|(_, file)| self.is_built(file));
        Ok(base.map_or("/", |(base, _)| base).to_owned())
    }

    fn is_built(&self, file: &str) -> bool {
        self.built.as_ref().is_none_or(|built| built.iter().any(|it| it == file))
    }

    /// The address on this origin that an element names.
    fn address(&self, element: &Element, base: &str) -> Option<String> {
        let address = local(element)?;
        if address.starts_with('/') {
            return Some(address.to_owned());
        }
        let folder = self.page.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in address.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Some(format!("{base}{}", parts.join("/")))
    }

    /// The file of the build that an element names.
    fn file(&self, element: &Element, base: &str) -> Option<String> {
        let address = self.address(element, base)?;
        let file = address.strip_prefix(base)?;
        // What follows a question mark is no part of the name; the address is refused later.
        let file = file.split(['?', '#']).next()?;
        (dist::is_inside(file) && self.dir.join(file).is_file() && self.is_built(file)).then(|| file.to_owned())
    }

    fn visit(&self, element: &Element, entry: &mut Entry) -> anyhow::Result<()> {
        let Some(address) = self.address(element, &entry.base) else { return Ok(()) };
        let file = self.file(element, &entry.base);
        if element.attribute("nomodule").is_some() {
            let message = "a build for browsers without modules, which would lose its stylesheets: build without it";
            ensure!(file.is_none(), "<script nomodule>: {address}: {message}");
            return Ok(());
        }
        let is_script = if entry.files.classic { is_deferred(element) } else { is_module(element) };
        let is_style = element.is_link("stylesheet");
        let Some(file) = file else {
            // With a manifest it is known to be somebody else's.
            ensure!(
                !is_script || self.built.is_some(),
                "<script>: {address}: no such file in {}, whose address is {}",
                self.dir.display(),
                entry.base
            );
            if is_script || is_style {
                entry.notes.push(format!("line {}: {address} is not of this build, and stays", element.line));
            }
            return Ok(());
        };
        let files = if is_script {
            entry.nonce = entry.nonce.take().or_else(|| element.attribute("nonce").map(str::to_owned));
            &mut entry.files.scripts
        } else if element.is_link("modulepreload") {
            &mut entry.files.preload
        } else if is_style {
            if let Some(name) = ["media", "title", "disabled"].into_iter().find(|it| element.attribute(it).is_some()) {
                entry
                    .notes
                    .push(format!("line {}: {address} has {name}, which no bundle has, and stays", element.line));
                return Ok(());
            }
            &mut entry.files.styles
        } else {
            return Ok(());
        };
        check_address(&address)?;
        files.push(file);
        for name in element.attributes().filter(|name| !KNOWN.contains(name)) {
            entry.notes.push(format!("line {}: the attribute {name} of {address} is lost", element.line));
        }
        if local(element).is_some_and(|it| !it.starts_with('/'))
            && entry.taken.iter().all(|it| it.span.is_empty())
            && self.base.is_none()
        {
            entry.notes.push(format!(
                "addresses are relative: {} is taken to be at {}, else see --base",
                self.dir.display(),
                entry.base
            ));
        }
        entry.taken.push(Taken { line: element.line, address, span: element.span.clone() });
        Ok(())
    }
}

/// An address on the page's origin: no scheme, no other host.
fn local(element: &Element) -> Option<&str> {
    let name = if element.name == "script" { "src" } else { "href" };
    let address = element.attribute(name).or_else(|| element.attribute("data-src"))?.trim_ascii();
    let is_foreign = address.starts_with("//") || address.split('/').next().is_some_and(|it| it.contains(':'));
    (!address.is_empty() && !is_foreign).then_some(address)
}

fn is_module(element: &Element) -> bool {
    let kind = element.attribute("type").unwrap_or_default();
    is_external(element) && kind.trim_ascii().eq_ignore_ascii_case("module")
}

/// As webpack's pages have them.
fn is_deferred(element: &Element) -> bool {
    let kind = element.attribute("type").unwrap_or_default().trim_ascii();
    let is_classic = kind.is_empty() || kind.eq_ignore_ascii_case("text/javascript");
    is_external(element) && is_classic && element.attribute("defer").is_some()
}

fn is_external(element: &Element) -> bool {
    element.name == "script" && element.attribute("src").is_some() && element.attribute("nomodule").is_none()
}
