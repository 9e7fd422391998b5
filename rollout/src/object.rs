//! Strict reading of a mapping: every key is known, every value has its type, every error names its path.

use std::fmt;

use serde_json::{Map, Value};
use strsim::osa_distance;

/// A place in `rollout.yaml` and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    /// The path of the key, as in `spec.analysis.stepWeight`.
    pub path: String,
    /// What was found and what was expected.
    pub message: String,
}

impl fmt::Display for SpecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return formatter.write_str(&self.message);
        }
        write!(formatter, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for SpecError {}

impl SpecError {
    /// An error at a path.
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// A mapping of the file.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// A value that has to be a mapping with known keys alone.
    pub(crate) fn new(path: &str, value: &'a Value, known: &[&str]) -> Result<Self, SpecError> {
        let Value::Object(map) = value else { return Err(mismatch(path, value, "a mapping")) };
        let object = Self { path: path.to_owned(), map };
        if let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) {
            let place = object.place(key);
            return Err(SpecError::new(place, format!("unknown key{}", suggestion(key, known))));
        }
        Ok(object)
    }

    /// The path of a key.
    pub(crate) fn place(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// An error at a key.
    pub(crate) fn error(&self, key: &str, message: impl Into<String>) -> SpecError {
        SpecError::new(self.place(key), message)
    }

    /// The value of a key; nothing for null.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// A mapping below a key.
    pub(crate) fn object(&self, key: &str, known: &[&str]) -> Result<Option<Object<'a>>, SpecError> {
        self.get(key).map(|value| Object::new(&self.place(key), value, known)).transpose()
    }

    fn read<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, SpecError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| mismatch(&self.place(key), value, expected))
    }

    /// A string.
    pub(crate) fn text(&self, key: &str) -> Result<Option<String>, SpecError> {
        self.read(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// A string that has to be there.
    pub(crate) fn required(&self, key: &str) -> Result<String, SpecError> {
        self.text(key)?.ok_or_else(|| self.error(key, "missing, expected a string"))
    }

    /// `true` or `false`; false where it is absent.
    pub(crate) fn boolean(&self, key: &str) -> Result<bool, SpecError> {
        Ok(self.read(key, "true or false", Value::as_bool)?.unwrap_or_default())
    }

    /// A whole number from 0 up.
    pub(crate) fn whole(&self, key: &str) -> Result<Option<u64>, SpecError> {
        self.read(key, "a whole number from 0 up", Value::as_u64)
    }

    /// A finite number.
    pub(crate) fn number(&self, key: &str) -> Result<Option<f64>, SpecError> {
        self.read(key, "a number", Value::as_f64)
    }

    /// A percentage.
    pub(crate) fn percentage(&self, key: &str) -> Result<Option<f64>, SpecError> {
        self.read(key, PERCENTAGE, percentage)
    }

    /// A duration in milliseconds.
    pub(crate) fn duration(&self, key: &str) -> Result<Option<u64>, SpecError> {
        let expected = "a duration such as 30s, 5m or 1h30m";
        self.read(key, expected, |value| crate::time::duration(value.as_str()?))
    }

    /// An address of a service.
    pub(crate) fn address(&self, key: &str) -> Result<Option<String>, SpecError> {
        let Some(url) = self.text(key)? else { return Ok(None) };
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        if rest.is_none_or(str::is_empty) {
            return Err(self.error(key, format!("found {url:?}, expected http://HOST or https://HOST")));
        }
        Ok(Some(url))
    }

    /// One of several words.
    pub(crate) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, SpecError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        if let Some((_, found)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*found));
        }
        let names: Vec<_> = words.iter().map(|(word, _)| *word).filter(|word| !word.is_empty()).collect();
        let near = nearest(&text, &names).map_or_else(String::new, |near| format!("; did you mean {near}?"));
        Err(self.error(key, format!("found {text:?}, expected one of {}{near}", names.join(", "))))
    }

    /// The items of a list, with their paths.
    pub(crate) fn items(&self, key: &str) -> Result<Vec<(String, &'a Value)>, SpecError> {
        let items = self.read(key, "a list", Value::as_array)?.map_or(&[][..], Vec::as_slice);
        let place = self.place(key);
        Ok(items.iter().enumerate().map(|(index, item)| (format!("{place}[{index}]"), item)).collect())
    }
}

/// The words for a percentage.
pub(crate) const PERCENTAGE: &str = "a number from 0 to 100 with at most 3 decimals";

/// A number from 0 to 100 with at most 3 decimals.
pub(crate) fn percentage(value: &Value) -> Option<f64> {
    let number = value.as_f64().filter(|number| (0.0..=100.0).contains(number))?;
    let thousandths = number * 1000.0;
    ((thousandths - thousandths.round()).abs() < 1e-9).then_some(number)
}

/// An error about a value of another type.
pub(crate) fn mismatch(path: &str, value: &Value, expected: &str) -> SpecError {
    let found = match value {
        Value::Null => "nothing".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        scalar => scalar.to_string(),
    };
    SpecError::new(path, format!("found {found}, expected {expected}"))
}

fn suggestion(key: &str, known: &[&str]) -> String {
    match nearest(key, known) {
        Some(near) => format!("; did you mean {near}?"),
        None => format!(", expected one of {}", known.join(", ")),
    }
}

fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase();
    let distances = known.iter().map(|known| (osa_distance(&known.to_ascii_lowercase(), &lower), *known));
    distances.filter(|(distance, _)| *distance <= 2).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}
