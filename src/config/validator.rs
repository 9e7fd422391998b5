//! Holding a config against its shape.

use alloc::vec::Vec;

use crate::bucketing::percentage::Percentage;
use crate::bucketing::variants::Split;
use crate::config::asset_url::AssetUrl;
use crate::config::identifier::{is_flag_key, is_name};
use crate::config::schema::{FLAG, Member, Presence, RULE, SCRIPTS, Schema, VARIANTS};
use crate::config::timestamp::parse_rfc3339;
use crate::diagnostics::diagnostic::Code;
use crate::diagnostics::expected::Expected;
use crate::diagnostics::list::Diagnostics;
use crate::json::document::{Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::condition;

/// The most flags that a config may have.
pub const MAX_FLAGS: usize = 10_000;

/// Checks values, and notes what it finds.
pub(crate) struct Validator<'a> {
    pub(crate) log: Diagnostics,
    /// Values that cannot be used though the config can, by their nodes, which ascend.
    pub(crate) unusable: Vec<usize>,
    /// The flag that is being checked, or nothing.
    pub(crate) flag: Json<'a>,
}

impl<'a> Validator<'a> {
    pub(crate) fn new(root: Json<'a>) -> Self {
        Self { log: Diagnostics::default(), unusable: Vec::new(), flag: root.null() }
    }

    /// Whether a value has a shape. What is only worth a word is noted, and the value has it all the same.
    pub(crate) fn check(&mut self, json: Json<'a>, shape: Schema) -> bool {
        let text = json.as_text();
        let is = match shape {
            Schema::Any => true,
            Schema::Bool => json.as_bool().is_some(),
            Schema::Text => !text.is_empty(),
            Schema::Name => is_name(text),
            Schema::Percentage => json.as_number().and_then(Percentage::new).is_some(),
            Schema::Time => parse_rfc3339(text).is_some(),
            Schema::Integer(least, most, _) => json
                .as_integer()
                .is_some_and(|number| u64::from(least) <= number && (number <= u64::from(most) || most == u32::MAX)),
            Schema::Share => json.as_number().is_some_and(|number| (0.0..=1.0).contains(&number)),
            Schema::OneOf(words, _) => words.contains(&json.keyword()),
            Schema::Integrity => is_integrity(text),
            Schema::Condition => return condition::check(json, self),
            Schema::List(of) if json.kind() == Kind::Array => return json.items().all(|item| self.check(item, *of)),
            Schema::Rules if json.kind() == Kind::Array => return json.items().all(|rule| self.rule(rule)),
            Schema::Scripts if json.kind() != Kind::Array || json.items().next().is_some() => {
                return self.check(json, SCRIPTS);
            }
            Schema::Map(of) if json.kind() == Kind::Object => {
                return json.members().all(|(_, value)| self.check(value, *of));
            }
            Schema::Object(known) if json.kind() == Kind::Object => return self.members(json, known),
            Schema::Asset(word, known) if json.kind() == Kind::Object => {
                return self.members(json, known) && self.address(json, word);
            }
            Schema::Only(check, _) => return check(self, json),
            Schema::Flags => {
                if json.kind() == Kind::Object && json.members().count() > MAX_FLAGS {
                    self.log.reject(json, Expected::FewFlags);
                    return self.log.set_last_code(Code::Flags);
                }
                json.kind() == Kind::Object
            }
            Schema::List(_)
            | Schema::Rules
            | Schema::Scripts
            | Schema::Map(_)
            | Schema::Object(_)
            | Schema::Asset(..) => false,
        };
        is || self.log.reject(json, shape.expected())
    }

    fn members(&mut self, json: Json<'a>, known: &[Member]) -> bool {
        json.members().all(|(name, value)| {
            let Some(Member(_, need, shape)) = known.iter().find(|member| member.0 == name.keyword()) else {
                return self.log.warn_unknown_key(name);
            };
            self.check(value, *shape)
                || *need == Presence::Lenient && {
                    self.unusable.push(value.index());
                    self.log.downgrade_last()
                }
        }) && known.iter().all(|Member(word, need, shape)| {
            *need != Presence::Required
                || json.member(*word).exists()
                || self.log.reject_missing(json, *word, shape.expected())
        })
    }

    fn address(&mut self, asset: Json<'a>, word: Keyword) -> bool {
        match AssetUrl::parse(asset.member(word).as_text()) {
            Some(AssetUrl::SameOrigin) => true,
            Some(AssetUrl::CrossOrigin(_)) if asset.member(Keyword::Integrity).exists() => {
                self.log.warn(asset, Expected::ListedLater)
            }
            _ => {
                self.log.reject_member(asset, word, Expected::Address);
                self.log.set_last_code(Code::AssetUrl)
            }
        }
    }

    /// Checks all flags, of which any may be malformed.
    pub(crate) fn flags(&mut self, flags: Json<'a>) {
        for (name, value) in flags.members() {
            self.flag = value;
            let sound = match value.kind() {
                _ if !is_flag_key(name.as_text()) => self.log.reject(name, Expected::FlagKey),
                Kind::True | Kind::False => true,
                Kind::Number => self.check(value, Schema::Percentage),
                Kind::Object => self.members(value, FLAG),
                _ => self.log.reject(value, Expected::Flag),
            };
            if !sound {
                self.log.set_last_code(Code::Flag);
                self.unusable.push(value.index());
            }
        }
    }

    fn rule(&mut self, rule: Json<'a>) -> bool {
        if rule.kind() != Kind::Object {
            return self.log.reject(rule, Expected::Object);
        }
        let before = self.log.unsupported;
        let sound = self.members(rule, RULE);
        if self.log.unsupported > before {
            self.unusable.push(rule.index());
        }
        sound
    }

    /// Whether a flag is being checked: it is malformed where a canary rule is only beyond this reader.
    pub(crate) fn in_flag(&self) -> bool {
        self.flag.exists()
    }
}

/// Whether it is the name of a variant, where the flag has variants.
pub(crate) fn served<'a>(validator: &mut Validator<'a>, json: Json<'a>) -> bool {
    let variants = validator.flag.member(Keyword::Variants);
    !variants.exists()
        || json.kind() == Kind::String && variants.member_named(json.as_text()).exists()
        || validator.log.reject(json, Expected::Variant)
}

/// Whether they are variants whose weights are not all 0.
pub(crate) fn variants<'a>(validator: &mut Validator<'a>, json: Json<'a>) -> bool {
    validator.check(json, VARIANTS) && (Split::new(json).total() > 0 || validator.log.reject(json, Expected::Variants))
}

/// One hash of subresource integrity; the browser judges the length.
fn is_integrity(text: &str) -> bool {
    let Some((algorithm, hash)) = text.split_at_checked(7) else { return false };
    matches!(algorithm, "sha256-" | "sha384-" | "sha512-")
        && !hash.is_empty()
        && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}

#[cfg(test)]
mod tests;
