//! The inline guard of a page, which loads stable if canary.js cannot.

use crate::html::elements::{Element, escape};
use crate::html::minify::minify;

const SOURCE: &str = include_str!("../../../loader/guard.js");

/// The attribute that identifies the guard in a page.
const ATTRIBUTE: &str = "data-canary-guard";

/// The comment that reserves the place of the guard.
const PLACEHOLDER: &str = "<!-- canary:guard -->";

/// The minified script of the guard.
pub(crate) fn script() -> String {
    minify(SOURCE)
}

/// The guard's element. With a nonce, the policy needs no hash.
pub(crate) fn element(nonce: Option<&str>) -> String {
    let nonce = nonce.map(|nonce| format!(" nonce=\"{}\"", escape(nonce))).unwrap_or_default();
    format!("<script {ATTRIBUTE}{nonce}>{}</script>", script())
}

/// Finds the guard of a page.
pub(crate) fn find(elements: &[Element]) -> Option<&Element> {
    elements.iter().find(|it| it.name == "script" && it.attribute(ATTRIBUTE).is_some())
}

/// Replaces the guard of a page, or else the placeholder, by the current guard. A page with neither stays as it is.
pub(crate) fn update(html: &str, elements: &[Element], nonce: Option<&str>) -> String {
    let Some(guard) = find(elements) else {
        return html.replacen(PLACEHOLDER, &element(nonce), 1);
    };
    let before = html.get(..guard.span.start).unwrap_or_default();
    let after = html.get(guard.span.end..).unwrap_or_default();
    [before, &element(guard.attribute("nonce")), after].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::elements;

    /// The maximum size in bytes, because every page contains the guard. Raise it with a reason.
    const LIMIT: usize = 2560; // 1 KB in brotli

    #[test]
    fn the_guard_is_small_and_can_be_inlined() {
        let script = script();
        assert!(script.len() <= LIMIT, "{} bytes", script.len());
        for bad in ["//", "/*", "\n", "  ", "<!--", "</", "<script"] {
            assert!(!script.contains(bad), "{bad:?} in {script}");
        }
        let page = element(None);
        let elements = elements::elements(&page).unwrap();
        assert_eq!((elements.len(), page.get(elements[0].text.clone())), (1, Some(script.as_str())));
    }

    #[test]
    fn placeholders_and_older_guards_are_replaced() {
        let current = element(Some("n"));
        for old in [PLACEHOLDER, "<script data-canary-guard nonce=n>old()</script>", &current] {
            let page = format!("<p>\r\n {old}\r\n<script src=/a.js></script>");
            let updated = update(&page, &elements::elements(&page).unwrap(), Some("n"));
            assert_eq!(updated, page.replace(old, &current));
        }
        let page = "<script src=/a.js></script>";
        assert_eq!(update(page, &elements::elements(page).unwrap(), None), page);
    }
}
