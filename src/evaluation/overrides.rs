//! Overrides of the arm and of flags, for one page view.

use alloc::string::String;
use alloc::vec::Vec;

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
    /// use canary_runtime::Overrides;
    ///
    /// let overrides = Overrides::new(["stable"], ["color:\"red\""]);
    /// assert_eq!(overrides.flag("color", true).map(|value| value.source()), Some("\"red\""));
    /// assert_eq!(overrides.flag("color", false), None);
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

    /// Returns the value of a flag by the page's scripts, else by the URL if the config allows it.
    #[must_use]
    pub fn flag(&self, flag_key: &str, query_allowed: bool) -> Option<Json<'_>> {
        let query = if query_allowed { self.query.as_slice() } else { &[] };
        self.page.iter().chain(query).find(|flag| flag.flag_key == flag_key).map(|flag| flag.value.root())
    }

    /// Returns a diagnostic if an override in the URL is ignored. It does not quote the URL, which an attacker may have
    /// written. `is_flag` tells whether the config has a flag.
    #[must_use]
    pub fn check(&self, query_allowed: bool, mut is_flag: impl FnMut(&str) -> bool) -> Option<Diagnostic> {
        let is_used = self.arm.is_some() || !self.query.is_empty();
        let expected = if self.malformed {
            Expected::OverrideForm
        } else if is_used && !query_allowed {
            Expected::OverridesAllowed
        } else if !self.query.iter().all(|flag| is_flag(&flag.flag_key)) {
            Expected::KnownFlag
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
    use std::string::ToString;

    #[track_caller]
    fn check(arms: &[&str], flags: &[&str], arm: Option<Arm>, messages: [Option<&str>; 2]) {
        let overrides = Overrides::new(arms.iter().copied(), flags.iter().copied());
        assert_eq!((overrides.arm(true), overrides.arm(false)), (arm, None));
        let found =
            [true, false].map(|allowed| overrides.check(allowed, |key| key == "a").map(|ignored| ignored.to_string()));
        assert_eq!(found.each_ref().map(Option::as_deref), messages, "{arms:?} {flags:?}");
    }

    const FORM: Option<&str> =
        Some("E701 expected ?canary=canary, ?canary=stable or ?canary.flag=KEY:JSON; it is ignored");
    const OFF: Option<&str> =
        Some("E701 expected OVERRIDES.query to be true for an override in the URL; it is ignored");
    const UNKNOWN: Option<&str> = Some("E701 expected an override of a flag in the config; it is ignored");

    #[test]
    fn reports_overrides_that_are_ignored() {
        check(&[], &[], None, [None, None]);
        check(&["canary"], &[], Some(Arm::Canary), [None, OFF]);
        check(&["stable"], &[], Some(Arm::Stable), [None, OFF]);
        check(&["stable", "canary"], &[], Some(Arm::Stable), [None, OFF]);
        check(&[], &["a:1"], None, [None, OFF]);
        check(&[], &["a:1", "b:1"], None, [UNKNOWN, OFF]);
        check(&["always", "stable"], &[], Some(Arm::Stable), [FORM, FORM]);
        for bad in ["", "a", "a:", "a:x", ":1", "__proto__:1", "a b:1", "a:1 2", "a:'1'", "a:{\"b\":1,\"b\":1}"] {
            check(&[], &[bad], None, [FORM, FORM]);
        }
        for bad in ["", "Canary", "canary ", "<script>", "always"] {
            check(&[bad], &[], None, [FORM, FORM]);
        }
    }

    #[track_caller]
    fn flag(overrides: &Overrides, key: &str, allowed: bool, expected: Option<&str>) {
        assert_eq!(overrides.flag(key, allowed).map(Json::source), expected);
    }

    #[test]
    fn scripts_override_the_url() {
        let mut overrides = Overrides::new(None, ["a:1", "b:{\"c\": [2]}", "a:3", "d:\":\""]);
        flag(&overrides, "a", true, Some("1"));
        flag(&overrides, "b", true, Some("{\"c\": [2]}"));
        flag(&overrides, "d", true, Some("\":\""));
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
        assert!(Overrides { query: Vec::new(), ..overrides }.check(false, |_| false).is_none());
    }
}
