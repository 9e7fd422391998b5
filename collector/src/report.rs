//! The report that a page sends, and the checks that it must pass.

use std::borrow::Cow;

use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer, Serialize};

/// The version of the report's format.
const FORMAT: f64 = 1.0;
/// The largest integer that JavaScript has exactly, and the largest revision.
const MAX_INTEGER: f64 = 9_007_199_254_740_991.0;

/// One report of one page view.
#[derive(Clone, Debug, PartialEq)]
pub struct Report<'a> {
    /// The milliseconds between the view's exposure and this report.
    pub age: f64,
    /// The salt of the decision, which names the run.
    pub salt: Cow<'a, str>,
    /// The config's revision.
    pub revision: Option<u64>,
    /// The version of the bundle that was inserted.
    pub version: Option<Cow<'a, str>>,
    /// The cohort that was assigned.
    pub cohort: Cohort,
    /// The bundle that was inserted.
    pub arm: Arm,
    /// The comparison that the view is a unit of.
    pub first: Option<First>,
    /// Whether the browser moved between cohorts `canary` and `control`.
    pub both: bool,
    /// Whether the browser had any bundle of the app up before.
    pub returning: bool,
    /// The browser's engine.
    pub engine: Engine,
    /// The kind of device.
    pub device: Device,
    /// The event that is reported.
    pub event: Event<'a>,
}

/// The event that a report is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// A bundle is about to be inserted.
    Exposure {
        /// The time until the decision.
        decision_ms: Option<f64>,
    },
    /// The bundle is up.
    Ready {
        /// The time until it was.
        ready_ms: Option<f64>,
    },
    /// The first fault of the view.
    Failed {
        /// Its code.
        code: Cow<'a, str>,
    },
    /// The view was left before it was up.
    Left,
    /// The first uncaught error.
    Error {
        /// Whether a file of the bundle threw it.
        own: bool,
    },
    /// Web vitals.
    Vitals {
        /// Largest Contentful Paint, in milliseconds.
        lcp: Option<f64>,
        /// Interaction to Next Paint, in milliseconds.
        inp: Option<f64>,
        /// Cumulative Layout Shift.
        cls: Option<f64>,
        /// Whether they come after the horizon, for dashboards.
        is_final: bool,
    },
}

/// The cohort that the hash assigns.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cohort {
    /// The canary's range.
    Canary,
    /// A range of the same size that gets stable.
    Control,
    /// All others, who get stable.
    Rest,
}

/// The bundle that a page inserts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// The canary's bundle.
    Canary,
    /// Stable's bundle.
    Stable,
}

/// The comparison that a view is a unit of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum First {
    /// The browser's first view in a cohort, after it was `rest`.
    Cohort,
    /// The browser's first view of the run.
    Run,
}

/// A browser's engine.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Chrome, Edge and others.
    Chromium,
    /// Firefox.
    Gecko,
    /// Any other.
    Other,
    /// Safari, and all browsers on iOS.
    Webkit,
}

/// A kind of device.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// Anything else.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
}

/// The reason for which a report is not counted.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Refusal {
    /// The age is negative, or the report is too late.
    Age,
    /// The client did not send the whole body in time.
    Incomplete,
    /// The body is larger than allowed.
    Large,
    /// The body is no report.
    Malformed,
    /// `Origin` is missing or another site's.
    Origin,
    /// `Sec-Fetch-Site` is not `same-origin`.
    Site,
}

impl Refusal {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 6] = [Self::Age, Self::Incomplete, Self::Large, Self::Malformed, Self::Origin, Self::Site];

    /// Returns the value of the label `reason`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Incomplete => "incomplete",
            Self::Large => "large",
            Self::Malformed => "malformed",
            Self::Origin => "origin",
            Self::Site => "site",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Exposure,
    Ready,
    Failed,
    Left,
    Error,
    Vitals,
}

/// The fields of a report, as they are sent. Other fields are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    v: f64,
    #[serde(deserialize_with = "word")]
    kind: Kind,
    age: f64,
    #[serde(borrow)]
    salt: Cow<'a, str>,
    revision: Option<f64>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "word")]
    cohort: Cohort,
    #[serde(deserialize_with = "word")]
    arm: Arm,
    #[serde(default, deserialize_with = "optional_word")]
    first: Option<First>,
    both: bool,
    returning: bool,
    #[serde(deserialize_with = "word")]
    engine: Engine,
    #[serde(deserialize_with = "word")]
    device: Device,
    decision_ms: Option<f64>,
    ready_ms: Option<f64>,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
    own: Option<bool>,
    lcp_ms: Option<f64>,
    inp_ms: Option<f64>,
    cls: Option<f64>,
    r#final: Option<bool>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A variant by its name. By itself, serde also takes an object whose only key is the name.
fn word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    let Text(text) = Text::deserialize(deserializer)?;
    T::deserialize(text.as_ref().into_deserializer())
}

fn optional_word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = Option::<Text>::deserialize(deserializer)?;
    text.map(|Text(text)| T::deserialize(text.as_ref().into_deserializer())).transpose()
}

impl<'a> Report<'a> {
    /// Parses the body of a report.
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`], or [`Refusal::Age`] if the age is negative or above the limit. No bytes cause a panic.
    pub fn parse(body: &'a [u8], max_age_ms: f64) -> Result<Self, Refusal> {
        // By itself, serde also takes an array with the values of all fields.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(Refusal::Malformed);
        }
        let fields: Fields<'a> = serde_json::from_slice(body).map_err(|_| Refusal::Malformed)?;
        fields.check().ok_or(Refusal::Malformed)?;
        let revision = fields.revision.map(|number| integer(number).ok_or(Refusal::Malformed)).transpose()?;
        let event = fields.event().ok_or(Refusal::Malformed)?;
        let is_final = matches!(event, Event::Vitals { is_final: true, .. });
        if fields.age < 0.0 || (fields.age > max_age_ms && !is_final) {
            return Err(Refusal::Age);
        }
        Ok(Self {
            age: fields.age,
            salt: fields.salt,
            revision,
            version: fields.version,
            cohort: fields.cohort,
            arm: fields.arm,
            first: fields.first,
            both: fields.both,
            returning: fields.returning,
            engine: fields.engine,
            device: fields.device,
            event,
        })
    }
}

impl<'a> Fields<'a> {
    /// Checks the fields that all reports have.
    fn check(&self) -> Option<()> {
        let names = [Some(&self.salt), self.version.as_ref(), self.code.as_ref()];
        let numbers = [self.decision_ms, self.ready_ms, self.lcp_ms, self.inp_ms, self.cls];
        let is_good = self.v == FORMAT
            && names.into_iter().flatten().all(|name| is_name(name))
            && numbers.into_iter().flatten().all(|number| number >= 0.0);
        is_good.then_some(())
    }

    /// Returns the event, unless it lacks a field.
    fn event(&self) -> Option<Event<'a>> {
        Some(match self.kind {
            Kind::Exposure => Event::Exposure { decision_ms: self.decision_ms },
            Kind::Ready => Event::Ready { ready_ms: self.ready_ms },
            Kind::Failed => Event::Failed { code: self.code.clone()? },
            Kind::Left => Event::Left,
            Kind::Error => Event::Error { own: self.own? },
            Kind::Vitals => Event::Vitals {
                lcp: self.lcp_ms,
                inp: self.inp_ms,
                cls: self.cls,
                is_final: self.r#final == Some(true),
            },
        })
    }
}

/// Whether a string is one that reports may have: `[A-Za-z0-9_.-]{1,64}`.
#[must_use]
pub(crate) fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_allowed)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn integer(number: f64) -> Option<u64> {
    (number.trunc().to_bits() == number.to_bits() && (0.0..=MAX_INTEGER).contains(&number)).then_some(number as u64)
}
