//! A flag and its new value, as `--flag` names them.

use std::str::FromStr;

use canary_runtime::Percentage;
use canary_runtime::config::is_flag_key;
use serde_json::Value;

use crate::config::editor::Editor;

const FLAGS: &str = "FEATURE_FLAGS";

/// `KEY=VALUE` with a value that a flag can have.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    key: String,
    text: String,
    value: Value,
}

impl FromStr for Assignment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, text) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        if !is_flag_key(key) {
            return Err("expected a key of 1 to 64 of A-Z a-z 0-9 _ . -, except __proto__, constructor and prototype");
        }
        let expected = "expected the value true, false, a percentage or an object, as JSON";
        let value = serde_json::from_str(text).map_err(|_| expected)?;
        let is_flag = match &value {
            Value::Bool(_) | Value::Object(_) => true,
            Value::Number(number) => number.as_f64().and_then(Percentage::new).is_some(),
            _ => false,
        };
        if is_flag { Ok(Self { key: key.to_owned(), text: text.trim().to_owned(), value }) } else { Err(expected) }
    }
}

impl Assignment {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn path(&self) -> String {
        format!("{FLAGS}.{}", self.key)
    }

    /// Sets the flag, and returns the members of it that are lost by that. A number or a boolean never costs an object its
    /// rules.
    pub(crate) fn apply(&self, editor: &mut Editor) -> anyhow::Result<Vec<String>> {
        let path = [FLAGS, &self.key];
        let Some(Value::Object(old)) = editor.get(&path) else {
            editor.set(&path, &self.text)?;
            return Ok(Vec::new());
        };
        let enabled = old.get("enabled").cloned().unwrap_or(Value::Bool(true));
        let lost = old.keys().filter(|name| self.value.get(name).is_none()).cloned().collect();
        match &self.value {
            Value::Object(_) => {
                editor.set(&path, &self.text)?;
                return Ok(lost);
            }
            // Without `enabled` it is on already.
            Value::Bool(_) if enabled == self.value => {}
            Value::Bool(_) => editor.set(&[FLAGS, &self.key, "enabled"], &self.text)?,
            _ => editor.set(&[FLAGS, &self.key, "percentage"], &self.text)?,
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests;
