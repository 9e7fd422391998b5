//! Hashes of inline scripts for the Content-Security-Policy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::html::elements::{self, Element};

/// An inline script or style that the policy has to allow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InlineSource {
    pub(crate) line: usize,
    /// The source expression for `script-src` or `style-src`.
    pub(crate) source: String,
}

impl InlineSource {
    /// Whether this is an attribute, such as `style` or `onclick`.
    pub(crate) fn is_attribute(&self) -> bool {
        self.source.starts_with(ATTRIBUTES)
    }
}

/// What makes hashes count for attributes as well.
pub(crate) const ATTRIBUTES: &str = "'unsafe-hashes'";

/// The MIME types of JavaScript, as the MIME Sniffing Standard lists them.
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

/// The inline scripts in the order of the page.
pub(crate) fn inline_scripts(html: &str) -> anyhow::Result<Vec<InlineSource>> {
    let elements = elements::elements(html)?;
    let scripts = elements.iter().filter(|it| is_inline(it));
    Ok(scripts
        .map(|it| InlineSource { line: it.line, source: source(html.get(it.text.clone()).unwrap_or_default()) })
        .collect())
}

fn is_inline(script: &Element) -> bool {
    script.name == "script" && script.attribute("src").is_none() && is_checked(script)
}

/// Whether the policy applies: to scripts, import maps and speculation rules, but not to data blocks.
fn is_checked(script: &Element) -> bool {
    let kind = match (script.attribute("type"), script.attribute("language")) {
        (Some(""), _) | (None, None | Some("")) => return true,
        (Some(kind), _) => kind.trim_ascii().to_ascii_lowercase(),
        (None, Some(language)) => format!("text/{}", language.to_ascii_lowercase()),
    };
    matches!(kind.as_str(), "module" | "importmap" | "speculationrules") || JAVASCRIPT.contains(&kind.as_str())
}

/// Whether browsers run a script of this type as a classic one.
pub(crate) fn is_classic(kind: &str) -> bool {
    kind.is_empty() || JAVASCRIPT.contains(&kind.to_ascii_lowercase().as_str())
}

/// The source expression that allows an inline script. Browsers hash the parsed text, in which lines end with a line feed.
pub(crate) fn source(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_browsers() {
        // The example in the specification of the Content-Security-Policy.
        let found = inline_scripts("<p>\n<script>doSomething();</script>").unwrap();
        let source = "'sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc='".to_owned();
        assert_eq!(found, [InlineSource { line: 2, source }]);
        assert_eq!(super::source("a\r\nb\rc\n"), super::source("a\nb\nc\n"));
        assert_ne!(super::source(" a"), super::source("a"));
    }

    #[test]
    fn data_blocks_need_no_hash() {
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
            assert_eq!(inline_scripts(&html).unwrap().len(), expected, "{attributes}");
        }
    }
}
