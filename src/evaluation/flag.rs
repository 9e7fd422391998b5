//! Feature flags: what they are for one user.

use crate::bucketing::bucket::{Domain, bucket};
use crate::bucketing::percentage::Percentage;
use crate::bucketing::variants::Split;
use crate::config::timestamp::parse_rfc3339;
use crate::evaluation::details::{Details, Value};
use crate::evaluation::reason::{ErrorCode, Reason};
use crate::json::document::{Json, Kind, Members};
use crate::json::keyword::Keyword;
use crate::targeting::condition::{self, Subject};

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

impl<'a> Flag<'a> {
    /// The flag `key`, which has been checked.
    #[must_use]
    pub fn new(key: &'a str, json: Json<'a>) -> Self {
        Self { key, json }
    }

    /// Its key.
    #[must_use]
    pub fn key(self) -> &'a str {
        self.key
    }

    /// What it was typed as.
    #[must_use]
    pub fn source(self) -> &'a str {
        self.json.source()
    }

    /// The names of flags, and the values that they must have before this one is more than its default.
    #[must_use]
    pub fn requires(self) -> Members<'a> {
        self.json.member(Keyword::Requires).members()
    }

    /// What it is for a user; `met`: whether all that it requires is so.
    #[must_use]
    pub fn evaluate(self, user: &User, met: bool) -> Details<'a> {
        let mut details = Details::none(Reason::Static);
        let answered = match self.json.kind() {
            Kind::Object => self.follow(user, met, &mut details),
            Kind::Number => self.place(self.json, user, &mut details).map(|inside| {
                details.value = Some(Value::Bool(inside));
                details.reason = reason(self.json);
            }),
            _ => {
                details.value = Some(Value::Json(self.json));
                Some(())
            }
        };
        if answered.is_some() { details } else { Details::error(ErrorCode::TargetingKeyMissing) }
    }

    /// Follows a flag that is an object, unless that takes a key that is missing.
    fn follow(self, user: &User, met: bool, details: &mut Details<'a>) -> Option<()> {
        let time = |word| parse_rfc3339(self.json.member(word).as_text());
        let early = time(Keyword::From).is_some_and(|from| user.now < from);
        let late = time(Keyword::Until).is_some_and(|until| user.now >= until);
        let off = self.json.member(Keyword::Enabled).kind() == Kind::False;
        if off || early || late || !met {
            self.fall_back(Reason::Disabled, details);
            return Some(());
        }
        let rules = self.json.member(Keyword::Rules).items();
        for rule in rules.clone().filter(|rule| condition::holds(rule.member(Keyword::If), &user.subject)) {
            let share = rule.member(Keyword::Percentage);
            let reason = if share.exists() { Reason::Split } else { Reason::TargetingMatch };
            if share.exists() && !self.place(share, user, details)? {
                details.bucket = None;
                continue;
            }
            let serve = rule.member(Keyword::Serve);
            return if serve.exists() {
                self.serve(serve, reason, details);
                Some(())
            } else {
                self.spread(user, reason, details)
            };
        }
        let share = self.json.member(Keyword::Percentage);
        if share.exists() {
            let reason = reason(share);
            if self.place(share, user, details)? {
                self.spread(user, reason, details)
            } else {
                self.fall_back(reason, details);
                Some(())
            }
        } else if self.split().is_some() {
            self.spread(user, Reason::Split, details)
        } else if rules.count() == 0 {
            self.spread(user, Reason::Static, details)
        } else {
            self.fall_back(Reason::Default, details);
            Some(())
        }
    }

    /// The variants' split, or `true` where there are none.
    fn spread(self, user: &User, reason: Reason, details: &mut Details<'a>) -> Option<()> {
        details.reason = reason;
        let Some(split) = self.split() else {
            details.value = Some(Value::Bool(true));
            return Some(());
        };
        let variant = match split.only() {
            None => split.find(self.bucket(Domain::Variant, user, details)?),
            only => only,
        };
        details.take(variant);
        Some(())
    }

    fn fall_back(self, reason: Reason, details: &mut Details<'a>) {
        let default = self.json.member(Keyword::Default);
        if default.exists() {
            self.serve(default, reason, details);
        } else {
            details.reason = reason;
            details.value = self.split().is_none().then_some(Value::Bool(false));
        }
    }

    /// The variant of that name, or the value itself where there are no variants.
    fn serve(self, served: Json<'a>, reason: Reason, details: &mut Details<'a>) {
        details.reason = reason;
        match self.split() {
            Some(split) => details.take(split.named(served.as_text())),
            None => details.value = Some(Value::Json(served)),
        }
    }

    fn split(self) -> Option<Split<'a>> {
        let variants = self.json.member(Keyword::Variants);
        variants.exists().then(|| Split::new(variants))
    }

    /// Whether a user is inside a share.
    fn place(self, share: Json, user: &User, details: &mut Details<'a>) -> Option<bool> {
        let share = share.as_number().and_then(Percentage::new)?;
        if share == Percentage::NONE || share == Percentage::ALL {
            return Some(share == Percentage::ALL);
        }
        self.bucket(Domain::Flag, user, details).map(|bucket| share.contains(bucket))
    }

    /// The user's bucket, which has decided then.
    fn bucket(self, domain: Domain, user: &User, details: &mut Details<'a>) -> Option<u32> {
        let salt = self.json.member(Keyword::Salt).as_str().unwrap_or(self.key);
        let key = user.targeting_key;
        details.bucket = (!key.is_empty()).then(|| bucket(domain, salt, key));
        details.bucket
    }
}

fn reason(share: Json) -> Reason {
    if matches!(share.as_number(), Some(0.0 | 100.0)) { Reason::Static } else { Reason::Split }
}

#[cfg(test)]
mod tests;
