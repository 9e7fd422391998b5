//! Why a flag is what it is, in words.
//!
//! The words follow the flag as it was typed and ask the runtime's own conditions, percentages and buckets. They come
//! with the reason to which they lead: where that is not the runtime's, nothing is said. All vectors are held against it.

use canary_runtime::bucketing::bucket::{BUCKETS, Domain, bucket};
use canary_runtime::config::timestamp::parse_rfc3339;
use canary_runtime::evaluation::reason::ErrorCode;
use canary_runtime::json::document::Kind;
use canary_runtime::targeting::condition::holds;
use canary_runtime::{Details, Evaluation, Json, Percentage, Reason};

use crate::commands::explain::json::value;

/// A flag as it was typed, and whom it is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) evaluation: &'a Evaluation<'a>,
    pub(crate) key: &'a str,
    pub(crate) json: Json<'a>,
    pub(crate) details: Details<'a>,
}

impl Asked<'_> {
    /// Why it is what it is.
    pub(crate) fn why(&self) -> String {
        let (reason, words) = self.follow();
        if reason == self.details.reason { words } else { String::new() }
    }

    fn follow(&self) -> (Reason, String) {
        if let Some(error) = self.details.error {
            let words = match error {
                ErrorCode::FlagNotFound => "the config has no such flag",
                ErrorCode::ParseError => "malformed, see the warnings",
                ErrorCode::TargetingKeyMissing => "a split, and no key to bucket",
                ErrorCode::InvalidContext | ErrorCode::General => "",
            };
            return (Reason::Error, words.to_owned());
        }
        if self.details.overridden {
            return (Reason::TargetingMatch, "an override".to_owned());
        }
        match self.json.kind() {
            Kind::Object => self.off().map_or_else(|| self.plan(), |words| (Reason::Disabled, words)),
            Kind::Number => {
                let share = self.share(self.json);
                (share.reason, share.words)
            }
            _ => (Reason::Static, "the same for everybody".to_owned()),
        }
    }

    /// What keeps the flag at its default.
    fn off(&self) -> Option<String> {
        let time = |name| self.json.get(name).and_then(|time| Some((time.source(), parse_rfc3339(time.as_text())?)));
        let now = self.evaluation.now;
        if self.json.get("enabled").and_then(Json::as_bool) == Some(false) {
            return Some("enabled is false".to_owned());
        }
        if let Some((typed, _)) = time("from").filter(|(_, from)| now < *from) {
            return Some(format!("begins at {typed}"));
        }
        if let Some((typed, _)) = time("until").filter(|(_, until)| now >= *until) {
            return Some(format!("ended at {typed}"));
        }
        self.json.get("requires")?.members().find_map(|(name, wanted)| {
            let found = self.evaluation.flag(name.as_text()).value;
            if found.is_some_and(|found| found.is(wanted)) {
                return None;
            }
            let found = found.map_or_else(|| "without a value".to_owned(), value);
            Some(format!("requires {} to be {}, which is {found}", name.as_text(), wanted.source()))
        })
    }

    fn plan(&self) -> (Reason, String) {
        let mut words = Vec::new();
        let rules: Vec<_> = self.json.get("rules").into_iter().flat_map(Json::items).collect();
        for (number, rule) in (1_usize..).zip(&rules) {
            if !rule.get("if").is_some_and(|condition| holds(condition, &self.evaluation.subject())) {
                continue;
            }
            let share = rule.get("percentage").map(|share| self.share(share));
            words.push(format!("rule {number} matches"));
            words.extend(share.as_ref().map(|share| share.words.clone()));
            if share.as_ref().is_none_or(|share| share.inside) {
                if rule.get("serve").is_none() {
                    words.extend(self.split());
                }
                let reason = if share.is_some() { Reason::Split } else { Reason::TargetingMatch };
                return (reason, words.join(", "));
            }
        }
        if words.is_empty() && !rules.is_empty() {
            words.push("no rule matches".to_owned());
        }
        let reason = if let Some(share) = self.json.get("percentage") {
            let share = self.share(share);
            words.push(share.words);
            words.extend(self.split().filter(|_| share.inside));
            share.reason
        } else if let Some(split) = self.split() {
            words.push(split);
            Reason::Split
        } else if rules.is_empty() {
            words.push("the same for everybody".to_owned());
            Reason::Static
        } else {
            Reason::Default
        };
        (reason, words.join(", "))
    }

    fn share(&self, json: Json<'_>) -> Share {
        let typed = json.source();
        let share = json.as_number().and_then(Percentage::new).unwrap_or(Percentage::NONE);
        let (inside, words) = match share {
            Percentage::NONE => (false, format!("{typed} %: nobody")),
            Percentage::ALL => (true, format!("{typed} %: everybody")),
            _ => {
                let bucket = self.bucket(Domain::Flag);
                let inside = share.contains(bucket);
                let side = if inside { "inside" } else { "outside" };
                let last = share.buckets().saturating_sub(1);
                (inside, format!("bucket {bucket} is {side} {typed} %, 0 to {last}"))
            }
        };
        let reason = if matches!(share, Percentage::NONE | Percentage::ALL) { Reason::Static } else { Reason::Split };
        Share { inside, reason, words }
    }

    /// Which variant the split gives, and by which buckets.
    fn split(&self) -> Option<String> {
        let variants = self.json.get("variants")?;
        let name = self.details.variant?;
        let weight = |json: Json<'_>| json.get("weight").and_then(Json::as_integer).unwrap_or_default();
        let total = variants.members().fold(0_u64, |sum, (_, variant)| sum.saturating_add(weight(variant)));
        let bound = |sum: u64| u64::from(BUCKETS).saturating_mul(sum).checked_div(total).unwrap_or_default();
        let before = variants.members().take_while(|(other, _)| other.as_text() != name);
        let before = before.fold(0_u64, |sum, (_, variant)| sum.saturating_add(weight(variant)));
        let own = weight(variants.get(name)?);
        if own == total {
            return Some(format!("{name} has all the weight"));
        }
        let (from, to) = (bound(before), bound(before.saturating_add(own)).saturating_sub(1));
        Some(format!("variant bucket {} is in {name}'s, {from} to {to}", self.bucket(Domain::Variant)))
    }

    fn bucket(&self, domain: Domain) -> u32 {
        let salt = self.json.get("salt").map_or(self.key, Json::as_text);
        bucket(domain, salt, &self.evaluation.context.targeting_key)
    }
}

/// What a percentage says of the user.
struct Share {
    inside: bool,
    /// The reason where it is the flag's own.
    reason: Reason,
    words: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Whether the words lead where the runtime went.
    pub(in crate::commands::explain) fn agrees(asked: &Asked<'_>) -> bool {
        asked.follow().0 == asked.details.reason
    }
}
