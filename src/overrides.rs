//! What testers and pages put in the place of decisions, for one page view.

use alloc::string::String;
use alloc::vec::Vec;

use crate::decision::Variant;
use crate::fault::{Code, Fault};
use crate::json::{Document, Json};
use crate::name::is_flag_key;

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
    /// Reads `location.search`: `canary=canary`, `canary=stable` and `canary.flag=KEY:JSON`, of which there may be many.
    ///
    /// ```
    /// use canary_runtime::Overrides;
    ///
    /// let overrides = Overrides::from_query("?q=1&canary.flag=color:%22red%22");
    /// assert_eq!(overrides.flag("color", true).map(|value| value.source()), Some("\"red\""));
    /// assert_eq!(overrides.flag("color", false), None);
    /// ```
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        let mut overrides = Self::default();
        for pair in query.strip_prefix('?').unwrap_or(query).as_bytes().split(|byte| *byte == b'&') {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at_checked(at).unwrap_or_default();
            match decode(name).as_deref() {
                Some("canary") => match value {
                    b"=canary" => overrides.variant = Some(Variant::Canary),
                    b"=stable" => overrides.variant = Some(Variant::Stable),
                    _ => overrides.malformed = true,
                },
                Some("canary.flag") => match decode(value).as_deref().and_then(parse) {
                    Some(one) => overrides.query.push(one),
                    None => overrides.malformed = true,
                },
                _ => {}
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
            "?canary=canary, ?canary=stable or ?canary.flag=KEY:JSON; it is ignored"
        } else if some && !query_allowed {
            "OVERRIDES.query to be on for an override in the address; it is ignored"
        } else if !self.query.iter().all(|one| knows(&one.flag_key)) {
            "overrides of flags that the config has; it is ignored"
        } else {
            return None;
        };
        Some(Fault::new(Code::Override, "", expected))
    }
}

fn parse(text: &str) -> Option<Override> {
    let (flag_key, json) = text.strip_prefix('=')?.split_at_checked(text.find(':')?.checked_sub(1)?)?;
    let json = json.strip_prefix(':')?;
    let value = Document::parse(json).ok()?;
    is_flag_key(flag_key).then(|| Override { flag_key: String::from(flag_key), value })
}

/// Text from a query: `%` and two digits are a byte, `+` is a space.
fn decode(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        bytes.push(match (byte, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                u8::try_from(digit(high)? << 4 | digit(low)?).ok()?
            }
            _ => *byte,
        });
    }
    String::from_utf8(bytes).ok()
}
