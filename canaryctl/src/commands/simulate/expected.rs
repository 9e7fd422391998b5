//! The shares that follow from the config alone, in percent.
//!
//! They are computed from the typed percentages and weights, independently of the evaluation, on purpose: a simulation
//! compares the two. Only conditions go through the evaluation, once for each set of attributes, because they do not
//! depend on the key.

use canary_runtime::config::parse_rfc3339;
use canary_runtime::json::Kind;
use canary_runtime::{Arm, Cohort, Config, Evaluation, EvaluationContext, Json, Reason, Value};

use crate::commands::simulate::counts::Outcome;
use crate::config::loaded::{Evaluator, Loaded, member};
use crate::population::population::Population;
use crate::terminal::format::percent;

/// All users, in percent.
const ALL: f64 = 100.0;

/// Outcomes with their shares, which add up to 100.
#[derive(Debug)]
pub(crate) struct Shares<K>(pub(crate) Vec<(K, f64)>);

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Shares<K> {
    fn add(&mut self, outcome: K, share: f64) {
        match self.0.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, sum)) => *sum += share,
            None => self.0.push((outcome, share)),
        }
    }

    /// The share of one outcome.
    pub(crate) fn get(&self, outcome: &K) -> f64 {
        self.0.iter().find(|(known, _)| known == outcome).map_or(0.0, |(_, share)| *share)
    }

    fn add_all(&mut self, other: Self, weight: f64) {
        for (outcome, share) in other.0 {
            self.add(outcome, share * weight / ALL);
        }
    }
}

/// The expected shares of a simulation.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) arms: Shares<Arm>,
    pub(crate) cohorts: Shares<Cohort>,
    /// One entry per flag, in the order of the keys. `None` if the shares do not follow simply, as for a flag that requires
    /// others.
    pub(crate) flags: Vec<Option<Shares<Outcome>>>,
}

impl Expected {
    pub(crate) fn of(file: &Loaded, evaluator: &Evaluator, population: &Population, keys: &[&str]) -> Self {
        let flags: Vec<_> = keys.iter().map(|key| TypedFlag::find(file, key)).collect();
        let mut expected = Self::default();
        expected.flags.resize_with(keys.len(), || Some(Shares::default()));
        for (context, count) in population.profiles() {
            let weight = percent(count, population.len());
            expected.add_bundle(evaluator, &context, weight);
            for ((key, flag), sum) in keys.iter().zip(&flags).zip(&mut expected.flags) {
                let shares = flag_shares(evaluator, &context, key, flag.as_ref(), population.now);
                match (sum.as_mut(), shares) {
                    (Some(sum), Some(shares)) => sum.add_all(shares, weight),
                    _ => *sum = None,
                }
            }
        }
        expected
    }

    fn add_bundle(&mut self, evaluator: &Evaluator, context: &EvaluationContext, weight: f64) {
        let decision = evaluator.decide(context);
        let mut add = |arm, cohort, share: f64| {
            self.arms.add(arm, share * weight / ALL);
            self.cohorts.add(cohort, share * weight / ALL);
        };
        match evaluator.config() {
            Some(config) if matches!(decision.reason, Reason::Split | Reason::Static) => {
                let canary = f64::from(config.percentage.buckets()) / 1000.0;
                // Above 50 %, all of stable is the control cohort.
                let control = canary.min(ALL - canary);
                add(Arm::Canary, Cohort::Canary, canary);
                add(Arm::Stable, Cohort::Control, control);
                add(Arm::Stable, Cohort::Rest, ALL - canary - control);
            }
            _ => add(decision.variant, decision.cohort, ALL),
        }
    }
}

/// The shares of a flag's values among users with the same attributes.
fn flag_shares(
    evaluator: &Evaluator,
    context: &EvaluationContext,
    key: &str,
    typed: Option<&TypedFlag>,
    now: i64,
) -> Option<Shares<Outcome>> {
    let details = evaluator.flag(context, key);
    let typed = typed?;
    let mut rollout = Rollout { flag: typed.json, shares: Shares::default() };
    if details.reason == Reason::Error {
        // The flag is malformed, or there is no config: the same for all users.
        rollout.shares.add(Outcome::of(&details), ALL);
        return Some(rollout.shares);
    }
    match typed.json.kind() {
        Kind::Object => rollout.add_object(typed, context, now)?,
        Kind::Number => {
            let share = typed.json.as_number()?;
            rollout.add(Some("true"), None, percentage_reason(share), share);
            rollout.add(Some("false"), None, percentage_reason(share), ALL - share);
        }
        _ => rollout.add(Some(typed.json.source()), None, Reason::Static, ALL),
    }
    Some(rollout.shares)
}

/// The shares of one flag while they are added up.
struct Rollout<'a> {
    flag: Json<'a>,
    shares: Shares<Outcome>,
}

impl<'a> Rollout<'a> {
    fn add_object(&mut self, typed: &TypedFlag<'a>, context: &EvaluationContext, now: i64) -> Option<()> {
        if member(self.flag, "requires").is_some_and(|requires| requires.members().next().is_some()) {
            return None;
        }
        let time = |name| member(self.flag, name).and_then(|time| parse_rfc3339(time.as_text()));
        let is_off = member(self.flag, "enabled").and_then(Json::as_bool) == Some(false);
        if is_off || time("from").is_some_and(|from| now < from) || time("until").is_some_and(|until| now >= until) {
            self.add_default(Reason::Disabled, ALL);
            return Some(());
        }
        // All percentages of a flag use the same bucket, so a rule gets the buckets below its percentage that no rule before
        // it has taken.
        let mut taken = 0.0;
        for rule in typed.matching_rules(context)? {
            let share = member(rule, "percentage").and_then(Json::as_number);
            let part = (share.unwrap_or(ALL) - taken).max(0.0);
            let reason = if share.is_some() { Reason::Split } else { Reason::TargetingMatch };
            match member(rule, "serve") {
                Some(serve) => self.add_served(serve, reason, part),
                None => self.add_variants(reason, part),
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
                self.add_variants(percentage_reason(share), part);
                self.add_default(percentage_reason(share), left - part);
            }
            None if member(self.flag, "variants").is_some() => self.add_variants(Reason::Split, left),
            None if member(self.flag, "rules").is_none_or(|rules| rules.items().next().is_none()) => {
                self.add(Some("true"), None, Reason::Static, left);
            }
            None => self.add_default(Reason::Default, left),
        }
        Some(())
    }

    fn add_default(&mut self, reason: Reason, share: f64) {
        match member(self.flag, "default") {
            Some(default) => self.add_served(default, reason, share),
            None if member(self.flag, "variants").is_some() => self.add(None, None, reason, share),
            None => self.add(Some("false"), None, reason, share),
        }
    }

    fn add_served(&mut self, served: Json, reason: Reason, share: f64) {
        match member(self.flag, "variants") {
            Some(variants) => {
                let value = member(variants, served.as_text()).and_then(|variant| member(variant, "value"));
                self.add(value.map(Json::source), Some(served.as_text()), reason, share);
            }
            None => self.add(Some(served.source()), None, reason, share),
        }
    }

    fn add_variants(&mut self, reason: Reason, share: f64) {
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

/// The reason of a value that a percentage decided.
fn percentage_reason(share: f64) -> Reason {
    if share > 0.0 && share < ALL { Reason::Split } else { Reason::Static }
}

/// A flag as typed, with a config of one flag per rule that evaluates the condition of the rule and nothing else.
#[derive(Debug)]
struct TypedFlag<'a> {
    json: Json<'a>,
    conditions: Option<Config>,
}

impl<'a> TypedFlag<'a> {
    fn find(file: &'a Loaded, key: &str) -> Option<Self> {
        let root = file.document.root();
        let json = member(member(root, "FEATURE_FLAGS")?, key)?;
        let rules = member(json, "rules").into_iter().flat_map(Json::items);
        let flags = rules.zip(0_u64..).map(|(rule, index)| {
            let condition = member(rule, "if").map_or("{}", Json::source);
            format!(r#""{index}": {{"rules": [{{"if": {condition}, "serve": true}}]}}"#)
        });
        let flags = flags.collect::<Vec<_>>().join(", ");
        let segments = member(root, "SEGMENTS").map_or("{}", Json::source);
        let text = format!(r#"{{"CANARY_PERCENTAGE": 0, "SEGMENTS": {segments}, "FEATURE_FLAGS": {{{flags}}}}}"#);
        let conditions = Config::parse(text.as_bytes()).ok().map(|(config, _)| config);
        Some(Self { json, conditions })
    }

    /// The rules whose condition holds for a user, in their order.
    fn matching_rules(&self, context: &EvaluationContext) -> Option<Vec<Json<'a>>> {
        let rules = member(self.json, "rules").into_iter().flat_map(Json::items);
        let config = self.conditions.as_ref()?;
        let evaluation = Evaluation::new(config, context);
        let holds = |index: u64| matches!(evaluation.flag(&index.to_string()).value, Some(Value::Json(json)) if json.as_bool() == Some(true));
        Some(rules.zip(0_u64..).filter(|(_, index)| holds(*index)).map(|(rule, _)| rule).collect())
    }
}
