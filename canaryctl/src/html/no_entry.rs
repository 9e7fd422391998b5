//! Reasons why a page of a build has no entry that can be taken out.

use crate::bundler::dist;
use crate::html::elements::Element;
use crate::html::page::{Page, PageEntry, is_deferred, is_external, is_module, local_url};

/// Why no module script and no deferred script of the page is a file of the build, and what to do.
pub(crate) fn reason(page: &Page<'_>, html: &str, elements: &[Element], entry: &PageEntry) -> String {
    let dir = page.dir.display();
    let missing = || {
        let element = elements.iter().filter(|it| is_external(it)).find(|it| local_url(it).is_some())?;
        let (line, url) = (element.line, page.url(element, entry)?);
        Some(if url.contains('%') {
            format!("line {line}: {url}: expected the name of a file in {dir}, without %: let the bundler write others")
        } else {
            format!(
                "line {line}: {url}: no such file in {dir}, which is served at {}: name the folder with --dir, its base path \
                 with --base",
                entry.base
            )
        })
    };
    of_build(page, html, elements, entry).or_else(missing).unwrap_or_else(|| {
        format!("no module script and no deferred script of a file in {dir}: the page loads none of its own origin")
    })
}

/// Why a script of the build cannot be taken out of the page; none if the page loads no script of the build.
pub(crate) fn of_build(page: &Page<'_>, html: &str, elements: &[Element], entry: &PageEntry) -> Option<String> {
    for element in elements.iter().filter(|it| is_external(it)) {
        let (line, url) = (element.line, element.attribute("src").unwrap_or_default());
        if local_url(element).is_none() && dist::locate(page.dir, path_of(url)).is_some() {
            return Some(format!(
                "line {line}: {url} is on another origin: stable has to come from the page's own, so build for a base path"
            ));
        }
        if !is_module(element) && !is_deferred(element) && page.file(element, entry).is_some() {
            let is_async = element.attribute("async").is_some();
            let remedy =
                if is_async { "without async" } else { "as scriptLoading: \"defer\" of html-webpack-plugin writes it" };
            return Some(format!(
                "line {line}: {url} is of this build, but neither a module nor deferred: let the bundler write it with \
                 defer, {remedy}"
            ));
        }
    }
    inline_import(page, html, elements, entry).map(|(line, url)| {
        format!("line {line}: the entry is an inline script that imports {url}: it cannot be taken out")
    })
}

/// The first inline script that imports a script of the build: its line and the URL. A module that names one counts as well.
pub(crate) fn inline_import(
    page: &Page<'_>,
    html: &str,
    elements: &[Element],
    entry: &PageEntry,
) -> Option<(usize, String)> {
    elements.iter().filter(|it| it.name == "script" && it.attribute("src").is_none()).find_map(|element| {
        let kind = element.attribute("type").unwrap_or_default().trim_ascii();
        let is_module = kind.eq_ignore_ascii_case("module");
        if !is_module && !kind.is_empty() && !kind.eq_ignore_ascii_case("text/javascript") {
            return None;
        }
        let text = html.get(element.text.clone()).unwrap_or_default();
        let parts: Vec<&str> = text.split(['"', '\'', '`']).collect();
        let url = parts.windows(2).find_map(|pair| {
            let [before, url] = pair else { return None };
            let is_path =
                ["/", "./", "../"].iter().any(|start| url.starts_with(start)) && !url.contains(char::is_whitespace);
            // What else a classic script names may be data, as a list of files to prefetch.
            let is_import = is_module || before.trim_ascii_end().ends_with("import(");
            let file = (is_path && is_import).then(|| page.file_of(url, entry)).flatten();
            file.filter(|file| dist::has_extension(file, "js") || dist::has_extension(file, "mjs")).map(|_| *url)
        })?;
        Some((element.line, url.to_owned()))
    })
}

/// The part of a URL after its scheme.
fn path_of(url: &str) -> &str {
    url.split_once("//").map_or(url, |(_, rest)| rest)
}
