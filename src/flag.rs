//! Feature flags: what they are for one user.

use crate::bucket::{Domain, bucket};
use crate::condition::{self, Gaps, Subject};
use crate::details::{Details, Value};
use crate::json::{Json, Kind};
use crate::log::Log;
use crate::name::is_name;
use crate::percentage::Percentage;
use crate::reason::{ErrorCode, Reason};
use crate::split::Split;
use crate::time::parse_rfc3339;
use crate::word::Word;

/// One flag that has been checked: `true` or `false`, a percentage, or an object.
#[derive(Clone, Copy, Debug)]
pub struct Flag<'a> {
    key: &'a str,
    json: Json<'a>,
}

/// Whom a flag is evaluated for.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// What is bucketed; empty where nobody is known.
    pub targeting_key: &'a str,
    /// What conditions are asked about.
    pub subject: Subject<'a>,
    /// Milliseconds since 1970.
    pub now: i64,
}

/// A user's place: whether inside a share, and the bucket that told.
type Place = (bool, Option<u32>);

impl<'a> Flag<'a> {
    /// The flag `key`, which has been checked.
    #[must_use]
    pub fn new(key: &'a str, json: Json<'a>) -> Self {
        Self { key, json }
    }

    /// Checks that `json` is a flag.
    pub(crate) fn check(json: Json, log: &mut Log) -> bool {
        match json.kind() {
            Kind::True | Kind::False => true,
            Kind::Object => json.members().all(|(name, value)| check_member(json, name, value, log)),
            _ => share(json).is_some() || log.refuse(json, "true, false, a percentage or an object"),
        }
    }

    /// Its key.
    #[must_use]
    pub fn key(self) -> &'a str {
        self.key
    }

    /// Names of flags and the values that they must have before this one is more than its default.
    pub fn requires(self) -> impl Iterator<Item = (&'a str, Json<'a>)> + Clone {
        let requires = self.json.member(Word::Requires).unwrap_or(self.json.nothing());
        requires.members().map(|(name, value)| (name.text(), value))
    }

    /// What it is for a user; `met`: whether all that it requires is so.
    #[must_use]
    pub fn evaluate(self, user: &User, met: bool) -> Details<'a> {
        let simple = match self.json.kind() {
            Kind::Object => self.follow(user, met),
            Kind::Number => self.place(self.json, user).map(|(inside, bucket)| Details {
                bucket,
                ..Details::of(Value::Bool(inside), reason(self.json))
            }),
            _ => Ok(Details::of(Value::Json(self.json), Reason::Static)),
        };
        simple.unwrap_or_else(Details::error)
    }

    /// Follows the plan of a flag that is an object.
    fn follow(self, user: &User, met: bool) -> Result<Details<'a>, ErrorCode> {
        let time = |name| self.json.member(name).and_then(time);
        let early = time(Word::From).is_some_and(|from| user.now < from);
        let late = time(Word::Until).is_some_and(|until| user.now >= until);
        let enabled = self.json.member(Word::Enabled).and_then(Json::as_bool).unwrap_or(true);
        if !enabled || early || late || !met {
            return Ok(self.fall_back(Reason::Disabled));
        }
        let rules = || self.json.member(Word::Rules).into_iter().flat_map(Json::items);
        for rule in rules() {
            if !rule.member(Word::If).is_some_and(|condition| condition::holds(condition, &user.subject)) {
                continue;
            }
            let (place, reason) = match rule.member(Word::Percentage) {
                None => ((true, None), Reason::TargetingMatch),
                Some(share) => (self.place(share, user)?, Reason::Split),
            };
            if place.0 {
                return match rule.member(Word::Serve) {
                    Some(serve) => Ok(Details { bucket: place.1, ..self.serve(serve, reason) }),
                    None => self.spread(user, place, reason),
                };
            }
        }
        match self.json.member(Word::Percentage) {
            Some(share) => {
                let place = self.place(share, user)?;
                match place.0 {
                    true => self.spread(user, place, reason(share)),
                    false => Ok(Details { bucket: place.1, ..self.fall_back(reason(share)) }),
                }
            }
            None if self.split().is_some() => self.spread(user, (true, None), Reason::Split),
            None if rules().next().is_none() => Ok(Details::of(Value::Bool(true), Reason::Static)),
            None => Ok(self.fall_back(Reason::Default)),
        }
    }

    /// The variants' split, or `true` where there are none.
    fn spread(self, user: &User, place: Place, reason: Reason) -> Result<Details<'a>, ErrorCode> {
        let Some(split) = self.split() else {
            return Ok(Details { bucket: place.1, ..Details::of(Value::Bool(true), reason) });
        };
        let (variant, bucket) = match split.only() {
            Some(only) => (Some(only), place.1),
            None => {
                let bucket = self.bucket(Domain::Variant, user)?;
                (split.find(bucket), Some(bucket))
            }
        };
        Ok(Details { bucket, ..Details::variant(variant, reason) })
    }

    fn fall_back(self, reason: Reason) -> Details<'a> {
        match self.json.member(Word::Default) {
            Some(default) => self.serve(default, reason),
            None if self.split().is_none() => Details::of(Value::Bool(false), reason),
            None => Details::none(reason),
        }
    }

    /// The variant of that name, or the value itself where there are no variants.
    fn serve(self, served: Json<'a>, reason: Reason) -> Details<'a> {
        match self.split() {
            Some(split) => Details::variant(split.named(served.text()), reason),
            None => Details::of(Value::Json(served), reason),
        }
    }

    fn split(self) -> Option<Split<'a>> {
        self.json.member(Word::Variants).map(Split::new)
    }

    fn place(self, share: Json, user: &User) -> Result<Place, ErrorCode> {
        let share = self::share(share).unwrap_or(Percentage::NONE);
        if share == Percentage::NONE || share == Percentage::ALL {
            return Ok((share == Percentage::ALL, None));
        }
        let bucket = self.bucket(Domain::Flag, user)?;
        Ok((share.contains(bucket), Some(bucket)))
    }

    fn bucket(self, domain: Domain, user: &User) -> Result<u32, ErrorCode> {
        let salt = self.json.member(Word::Salt).map_or(self.key, Json::text);
        let key = user.targeting_key;
        if key.is_empty() { Err(ErrorCode::TargetingKeyMissing) } else { Ok(bucket(domain, salt, key)) }
    }
}

fn check_member(flag: Json, name: Json, value: Json, log: &mut Log) -> bool {
    match name.word() {
        Word::Enabled => value.as_bool().is_some() || log.refuse(value, "true or false"),
        Word::Percentage => check_share(value, log),
        Word::Salt => is_name(value.text()) || log.refuse(value, "1 to 64 of A-Z a-z 0-9 _ . -"),
        Word::Default => check_served(flag, value, log),
        Word::Variants => Split::check(value, log),
        Word::Rules if value.kind() == Kind::Array => value.items().all(|rule| check_rule(flag, rule, log)),
        Word::Rules => log.refuse(value, "an array of rules"),
        Word::Requires => value.kind() == Kind::Object || log.refuse(value, "an object of flags and their values"),
        Word::From | Word::Until => time(value).is_some() || log.refuse(value, "a time such as 2026-12-01T00:00:00Z"),
        _ => {
            log.ignore(name);
            true
        }
    }
}

fn check_rule(flag: Json, rule: Json, log: &mut Log) -> bool {
    let sound = rule.members().all(|(name, value)| match name.word() {
        Word::If => condition::check(value, log, &mut Gaps::default()),
        Word::Serve => check_served(flag, value, log),
        Word::Percentage => check_share(value, log),
        _ => {
            log.ignore(name);
            true
        }
    });
    sound && (rule.member(Word::If).is_some() || log.refuse_member(rule, Word::If, "a rule, which is an object with a condition"))
}

/// What is served is the name of a variant, where there are variants.
fn check_served(flag: Json, served: Json, log: &mut Log) -> bool {
    let known = flag.member(Word::Variants).is_none_or(|variants| {
        served.as_str().is_some_and(|name| variants.get(name).is_some())
    });
    known || log.refuse(served, "the name of a variant")
}

fn check_share(json: Json, log: &mut Log) -> bool {
    share(json).is_some() || log.refuse(json, "a number from 0 to 100 with at most 3 decimals")
}

fn share(json: Json) -> Option<Percentage> {
    json.as_number().and_then(Percentage::new)
}

fn time(json: Json) -> Option<i64> {
    json.as_str().and_then(parse_rfc3339)
}

fn reason(json: Json) -> Reason {
    if matches!(share(json), Some(Percentage::NONE | Percentage::ALL)) { Reason::Static } else { Reason::Split }
}
