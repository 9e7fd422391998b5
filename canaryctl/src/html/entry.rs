//! The entry that a bundler wrote into a page.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::bundler::dist::{self, Files, check_address};
use crate::html::elements::Element;

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

/// What an element is of the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Script,
    Style,
    Preload,
}

impl Place<'_> {
    /// Finds the entry: module scripts of the build, else deferred ones, with their hints and stylesheets.
    pub(crate) fn find(&self, elements: &[Element]) -> anyhow::Result<Entry> {
        if let Some(base) = elements.iter().find(|it| it.name == "base" && it.attribute("href").is_some()) {
            bail!("line {}: <base href> changes what every address means: take it out", base.line);
        }
        let mut entry = Entry { base: self.base(elements), ..Entry::default() };
        let modules = || elements.iter().filter(|it| is_module(it) && self.file(it, &entry.base).is_some());
        let is_relative = modules().filter_map(local).any(|it| !it.starts_with('/'));
        entry.files.classic = modules().next().is_none();
        for element in elements {
            self.visit(element, &mut entry).with_context(|| format!("line {}", element.line))?;
        }
        let dir = self.dir.display();
        ensure!(
            !entry.files.scripts.is_empty(),
            "no module script, nor a deferred one, of a file in {dir}: name the folder with --dir, its address with --base"
        );
        if is_relative && self.base.is_none() {
            entry.notes.push(format!("addresses are relative: {dir} is taken to be at /; if not, say --base"));
        }
        Ok(entry)
    }

    /// The folder's address: what comes before the name of a file in the address of a script.
    fn base(&self, elements: &[Element]) -> String {
        let sources = elements.iter().filter(|it| is_module(it) || is_deferred(it)).filter_map(local);
        let located = sources.filter(|it| it.starts_with('/')).filter_map(|it| dist::locate(self.dir, it));
        let found = located.filter(|(_, file)| self.is_built(file)).map(|(base, _)| base).next();
        self.base.or(found).unwrap_or("/").to_owned()
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
        let mut parts: Vec<&str> = self.page.split('/').collect();
        parts.pop();
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
        // What follows a question mark is no part of the name; the address is refused later.
        let file = address.strip_prefix(base)?.split(['?', '#']).next()?;
        (dist::is_inside(file) && self.dir.join(file).is_file() && self.is_built(file)).then(|| file.to_owned())
    }

    /// Takes an element into the entry if it is part of it.
    fn visit(&self, element: &Element, entry: &mut Entry) -> anyhow::Result<()> {
        let Some(address) = self.address(element, &entry.base) else { return Ok(()) };
        let file = self.file(element, &entry.base);
        if element.attribute("nomodule").is_some() {
            let why =
                "part of a build for browsers without modules, which would lose its stylesheets: build without it";
            ensure!(file.is_none(), "<script nomodule>: {address}: {why}");
            return Ok(());
        }
        let Some(role) = role(element, entry.files.classic) else { return Ok(()) };
        let line = element.line;
        let Some(file) = file else {
            // Where no manifest says whose it is, a script might be half of the entry.
            let dir = self.dir.display();
            let is_known = role != Role::Script || self.built.is_some();
            ensure!(is_known, "<script>: {address}: no such file in {dir}, whose address is {}", entry.base);
            if role != Role::Preload {
                entry.notes.push(format!("line {line}: {address} is not of this build, and stays"));
            }
            return Ok(());
        };
        let special = ["media", "title", "disabled"].into_iter().find(|it| element.attribute(it).is_some());
        if let Some(name) = special.filter(|_| role == Role::Style) {
            entry.notes.push(format!("line {line}: {address} has {name}, for which bundles have no place, and stays"));
            return Ok(());
        }
        check_address(&address)?;
        let lost = element.attributes().filter(|name| !KNOWN.contains(name));
        entry.notes.extend(lost.map(|name| format!("line {line}: the attribute {name} of {address} is lost")));
        if role == Role::Script && entry.nonce.is_none() {
            entry.nonce = element.attribute("nonce").map(str::to_owned);
        }
        entry.taken.push(Taken { line, address, span: element.span.clone() });
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
