//! The `script`, `link`, `base` and `meta` elements of a page, with their positions.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::ensure;
use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, StartTag, Token, Tokenizer};

/// An element as a browser with JavaScript sees it, so not in a comment, `noscript` or `template`.
#[derive(Debug)]
pub(crate) struct Element {
    /// The name of the tag.
    pub(crate) name: String,
    /// The range of a script from start tag to end tag, or of the tag.
    pub(crate) span: Range<usize>,
    /// The range of a script's content.
    pub(crate) text: Range<usize>,
    /// The line of the start, from 1.
    pub(crate) line: usize,
    /// The decoded values by name in lower case.
    attributes: BTreeMap<String, String>,
}

impl Element {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// The names of the attributes.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.keys().map(String::as_str)
    }

    /// Whether this is a link whose `rel` has a word.
    pub(crate) fn has_rel(&self, word: &str) -> bool {
        let has = |rel: &str| rel.split_ascii_whitespace().any(|it| it.eq_ignore_ascii_case(word));
        self.name == "link" && self.attribute("rel").is_some_and(has)
    }

    /// Whether this is a link with exactly this `rel`.
    pub(crate) fn is_link(&self, rel: &str) -> bool {
        self.name == "link" && self.attribute("rel").is_some_and(|it| it.trim().eq_ignore_ascii_case(rel))
    }
}

/// The elements in the order of the page.
pub(crate) fn elements(html: &str) -> anyhow::Result<Vec<Element>> {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    // Without this, the content of a script would be parsed as tags.
    emitter.naively_switch_states(true);
    let mut found: Vec<Element> = Vec::new();
    let mut open = None;
    let mut templates = 0_usize;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) if tag.name.as_slice() == b"template" => templates = templates.saturating_add(1),
            Token::StartTag(tag) if is_relevant(&tag.name) => {
                let element = Element::of(&tag, html);
                if element.name == "script" {
                    open = Some(element);
                } else if templates == 0 {
                    found.push(element);
                }
            }
            Token::EndTag(tag) if tag.name.as_slice() == b"template" => templates = templates.saturating_sub(1),
            Token::EndTag(tag) if tag.name.as_slice() == b"script" => {
                if let Some(mut element) = open.take().filter(|_| templates == 0) {
                    element.text = element.span.end..tag.span.start;
                    element.span.end = tag.span.end;
                    found.push(element);
                }
            }
            _ => {}
        }
    }
    if let Some(element) = open {
        ensure!(templates > 0, "line {}: <script> is not closed", element.line);
    }
    Ok(found)
}

fn is_relevant(name: &HtmlString) -> bool {
    matches!(name.as_slice(), b"script" | b"link" | b"base" | b"meta")
}

impl Element {
    fn of(tag: &StartTag<usize>, html: &str) -> Self {
        let span = tag.span.start..tag.span.end;
        let before = html.get(..span.start).unwrap_or_default();
        let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(&value.value))).collect();
        Self {
            name: text(&tag.name),
            text: span.end..span.end,
            span,
            line: before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1),
            attributes,
        }
    }
}

/// An attribute value escaped for double quotes.
pub(crate) fn escape(value: &str) -> String {
    value.replace('&', "&amp;").replace('"', "&quot;")
}

fn text(bytes: &HtmlString) -> String {
    String::from_utf8_lossy(bytes.as_slice()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &[(&str, usize, &str)]) {
        let elements = elements(html).unwrap();
        let found: Vec<_> = elements
            .iter()
            .map(|it| (html.get(it.span.clone()).unwrap(), it.line, html.get(it.text.clone()).unwrap()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn elements_have_their_positions() {
        check(
            "<!doctype html>\r\n<p>é</p>\r\n<SCRIPT\n src='a'>\r\nif (1<2) \"<link>\"\r</script >\n<link rel=x>",
            &[
                ("<SCRIPT\n src='a'>\r\nif (1<2) \"<link>\"\r</script >", 3, "\r\nif (1<2) \"<link>\"\r"),
                ("<link rel=x>", 6, ""),
            ],
        );
        check("<base href=/a/><link\nrel=x\n>", &[("<base href=/a/>", 1, ""), ("<link\nrel=x\n>", 1, "")]);
    }

    #[test]
    fn hidden_elements_are_skipped() {
        check(
            "<!-- <script></script> --><noscript><link></noscript><template><script>1</script><link></template>",
            &[],
        );
        check("<textarea><link></textarea><title><script></script></title><style><link></style>", &[]);
        check(
            "<script><!--<script></script>--></script>",
            &[("<script><!--<script></script>--></script>", 1, "<!--<script></script>-->")],
        );
    }

    #[test]
    fn unusual_markup_shifts_no_position() {
        let odd = [
            "\u{feff}",
            "é😀",
            "&amp;",
            "&notin;",
            "&notit;",
            "&#x1F600;",
            "&#0;",
            "&",
            "\r\n",
            "\r",
            "\0",
            "<",
            "</",
            "<!",
            "<!-->",
            "<!--->",
            "<!-- > -- --!>",
            "<![CDATA[ x ]]>",
            "<?x?>",
            "</>",
            "<a b='&lt;' c=&gt; d d=2/>",
            "<p/>",
            "</p x=y>",
            "<1>",
            "<title>&lt;</title>",
            "<style>a>b{}</style>",
            "<script>'<!--'</script >",
            "<svg><style>&amp;</style></svg>",
        ];
        let last = "<script a='&quot;é' src=/x.js>é</script>";
        for first in odd {
            for second in odd {
                let html = format!("{first}{second}{last}\n");
                let elements = elements(&html).unwrap();
                let found = elements.last().map(|it| (html.get(it.span.clone()), html.get(it.text.clone())));
                let swallowed = [first, second].iter().any(|it| matches!(*it, "<!" | "</")) || second == "<";
                assert!(swallowed || found == Some((Some(last), Some("é"))), "{html:?}: {found:?}");
            }
        }
    }

    #[test]
    fn attributes_are_decoded() {
        let html = "<script SRC=\"/a&amp;b\" src=/c defer data-x='&lt;'></script>";
        let elements = elements(html).unwrap();
        let script = &elements[0];
        let values = ["src", "defer", "data-x", "none"].map(|name| script.attribute(name));
        assert_eq!(values, [Some("/a&b"), Some(""), Some("<"), None]);
    }

    #[test]
    fn an_unclosed_script_is_an_error() {
        assert_eq!(elements("\n<script>1").unwrap_err().to_string(), "line 2: <script> is not closed");
    }
}
