//! The elements that replace the entry in a page.

use canary_runtime::config::is_identifier;

use crate::bundler::bundle::Bundle;
use crate::html::elements::{Element, escape};
use crate::html::guard;
use crate::html::preload::{self, RuntimeFiles};

/// The default URL of the config, without `data-config`.
const CONFIG: &str = "/config/canary.json";

/// The elements that load the runtime.
#[derive(Debug)]
pub(crate) struct Snippet<'a> {
    pub(crate) runtime: &'a str,
    /// The `data-` attributes, with names without the prefix.
    pub(crate) data: &'a [(String, String)],
    pub(crate) nonce: Option<&'a str>,
    pub(crate) stable: &'a Bundle,
    /// The runtime's files, if they are known.
    pub(crate) files: Option<&'a RuntimeFiles>,
    /// Whether to preload stable.
    pub(crate) preloads_stable: bool,
}

impl Snippet<'_> {
    /// The lines of the snippet, one element each. The guard is first, because it handles failures of the others. The data of
    /// stable is before the script that reads it. The script is `async`, so that it decides while the page still arrives.
    pub(crate) fn lines(&self) -> anyhow::Result<Vec<String>> {
        // Inside a script element only `<` can end the element or change the parser's state.
        let stable = serde_json::to_string(self.stable)?.replace('<', "\\u003c");
        let config = self.data.iter().rfind(|(key, _)| key == "config").map_or(CONFIG, |(_, value)| value);
        let nonce = self.nonce.map(|nonce| format!(" nonce=\"{}\"", escape(nonce))).unwrap_or_default();
        let data = self.data.iter().map(|(key, value)| format!(" data-{key}=\"{}\"", escape(value)));
        let preloaded = self.preloads_stable.then_some(self.stable);
        let mut lines = vec![guard::element(self.nonce)];
        lines.extend(preload::links(config, (self.runtime, self.files), preloaded, &nonce));
        lines.push(format!("<script type=\"application/json\" data-canary-stable>{stable}</script>"));
        let data = data.collect::<String>();
        lines.push(format!("<script type=\"module\" async src=\"{}\"{nonce}{data}></script>", self.runtime));
        Ok(lines)
    }
}

/// The page with a `data-entry` in the script tag, unless it has one. None without a tag.
pub(crate) fn with_entry(html: &str, tag: Option<&Element>, name: &str) -> Option<String> {
    let tag = tag?;
    let mut html = html.to_owned();
    if tag.attribute("data-entry").is_none() {
        html.insert_str(tag.span.start.checked_add("<script".len())?, &format!(" data-entry=\"{}\"", escape(name)));
    }
    Some(html)
}

/// Parses `KEY=VALUE`. Keys about stable are refused, because stable comes from the page.
pub(crate) fn parse_data(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    let is_key = key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_key {
        return Err("expected a key of a-z 0-9 and -");
    }
    if key == "stable" || key.starts_with("stable-") || key.starts_with("canary-") && key != "canary-base" {
        return Err("stable comes from the entry of the page");
    }
    if key == "entry" && !is_identifier(value) {
        return Err("expected a name of 1 to 64 of A-Z a-z 0-9 _ . -");
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundler::bundle::Script;

    #[test]
    fn values_are_escaped() {
        let script = Script { src: "/a.js".to_owned(), integrity: "sha384-A".to_owned(), kind: None };
        let version = Some("</script><!--".to_owned());
        let stable = Bundle { version, scripts: vec![script], styles: Vec::new(), preload: Vec::new() };
        let data =
            [("user-id", "a\"b&<c"), ("config", "/c.json")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let files = RuntimeFiles { engine: "e.wasm".to_owned(), lifecycle: "l.js".to_owned() };
        let snippet = Snippet {
            runtime: "/r/canary.js",
            data: &data,
            nonce: Some("n"),
            stable: &stable,
            files: Some(&files),
            preloads_stable: true,
        };
        assert_eq!(
            snippet.lines().unwrap(),
            [
                guard::element(Some("n")).as_str(),
                "<link rel=\"preload\" href=\"/c.json\" as=\"fetch\">",
                "<link rel=\"preload\" href=\"/r/e.wasm\" as=\"fetch\">",
                "<link rel=\"preload\" href=\"/r/l.js\" as=\"fetch\" fetchpriority=\"low\">",
                "<link rel=\"preload\" href=\"/a.js\" as=\"script\" crossorigin integrity=\"sha384-A\" nonce=\"n\">",
                "<script type=\"application/json\" data-canary-stable>{\"version\":\"\\u003c/script>\\u003c!--\",\"scripts\":\
             [{\"src\":\"/a.js\",\"integrity\":\"sha384-A\"}]}</script>",
                "<script type=\"module\" async src=\"/r/canary.js\" nonce=\"n\" data-user-id=\"a&quot;b&amp;<c\" data-config=\"/c.json\">\
             </script>",
            ]
        );
    }

    #[test]
    fn data_attributes_are_parsed() {
        assert_eq!(parse_data("a-1=x=y"), Ok(("a-1".to_owned(), "x=y".to_owned())));
        assert_eq!(parse_data("refresh"), Err("expected KEY=VALUE"));
        for bad in ["=x", "Refresh=1", "1a=1", "a b=1", "a>=1"] {
            assert_eq!(parse_data(bad), Err("expected a key of a-z 0-9 and -"), "{bad}");
        }
        assert_eq!(parse_data("entry=a.b-1"), Ok(("entry".to_owned(), "a.b-1".to_owned())));
        assert_eq!(parse_data("entry=a b"), Err("expected a name of 1 to 64 of A-Z a-z 0-9 _ . -"));
        for bad in ["stable=/a.js", "stable-integrity=x", "canary-stable="] {
            assert_eq!(parse_data(bad), Err("stable comes from the entry of the page"), "{bad}");
        }
    }
}
