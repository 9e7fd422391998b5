//! Keys of the config that are settings: an object of known members, or else the defaults.

use crate::json::{Json, Kind};
use crate::log::Log;
use crate::word::Word;

/// What a setting may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Bool,
    Text,
    Word([Word; 2]),
    /// Up to this, and at least 0.
    Share(f64),
    /// Up to this, and at least 1.
    Integer(u64),
}

/// The known members of a key: name, shape, and what is said where it is another.
pub(crate) type Members = [(Word, Shape, &'static str)];

/// `TELEMETRY`: where reports go.
pub(crate) const TELEMETRY: &Members = &[
    (Word::Endpoint, Shape::Text, "an address; the defaults hold"),
    (Word::SampleRate, Shape::Share(1.0), "a number from 0 to 1; the defaults hold"),
    (Word::Cohorts, Shape::Word([Word::All, Word::Balanced]), "\"all\" or \"balanced\"; the defaults hold"),
    (Word::CountAutomation, Shape::Bool, "true or false; the defaults hold"),
];

/// `GUARD`: when a bundle counts as up.
pub(crate) const GUARD: &Members = &[
    (Word::ReadyTimeoutMs, Shape::Integer(3_600_000), "an integer from 1 to 3,600,000; the defaults hold"),
    (Word::ReadyWhen, Shape::Word([Word::Loaded, Word::Started]), "\"loaded\" or \"started\"; the defaults hold"),
];

/// `OVERRIDES`: who may override what.
pub(crate) const OVERRIDES: &Members = &[(Word::Query, Shape::Bool, "true or false; the defaults hold")];

/// Whether `json` is an object whose members are as they should be. If not, the defaults hold, and a notice says so.
pub(crate) fn check(json: Json, known: &Members, log: &mut Log) -> bool {
    if json.kind() != Kind::Object {
        log.notice(json, "an object; the defaults hold");
        return false;
    }
    json.members().fold(true, |sound, (name, value)| match known.iter().find(|(known, ..)| *known == name.word()) {
        Some((_, shape, expected)) if !shape.takes(value) => {
            log.notice(value, expected);
            false
        }
        Some(_) => sound,
        None => {
            log.ignore(name);
            sound
        }
    })
}

impl Shape {
    fn takes(self, json: Json) -> bool {
        match self {
            Self::Bool => json.as_bool().is_some(),
            Self::Text => !json.text().is_empty(),
            Self::Word(words) => words.contains(&json.word()),
            Self::Share(most) => json.as_number().is_some_and(|number| (0.0..=most).contains(&number)),
            Self::Integer(most) => json.as_integer().is_some_and(|integer| (1..=most).contains(&integer)),
        }
    }
}
