//! A page as a bundler wrote it, which says what its entry is.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::bundler::entry::Files;
use crate::bundler::manifest::Manifest;
use crate::html::page::{Page, PageEntry};
use crate::html::{elements, site};

/// The page of an entry.
#[derive(Debug)]
pub(crate) struct BuiltPage {
    /// Its path, for messages.
    pub(crate) path: String,
    pub(crate) entry: PageEntry,
}

/// Reads the page, `index.html` if it has no name. None if there is none, if it has the runtime in place of the entry, or if its
/// entry cannot be taken out of it: then it says nothing about the entry. Fails if the entry would lack a part of the page.
pub(crate) fn read(dir: &Path, name: Option<&str>) -> anyhow::Result<Option<BuiltPage>> {
    let name = name.unwrap_or("index.html");
    let path = dir.join(name);
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let path = path.display().to_string();
    let html = site::text(bytes).with_context(|| path.clone())?;
    let elements = elements::elements(&html).with_context(|| path.clone())?;
    if elements
        .iter()
        .any(|it| ["data-canary-stable", "data-canary-guard"].iter().any(|name| it.attribute(name).is_some()))
    {
        return Ok(None);
    }
    let page = Page { dir, path: name, base: None, files: Manifest::vite_files(dir)? };
    let Ok(entry) = page.take_entry(&html, &elements) else { return Ok(None) };
    page.check_inline(&html, &elements, &entry).with_context(|| path.clone())?;
    Ok(Some(BuiltPage { path, entry }))
}

impl BuiltPage {
    /// Adds stylesheets that the page has and a manifest does not give to the entry, as where one stylesheet is for all. Fails if
    /// the page loads another script.
    pub(crate) fn complete(&self, files: &mut Files) -> anyhow::Result<()> {
        let page = &self.entry.files;
        for script in &page.scripts {
            let path = &self.path;
            ensure!(
                files.scripts.contains(script) || files.preload.contains(script),
                "{path} loads {script}, which the manifest does not give to the entry, so the bundle would lack it: name the \
                 manifest with --manifest to leave it out"
            );
        }
        files.styles.extend(page.styles.iter().filter(|it| !files.styles.contains(it)).cloned().collect::<Vec<_>>());
        Ok(())
    }
}
