//! Import maps, of which a page has one set for both versions.

use serde_json::Value;

use crate::html::elements::Element;
use crate::html::page::{Page, PageEntry};

/// Whether an element is an import map.
pub(crate) fn is_import_map(element: &Element) -> bool {
    let kind = element.attribute("type").unwrap_or_default();
    element.name == "script" && kind.trim_ascii().eq_ignore_ascii_case("importmap")
}

/// Why a page whose import map names files of the build cannot have two versions. A map of other files, as of a library on
/// another host, is the page's own.
pub(crate) fn refusal(page: &Page<'_>, html: &str, elements: &[Element], entry: &PageEntry) -> Option<String> {
    elements.iter().filter(|it| is_import_map(it)).find_map(|element| {
        let map: Value = serde_json::from_str(html.get(element.text.clone())?).ok()?;
        let scopes = map.get("scopes").and_then(Value::as_object);
        let imports = map.get("imports").into_iter().chain(scopes.into_iter().flat_map(|it| it.values()));
        let mut urls = imports.filter_map(Value::as_object).flat_map(|it| it.values()).filter_map(Value::as_str);
        let is_path = |url: &str| ["/", "./", "../"].iter().any(|start| url.starts_with(start));
        let url = urls.find(|url| is_path(url) && page.file_of(url, entry).is_some())?;
        Some(format!(
            "line {}: the import map has {url} of this build, and the canary would load stable's files by it: build without \
             one (Vite: without build.chunkImportMap; Parcel: with \"browserslist\": [\"safari >= 15\"])",
            element.line
        ))
    })
}
