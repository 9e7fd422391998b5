//! Bundles: the scripts, styles and preloads of one version of the page.

use crate::config::asset_url::AssetUrl;
use crate::diagnostics::expected::Expected;
use crate::json::document::Json;
use crate::json::keyword::Keyword;

/// A validated bundle.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a>(Json<'a>);

impl<'a> Bundle<'a> {
    /// Creates the view of `ASSETS.canary`.
    pub(crate) fn new(json: Json<'a>) -> Self {
        Self(json)
    }

    /// Returns the version.
    #[must_use]
    pub fn version(self) -> &'a str {
        self.0.member(Keyword::Version).as_text()
    }

    /// Returns the URL of the first asset on another origin that is not one of `origins`, which spaces separate.
    #[must_use]
    pub fn first_unlisted_asset(self, origins: &str) -> Option<&'a str> {
        // Each list has its own key for the URL: an unknown member of another name must not pass for it.
        [(Keyword::Scripts, Keyword::Src), (Keyword::Styles, Keyword::Href), (Keyword::Preload, Keyword::Href)]
            .iter()
            .find_map(|(list, key)| {
                self.0.member(*list).items().map(|asset| asset.member(*key).as_text()).find(|url| {
                    let is_listed = |origin: &str| {
                        origins.as_bytes().split(|byte| *byte == b' ').any(|listed| listed == origin.as_bytes())
                    };
                    matches!(AssetUrl::parse(url), Some(AssetUrl::CrossOrigin(origin)) if !is_listed(origin))
                })
            })
    }

    /// Returns the URL of the first asset that breaks the page's rules, and what they expect. Of the words, which spaces
    /// separate, `integrity` means that every script has it, and `base:PATH` that scripts and styles are below that path.
    pub(crate) fn first_refused_asset(self, rules: &str) -> Option<(&'a str, Expected)> {
        let words = || rules.as_bytes().split(|byte| *byte == b' ');
        let needs_integrity = words().any(|word| word == b"integrity");
        let base = words().find_map(|word| word.strip_prefix(b"base:"));
        for (list, key) in [(Keyword::Scripts, Keyword::Src), (Keyword::Styles, Keyword::Href)] {
            for asset in self.0.member(list).items() {
                let url = asset.member(key).as_text();
                if needs_integrity && key == Keyword::Src && !asset.member(Keyword::Integrity).exists() {
                    return Some((url, Expected::RequiredIntegrity));
                }
                let rest = base.map(|base| (base, url.as_bytes().strip_prefix(base)));
                if rest.is_some_and(|(base, rest)| {
                    rest.is_none_or(|rest| !base.ends_with(b"/") && !rest.starts_with(b"/"))
                }) {
                    return Some((url, Expected::BelowBase));
                }
            }
        }
        None
    }

    /// Returns the bundle as it is written in the config.
    #[must_use]
    pub fn source(self) -> &'a str {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn parse(text: &str) -> Result<(Config, Vec<String>), String> {
        let text =
            format!("{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {{}}, \"ASSETS\": {{\"canary\":\n{text}}}}}");
        let (config, warnings) = Config::parse(text.as_bytes()).map_err(|diagnostic| diagnostic.to_string())?;
        Ok((config, warnings.iter().map(ToString::to_string).collect()))
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let (config, warnings) = parse(text).unwrap();
        assert_eq!(warnings, expected);
        let bundle = config.canary_bundle().unwrap();
        assert_eq!((bundle.version(), bundle.source()), ("1.5.0", text));
    }

    #[test]
    fn keeps_the_source() {
        check(r#"{"version":"1.5.0","scripts":[{"src":"/a.js"}]}"#, &[]);
        check(r#"{"version":"1.5.0","scripts":[{"src":"/a.js"}],"styles":[],"preload":[]}"#, &[]);
        check(
            concat!(
                r#"{"version":"1.5.0","scripts":[{"src":"/a.js","type":"module","integrity":"sha384-AAA="},"#,
                r#"{"src":"/b.js","type":"classic"}],"styles":[{"href":"/a.css"}],"preload":[{"href":"/f","as":"font"}]}"#
            ),
            &[],
        );
    }

    #[test]
    fn malformed_bundles_reject_the_config() {
        let url = "expected a path on this origin, or an https URL with integrity";
        for (text, message) in [
            ("[]", "E117 ASSETS.canary (line 2, column 1): expected an object"),
            (
                r#"{"scripts":[{"src":"/a.js"}]}"#,
                "E117 ASSETS.canary.version (line 2, column 1): expected a string that is not empty",
            ),
            (
                r#"{"version":"1"}"#,
                "E117 ASSETS.canary.scripts (line 2, column 1): expected an array with at least one script",
            ),
            (
                r#"{"version":"1","scripts":[]}"#,
                "E117 ASSETS.canary.scripts (line 2, column 26): expected an array with at least one script",
            ),
            (r#"{"version":"1","scripts":{}}"#, "E117 ASSETS.canary.scripts (line 2, column 26): expected an array"),
            (
                r#"{"version":"1","scripts":["/a.js"]}"#,
                "E117 ASSETS.canary.scripts[0] (line 2, column 27): expected an object",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js","type":"text"}]}"#,
                "E117 ASSETS.canary.scripts[0].type (line 2, column 49): expected \"module\" or \"classic\"",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js","type":5}]}"#,
                "E117 ASSETS.canary.scripts[0].type (line 2, column 49): expected \"module\" or \"classic\"",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js"}],"preload":[{"href":"/a.js"}]}"#,
                "E117 ASSETS.canary.preload[0].as (line 2, column 55): expected \"script\", \"style\", \"font\", \"image\" or \"fetch\"",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js","integrity":"md5-x"}]}"#,
                "E117 ASSETS.canary.scripts[0].integrity (line 2, column 54): expected sha256-, sha384- or sha512- followed by base64",
            ),
            (
                r#"{"version":"1","scripts":[{"src":"javascript:1"}]}"#,
                &format!("E113 ASSETS.canary.scripts[0].src (line 2, column 34): {url}"),
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js"},{"src":"https://cdn.example/a.js"}]}"#,
                &format!("E113 ASSETS.canary.scripts[1].src (line 2, column 50): {url}"),
            ),
            (
                r#"{"version":"1","scripts":[{"src":"/a.js"}],"styles":[{}]}"#,
                &format!("E113 ASSETS.canary.styles[0].href (line 2, column 54): {url}"),
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), message);
        }
    }

    #[test]
    fn unknown_keys_are_refused() {
        for (text, key) in [
            (r#"{"version":"1.5.0","scripts":[{"src":"/a.js","defer":true}]}"#, "scripts[0].defer (line 2, column 46)"),
            (r#"{"version":"1.5.0","scripts":[{"src":"/a.js"}],"fonts":[]}"#, "fonts (line 2, column 48)"),
        ] {
            assert_eq!(parse(text).unwrap_err(), format!("E117 ASSETS.canary.{key}: expected a known key"));
        }
    }

    #[track_caller]
    fn check_origins(assets: &str, origins: &str, first_unlisted_asset: Option<&str>) {
        let (config, _) = parse(&format!(r#"{{"version":"1","scripts":[{{"src":"/a.js"}}],{assets}}}"#)).unwrap();
        let message = first_unlisted_asset.map(|url| format!("E113 {url}: expected its origin in data-origins"));
        assert_eq!(config.check_origins(origins).err().map(|diagnostic| diagnostic.to_string()), message, "{assets}");
    }

    #[test]
    fn pages_may_require_integrity_and_a_folder() {
        let integrity = Some("integrity, which data-integrity requires");
        let below = Some("a path below data-canary-base");
        for (assets, rules, expected) in [
            (r#""scripts":[{"src":"/assets/a.js"}]"#, "", None),
            (r#""scripts":[{"src":"/assets/a.js"}]"#, "https://cdn.example integrity", integrity),
            (r#""scripts":[{"src":"/a.js","integrity":"sha256-A"}]"#, "integrity", None),
            (r#""scripts":[{"src":"/a.js","integrity":"sha256-A"},{"src":"/b.js"}]"#, "integrity", integrity),
            (r#""scripts":[{"src":"/assets/a.js"}],"styles":[{"href":"/assets/a.css"}]"#, "base:/assets/", None),
            (r#""scripts":[{"src":"/assets/a.js"}]"#, "base:/assets", None),
            (r#""scripts":[{"src":"/assetsevil/a.js"}]"#, "base:/assets", below),
            (r#""scripts":[{"src":"/uploads/a.js"}]"#, "base:/assets/", below),
            (r#""scripts":[{"src":"/uploads/assets/a.js"}]"#, "base:/assets/", below),
            (r#""scripts":[{"src":"/assets/a.js"}],"styles":[{"href":"/uploads/a.css"}]"#, "base:/assets/", below),
            (r#""scripts":[{"src":"/assets/a.js"}]"#, "base:assets/", below),
            (r#""scripts":[{"src":"/uploads/a.js","integrity":"sha256-A"}]"#, "base:/assets/ integrity", below),
            (r#""scripts":[{"src":"/assets/a.js"}],"preload":[{"href":"/font","as":"font"}]"#, "base:/assets/", None),
        ] {
            let (config, _) = parse(&format!(r#"{{"version":"1",{assets}}}"#)).unwrap();
            let found = config.check_asset_rules(rules).err();
            assert_eq!(found.as_ref().map(crate::Diagnostic::expected), expected, "{assets} {rules}");
            assert_eq!(config.check_origins(rules).err(), found);
        }
    }

    #[test]
    fn other_origins_need_integrity_and_a_listing() {
        let (_, warnings) =
            parse(r#"{"version":"1","scripts":[{"src":"https://cdn.example/a.js","integrity":"sha384-AA"}]}"#).unwrap();
        let expected = "I118 ASSETS.canary.scripts[0] (line 2, column 27): expected data-origins of every page to list this origin";
        assert_eq!(warnings, [expected]);
        let style = r#""styles":[{"href":"https://cdn.example/a.css","integrity":"sha256-A"}]"#;
        check_origins(style, "https://a.example https://cdn.example", None);
        for origins in
            ["", "https://cdn.example.evil", "https://cdn.example/", "https://cdn.exampl", "https://cdn.example:443"]
        {
            check_origins(style, origins, Some("https://cdn.example/a.css"));
        }
        check_origins(
            r#""preload":[{"href":"https://cdn.example:8443/a","as":"font","integrity":"sha256-A"}]"#,
            "https://cdn.example",
            Some("https://cdn.example:8443/a"),
        );
    }
}
