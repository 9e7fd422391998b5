//! The frozen vectors through `explain`: its JSON, its steps and its words.

use std::fmt::Write;

use canary_runtime::config::parse_rfc3339;
use canary_runtime::evaluation::{DecisionStep, FlagStep, RuleResult};
use canary_runtime::json::Kind;
use canary_runtime::{Decision, Document, EvaluationContext, History, Json, Overrides, Reason, Visitor};
use serde_json::Value;

use super::{flag_trace, json, text};
use crate::commands::explain::answer::{Answer, FlagAnswer, Question, Snapshot};

const FLAGS: &str = include_str!("../../../../tests/vectors/flags.json");
const DECISIONS: &str = include_str!("../../../../tests/vectors/decisions.json");

/// A case of a file, whose absent members are null.
struct Case<'a>(Json<'a>);

impl<'a> Case<'a> {
    fn get(&self, name: &str) -> Json<'a> {
        self.0.get(name).unwrap_or(self.0.null())
    }

    fn question(&self) -> Question {
        let mut overrides = Overrides::new(self.get("override").as_str(), []);
        for (flag, value) in self.get("overrides").members() {
            overrides.set(flag.as_text(), value.source());
        }
        let visitor = match self.get("standing").as_text() {
            "automated" => Visitor::Bot,
            "unknown" => Visitor::Anonymous,
            _ => Visitor::Identified,
        };
        let was = |name| self.get("history").get(name).and_then(Json::as_bool) == Some(true);
        let attributes = Document::parse(self.get("attributes").source()).unwrap();
        Question {
            context: EvaluationContext { targeting_key: self.get("key").as_text().to_owned(), attributes },
            overrides,
            now: self.get("now").as_str().map_or(0, |now| parse_rfc3339(now).unwrap()),
            visitor,
            history: History { quarantined: was("quarantined"), held: was("held") },
            entry: None,
            flags: self.get("flags").members().map(|(name, _)| name.as_text().to_owned()).collect(),
        }
    }

    /// Appends the differences between the case and `explain`.
    fn compare(&self, differences: &mut String) {
        let (name, question) = (self.get("name").as_text(), self.question());
        let snapshot = Snapshot::parse(self.get("config").source().as_bytes(), question.now);
        let answer = Answer::of(&question, &snapshot);
        let printed = json::json(&answer);
        let found: Value = serde_json::from_str(&printed).unwrap();
        let mut compare = |expected: Json<'_>, found: &Value, members: &[&str]| {
            let expected: Value = serde_json::from_str(expected.source()).unwrap();
            for member in members {
                let wanted = expected.get(member).unwrap_or(&Value::Null);
                if found.get(member) != Some(wanted) {
                    writeln!(differences, "{name}: {member} should be {wanted}: {printed}").unwrap();
                }
            }
        };
        if let Some(decision) = self.0.get("decision") {
            compare(decision, &found, &["variant", "cohort", "bucket", "reason", "errorCode", "revision"]);
        }
        for (key, flag) in self.get("flags").members() {
            compare(flag, &found["flags"][key.as_text()], &["value", "variant", "reason", "errorCode"]);
        }
        if snapshot.config.is_err() {
            return;
        }
        if !decides(answer.steps.last(), &answer.decision) {
            writeln!(differences, "{name}: {:?} does not follow from {:?}", answer.decision, answer.steps).unwrap();
        }
        for flag in &answer.flags {
            let (text, bucket) = (flag_trace::describe(&flag.details, &flag.steps), flag.details.bucket);
            // A bucket that decided is one that the words name.
            let is_named = bucket.is_none_or(|bucket| text.contains(&format!("bucket {bucket} is ")));
            if !leads_to_reason(flag) || !is_named {
                writeln!(differences, "{name}: {} does not follow from {text}", flag.key).unwrap();
            }
        }
        assert!(text::text(&question, &snapshot, &answer, "cm.yaml").contains(answer.decision.reason.as_str()));
    }
}

/// Returns whether a decision follows from its last step.
fn decides(last: Option<&DecisionStep>, decision: &Decision) -> bool {
    match (decision.reason, last) {
        (Reason::Disabled, Some(DecisionStep::Anonymous | DecisionStep::KillSwitch))
        | (Reason::Error, Some(DecisionStep::NoTargetingKey))
        | (Reason::Cached, Some(DecisionStep::History(_))) => true,
        (Reason::TargetingMatch, Some(DecisionStep::Rule { result: RuleResult::Matches(arm), .. })) => {
            *arm == decision.variant
        }
        (Reason::TargetingMatch, Some(DecisionStep::Override { requested, allowed })) => {
            *allowed && *requested == Some(decision.variant)
        }
        (Reason::Split | Reason::Static, Some(DecisionStep::Percentage(cohort))) => *cohort == decision.cohort,
        _ => false,
    }
}

/// Returns whether the reason of a flag's value follows from its steps.
fn leads_to_reason(flag: &FlagAnswer<'_>) -> bool {
    let has_match = flag.steps.iter().any(|step| matches!(step, FlagStep::RuleMatches { .. }));
    match (flag.details.reason, flag.steps.last()) {
        (
            Reason::Disabled,
            Some(FlagStep::Disabled | FlagStep::NotStarted(_) | FlagStep::Ended(_) | FlagStep::Unmet { .. }),
        )
        | (Reason::Static, Some(FlagStep::Constant))
        | (Reason::Split | Reason::Static, Some(FlagStep::Percentage { .. } | FlagStep::Variant { .. }))
        | (Reason::Default, Some(FlagStep::Rules { .. } | FlagStep::Percentage { included: false, .. })) => true,
        (Reason::TargetingMatch, _) => flag.details.overridden || has_match,
        (Reason::Error, _) => flag.details.error.is_some(),
        _ => false,
    }
}

#[track_caller]
fn check(text: &str, count: usize) {
    let document = Document::parse(text).unwrap();
    let cases: Vec<_> = document.root().get("cases").unwrap().items().map(Case).collect();
    assert_eq!(cases.len(), count);
    let mut differences = String::new();
    for case in &cases {
        // `explain` needs a config.
        if case.get("config").kind() != Kind::Null {
            case.compare(&mut differences);
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn flags_have_the_steps_of_their_reasons() {
    check(FLAGS, 245);
}

#[test]
fn decisions_follow_from_their_last_step() {
    check(DECISIONS, 260);
}
