//! What a config may look like, as data, and the one reader of it.

use crate::word::Word::{self, *};

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Any,
    Bool,
    Text,
    /// A salt.
    Name,
    Percentage,
    Time,
    /// From the first to the second.
    Integer(u64, u64, &'static str),
    /// From 0 to 1.
    Share,
    OneOf(&'static [Word], &'static str),
    Integrity,
    Condition,
    /// The name of a variant, where the flag has variants.
    Served,
    List(&'static Shape),
    /// An object of any names.
    Map(&'static Shape),
    /// An object of known names.
    Object(&'static [Member]),
    /// An object with an address, which may lie on another origin if it has integrity.
    Asset(Word, &'static [Member]),
    /// A list that is not empty.
    Scripts,
    /// Variants, whose weights are not all 0.
    Variants,
    /// All flags, of which any may be malformed.
    Flags,
    /// Rules, of which any may be beyond this reader.
    Rules,
}

/// A known member of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member(pub(crate) Word, pub(crate) Need, pub(crate) Shape);

/// What is so if a member is missing or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It may not be.
    Must,
    /// It may be missing.
    May,
    /// It may be missing, and where it is malformed its default holds.
    Try,
}

use Need::{May, Must, Try};

/// The heaviest that a variant may be.
const MAX_WEIGHT: u64 = 1_000_000_000;

pub(crate) const CONFIG: &[Member] = &[
    Member(Schema, May, Shape::Any),
    // These two have codes of their own, and are checked before all others.
    Member(SchemaVersion, May, Shape::Any),
    Member(CanaryPercentage, May, Shape::Any),
    Member(FeatureFlags, Must, Shape::Flags),
    Member(Revision, Try, Shape::Integer(0, u64::MAX, "an integer from 0 up; it is ignored")),
    Member(TopSalt, May, Shape::Name),
    Member(CanaryRules, May, Shape::Rules),
    // Stable is no member: it is what the page itself carries, so that the way home never depends on this file.
    Member(Assets, May, Shape::Object(&[Member(Canary, May, Shape::Object(BUNDLE))])),
    Member(Telemetry, Try, Shape::Object(TELEMETRY)),
    Member(Guard, Try, Shape::Object(GUARD)),
    Member(Overrides, Try, Shape::Object(&[Member(Query, May, Shape::Bool)])),
    Member(Segments, May, Shape::Map(&Shape::List(&Shape::Any))),
    Member(ExpiresAt, May, Shape::Time),
];

const TELEMETRY: &[Member] = &[
    Member(Endpoint, May, Shape::Text),
    Member(SampleRate, May, Shape::Share),
    Member(Cohorts, May, Shape::OneOf(&[All, Balanced], "\"all\" or \"balanced\"")),
    Member(CountAutomation, May, Shape::Bool),
];

const GUARD: &[Member] = &[
    Member(ReadyTimeoutMs, May, Shape::Integer(1, 3_600_000, "an integer from 1 to 3,600,000")),
    Member(ReadyWhen, May, Shape::OneOf(&[Loaded, Started], "\"loaded\" or \"started\"")),
];

const BUNDLE: &[Member] = &[
    Member(Version, Must, Shape::Text),
    Member(Scripts, Must, Shape::Scripts),
    Member(Styles, May, Shape::List(&Shape::Asset(Href, &[Member(Href, May, Shape::Any), INTEGRITY]))),
    Member(Preload, May, Shape::List(&Shape::Asset(Href, &[Member(Href, May, Shape::Any), AS, INTEGRITY]))),
];

pub(crate) const SCRIPTS: Shape = Shape::List(&Shape::Asset(Src, &[
    Member(Src, May, Shape::Any),
    Member(Type, May, Shape::OneOf(&[Module, Classic], "\"module\" or \"classic\"")),
    INTEGRITY,
]));

const INTEGRITY: Member = Member(Integrity, May, Shape::Integrity);

const AS: Member = Member(
    As,
    Must,
    Shape::OneOf(
        &[Script, Style, Font, Image, Fetch],
        "\"script\", \"style\", \"font\", \"image\" or \"fetch\"",
    ),
);

pub(crate) const RULE: &[Member] = &[
    Member(If, Must, Shape::Condition),
    Member(Serve, Must, Shape::OneOf(&[Canary, Stable], "\"canary\" or \"stable\"")),
    Member(Always, May, Shape::Bool),
];

pub(crate) const FLAG: &[Member] = &[
    Member(Enabled, May, Shape::Bool),
    Member(Percentage, May, Shape::Percentage),
    Member(Salt, May, Shape::Name),
    Member(Default, May, Shape::Served),
    Member(Variants, May, Shape::Variants),
    Member(
        Rules,
        May,
        Shape::List(&Shape::Object(&[
            Member(If, Must, Shape::Condition),
            Member(Serve, May, Shape::Served),
            Member(Percentage, May, Shape::Percentage),
        ])),
    ),
    Member(Requires, May, Shape::Map(&Shape::Any)),
    Member(From, May, Shape::Time),
    Member(Until, May, Shape::Time),
];

pub(crate) const VARIANTS: Shape = Shape::Map(&Shape::Object(&[
    Member(Weight, Must, Shape::Integer(0, MAX_WEIGHT, "an integer from 0 to 1,000,000,000")),
    Member(Value, Must, Shape::Any),
]));

impl Shape {
    /// What is said where a value is another.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Bool => "true or false",
            Self::Text => "a string that is not empty",
            Self::Name => "1 to 64 of A-Z a-z 0-9 _ . -",
            Self::Percentage => "a number from 0 to 100 with at most 3 decimals",
            Self::Time => "a time such as 2026-12-01T00:00:00Z",
            Self::Integer(_, _, expected) | Self::OneOf(_, expected) => expected,
            Self::Share => "a number from 0 to 1",
            Self::Integrity => "sha256-, sha384- or sha512- and base64",
            Self::Condition => "a condition, which is an object",
            Self::Served => "the name of a variant",
            Self::List(_) | Self::Rules => "an array",
            Self::Map(_) | Self::Object(_) | Self::Asset(..) | Self::Flags => "an object",
            Self::Scripts => "an array, with at least one",
            Self::Variants => "variants, with weights that are not all 0",
        }
    }
}
