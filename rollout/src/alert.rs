//! Alerts for people: who gets which, and where to send them.

use serde_json::Value;

use crate::object::{Object, SpecError};

/// The importance of an alert, the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Everything.
    #[default]
    Info,
    /// Holds that a person may have to end.
    Warn,
    /// Roll-backs, and what needs a person.
    Error,
}

impl Severity {
    const NAMES: [(&'static str, Self); 3] = [("info", Self::Info), ("warn", Self::Warn), ("error", Self::Error)];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, severity)| *severity == self).map_or("", |(name, _)| name)
    }
}

/// An entry of `alerts`.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// The least severity that is sent. Unlike in Flagger, a missing one means `info`.
    pub severity: Severity,
    /// The provider's name: that of `providerRef`, or else the alert's own.
    pub provider: String,
}

/// Where alerts go, and what their links are made of.
#[derive(Clone, Debug, Default)]
pub struct Notifications {
    /// The cluster's name, for people.
    pub cluster: Option<String>,
    /// The console's address.
    pub console: Option<String>,
    /// What a commit's address begins with.
    pub commits: Option<String>,
    /// The time between reminders of a hold, in seconds.
    pub reminder: i64,
    /// The receivers.
    pub providers: Vec<Provider>,
}

/// A receiver of alerts.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// The format of what it gets.
    pub kind: ProviderKind,
    /// Where it is.
    pub address: Address,
    /// The time for one answer, in milliseconds.
    pub timeout: u64,
    /// Slack's channel, where it is not the webhook's own.
    pub channel: Option<String>,
    /// Slack's user name.
    pub username: Option<String>,
    /// The namespace and name of the config's Kustomization, for Flux.
    pub object: Option<(String, String)>,
}

/// The format of what a provider gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// An event of Flux's notification-controller.
    Flux,
    /// A JSON object with all figures.
    Generic,
    /// A message of a Slack webhook.
    Slack,
    /// An Adaptive Card of a Teams workflow.
    Teams,
}

impl ProviderKind {
    const NAMES: [(&'static str, Self); 4] =
        [("flux", Self::Flux), ("generic", Self::Generic), ("slack", Self::Slack), ("msteams", Self::Teams)];
}

/// The place of an address. That of a chat is a secret, and so never in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// In the file.
    Plain(String),
    /// In an environment variable.
    Env(String),
    /// In a file of the controller, such as a mounted Secret's.
    File(String),
}

impl Alert {
    pub(crate) fn read(path: &str, value: &Value) -> Result<Self, SpecError> {
        let alert = Object::new(path, value, &["name", "severity", "providerRef"])?;
        let name = alert.required("name")?;
        let provider = alert.object("providerRef", &["name", "namespace"])?;
        let provider = provider.map(|provider| provider.required("name")).transpose()?;
        let severity = alert.word("severity", &Severity::NAMES)?.unwrap_or_default();
        Ok(Self { provider: provider.unwrap_or_else(|| name.clone()), name, severity })
    }
}

impl Notifications {
    pub(crate) fn read(spec: &Object<'_>) -> Result<Self, SpecError> {
        let known = ["cluster", "console", "commits", "reminderSeconds", "providers"];
        let read = spec.object("notifications", &known)?;
        let Some(read) = read else { return Ok(Self { reminder: REMINDER, ..Self::default() }) };
        let reminder = read.whole("reminderSeconds")?.filter(|seconds| *seconds > 0);
        let providers = read.items("providers")?;
        Ok(Self {
            cluster: read.text("cluster")?,
            console: read.address("console")?,
            commits: read.address("commits")?,
            reminder: reminder.map_or(REMINDER, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX)),
            providers: providers.iter().map(|(path, value)| Provider::read(path, value)).collect::<Result<_, _>>()?,
        })
    }
}

/// Four hours.
const REMINDER: i64 = 14_400;

impl Provider {
    fn read(path: &str, value: &Value) -> Result<Self, SpecError> {
        let known = ["name", "type", "address", "addressRef", "timeout", "channel", "username", "kustomization"];
        let provider = Object::new(path, value, &known)?;
        let kind = provider.word("type", &ProviderKind::NAMES)?;
        let kind = kind.ok_or_else(|| provider.error("type", "missing, expected flux, generic, slack or msteams"))?;
        let reference = reference(&provider, "addressRef")?;
        let address = match (provider.address("address")?, reference) {
            (Some(_), Some(_)) => return Err(provider.error("addressRef", "found beside address, expected one")),
            (None, None) => return Err(provider.error("addressRef", "missing, expected env or file")),
            (Some(_), None) if matches!(kind, ProviderKind::Slack | ProviderKind::Teams) => {
                let message = "the address of a chat's webhook is a secret; expected addressRef with env or file";
                return Err(provider.error("address", message));
            }
            (Some(address), None) => Address::Plain(address),
            (None, Some(reference)) => reference,
        };
        let object = provider.object("kustomization", &["namespace", "name"])?;
        let object = object.map(|object| {
            let namespace = object.text("namespace")?.unwrap_or_else(|| "flux-system".to_owned());
            Ok((namespace, object.required("name")?))
        });
        let object = object.transpose()?;
        if kind == ProviderKind::Flux && object.is_none() {
            return Err(provider.error("kustomization", "missing, expected the name of the config's Kustomization"));
        }
        Ok(Self {
            name: provider.required("name")?,
            kind,
            address,
            timeout: provider.duration("timeout")?.unwrap_or(10_000),
            channel: provider.text("channel")?,
            username: provider.text("username")?,
            object,
        })
    }
}

/// The place of a secret: an environment variable, or a file.
pub(crate) fn reference(object: &Object<'_>, key: &str) -> Result<Option<Address>, SpecError> {
    let Some(reference) = object.object(key, &["env", "file"])? else { return Ok(None) };
    match (reference.text("env")?, reference.text("file")?) {
        (Some(name), None) => Ok(Some(Address::Env(name))),
        (None, Some(name)) => Ok(Some(Address::File(name))),
        _ => Err(object.error(key, "expected one of env and file")),
    }
}
