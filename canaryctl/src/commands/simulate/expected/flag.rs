//! The shares of one flag's values, by the contract's words.

use canary_runtime::config::parse_rfc3339;
use canary_runtime::json::Kind;
use canary_runtime::{EvaluationContext, Json, Reason};

use super::{ALL, Shares};
use crate::commands::simulate::expected::probe::Probe;
use crate::commands::simulate::tally::Outcome;
use crate::config::loaded::{Offer, member};

/// What share of users of one kind gets what.
pub(crate) fn shares(
    offer: &Offer,
    context: &EvaluationContext,
    key: &str,
    probe: Option<&Probe>,
    now: i64,
) -> Option<Shares<Outcome>> {
    let details = offer.flag(context, key);
    let mut plan = Plan { flag: probe?.flag, shares: Shares::default() };
    if details.reason == Reason::Error {
        // Malformed, or no config at all: nothing that depends on the user.
        plan.shares.add(Outcome::of(&details), ALL);
        return Some(plan.shares);
    }
    match plan.flag.kind() {
        Kind::Object => plan.follow(probe?, context, now)?,
        Kind::Number => {
            let share = plan.flag.as_number()?;
            plan.add(Some("true"), None, edge(share), share);
            plan.add(Some("false"), None, edge(share), ALL - share);
        }
        _ => plan.add(Some(plan.flag.source()), None, Reason::Static, ALL),
    }
    Some(plan.shares)
}

struct Plan<'a> {
    flag: Json<'a>,
    shares: Shares<Outcome>,
}

impl<'a> Plan<'a> {
    fn follow(&mut self, probe: &Probe<'a>, context: &EvaluationContext, now: i64) -> Option<()> {
        if member(self.flag, "requires").is_some_and(|requires| requires.members().next().is_some()) {
            return None;
        }
        let time = |name| member(self.flag, name).and_then(|time| parse_rfc3339(time.as_text()));
        let is_off = member(self.flag, "enabled").and_then(Json::as_bool) == Some(false);
        if is_off || time("from").is_some_and(|from| now < from) || time("until").is_some_and(|until| now >= until) {
            self.fall_back(Reason::Disabled, ALL);
            return Some(());
        }
        // All percentages of a flag look at the same bucket: a rule takes what those before it have left below it.
        let mut taken = 0.0;
        for rule in probe.rules(context)? {
            let share = member(rule, "percentage").and_then(Json::as_number);
            let part = (share.unwrap_or(ALL) - taken).max(0.0);
            let reason = if share.is_some() { Reason::Split } else { Reason::TargetingMatch };
            match member(rule, "serve") {
                Some(serve) => self.serve(serve, reason, part),
                None => self.spread(reason, part),
            }
            taken += part;
            if share.is_none() {
                return Some(());
            }
        }
        let left = ALL - taken;
        match member(self.flag, "percentage").and_then(Json::as_number) {
            Some(share) => {
                let part = (share - taken).max(0.0);
                self.spread(edge(share), part);
                self.fall_back(edge(share), left - part);
            }
            None if member(self.flag, "variants").is_some() => self.spread(Reason::Split, left),
            None if member(self.flag, "rules").is_none_or(|rules| rules.items().next().is_none()) => {
                self.add(Some("true"), None, Reason::Static, left);
            }
            None => self.fall_back(Reason::Default, left),
        }
        Some(())
    }

    fn fall_back(&mut self, reason: Reason, share: f64) {
        match member(self.flag, "default") {
            Some(default) => self.serve(default, reason, share),
            None if member(self.flag, "variants").is_some() => self.add(None, None, reason, share),
            None => self.add(Some("false"), None, reason, share),
        }
    }

    fn serve(&mut self, served: Json, reason: Reason, share: f64) {
        match member(self.flag, "variants") {
            Some(variants) => {
                let value = member(variants, served.as_text()).and_then(|variant| member(variant, "value"));
                self.add(value.map(Json::source), Some(served.as_text()), reason, share);
            }
            None => self.add(Some(served.source()), None, reason, share),
        }
    }

    fn spread(&mut self, reason: Reason, share: f64) {
        let Some(variants) = member(self.flag, "variants") else { return self.add(Some("true"), None, reason, share) };
        let weight = |variant: Json| member(variant, "weight").and_then(Json::as_number).unwrap_or(0.0);
        let total: f64 = variants.members().map(|(_, variant)| weight(variant)).sum();
        for (name, variant) in variants.members() {
            let value = member(variant, "value").map(Json::source);
            self.add(value, Some(name.as_text()), reason, share * weight(variant) / total);
        }
    }

    fn add(&mut self, value: Option<&str>, variant: Option<&str>, reason: Reason, share: f64) {
        if share > 0.0 {
            let (value, variant) = (value.map(str::to_owned), variant.map(str::to_owned));
            self.shares.add(Outcome { value, variant, reason, error: None }, share);
        }
    }
}

/// The reason where a percentage has decided.
fn edge(share: f64) -> Reason {
    if share > 0.0 && share < ALL { Reason::Split } else { Reason::Static }
}
