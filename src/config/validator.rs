//! The validator of a config against its schema.

use alloc::vec::Vec;

use crate::bucketing::percentage::Percentage;
use crate::config::asset_url::AssetUrl;
use crate::config::identifier::{is_flag_key, is_identifier};
use crate::config::schema::{Member, Presence, Schema};
use crate::config::schema_tables::{CANARY_RULE, FLAG, SCRIPTS};
use crate::config::timestamp::parse_rfc3339;
use crate::config::work;
use crate::diagnostics::diagnostic::Code;
use crate::diagnostics::expected::Expected;
use crate::diagnostics::list::Report;
use crate::json::document::{Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::condition::{self, Strictness};

/// The maximum number of flags in a config.
pub(crate) const MAX_FLAGS: usize = 10_000;

/// Whether an object may have unknown keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    Known,
    Any,
}

/// A validator and what it has found so far. Its methods return whether a value is valid.
pub(crate) struct Validator<'a, R> {
    pub(crate) list: R,
    /// The nodes of invalid values that do not make the config invalid, in ascending order.
    pub(crate) ignored: Vec<usize>,
    /// The flag that is being validated, or null.
    flag: Json<'a>,
    /// The segments that conditions refer to.
    segments: Json<'a>,
}

impl<'a, R: Report> Validator<'a, R> {
    /// Creates a validator that adds to a list, for conditions that refer to `segments`.
    pub(crate) fn new(list: R, segments: Json<'a>) -> Self {
        Self { list, ignored: Vec::new(), flag: segments.null(), segments }
    }

    /// Validates a value. A warning does not make it invalid.
    pub(crate) fn validate(&mut self, json: Json<'a>, schema: Schema) -> bool {
        let text = json.as_text();
        let is_valid = match schema {
            Schema::Any => true,
            Schema::Bool => json.as_bool().is_some(),
            Schema::NonEmptyString => !text.is_empty(),
            Schema::Identifier => is_identifier(text),
            Schema::Percentage => json.as_number().and_then(Percentage::new).is_some(),
            Schema::Timestamp => parse_rfc3339(text).is_some(),
            Schema::Integer(min, max, _) => json
                .as_integer()
                .is_some_and(|number| u64::from(min) <= number && (number <= u64::from(max) || max == u32::MAX)),
            Schema::Fraction => json.as_number().is_some_and(|number| (0.0..=1.0).contains(&number)),
            Schema::OneOf(keywords, _) => keywords.contains(&json.keyword()),
            Schema::Integrity => is_integrity(text),
            Schema::TokenHash => is_token_hash(text),
            Schema::Condition => {
                // A flag that cannot be evaluated is malformed, a rule of the canary is only skipped.
                let strictness = if self.flag.exists() { Strictness::Strict } else { Strictness::Lenient };
                return condition::validate(json, &mut self.list, strictness);
            }
            Schema::List(item) if json.kind() == Kind::Array => {
                return json.items().all(|value| self.validate(value, *item));
            }
            Schema::CanaryRules if json.kind() == Kind::Array => {
                return json.items().all(|rule| self.canary_rule(rule));
            }
            Schema::Scripts if json.kind() != Kind::Array || json.items().next().is_some() => {
                return self.validate(json, SCRIPTS);
            }
            Schema::Map(value) if json.kind() == Kind::Object => {
                return json.members().all(|(_, member)| self.validate(member, *value));
            }
            Schema::Named(value) if json.kind() == Kind::Object => {
                return json.members().all(|(key, member)| {
                    (is_identifier(key.as_text()) || self.list.reject(key, Expected::Identifier))
                        && self.validate(member, *value)
                });
            }
            Schema::Object(members) if json.kind() == Kind::Object => return self.members(json, members, Keys::Known),
            Schema::Open(members) if json.kind() == Kind::Object => return self.members(json, members, Keys::Any),
            Schema::Asset(url, members) if json.kind() == Kind::Object => {
                return self.members(json, members, Keys::Known) && self.asset_url(json, url);
            }
            Schema::Refined(base, predicate, _) => {
                if !self.validate(json, *base) {
                    return false;
                }
                predicate(self.flag, json)
            }
            Schema::Flags => {
                if json.kind() == Kind::Object && json.members().count() > MAX_FLAGS {
                    self.list.reject(json, Expected::MaxFlags);
                    return self.list.set_last_code(Code::Limit);
                }
                json.kind() == Kind::Object
            }
            Schema::List(_)
            | Schema::CanaryRules
            | Schema::Scripts
            | Schema::Map(_)
            | Schema::Named(_)
            | Schema::Object(_)
            | Schema::Open(_)
            | Schema::Asset(..) => false,
        };
        is_valid || self.list.reject(json, schema.expected())
    }

    fn members(&mut self, json: Json<'a>, known: &[Member], keys: Keys) -> bool {
        json.members().all(|(key, value)| {
            let Some(Member(_, presence, schema)) = known.iter().find(|member| member.0 == key.keyword()) else {
                return match keys {
                    Keys::Known => self.list.reject(key, Expected::OnlyKnownKeys),
                    Keys::Any => self.list.warn(key, Expected::KnownKey),
                };
            };
            self.validate(value, *schema)
                || *presence == Presence::Lenient && {
                    self.ignored.push(value.index());
                    self.list.downgrade_last()
                }
        }) && known.iter().all(|Member(key, presence, schema)| {
            *presence != Presence::Required
                || json.member(*key).exists()
                || self.list.reject_missing(json, *key, schema.expected())
        })
    }

    fn asset_url(&mut self, asset: Json<'a>, key: Keyword) -> bool {
        match AssetUrl::parse(asset.member(key).as_text()) {
            Some(AssetUrl::SameOrigin) => true,
            Some(AssetUrl::CrossOrigin(_)) if asset.member(Keyword::Integrity).exists() => {
                self.list.warn(asset, Expected::ListedByPages)
            }
            _ => {
                self.list.reject_member(asset, key, Expected::AssetUrl);
                self.list.set_last_code(Code::AssetUrl)
            }
        }
    }

    fn canary_rule(&mut self, rule: Json<'a>) -> bool {
        if rule.kind() != Kind::Object {
            return self.list.reject(rule, Expected::Object);
        }
        let unsupported = *self.list.unsupported();
        let is_valid = self.members(rule, CANARY_RULE, Keys::Known);
        if *self.list.unsupported() > unsupported {
            self.ignored.push(rule.index());
        }
        is_valid
    }

    /// Validates all flags. Malformed ones are ignored.
    pub(crate) fn flags(&mut self, flags: Json<'a>) {
        for (key, value) in flags.members() {
            if !self.flag(key, value) {
                self.list.set_last_code(Code::Flag);
                self.ignored.push(value.index());
            }
        }
    }

    /// Validates a flag.
    pub(crate) fn flag(&mut self, key: Json<'a>, value: Json<'a>) -> bool {
        self.flag = value;
        match value.kind() {
            _ if !is_flag_key(key.as_text()) => self.list.reject(key, Expected::FlagKey),
            Kind::True | Kind::False => true,
            Kind::Number => self.validate(value, Schema::Percentage),
            Kind::Object if work::of_flag(value, self.segments) > work::budget(&[value, self.segments]) => {
                self.list.reject(value, Expected::Work)
            }
            Kind::Object => self.members(value, FLAG, Keys::Known),
            _ => self.list.reject(value, Expected::Flag),
        }
    }
}

/// Returns whether `text` is one hash for subresource integrity. The browser checks its length.
fn is_token_hash(text: &str) -> bool {
    text.len() == 71
        && text.starts_with("sha256:")
        && text.bytes().skip(7).all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_integrity(text: &str) -> bool {
    let Some((algorithm, hash)) = text.split_at_checked(7) else { return false };
    matches!(algorithm, "sha256-" | "sha384-" | "sha512-")
        && !hash.is_empty()
        && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}

#[cfg(test)]
mod tests;
