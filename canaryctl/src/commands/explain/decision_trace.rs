//! The steps of a decision in words, one row for each stage of the order of precedence.

use canary_runtime::bucketing::BUCKETS;
use canary_runtime::evaluation::{DecisionStep, RuleResult};
use canary_runtime::{Arm, Cohort, Config, Document, Json, Percentage};

/// A stage of a decision and its result.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// Describes the steps of a decision. The last row is the stage that decides.
pub(crate) fn describe(steps: &[DecisionStep], config: &Config, document: &Document) -> Vec<Row> {
    let (mut rows, mut rules, mut bucket) = (Vec::<Row>::new(), Rules::default(), 0);
    for step in steps {
        let (name, text) = match *step {
            DecisionStep::Anonymous => ("user", "an anonymous visitor".to_owned()),
            DecisionStep::NoTargetingKey => ("key", "none, so there is no bucket".to_owned()),
            DecisionStep::Bucket(found) => {
                bucket = found;
                ("bucket", format!("{bucket} of 0 to {}, by the salt {}", BUCKETS.saturating_sub(1), config.salt()))
            }
            DecisionStep::Rules { always } => {
                rules = Rules::default();
                (if always { "always rules" } else { "rules" }, rules.describe())
            }
            DecisionStep::Rule { number, result } => {
                rules.add(number, result);
                if let Some(row) = rows.last_mut() {
                    row.text = rules.describe();
                }
                continue;
            }
            DecisionStep::KillSwitch => ("percentage", "0 %: the kill switch; no one gets the canary".to_owned()),
            DecisionStep::History(history) => (
                "history",
                if history.quarantined { "this canary failed here" } else { "too soon after stable" }.to_owned(),
            ),
            DecisionStep::Override { requested, allowed } => ("override", describe_override(requested, allowed)),
            DecisionStep::Percentage(cohort) => {
                let source = document.root().get("CANARY_PERCENTAGE").map(Json::source).unwrap_or_default();
                let cohort = match cohort {
                    Cohort::Canary => "the canary",
                    Cohort::Control => "the control",
                    Cohort::Rest => "neither",
                };
                ("percentage", format!("{source} %: {}; {bucket} is in {cohort}", describe_cohorts(config.percentage)))
            }
        };
        rows.push(Row { name, text });
    }
    rows
}

/// The rules of the canary that have been checked.
#[derive(Default)]
struct Rules {
    checked: usize,
    not_supported: Vec<String>,
    matched: Option<(usize, Arm)>,
}

impl Rules {
    fn add(&mut self, number: usize, result: RuleResult) {
        self.checked = self.checked.saturating_add(1);
        match result {
            RuleResult::Matches(arm) => self.matched = Some((number, arm)),
            RuleResult::NotSupported => self.not_supported.push(number.to_string()),
            RuleResult::DoesNotMatch => {}
        }
    }

    fn describe(&self) -> String {
        if let Some((number, arm)) = self.matched {
            return format!("rule {number} matches: {} is served", arm.as_str());
        }
        let text = match self.checked {
            0 => "none".to_owned(),
            1 => "the only one does not match".to_owned(),
            count => format!("none of {count} matches"),
        };
        match self.not_supported.as_slice() {
            [] => text,
            [rule] => format!("{text}; rule {rule} is not supported"),
            rules => format!("{text}; rules {} are not supported", rules.join(", ")),
        }
    }
}

fn describe_override(requested: Option<Arm>, allowed: bool) -> String {
    match requested {
        Some(arm) if allowed => format!("{} is served", arm.as_str()),
        Some(_) => "in the URL, which OVERRIDES.query does not allow".to_owned(),
        None => "none".to_owned(),
    }
}

/// Describes the buckets of the canary and the control.
fn describe_cohorts(percentage: Percentage) -> String {
    let (control, last) = (Cohort::control(percentage), |end: u32| end.saturating_sub(1));
    let canary = format!("canary 0 to {}", last(percentage.buckets()));
    if control.is_empty() { canary } else { format!("{canary}, control {} to {}", control.start, last(control.end)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use canary_runtime::History;

    #[test]
    fn cohorts_are_ranges_of_buckets() {
        for (percent, text) in [
            (0.001, "canary 0 to 0, control 50000 to 50000"),
            (5.0, "canary 0 to 4999, control 50000 to 54999"),
            (50.0, "canary 0 to 49999, control 50000 to 99999"),
            (50.001, "canary 0 to 50000, control 50001 to 99999"),
            (99.999, "canary 0 to 99998, control 99999 to 99999"),
            (100.0, "canary 0 to 99999"),
        ] {
            assert_eq!(describe_cohorts(Percentage::new(percent).unwrap()), text);
        }
    }

    #[test]
    fn every_step_has_a_row() {
        let (config, _) = Config::parse(br#"{"CANARY_PERCENTAGE": 5.0, "FEATURE_FLAGS": {}, "SALT": "s"}"#).unwrap();
        let document = Document::parse(r#"{"CANARY_PERCENTAGE": 5.0}"#).unwrap();
        let steps = [
            DecisionStep::Anonymous,
            DecisionStep::NoTargetingKey,
            DecisionStep::Bucket(7),
            DecisionStep::Rules { always: true },
            DecisionStep::Rule { number: 2, result: RuleResult::NotSupported },
            DecisionStep::KillSwitch,
            DecisionStep::History(History { quarantined: true, held: true }),
            DecisionStep::History(History { quarantined: false, held: true }),
            DecisionStep::Override { requested: None, allowed: true },
            DecisionStep::Override { requested: Some(Arm::Canary), allowed: false },
            DecisionStep::Override { requested: Some(Arm::Canary), allowed: true },
            DecisionStep::Rules { always: false },
            DecisionStep::Rule { number: 1, result: RuleResult::DoesNotMatch },
            DecisionStep::Rule { number: 2, result: RuleResult::NotSupported },
            DecisionStep::Rule { number: 3, result: RuleResult::NotSupported },
            DecisionStep::Rules { always: false },
            DecisionStep::Rule { number: 1, result: RuleResult::Matches(Arm::Stable) },
            DecisionStep::Rules { always: false },
            DecisionStep::Percentage(Cohort::Canary),
        ];
        let rows = describe(&steps, &config, &document);
        let rows: Vec<_> = rows.iter().map(|row| (row.name, row.text.as_str())).collect();
        let expected = [
            ("user", "an anonymous visitor"),
            ("key", "none, so there is no bucket"),
            ("bucket", "7 of 0 to 99999, by the salt s"),
            ("always rules", "the only one does not match; rule 2 is not supported"),
            ("percentage", "0 %: the kill switch; no one gets the canary"),
            ("history", "this canary failed here"),
            ("history", "too soon after stable"),
            ("override", "none"),
            ("override", "in the URL, which OVERRIDES.query does not allow"),
            ("override", "canary is served"),
            ("rules", "none of 3 matches; rules 2, 3 are not supported"),
            ("rules", "rule 1 matches: stable is served"),
            ("rules", "none"),
            ("percentage", "5.0 %: canary 0 to 4999, control 50000 to 54999; 7 is in the canary"),
        ];
        assert_eq!(rows, expected);
    }
}
