//! Hashes by which a Content-Security-Policy allows inline scripts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::html::elements::{self, Element};

/// An inline script that a policy has to allow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inline {
    pub(crate) line: usize,
    /// As it stands in `script-src`.
    pub(crate) source: String,
}

/// The MIME types of JavaScript, without `text/javascript` in its many other spellings.
const JAVASCRIPT: [&str; 16] = [
    "application/ecmascript",
    "application/javascript",
    "application/x-ecmascript",
    "application/x-javascript",
    "text/ecmascript",
    "text/javascript",
    "text/javascript1.0",
    "text/javascript1.1",
    "text/javascript1.2",
    "text/javascript1.3",
    "text/javascript1.4",
    "text/javascript1.5",
    "text/jscript",
    "text/livescript",
    "text/x-ecmascript",
    "text/x-javascript",
];

/// Finds them, in the order of the page.
pub(crate) fn inline(html: &str) -> anyhow::Result<Vec<Inline>> {
    let elements = elements::elements(html)?;
    let scripts = elements.iter().filter(|it| is_inline(it));
    Ok(scripts
        .map(|it| Inline { line: it.line, source: source(html.get(it.text.clone()).unwrap_or_default()) })
        .collect())
}

fn is_inline(script: &Element) -> bool {
    script.name == "script" && script.attribute("src").is_none() && is_checked(script)
}

/// Policies look at what is run, import maps and speculation rules among it, and not at blocks of data.
fn is_checked(script: &Element) -> bool {
    let kind = match (script.attribute("type"), script.attribute("language")) {
        (Some(""), _) | (None, None | Some("")) => return true,
        (Some(kind), _) => kind.trim_ascii().to_ascii_lowercase(),
        (None, Some(language)) => format!("text/{}", language.to_ascii_lowercase()),
    };
    matches!(kind.as_str(), "module" | "importmap" | "speculationrules") || JAVASCRIPT.contains(&kind.as_str())
}

/// What allows an inline script of this text. A browser hashes what it has parsed, where every line ends with a line feed.
pub(crate) fn source(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_what_a_browser_hashes() {
        // The example of the specification of Content-Security-Policy.
        let found = inline("<p>\n<script>doSomething();</script>").unwrap();
        let source = "'sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc='".to_owned();
        assert_eq!(found, [Inline { line: 2, source }]);
        assert_eq!(super::source("a\r\nb\rc\n"), super::source("a\nb\nc\n"));
        assert_ne!(super::source(" a"), super::source("a"));
    }

    #[test]
    fn data_needs_no_hash() {
        for (attributes, expected) in [
            ("", 1),
            ("type", 1),
            ("type=''", 1),
            ("type=module", 1),
            ("type=Module", 1),
            ("type=' text/javascript '", 1),
            ("type=importmap", 1),
            ("type=speculationrules", 1),
            ("language=JavaScript", 1),
            ("nomodule", 1),
            ("language=vbscript", 0),
            ("type=application/json", 0),
            ("type=application/ld+json", 0),
            ("type='text/javascript; charset=utf-8'", 0),
            ("type=text/template", 0),
            ("src=/a.js", 0),
        ] {
            let html = format!("<script {attributes}>1</script>");
            assert_eq!(inline(&html).unwrap().len(), expected, "{attributes}");
        }
    }
}
