//! The base path for which an entry was built, as its page shows it.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::bundler::dist::is_inside;
use crate::bundler::entry::Entry;
use crate::html::elements::{self, Element};

/// The base path in the page of an entry: lazy chunks are requested below it, whatever the config says. `None` if there is
/// no such page, or its URLs are relative and work at any base path.
pub(crate) fn of_page(dir: &Path, entry: &Entry) -> anyhow::Result<Option<String>> {
    let page = entry.page.as_deref().filter(|page| is_inside(page)).unwrap_or("index.html");
    let path = dir.join(page);
    if !path.is_file() {
        return Ok(None);
    }
    let html = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let elements = elements::elements(&html).with_context(|| path.display().to_string())?;
    let mut urls = elements.iter().flat_map(|it| script_urls(it, &html));
    let Some(script) = entry.files.scripts.last() else { return Ok(None) };
    let Some(url) = urls.find(|url| url.ends_with(&format!("/{script}"))) else { return Ok(None) };
    ensure!(
        !url.contains("//"),
        "{}: {url} is on another origin, which has the app's later chunks, too: build for a base path, or name one with --base",
        path.display()
    );
    Ok(base(&url, script))
}

fn base(url: &str, file: &str) -> Option<String> {
    let base = url.strip_suffix(file)?;
    (base.starts_with('/') && base.ends_with('/')).then(|| base.to_owned())
}

/// The URL of a script element, or those of the scripts that `canaryctl inject` has removed.
fn script_urls(element: &Element, html: &str) -> Vec<String> {
    let injected = || {
        element.attribute("data-canary-stable")?;
        let stable: Value = serde_json::from_str(html.get(element.text.clone())?).ok()?;
        let sources = stable.get("scripts")?.as_array()?.iter().filter_map(|it| it.get("src")?.as_str());
        Some(sources.map(str::to_owned).collect())
    };
    let src = || element.attribute("src").map(|src| vec![src.to_owned()]);
    injected().or_else(src).unwrap_or_default()
}
