//! What a page gets in the place of its entry.

use crate::bundler::bundle::Bundle;
use crate::commands::guard;
use crate::html::elements::escape;

/// Where the config is, unless `data-config` says something else.
const CONFIG: &str = "/config/canary.json";

/// The runtime's elements.
#[derive(Debug)]
pub(crate) struct Include<'a> {
    pub(crate) runtime: &'a str,
    /// Attributes without their `data-`.
    pub(crate) data: &'a [(String, String)],
    pub(crate) nonce: Option<&'a str>,
    pub(crate) stable: &'a Bundle,
}

impl Include<'_> {
    /// An element a line. The guard is first, to be there when anything else fails. Stable comes before the script that
    /// reads it. The config alone is preloaded: canary.js and what it loads are found in time, and stable's files
    /// would be loaded by those, too, who get the canary.
    pub(crate) fn lines(&self) -> anyhow::Result<Vec<String>> {
        // In a script nothing but `<` can end the script or change how it is read.
        let stable = serde_json::to_string(self.stable)?.replace('<', "\\u003c");
        let config = self.data.iter().rfind(|(key, _)| key == "config").map_or(CONFIG, |(_, value)| value);
        let nonce = self.nonce.map(|nonce| format!(" nonce=\"{}\"", escape(nonce))).unwrap_or_default();
        let data = self.data.iter().map(|(key, value)| format!(" data-{key}=\"{}\"", escape(value)));
        Ok(vec![
            guard::element(self.nonce),
            format!("<link rel=\"preload\" href=\"{}\" as=\"fetch\" crossorigin>", escape(config)),
            format!("<script type=\"application/json\" data-canary-stable>{stable}</script>"),
            format!("<script type=\"module\" src=\"{}\"{nonce}{}></script>", self.runtime, data.collect::<String>()),
        ])
    }
}

/// `KEY=VALUE`, where the key is no word about stable, which the page has of its own.
pub(crate) fn parse_data(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    let is_key = key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_key {
        return Err("expected a key of a-z 0-9 and -");
    }
    if key == "stable" || key.starts_with("stable-") || key.starts_with("canary-") {
        return Err("stable is what the page had as its entry");
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundler::bundle::Script;

    #[test]
    fn nothing_in_it_ends_it() {
        let script = Script { src: "/a.js".to_owned(), integrity: "sha384-A".to_owned(), kind: None };
        let version = Some("</script><!--".to_owned());
        let stable = Bundle { version, scripts: vec![script], styles: Vec::new(), preload: Vec::new() };
        let data =
            [("user-id", "a\"b&<c"), ("config", "/c.json")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let include = Include { runtime: "/r.js", data: &data, nonce: Some("n"), stable: &stable };
        assert_eq!(
            include.lines().unwrap(),
            [
                guard::element(Some("n")).as_str(),
                "<link rel=\"preload\" href=\"/c.json\" as=\"fetch\" crossorigin>",
                "<script type=\"application/json\" data-canary-stable>{\"version\":\"\\u003c/script>\\u003c!--\",\"scripts\":\
             [{\"src\":\"/a.js\",\"integrity\":\"sha384-A\"}]}</script>",
                "<script type=\"module\" src=\"/r.js\" nonce=\"n\" data-user-id=\"a&quot;b&amp;<c\" data-config=\"/c.json\">\
             </script>",
            ]
        );
    }

    #[test]
    fn attributes_are_checked() {
        assert_eq!(parse_data("a-1=x=y"), Ok(("a-1".to_owned(), "x=y".to_owned())));
        assert_eq!(parse_data("refresh"), Err("expected KEY=VALUE"));
        for bad in ["=x", "Refresh=1", "1a=1", "a b=1", "a>=1"] {
            assert_eq!(parse_data(bad), Err("expected a key of a-z 0-9 and -"), "{bad}");
        }
        for bad in ["stable=/a.js", "stable-integrity=x", "canary-stable="] {
            assert_eq!(parse_data(bad), Err("stable is what the page had as its entry"), "{bad}");
        }
    }
}
