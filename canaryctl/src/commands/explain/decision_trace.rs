//! How a decision about the bundle comes about: what each step of the order of precedence has to say.
//!
//! The steps ask the runtime's own rules, overrides and percentages. That they end where its decision does is held
//! against all vectors.

use canary_runtime::bucketing::bucket::BUCKETS;
use canary_runtime::targeting::canary_rule::CanaryRule;
use canary_runtime::{Arm, Cohort, Decision, Document, Evaluation, History, Json, Percentage, Reason, Visitor};

const KILLED: &str = "0 %: the kill switch; nobody gets the canary";

/// What one step says.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) words: String,
    /// The reason of the decision, if it is made here.
    pub(crate) decides: Option<Reason>,
}

/// The steps up to the one that decides.
pub(crate) fn steps(
    evaluation: &Evaluation<'_>,
    document: &Document,
    (standing, history): (Visitor, History),
    decision: &Decision,
) -> Vec<Step> {
    let mut path = Path { evaluation, document, steps: Vec::new() };
    path.walk(standing, history, decision);
    path.steps
}

struct Path<'a> {
    evaluation: &'a Evaluation<'a>,
    document: &'a Document,
    steps: Vec<Step>,
}

impl Path<'_> {
    fn walk(&mut self, standing: Visitor, history: History, decision: &Decision) {
        let config = self.evaluation.config;
        let (percentage, allowed) = (config.percentage, config.allows_query());
        let off = percentage == Percentage::NONE;
        if standing == Visitor::Anonymous {
            return self.end("user", "nobody who could be recognised again", Reason::Disabled);
        }
        let Some(bucket) = decision.bucket else {
            return if off {
                self.end("percentage", KILLED, Reason::Disabled);
            } else {
                self.end("key", "none: nobody to bucket", Reason::Error);
            };
        };
        self.step("bucket", format!("{bucket} of 0 to {}, by the salt {}", BUCKETS.saturating_sub(1), config.salt()));
        if self.rules("always rules", true) {
            return;
        }
        if off {
            return self.end("percentage", KILLED, Reason::Disabled);
        }
        match history {
            History { quarantined: true, .. } => return self.end("memory", "this canary failed here", Reason::Cached),
            History { held: true, .. } => return self.end("memory", "too soon after stable", Reason::Cached),
            // Most people's, and all that is known outside a browser.
            _ => {}
        }
        match (self.evaluation.overrides.variant(allowed), self.evaluation.overrides.variant(true)) {
            (Some(variant), _) => return self.end("override", &serves(variant), Reason::TargetingMatch),
            (None, Some(_)) => self.step("override", "in the address, which OVERRIDES.query does not allow"),
            (None, None) => self.step("override", "none"),
        }
        if self.rules("rules", false) {
            return;
        }
        let typed = self.document.root().get("CANARY_PERCENTAGE").map(Json::source).unwrap_or_default();
        let is = match decision.cohort {
            Cohort::Canary => "the canary",
            Cohort::Control => "the control",
            Cohort::Rest => "neither",
        };
        let words = format!("{typed} %: {}; {bucket} is {is}", groups(percentage));
        let reason = if percentage == Percentage::ALL { Reason::Static } else { Reason::Split };
        self.end("percentage", &words, reason);
    }

    /// Asks the rules, or only those which hold at 0 %, too. Whether one of them decides.
    fn rules(&mut self, name: &'static str, always: bool) -> bool {
        let (config, subject) = (self.evaluation.config, self.evaluation.subject());
        let readable: Vec<_> = config.rules().collect();
        let rules = self.document.root().get("CANARY_RULES").into_iter().flat_map(Json::items);
        let (mut asked, mut deaf) = (0_usize, Vec::new());
        for (number, rule) in (1_usize..).zip(rules.map(CanaryRule::new)) {
            if always && !rule.always() {
                continue;
            }
            asked = asked.saturating_add(1);
            if !readable.contains(&rule) {
                deaf.push(number.to_string());
            } else if rule.matches(&subject) {
                let words = format!("rule {number} matches: {}", serves(rule.serve()));
                self.end(name, &words, Reason::TargetingMatch);
                return true;
            }
        }
        let mut words = match asked {
            0 => "none".to_owned(),
            1 => "the only one does not match".to_owned(),
            _ => format!("none of {asked} matches"),
        };
        if !deaf.is_empty() {
            words = format!("{words}; not readable, so that nobody matches: {}", deaf.join(", "));
        }
        self.step(name, words);
        false
    }

    fn step(&mut self, name: &'static str, words: impl Into<String>) {
        self.steps.push(Step { name, words: words.into(), decides: None });
    }

    fn end(&mut self, name: &'static str, words: &str, reason: Reason) {
        self.steps.push(Step { name, words: words.to_owned(), decides: Some(reason) });
    }
}

fn serves(variant: Arm) -> String {
    format!("{} is served", variant.as_str())
}

/// Which buckets are the canary's and the control's.
fn groups(percentage: Percentage) -> String {
    let canary = percentage.buckets();
    let (from, to) = control(canary);
    let canary = format!("canary 0 to {}", canary.saturating_sub(1));
    if from < to { format!("{canary}, control {from} to {}", to.saturating_sub(1)) } else { canary }
}

/// The control's buckets, the last one exclusive: as many as the canary's from the middle on, as far as there are any.
fn control(canary: u32) -> (u32, u32) {
    let middle = BUCKETS / 2;
    (canary.max(middle), canary.saturating_add(middle).min(BUCKETS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_those_of_the_runtime() {
        for (percent, words) in [
            (0.001, "canary 0 to 0, control 50000 to 50000"),
            (5.0, "canary 0 to 4999, control 50000 to 54999"),
            (50.0, "canary 0 to 49999, control 50000 to 99999"),
            (50.001, "canary 0 to 50000, control 50001 to 99999"),
            (99.999, "canary 0 to 99998, control 99999 to 99999"),
            (100.0, "canary 0 to 99999"),
        ] {
            assert_eq!(groups(Percentage::new(percent).unwrap()), words);
        }
    }
}
