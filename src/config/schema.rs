//! What a config may look like, as data, and the one reader of it.
#![allow(clippy::enum_glob_use, reason = "the tables read like what they describe")]

use crate::config::validator::{self, Checker};
use crate::diagnostics::expected::Expected;
use crate::json::document::Json;
use crate::json::keyword::Word::{self, *};

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
    /// From the first to the second; `u32::MAX` stands for no end.
    Integer(u32, u32, Expected),
    /// From 0 to 1.
    Share,
    OneOf(&'static [Word], Expected),
    Integrity,
    Condition,
    List(&'static Shape),
    /// An object of any names.
    Map(&'static Shape),
    /// An object of known names.
    Object(&'static [Member]),
    /// An object with an address, which may lie on another origin if it has integrity.
    Asset(Word, &'static [Member]),
    /// A list that is not empty.
    Scripts,
    /// What only flags have, so that who has none leaves their code behind.
    Only(for<'a> fn(&mut Checker<'a>, Json<'a>) -> bool, Expected),
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
const MAX_WEIGHT: u32 = 1_000_000_000;

pub(crate) const CONFIG: &[Member] = &[
    Member(Schema, May, Shape::Any),
    // These two have codes of their own, and are checked before all others.
    Member(SchemaVersion, May, Shape::Any),
    Member(CanaryPercentage, May, Shape::Any),
    Member(FeatureFlags, Must, Shape::Flags),
    Member(Revision, Try, Shape::Integer(0, u32::MAX, Expected::FromZero)),
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
    Member(Cohorts, May, Shape::OneOf(&[All, Balanced], Expected::Cohorts)),
    Member(CountAutomation, May, Shape::Bool),
];

const GUARD: &[Member] = &[
    Member(ReadyTimeoutMs, May, Shape::Integer(1, 3_600_000, Expected::Milliseconds)),
    Member(ReadyWhen, May, Shape::OneOf(&[Loaded, Started], Expected::ReadyWhen)),
];

const BUNDLE: &[Member] = &[
    Member(Version, Must, Shape::Text),
    Member(Scripts, Must, Shape::Scripts),
    Member(Styles, May, Shape::List(&Shape::Asset(Href, &[Member(Href, May, Shape::Any), INTEGRITY]))),
    Member(Preload, May, Shape::List(&Shape::Asset(Href, &[Member(Href, May, Shape::Any), AS, INTEGRITY]))),
];

pub(crate) const SCRIPTS: Shape = Shape::List(&Shape::Asset(
    Src,
    &[
        Member(Src, May, Shape::Any),
        Member(Type, May, Shape::OneOf(&[Module, Classic], Expected::ScriptType)),
        INTEGRITY,
    ],
));

const INTEGRITY: Member = Member(Integrity, May, Shape::Integrity);

const AS: Member = Member(As, Must, Shape::OneOf(&[Script, Style, Font, Image, Fetch], Expected::PreloadAs));

pub(crate) const RULE: &[Member] = &[
    Member(If, Must, Shape::Condition),
    Member(Serve, Must, Shape::OneOf(&[Canary, Stable], Expected::Arm)),
    Member(Always, May, Shape::Bool),
];

pub(crate) const FLAG: &[Member] = &[
    Member(Enabled, May, Shape::Bool),
    Member(Percentage, May, Shape::Percentage),
    Member(Salt, May, Shape::Name),
    Member(Default, May, Shape::Only(validator::served, Expected::Variant)),
    Member(Variants, May, Shape::Only(validator::variants, Expected::Variants)),
    Member(
        Rules,
        May,
        Shape::List(&Shape::Object(&[
            Member(If, Must, Shape::Condition),
            Member(Serve, May, Shape::Only(validator::served, Expected::Variant)),
            Member(Percentage, May, Shape::Percentage),
        ])),
    ),
    Member(Requires, May, Shape::Map(&Shape::Any)),
    Member(From, May, Shape::Time),
    Member(Until, May, Shape::Time),
];

pub(crate) const VARIANTS: Shape = Shape::Map(&Shape::Object(&[
    Member(Weight, Must, Shape::Integer(0, MAX_WEIGHT, Expected::Weight)),
    Member(Value, Must, Shape::Any),
]));

impl Shape {
    /// What is said where a value is another.
    pub(crate) fn expected(self) -> Expected {
        match self {
            Self::Any => Expected::Value,
            Self::Bool => Expected::Bool,
            Self::Text => Expected::Text,
            Self::Name => Expected::Name,
            Self::Percentage => Expected::Percentage,
            Self::Time => Expected::Time,
            Self::Integer(_, _, expected) | Self::OneOf(_, expected) | Self::Only(_, expected) => expected,
            Self::Share => Expected::Share,
            Self::Integrity => Expected::Integrity,
            Self::Condition => Expected::Condition,
            Self::List(_) | Self::Rules => Expected::Array,
            Self::Map(_) | Self::Object(_) | Self::Asset(..) | Self::Flags => Expected::Object,
            Self::Scripts => Expected::Scripts,
        }
    }
}
