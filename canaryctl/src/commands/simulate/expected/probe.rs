//! A flag as it was typed, and which of its rules are about a user.

use canary_runtime::{Config, Evaluation, EvaluationContext, Json, Value};

use crate::config::loaded::{ConfigFile, member};

/// The flag, and a config that asks about nothing but its rules' conditions.
#[derive(Debug)]
pub(crate) struct Probe<'a> {
    pub(crate) flag: Json<'a>,
    conditions: Option<Config>,
}

impl<'a> Probe<'a> {
    /// Of a flag of a file.
    pub(crate) fn of(file: &'a ConfigFile, key: &str) -> Option<Self> {
        let root = file.document.root();
        let flag = member(member(root, "FEATURE_FLAGS")?, key)?;
        let rules = member(flag, "rules").into_iter().flat_map(Json::items);
        let flags = rules.zip(0_u64..).map(|(rule, index)| {
            let condition = member(rule, "if").map_or("{}", Json::source);
            format!(r#""{index}": {{"rules": [{{"if": {condition}, "serve": true}}]}}"#)
        });
        let flags = flags.collect::<Vec<_>>().join(", ");
        let segments = member(root, "SEGMENTS").map_or("{}", Json::source);
        let text = format!(r#"{{"CANARY_PERCENTAGE": 0, "SEGMENTS": {segments}, "FEATURE_FLAGS": {{{flags}}}}}"#);
        let conditions = Config::parse(text.as_bytes()).ok().map(|(config, _)| config);
        Some(Self { flag, conditions })
    }

    /// The rules that are about a user, from the top.
    pub(crate) fn rules(&self, context: &EvaluationContext) -> Option<Vec<Json<'a>>> {
        let rules = member(self.flag, "rules").into_iter().flat_map(Json::items);
        let config = self.conditions.as_ref()?;
        let evaluation = Evaluation::new(config, context);
        let holds = |index: u64| matches!(evaluation.flag(&index.to_string()).value, Some(Value::Json(json)) if json.as_bool() == Some(true));
        Some(rules.zip(0_u64..).filter(|(_, index)| holds(*index)).map(|(rule, _)| rule).collect())
    }
}
