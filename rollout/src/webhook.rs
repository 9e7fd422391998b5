//! Webhooks, with Flagger's kinds and wire format.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::event::Event;
use crate::object::{Object, SpecError, mismatch};
use crate::phase::Phase;

/// A webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its name.
    pub name: String,
    /// When it is called.
    pub kind: HookKind,
    /// Its address.
    pub url: String,
    /// The time for one answer, in milliseconds.
    pub timeout: u64,
    /// Further attempts.
    pub retries: u64,
    /// Members of the payload's metadata.
    pub metadata: BTreeMap<String, String>,
}

/// When a webhook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookKind {
    /// Before the start.
    ConfirmRollout,
    /// Before the first traffic.
    PreRollout,
    /// At each check.
    Rollout,
    /// Before each step.
    ConfirmTrafficIncrease,
    /// At the last weight.
    ConfirmPromotion,
    /// After the run.
    PostRollout,
    /// At each check: success rolls back.
    Rollback,
    /// At each event.
    Event,
}

impl HookKind {
    const NAMES: [(&'static str, Self); 9] = [
        ("confirm-rollout", Self::ConfirmRollout),
        ("pre-rollout", Self::PreRollout),
        ("rollout", Self::Rollout),
        ("confirm-traffic-increase", Self::ConfirmTrafficIncrease),
        ("confirm-promotion", Self::ConfirmPromotion),
        ("post-rollout", Self::PostRollout),
        ("rollback", Self::Rollback),
        ("event", Self::Event),
        ("", Self::Rollout),
    ];

    /// Its name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// The body of a request.
#[derive(Clone, Debug, Serialize)]
pub struct Payload<'a> {
    /// The rollout.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The phase.
    pub phase: &'static str,
    /// The run's salt.
    pub checksum: &'a str,
    /// What the file gives, and of an event its message, type and time.
    pub metadata: BTreeMap<String, String>,
}

impl Webhook {
    /// The body of a request in a phase of a run, from the rollout's name and namespace.
    #[must_use]
    pub fn payload<'a>(
        &self,
        (name, namespace): (&'a str, &'a str),
        phase: Phase,
        salt: &'a str,
        event: Option<&Event>,
    ) -> Payload<'a> {
        let mut metadata = self.metadata.clone();
        if let Some(event) = event {
            let kind = if event.is_warning() { "Warning" } else { "Normal" };
            metadata.insert("eventMessage".to_owned(), event.message.clone());
            metadata.insert("eventType".to_owned(), kind.to_owned());
            metadata.insert("timestamp".to_owned(), event.at.saturating_mul(1000).to_string());
        }
        Payload { name, namespace, phase: phase.name(), checksum: salt, metadata }
    }
}

impl Webhook {
    pub(crate) fn read(path: &str, value: &Value) -> Result<Self, SpecError> {
        let known = ["name", "type", "url", "timeout", "retries", "metadata", "muteAlert", "disableTLS"];
        let hook = Object::new(path, value, &known)?;
        let mut metadata = BTreeMap::new();
        for (key, value) in hook.get("metadata").and_then(Value::as_object).into_iter().flatten() {
            let text = value.as_str().ok_or_else(|| mismatch(&format!("{path}.metadata.{key}"), value, "a string"))?;
            metadata.insert(key.clone(), text.to_owned());
        }
        Ok(Self {
            name: hook.required("name")?,
            kind: hook.word("type", &HookKind::NAMES)?.unwrap_or(HookKind::Rollout),
            url: hook
                .address("url")?
                .ok_or_else(|| hook.error("url", "missing, expected http://HOST or https://HOST"))?,
            timeout: hook.duration("timeout")?.unwrap_or(10_000),
            retries: hook.whole("retries")?.unwrap_or_default(),
            metadata,
        })
    }
}
