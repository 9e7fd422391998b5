//! The frozen vectors, through `explain --output json`, and what is said in words beside them.

use std::fmt::Write;

use canary_runtime::config::timestamp::parse_rfc3339;
use canary_runtime::json::document::Kind;
use canary_runtime::{Document, EvaluationContext, History, Json, Overrides, Visitor};
use serde_json::Value;

use super::{decision_trace, json, text};
use crate::commands::explain::answer::{Answer, Question, Snapshot};
use crate::commands::explain::flag_trace::{Asked, tests::agrees};

const FLAGS: &str = include_str!("../../../../tests/vectors/flags.json");
const DECISIONS: &str = include_str!("../../../../tests/vectors/decisions.json");

/// Everything that a case says, `null` where it does not.
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
        let standing = match self.get("standing").as_text() {
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
            standing,
            history: History { quarantined: was("quarantined"), held: was("held") },
            flags: self.get("flags").members().map(|(name, _)| name.as_text().to_owned()).collect(),
        }
    }

    /// What `explain` prints, and the members in which it differs.
    fn compare(&self, wrong: &mut String) {
        let (name, question) = (self.get("name").as_text(), self.question());
        let snapshot = Snapshot::read(self.get("config").source().as_bytes(), question.now);
        let answer = Answer::of(&question, &snapshot);
        let printed = json::json(&answer);
        let found: Value = serde_json::from_str(&printed).unwrap();
        let mut compare = |expected: Json<'_>, found: &Value, members: &[&str]| {
            let expected: Value = serde_json::from_str(expected.source()).unwrap();
            for member in members {
                let wanted = expected.get(member).unwrap_or(&Value::Null);
                if found.get(member) != Some(wanted) {
                    writeln!(wrong, "{name}: {member} should be {wanted}: {printed}").unwrap();
                }
            }
        };
        if let Some(decision) = self.0.get("decision") {
            compare(decision, &found, &["variant", "cohort", "bucket", "reason", "errorCode", "revision"]);
        }
        for (key, flag) in self.get("flags").members() {
            compare(flag, &found["flags"][key.as_text()], &["value", "variant", "reason", "errorCode"]);
        }
        let Ok(config) = &snapshot.config else { return };
        let evaluation = question.evaluation(config);
        let standing = (question.standing, question.history);
        let steps = decision_trace::steps(&evaluation, &snapshot.document, standing, &answer.decision);
        if steps.iter().filter_map(|step| step.decides).collect::<Vec<_>>() != [answer.decision.reason] {
            writeln!(wrong, "{name}: {:?} is not by {steps:?}", answer.decision.reason).unwrap();
        }
        let flags = snapshot.document.root().get("FEATURE_FLAGS").unwrap();
        for (key, details) in &answer.flags {
            let json = flags.get(key).unwrap_or(flags.null());
            let asked = Asked { evaluation: &evaluation, key, json, details: *details };
            // A bucket that decided is one that the words name.
            let named = details.bucket.is_none_or(|bucket| asked.why().contains(&format!("bucket {bucket} is ")));
            if !agrees(&asked) || !named {
                writeln!(wrong, "{name}: {key} is not so because {}", asked.why()).unwrap();
            }
        }
        assert!(text::text(&question, &snapshot, &answer, "cm.yaml").contains(answer.decision.reason.as_str()));
    }
}

#[track_caller]
fn check(text: &str, count: usize) {
    let document = Document::parse(text).unwrap();
    let cases: Vec<_> = document.root().get("cases").unwrap().items().map(Case).collect();
    assert_eq!(cases.len(), count);
    let mut wrong = String::new();
    for case in &cases {
        // Whoever explains has a config at hand.
        if case.get("config").kind() != Kind::Null {
            case.compare(&mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn flags_are_explained_as_they_are() {
    check(FLAGS, 245);
}

#[test]
fn decisions_are_explained_as_they_are() {
    check(DECISIONS, 260);
}
