//! Detection of the entry that a bundler wrote into a page.

use anyhow::{Context, bail, ensure};

use crate::bundler::dist::{self, check_url};
use crate::html::csp;
use crate::html::elements::Element;
use crate::html::import_map;
use crate::html::integrity;
use crate::html::no_entry;
use crate::html::page::{Page, PageEntry, RemovedElement, is_deferred, is_module, local_url};

/// The attributes that a bundle can express, or does not need.
const KNOWN: [&str; 10] = ["type", "src", "crossorigin", "integrity", "nonce", "defer", "async", "rel", "href", "as"];

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

    /// Finds the entry: the module scripts of the build, or else its deferred scripts, with preloads and stylesheets. Fails if
    /// something else in the page belongs to the build.
    pub(crate) fn find_entry(&self, html: &str, elements: &[Element]) -> anyhow::Result<PageEntry> {
        let entry = self.take_entry(html, elements)?;
        self.check_inline(html, elements, &entry)?;
        Ok(entry)
    }

    /// Fails if an inline script or an import map belongs to the build: a bundle has no place for them.
    pub(crate) fn check_inline(&self, html: &str, elements: &[Element], entry: &PageEntry) -> anyhow::Result<()> {
        if let Some((line, url)) = no_entry::inline_import(self, html, elements, entry) {
            bail!(
                "line {line}: an inline script imports {url} of this build, and would run stable beside the canary: move it \
                 into the entry"
            );
        }
        match import_map::refusal(self, html, elements, entry) {
            Some(refusal) => bail!(refusal),
            None => Ok(()),
        }
    }

    /// Finds the entry, whatever else is in the page.
    pub(crate) fn take_entry(&self, html: &str, elements: &[Element]) -> anyhow::Result<PageEntry> {
        let href = self.base_href(elements)?;
        let mut entry = PageEntry { base: self.base(elements, href.as_deref()), href, ..PageEntry::default() };
        let is_entry = |it: &&Element| (is_module(it) || is_deferred(it)) && self.file(it, &entry).is_some();
        if !elements.iter().any(|it| is_entry(&it)) {
            bail!(no_entry::reason(self, html, elements, &entry));
        }
        let modules = || elements.iter().filter(|it| is_module(it) && self.file(it, &entry).is_some());
        let is_relative = modules().filter_map(local_url).any(|it| !it.starts_with('/'));
        let is_classic = modules().next().is_none();
        let urls = elements.iter().filter(is_entry).filter_map(|it| self.url(it, &entry));
        let folders: Vec<String> = urls.map(|url| folder(&url).to_owned()).collect();
        entry.files.classic = is_classic;
        for element in elements {
            self.add(element, &folders, &mut entry).with_context(|| format!("line {}", element.line))?;
        }
        let dir = self.dir.display();
        if is_relative && self.base.is_none() && entry.href.is_none() {
            entry.notes.push(format!("URLs are relative: assuming that {dir} is served at /; if not, use --base"));
        }
        Ok(entry)
    }

    /// Adds an element to the entry, whose scripts are in these folders, if it belongs to it.
    fn add(&self, element: &Element, folders: &[String], entry: &mut PageEntry) -> anyhow::Result<()> {
        let Some(url) = self.url(element, entry) else { return Ok(()) };
        let file = self.file(element, entry);
        if element.attribute("nomodule").is_some() {
            let why = "part of a legacy build, which would lose its stylesheets: build without it";
            ensure!(file.is_none(), "<script nomodule>: {url}: {why}");
            return Ok(());
        }
        let line = element.line;
        let Some(role) = role(element, entry.files.classic) else {
            if file.is_some() && self.files.is_none() && element.name == "script" && csp::is_classic(kind_of(element)) {
                let reason = "it is not of the same kind as the entry, so it runs in both versions";
                entry.notes.push(format!("line {line}: kept {url}: {reason}"));
            }
            return Ok(());
        };
        let Some(file) = file else {
            // Without a manifest, a script that is missing beside those of the entry might be part of it. One elsewhere is of
            // somebody else, such as /js/script.js of an analytics proxy.
            let dir = self.dir.display();
            let may_be_foreign =
                role != Role::Script || self.files.is_some() || folders.iter().all(|it| it != folder(&url));
            ensure!(may_be_foreign, "<script>: {url}: no such file in {dir}, which is served at {}", entry.base);
            if !matches!(role, Role::Preload | Role::Hint) {
                entry.notes.push(format!("line {line}: kept {url}: not part of this build"));
            }
            return Ok(());
        };
        let is_plain = is_for_all_media(element);
        let special = ["media", "title", "disabled"].into_iter().filter(|it| !(is_plain && *it == "media"));
        let special = special.into_iter().find(|it| element.attribute(it).is_some());
        let special = special.or_else(|| element.has_rel("alternate").then_some("rel"));
        if let Some(name) = special.filter(|_| role == Role::Style) {
            entry.notes.push(format!("line {line}: kept {url}: a bundle cannot express its attribute {name}"));
            return Ok(());
        }
        check_url(&url)?;
        if let Some(integrity) = element.attribute("integrity") {
            let path = self.dir.join(&file);
            ensure!(
                integrity::fits(integrity, &path)?,
                "{url}: its integrity is not that of {}, so browsers refuse the file: build again",
                path.display()
            );
        }
        let is_late = becomes_stylesheet(element);
        let known = |name: &&str| {
            KNOWN.contains(name) || (is_plain && matches!(*name, "media" | "onload")) || is_late && *name == "onload"
        };
        let dropped = element.attributes().filter(|name| role != Role::Hint && !known(name));
        entry.notes.extend(dropped.map(|name| format!("line {line}: dropped the attribute {name} of {url}")));
        if role == Role::Script && entry.nonce.is_none() {
            entry.nonce = element.attribute("nonce").map(str::to_owned);
        }
        entry.removed.push(RemovedElement { line, url, span: element.span.clone() });
        let list = match role {
            Role::Script => &mut entry.files.scripts,
            Role::Style => &mut entry.files.styles,
            Role::Preload => &mut entry.files.preload,
            // The bundle's own files are preloaded with their integrity.
            Role::Hint => return Ok(()),
        };
        // A page may load a file twice, which browsers run once.
        if !list.contains(&file) {
            list.push(file);
        }
        Ok(())
    }
}

/// The URL up to its last slash.
fn folder(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or_default()
}

fn role(element: &Element, is_classic: bool) -> Option<Role> {
    let is_script = if is_classic { is_deferred } else { is_module };
    if is_script(element) {
        Some(Role::Script)
    } else if element.has_rel("stylesheet") || becomes_stylesheet(element) {
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

fn kind_of(element: &Element) -> &str {
    element.attribute("type").unwrap_or_default().trim_ascii()
}

/// Whether a preload becomes a stylesheet once it has loaded: `onload="this.rel='stylesheet'"`.
fn becomes_stylesheet(element: &Element) -> bool {
    let is_preload =
        element.has_rel("preload") && element.attribute("as").is_some_and(|it| it.eq_ignore_ascii_case("style"));
    is_preload && element.attribute("onload").is_some_and(|it| it.contains("stylesheet"))
}

/// Whether a stylesheet is for all media, perhaps once it has loaded: `media="print" onload="this.media='all'"`.
fn is_for_all_media(element: &Element) -> bool {
    match element.attribute("media").map(str::trim_ascii) {
        Some("" | "all") => true,
        Some("print") => element.attribute("onload").is_some_and(|it| it.contains("media") && it.contains("all")),
        _ => false,
    }
}
