//! Overrides of the arm and of flags, for one page view.

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::config::Config;
use crate::config::flag::Flag;
use crate::config::identifier::is_flag_key;
use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::diagnostics::expected::Expected;
use crate::json::document::{Document, Json};
use crate::json::keyword::Keyword;
use crate::targeting::arm::Arm;

/// Overrides in the page's URL, which the config must allow, and overrides by the page's scripts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `?canary=canary` or `?canary=stable`.
    arm: Option<Arm>,
    /// The flags that the URL overrides.
    query: Vec<Override>,
    /// The flags that scripts override.
    page: Vec<Override>,
    /// Whether an override in the URL is malformed.
    malformed: bool,
}

/// An [`Overrides`] that is empty.
pub(crate) const NO_OVERRIDES: &Overrides =
    &Overrides { arm: None, query: Vec::new(), page: Vec::new(), malformed: false };

#[derive(Clone, Debug, PartialEq)]
struct Override {
    flag_key: String,
    value: Document,
}

impl Overrides {
    /// Parses the overrides of a URL: the values of its parameters `canary` (`canary` or `stable`) and `canary.flag`
    /// (`KEY:JSON`). The first value of each counts.
    ///
    /// ```
    /// use canary_runtime::{Config, Overrides};
    ///
    /// let overrides = Overrides::new(["stable"], ["color:\"red\""]);
    /// let (config, _) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"color": {"default": "red"}}}"#)?;
    /// let flag = config.flag(0).ok_or("a flag")?;
    /// assert_eq!(overrides.flag(flag, true).map(|value| value.source()), Some("\"red\""));
    /// assert_eq!(overrides.flag(flag, false), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new<'a>(arms: impl IntoIterator<Item = &'a str>, flags: impl IntoIterator<Item = &'a str>) -> Self {
        let mut overrides = Self::default();
        for arm in arms {
            match Keyword::parse(arm) {
                Keyword::Canary => _ = overrides.arm.get_or_insert(Arm::Canary),
                Keyword::Stable => _ = overrides.arm.get_or_insert(Arm::Stable),
                _ => overrides.malformed = true,
            }
        }
        for flag in flags {
            match parse(flag) {
                Some(flag) if overrides.query.iter().any(|one| one.flag_key == flag.flag_key) => (),
                Some(flag) => overrides.query.push(flag),
                None => overrides.malformed = true,
            }
        }
        overrides
    }

    /// Overrides a flag with a JSON value. Invalid JSON has no effect.
    pub fn set(&mut self, flag_key: &str, json: &str) {
        if let Ok(value) = Document::parse(json) {
            self.page.retain(|flag| flag.flag_key != flag_key);
            self.page.push(Override { flag_key: String::from(flag_key), value });
        }
    }

    /// Returns the arm that the URL asks for, if the config allows it.
    #[must_use]
    pub fn arm(&self, query_allowed: bool) -> Option<Arm> {
        self.arm.filter(|_| query_allowed)
    }

    /// Returns the value of a flag by the page's scripts, else by the URL if the config allows it and the flag declares the
    /// value.
    #[must_use]
    pub fn flag(&self, flag: Flag, query_applies: bool) -> Option<Json<'_>> {
        let of_flag = |one: &&Override| one.flag_key == flag.key();
        let by_url = || self.query.iter().find(of_flag).filter(|one| query_applies && flag.declares(one.value.root()));
        self.page.iter().find(of_flag).or_else(by_url).map(|one| one.value.root())
    }

    /// Returns a diagnostic if an override in the URL is ignored. It does not quote the URL, which an attacker may have
    /// written.
    #[must_use]
    pub fn check(&self, config: &Config) -> Option<Diagnostic> {
        let is_used = self.arm.is_some() || !self.query.is_empty();
        let mut indices = self.query.iter().map(|one| (config.flag_index(&one.flag_key), one.value.root()));
        let is_undeclared = |(index, value): (Option<usize>, Json)| {
            index.and_then(|index| config.flag(index)).is_some_and(|flag| !flag.declares(value))
        };
        let expected = if self.malformed {
            Expected::OverrideForm
        } else if is_used && !config.allows_query() {
            Expected::OverridesAllowed
        } else if is_used && !config.applies_query() {
            Expected::OverridesLive
        } else if indices.clone().any(|(index, _)| index.is_none()) {
            Expected::KnownFlag
        } else if indices.any(is_undeclared) {
            Expected::DeclaredValue
        } else {
            return None;
        };
        Some(Diagnostic::new(Code::Override, "", expected.text()))
    }
}

fn parse(text: &str) -> Option<Override> {
    let colon = text.bytes().position(|byte| byte == b':')?;
    let (flag_key, json) = text.split_at_checked(colon)?;
    let value = Document::parse(json.get(1..)?).ok()?;
    is_flag_key(flag_key).then(|| Override { flag_key: String::from(flag_key), value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::ToString;

    fn config(percentage: u8, query: bool) -> Config {
        let flags = r#"{"a": 5, "b": {"variants": {"x": {"weight": 1, "value": {"c": [2]}}}},
            "c": {"default": "low", "rules": [{"if": {}, "serve": "high"}]}, "d": {"rules": [{"if": {}, "serve": 1}]}}"#;
        let text = format!(
            r#"{{"CANARY_PERCENTAGE": {percentage}, "OVERRIDES": {{"query": {query}}}, "FEATURE_FLAGS": {flags}}}"#
        );
        Config::parse(text.as_bytes()).unwrap().0
    }

    /// `messages` are those of a config that allows overrides, and of one that does not.
    #[track_caller]
    fn check(arms: &[&str], flags: &[&str], arm: Option<Arm>, messages: [Option<&str>; 2]) {
        let overrides = Overrides::new(arms.iter().copied(), flags.iter().copied());
        assert_eq!((overrides.arm(true), overrides.arm(false)), (arm, None));
        let found = [true, false].map(|query| overrides.check(&config(5, query)).map(|ignored| ignored.to_string()));
        assert_eq!(found.each_ref().map(Option::as_deref), messages, "{arms:?} {flags:?}");
    }

    const FORM: Option<&str> =
        Some("E701 expected ?canary=canary, ?canary=stable or ?canary.flag=KEY:JSON; it is ignored");
    const OFF: Option<&str> =
        Some("E701 expected OVERRIDES.query to be true for an override in the URL; it is ignored");
    const UNKNOWN: Option<&str> = Some("E701 expected an override of a flag in the config; it is ignored");
    const UNDECLARED: Option<&str> =
        Some("E701 expected an override with a value that its flag declares; it is ignored");

    #[test]
    fn reports_overrides_that_are_ignored() {
        check(&[], &[], None, [None, None]);
        check(&["canary"], &[], Some(Arm::Canary), [None, OFF]);
        check(&["stable"], &[], Some(Arm::Stable), [None, OFF]);
        check(&["stable", "canary"], &[], Some(Arm::Stable), [None, OFF]);
        check(&[], &["a:true"], None, [None, OFF]);
        check(&[], &["a:true", "e:1"], None, [UNKNOWN, OFF]);
        check(&[], &["a:true", "b:1"], None, [UNDECLARED, OFF]);
        check(&["always", "stable"], &[], Some(Arm::Stable), [FORM, FORM]);
        for bad in ["", "a", "a:", "a:x", ":1", "__proto__:1", "a b:1", "a:1 2", "a:'1'", "a:{\"b\":1,\"b\":1}"] {
            check(&[], &[bad], None, [FORM, FORM]);
        }
        for bad in ["", "Canary", "canary ", "<script>", "always"] {
            check(&[bad], &[], None, [FORM, FORM]);
        }
    }

    #[test]
    fn a_canary_that_is_off_has_no_overrides() {
        let overrides = Overrides::new(["canary"], ["a:true"]);
        let message = overrides.check(&config(0, true)).unwrap().to_string();
        assert_eq!(message, "E701 expected CANARY_PERCENTAGE above 0 for an override in the URL; it is ignored");
        assert_eq!([0, 5].map(|percentage| config(percentage, true).applies_query()), [false, true]);
    }

    #[test]
    fn urls_give_declared_values_only() {
        let config = config(5, true);
        for (flag, declared) in [
            ("a:true", true),
            ("a:false", true),
            ("a:1", false),
            ("a:\"true\"", false),
            ("a:null", false),
            ("b:{\"c\": [2]}", true),
            ("b:{\"c\": [3]}", false),
            ("b:\"x\"", false),
            ("b:true", false),
            ("c:\"low\"", true),
            ("c:\"high\"", true),
            ("c:\"https://evil.example/\"", false),
            ("c:true", false),
            ("d:1", true),
            ("d:2", false),
            ("d:false", true),
        ] {
            let overrides = Overrides::new(None, [flag]);
            let key = flag.split(':').next().unwrap();
            let flag_at = config.flag(config.flag_index(key).unwrap()).unwrap();
            assert_eq!(overrides.flag(flag_at, true).is_some(), declared, "{flag}");
            assert_eq!(overrides.check(&config).is_none(), declared, "{flag}");
        }
    }

    #[track_caller]
    fn flag(overrides: &Overrides, key: &str, applies: bool, expected: Option<&str>) {
        let config = config(5, true);
        let flag = config.flag(config.flag_index(key).unwrap()).unwrap();
        assert_eq!(overrides.flag(flag, applies).map(Json::source), expected);
    }

    #[test]
    fn scripts_override_the_url() {
        let mut overrides = Overrides::new(None, ["a:true", "b:{\"c\": [2]}", "a:false", "d:1"]);
        flag(&overrides, "a", true, Some("true"));
        flag(&overrides, "b", true, Some("{\"c\": [2]}"));
        flag(&overrides, "d", true, Some("1"));
        flag(&overrides, "a", false, None);
        flag(&overrides, "c", true, None);
        overrides.set("a", "4");
        overrides.set("c", "5");
        flag(&overrides, "a", true, Some("4"));
        flag(&overrides, "a", false, Some("4"));
        overrides.set("a", "6");
        overrides.set("a", "no JSON");
        flag(&overrides, "a", false, Some("6"));
        flag(&overrides, "c", false, Some("5"));
        // Overrides by scripts are not reported.
        assert!(Overrides { query: Vec::new(), ..overrides }.check(&config(5, false)).is_none());
    }
}
