//! What testers and pages put in the place of decisions, for one page view.

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::identifier::is_flag_key;
use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::diagnostics::expected::Expected;
use crate::evaluation::decision::Arm;
use crate::json::document::{Document, Json};
use crate::json::keyword::Keyword;

/// Overrides of the page's address, which the config has to allow, and those of its scripts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `?canary=canary` or `?canary=stable`.
    variant: Option<Arm>,
    query: Vec<Override>,
    page: Vec<Override>,
    /// Whether the address had one that is none.
    malformed: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Override {
    flag_key: String,
    value: Document,
}

impl Overrides {
    /// Reads those of the address: the values of its parameters `canary` (`canary` or `stable`) and `canary.flag`
    /// (`KEY:JSON`), each as often as it is there, of which the first counts.
    ///
    /// ```
    /// use canary_runtime::Overrides;
    ///
    /// let overrides = Overrides::new(["stable"], ["color:\"red\""]);
    /// assert_eq!(overrides.flag("color", true).map(|value| value.source()), Some("\"red\""));
    /// assert_eq!(overrides.flag("color", false), None);
    /// ```
    #[must_use]
    pub fn new<'a>(variants: impl IntoIterator<Item = &'a str>, flags: impl IntoIterator<Item = &'a str>) -> Self {
        let mut overrides = Self::default();
        for variant in variants {
            match Keyword::parse(variant) {
                Keyword::Canary => _ = overrides.variant.get_or_insert(Arm::Canary),
                Keyword::Stable => _ = overrides.variant.get_or_insert(Arm::Stable),
                _ => overrides.malformed = true,
            }
        }
        for flag in flags {
            match parse(flag) {
                Some(one) => overrides.query.push(one),
                None => overrides.malformed = true,
            }
        }
        overrides
    }

    /// Sets a flag, in the place of all overrides of it before; refuses what is no JSON.
    pub fn set(&mut self, flag_key: &str, json: &str) {
        if let Ok(value) = Document::parse(json) {
            self.page.retain(|one| one.flag_key != flag_key);
            self.page.push(Override { flag_key: String::from(flag_key), value });
        }
    }

    /// The variant, where the config allows the address to say it.
    #[must_use]
    pub fn variant(&self, query_allowed: bool) -> Option<Arm> {
        self.variant.filter(|_| query_allowed)
    }

    /// The flag's value: the page's word, then that of the address where the config allows it.
    #[must_use]
    pub fn flag(&self, flag_key: &str, query_allowed: bool) -> Option<Json<'_>> {
        let query = if query_allowed { self.query.as_slice() } else { &[] };
        self.page.iter().chain(query).find(|one| one.flag_key == flag_key).map(|one| one.value.root())
    }

    /// What of the address is ignored. The address itself is not repeated: anybody can make somebody open it.
    #[must_use]
    pub fn check(&self, query_allowed: bool, mut knows: impl FnMut(&str) -> bool) -> Option<Diagnostic> {
        let some = self.variant.is_some() || !self.query.is_empty();
        let expected = if self.malformed {
            Expected::OverrideForm
        } else if some && !query_allowed {
            Expected::OverridesOn
        } else if !self.query.iter().all(|one| knows(&one.flag_key)) {
            Expected::OverrideKnown
        } else {
            return None;
        };
        Some(Diagnostic::new(Code::Override, "", expected.text()))
    }
}

fn parse(text: &str) -> Option<Override> {
    let at = text.bytes().position(|byte| byte == b':')?;
    let (flag_key, json) = text.split_at_checked(at)?;
    let value = Document::parse(json.get(1..)?).ok()?;
    is_flag_key(flag_key).then(|| Override { flag_key: String::from(flag_key), value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[track_caller]
    fn check(variants: &[&str], flags: &[&str], variant: Option<Arm>, faults: [Option<&str>; 2]) {
        let overrides = Overrides::new(variants.iter().copied(), flags.iter().copied());
        assert_eq!((overrides.variant(true), overrides.variant(false)), (variant, None));
        let found =
            [true, false].map(|allowed| overrides.check(allowed, |key| key == "a").map(|fault| fault.to_string()));
        assert_eq!(found.each_ref().map(Option::as_deref), faults, "{variants:?} {flags:?}");
    }

    const FORM: Option<&str> =
        Some("E701 expected ?canary=canary, ?canary=stable or ?canary.flag=KEY:JSON; it is ignored");
    const OFF: Option<&str> =
        Some("E701 expected OVERRIDES.query to be on for an override in the address; it is ignored");
    const UNKNOWN: Option<&str> = Some("E701 expected overrides of flags that the config has; it is ignored");

    #[test]
    fn tells_what_is_ignored() {
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
    fn the_page_is_heard_first_and_last() {
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
        // Those of the page are not the address's, and nothing is said of them.
        assert!(Overrides { query: Vec::new(), ..overrides }.check(false, |_| false).is_none());
    }
}
