//! What testers and pages put in the place of decisions, for one page view.

use alloc::string::String;
use alloc::vec::Vec;

use crate::decision::Variant;
use crate::expected::Expected;
use crate::fault::{Code, Fault};
use crate::json::{Document, Json};
use crate::name::is_flag_key;
use crate::word::Word;

/// Overrides of the page's address, which the config has to allow, and those of its scripts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `?canary=canary` or `?canary=stable`.
    variant: Option<Variant>,
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
    /// (`KEY:JSON`), each as often as it is there.
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
            match Word::of(variant) {
                Word::Canary => overrides.variant = Some(Variant::Canary),
                Word::Stable => overrides.variant = Some(Variant::Stable),
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
        if let Ok(value) = Document::read(json) {
            self.page.retain(|one| one.flag_key != flag_key);
            self.page.push(Override { flag_key: String::from(flag_key), value });
        }
    }

    /// The variant, where the config allows the address to say it.
    #[must_use]
    pub fn variant(&self, query_allowed: bool) -> Option<Variant> {
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
    pub fn check(&self, query_allowed: bool, mut knows: impl FnMut(&str) -> bool) -> Option<Fault> {
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
        Some(Fault::new(Code::Override, "", expected.text()))
    }
}

fn parse(text: &str) -> Option<Override> {
    let at = text.bytes().position(|byte| byte == b':')?;
    let (flag_key, json) = text.split_at_checked(at)?;
    let value = Document::read(json.get(1..)?).ok()?;
    is_flag_key(flag_key).then(|| Override { flag_key: String::from(flag_key), value })
}
