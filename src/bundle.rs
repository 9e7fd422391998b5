//! What is loaded for one arm: scripts, styles, and what to fetch ahead.

use crate::address::Address;
use crate::json::Json;
use crate::word::Word;

/// The assets of one version, which have been checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bundle<'a>(Json<'a>);

impl<'a> Bundle<'a> {
    /// That of `ASSETS.canary`.
    #[must_use]
    pub fn new(json: Json<'a>) -> Self {
        Self(json)
    }

    /// The version's name.
    #[must_use]
    pub fn version(self) -> &'a str {
        self.0.member(Word::Version).text()
    }

    /// The first asset on another origin that is none of `origins`, which spaces separate.
    #[must_use]
    pub fn stranger(self, origins: &str) -> Option<&'a str> {
        let lists = self.0.members().map(|(_, list)| list);
        let addresses = lists.flat_map(Json::items).map(|item| {
            let (href, src) = (item.member(Word::Href), item.member(Word::Src));
            if src.exists() { src } else { href }.text()
        });
        addresses.into_iter().find(|address| {
            let listed = |origin: &str| origins.as_bytes().split(|byte| *byte == b' ').any(|listed| listed == origin.as_bytes());
            matches!(Address::parse(address), Some(Address::Foreign(origin)) if !listed(origin))
        })
    }

    /// As it was typed.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};

    fn parse(text: &str) -> (Result<Bundle, String>, Vec<String>) {
        let mut warnings = Vec::new();
        let bundle = Bundle::parse(Json::parse(text).unwrap(), &mut warnings);
        (bundle.map_err(|fault| fault.to_string()), warnings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn reads_and_writes_a_bundle() {
        let text = concat!(
            r#"{"version":"1.5.0","scripts":[{"src":"/a.js","type":"module","integrity":"sha384-AAA="},"#,
            r#"{"src":"/b.js","type":"classic"}],"styles":[{"href":"/a.css"}],"preload":[{"href":"/f.woff2","as":"font"}]}"#
        );
        let (bundle, warnings) = parse(text);
        let mut out = Writer::default();
        bundle.unwrap().write(&mut out, "");
        assert_eq!(out.finish(), text);
        assert!(warnings.is_empty());
    }

    #[test]
    fn refuses_malformed_bundles() {
        for (text, message) in [
            ("[]", "E117 ASSETS.canary: expected an object"),
            (
                r#"{"scripts":[{"src":"/a.js"}]}"#,
                "E117 ASSETS.canary.version: expected a string that names the version",
            ),
            (r#"{"version":"1"}"#, "E117 ASSETS.canary.scripts: expected an array, of scripts with at least one"),
            (
                r#"{"version":"1","scripts":{}}"#,
                "E117 ASSETS.canary.scripts: expected an array, of scripts with at least one",
            ),
            (r#"{"version":"1","scripts":["/a.js"]}"#, "E117 ASSETS.canary.scripts: expected objects only"),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js","type":"text"}]}"#,
                "E117 ASSETS.canary.scripts.type: expected \"module\" or \"classic\"",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js","type":5}]}"#,
                "E117 ASSETS.canary.scripts.type: expected \"module\" or \"classic\"",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js","type":""}]}"#,
                "E117 ASSETS.canary.scripts.type: expected \"module\" or \"classic\"",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js"}],"preload":[{"href":"/a.js"}]}"#,
                "E117 ASSETS.canary.preload.as: expected \"script\", \"style\", \"font\", \"image\" or \"fetch\"",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js","integrity":"md5-x"}]}"#,
                "E117 ASSETS.canary.scripts.integrity: expected sha256-, sha384- or sha512- and base64",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"javascript:1"}]}"#,
                "E113 ASSETS.canary.scripts.src: expected a path on this origin, or an https URL with integrity",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"https://cdn.example/a.js"}]}"#,
                "E113 ASSETS.canary.scripts.src: expected a path on this origin, or an https URL with integrity",
            ),
        ] {
            assert_eq!(parse(text).0.unwrap_err(), message);
        }
    }

    #[test]
    fn lists_but_scripts_may_be_empty_or_absent() {
        for rest in ["", r#","styles":[]"#, r#","styles":[],"preload":[]"#] {
            let (bundle, warnings) = parse(&[r#"{"version":"1.5.0","scripts":[{"src":"/a.js"}]"#, rest, "}"].concat());
            assert_eq!((bundle.unwrap().version(), warnings.len()), ("1.5.0", 0), "{rest}");
        }
        let expected = "E117 ASSETS.canary.scripts: expected an array, of scripts with at least one";
        assert_eq!(parse(r#"{"version":"1","scripts":[]}"#).0.unwrap_err(), expected);
    }

    #[test]
    fn unknown_keys_are_noticed() {
        let (_, warnings) = parse(r#"{"version":"1","scripts":[{"src":"/a.js","defer":true}],"fonts":[]}"#);
        assert_eq!(
            warnings,
            [
                "I118 ASSETS.canary.scripts.defer: expected a known key; it is ignored",
                "I118 ASSETS.canary.fonts: expected a known key; it is ignored",
            ]
        );
    }

    #[test]
    fn integrity_is_one_hash_in_base64() {
        for good in ["sha256-a", "sha384-A+/9==", "sha512-x"] {
            assert!(is_integrity(good), "{good}");
        }
        for bad in ["", "sha384-", "sha384-a b", "sha1-a", "SHA384-a", "a"] {
            assert!(!is_integrity(bad), "{bad}");
        }
    }

    #[test]
    fn other_origins_need_integrity_and_the_page() {
        let (bundle, warnings) =
            parse(r#"{"version":"1","scripts":[{"src":"https://cdn.example/a.js","integrity":"sha384-AA"}]}"#);
        assert_eq!(
            warnings,
            ["I118 ASSETS.canary.scripts.src: expected data-origins of every page to list this origin"]
        );
        let bundle = bundle.unwrap();
        assert!(bundle.check_origins("https://a.example https://cdn.example").is_ok());
        let fault = bundle.check_origins("https://cdn.example.evil").unwrap_err();
        assert_eq!(fault.to_string(), "E113 https://cdn.example/a.js: expected its origin among data-origins");
    }
}
