//! What is loaded for one arm: scripts, styles, and what to fetch ahead.

use alloc::vec::Vec;

use crate::address::Address;
use crate::fault::{Code, Fault};
use crate::json::Json;
use crate::text::Writer;

/// The assets of one version: what was typed, once it is known to be sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle(Json);

/// A list of a bundle: its name, the key path of its items' members, the member that holds an address, the member
/// that says of what kind an item is, the kinds there are, and whether it may be left out.
struct List {
    name: &'static str,
    path: &'static str,
    address: &'static str,
    kind: &'static str,
    kinds: &'static [&'static str],
    optional: bool,
    expected: &'static str,
}

const SCRIPTS: List = List {
    name: "scripts",
    path: "ASSETS.canary.scripts.",
    address: "src",
    kind: "type",
    kinds: &["module", "classic"],
    optional: true,
    expected: "\"module\" or \"classic\"",
};
const STYLES: List = List {
    name: "styles",
    path: "ASSETS.canary.styles.",
    address: "href",
    kind: "",
    kinds: &[],
    optional: true,
    expected: "",
};
const PRELOAD: List = List {
    name: "preload",
    path: "ASSETS.canary.preload.",
    address: "href",
    kind: "as",
    kinds: &["script", "style", "font", "image", "fetch"],
    optional: false,
    expected: "\"script\", \"style\", \"font\", \"image\" or \"fetch\"",
};
const LISTS: [List; 3] = [SCRIPTS, STYLES, PRELOAD];

const PARENT: &str = "ASSETS.canary.";
const IGNORED: &str = "a known key; it is ignored";

impl Bundle {
    /// Reads `ASSETS.canary`; addresses on other origins are allowed with integrity, and warned of.
    ///
    /// # Errors
    ///
    /// [`Code::Address`] for an address that no page may load, [`Code::Key`] for any other malformation.
    pub fn parse(json: Json, warnings: &mut Vec<Fault>) -> Result<Self, Fault> {
        let Json::Object(members) = &json else { return Err(Fault::new(Code::Key, "ASSETS.canary", "an object")) };
        if string(&json, "version").is_empty() {
            return Err(Fault::under(Code::Key, PARENT, "version", "a string that names the version"));
        }
        for list in &LISTS {
            match json.get(list.name) {
                Some(Json::Array(items)) if !items.is_empty() || list.name != SCRIPTS.name => {
                    for item in items {
                        list.check(item, warnings)?;
                    }
                }
                None if list.name != SCRIPTS.name => {}
                _ => return Err(Fault::under(Code::Key, PARENT, list.name, "an array, of scripts with at least one")),
            }
        }
        for (name, _) in members {
            if name != "version" && !LISTS.iter().any(|list| list.name == name) {
                warnings.push(Fault::under(Code::Notice, PARENT, name, IGNORED));
            }
        }
        Ok(Self(json))
    }

    /// The version's name.
    #[must_use]
    pub fn version(&self) -> &str {
        string(&self.0, "version")
    }

    /// Fails at the first asset on another origin that is none of `origins`, which spaces separate.
    ///
    /// # Errors
    ///
    /// [`Code::Address`], naming the asset.
    pub fn check_origins(&self, origins: &str) -> Result<(), Fault> {
        for list in &LISTS {
            let Some(Json::Array(items)) = self.0.get(list.name) else { continue };
            for item in items {
                let address = string(item, list.address);
                if let Some(Address::Foreign(origin)) = Address::parse(address)
                    && !origins.as_bytes().split(|byte| *byte == b' ').any(|listed| listed == origin.as_bytes())
                {
                    return Err(Fault::under(Code::Address, "", address, "its origin among data-origins"));
                }
            }
        }
        Ok(())
    }

    /// Writes the bundle as the member `name`, as it was typed.
    pub fn write(&self, out: &mut Writer, name: &str) {
        self.0.write(out, name);
    }
}

impl List {
    fn check(&self, item: &Json, warnings: &mut Vec<Fault>) -> Result<(), Fault> {
        let fault = |code, name, expected| Fault::under(code, self.path, name, expected);
        let Json::Object(members) = item else {
            return Err(Fault::under(Code::Key, PARENT, self.name, "objects only"));
        };
        for (name, value) in members {
            let value = value.as_str().unwrap_or_default();
            if name == "integrity" {
                if !is_integrity(value) {
                    return Err(fault(Code::Key, name, "sha256-, sha384- or sha512- and base64"));
                }
            } else if name != self.address && name != self.kind {
                warnings.push(fault(Code::Notice, name, IGNORED));
            }
        }
        let kind = item.get(self.kind).map(|kind| kind.as_str().unwrap_or_default());
        if !kind.map_or(self.optional, |kind| self.kinds.contains(&kind)) {
            return Err(fault(Code::Key, self.kind, self.expected));
        }
        match Address::parse(string(item, self.address)) {
            Some(Address::Own) => {}
            Some(Address::Foreign(_)) if item.get("integrity").is_some() => {
                warnings.push(fault(Code::Notice, self.address, "data-origins of every page to list this origin"));
            }
            _ => {
                let expected = "a path on this origin, or an https URL with integrity";
                return Err(fault(Code::Address, self.address, expected));
            }
        }
        Ok(())
    }
}

/// A member that is a string, else nothing.
fn string<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// One hash of subresource integrity; the browser judges the length.
fn is_integrity(text: &str) -> bool {
    let hash = ["sha256-", "sha384-", "sha512-"].into_iter().find_map(|prefix| text.strip_prefix(prefix));
    hash.is_some_and(|hash| {
        !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    })
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
