//! What a config may look like, as data, and the one reader of it.
#![allow(clippy::enum_glob_use, reason = "the tables read like what they describe")]

use crate::config::validator::{self, Validator};
use crate::diagnostics::expected::Expected;
use crate::json::document::Json;
use crate::json::keyword::Keyword::{self, *};

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schema {
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
    OneOf(&'static [Keyword], Expected),
    Integrity,
    Condition,
    List(&'static Schema),
    /// An object of any names.
    Map(&'static Schema),
    /// An object of known names.
    Object(&'static [Member]),
    /// An object with an address, which may lie on another origin if it has integrity.
    Asset(Keyword, &'static [Member]),
    /// A list that is not empty.
    Scripts,
    /// What only flags have, so that who has none leaves their code behind.
    Only(for<'a> fn(&mut Validator<'a>, Json<'a>) -> bool, Expected),
    /// All flags, of which any may be malformed.
    Flags,
    /// Rules, of which any may be beyond this reader.
    Rules,
}

/// A known member of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member(pub(crate) Keyword, pub(crate) Presence, pub(crate) Schema);

/// What is so if a member is missing or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It may not be.
    Required,
    /// It may be missing.
    Optional,
    /// It may be missing, and where it is malformed its default holds.
    Lenient,
}

use Presence::{Lenient, Optional, Required};

/// The heaviest that a variant may be.
const MAX_WEIGHT: u32 = 1_000_000_000;

pub(crate) const CONFIG: &[Member] = &[
    Member(Schema, Optional, Schema::Any),
    // These two have codes of their own, and are checked before all others.
    Member(SchemaVersion, Optional, Schema::Any),
    Member(CanaryPercentage, Optional, Schema::Any),
    Member(FeatureFlags, Required, Schema::Flags),
    Member(Revision, Lenient, Schema::Integer(0, u32::MAX, Expected::FromZero)),
    Member(TopSalt, Optional, Schema::Name),
    Member(CanaryRules, Optional, Schema::Rules),
    // Stable is no member: it is what the page itself carries, so that the way home never depends on this file.
    Member(Assets, Optional, Schema::Object(&[Member(Canary, Optional, Schema::Object(BUNDLE))])),
    Member(Telemetry, Lenient, Schema::Object(TELEMETRY)),
    Member(Guard, Lenient, Schema::Object(GUARD)),
    Member(Overrides, Lenient, Schema::Object(&[Member(Query, Optional, Schema::Bool)])),
    Member(Segments, Optional, Schema::Map(&Schema::List(&Schema::Any))),
    Member(ExpiresAt, Optional, Schema::Time),
];

const TELEMETRY: &[Member] = &[
    Member(Endpoint, Optional, Schema::Text),
    Member(SampleRate, Optional, Schema::Share),
    Member(Cohorts, Optional, Schema::OneOf(&[All, Balanced], Expected::Cohorts)),
    Member(CountAutomation, Optional, Schema::Bool),
];

const GUARD: &[Member] = &[
    Member(ReadyTimeoutMs, Optional, Schema::Integer(1, 3_600_000, Expected::Milliseconds)),
    Member(ReadyWhen, Optional, Schema::OneOf(&[Loaded, Started], Expected::ReadyWhen)),
];

const BUNDLE: &[Member] = &[
    Member(Version, Required, Schema::Text),
    Member(Scripts, Required, Schema::Scripts),
    Member(Styles, Optional, Schema::List(&Schema::Asset(Href, &[Member(Href, Optional, Schema::Any), INTEGRITY]))),
    Member(
        Preload,
        Optional,
        Schema::List(&Schema::Asset(Href, &[Member(Href, Optional, Schema::Any), AS, INTEGRITY])),
    ),
];

pub(crate) const SCRIPTS: Schema = Schema::List(&Schema::Asset(
    Src,
    &[
        Member(Src, Optional, Schema::Any),
        Member(Type, Optional, Schema::OneOf(&[Module, Classic], Expected::ScriptType)),
        INTEGRITY,
    ],
));

const INTEGRITY: Member = Member(Integrity, Optional, Schema::Integrity);

const AS: Member = Member(As, Required, Schema::OneOf(&[Script, Style, Font, Image, Fetch], Expected::PreloadAs));

pub(crate) const RULE: &[Member] = &[
    Member(If, Required, Schema::Condition),
    Member(Serve, Required, Schema::OneOf(&[Canary, Stable], Expected::Arm)),
    Member(Always, Optional, Schema::Bool),
];

pub(crate) const FLAG: &[Member] = &[
    Member(Enabled, Optional, Schema::Bool),
    Member(Percentage, Optional, Schema::Percentage),
    Member(Salt, Optional, Schema::Name),
    Member(Default, Optional, Schema::Only(validator::served, Expected::Variant)),
    Member(Variants, Optional, Schema::Only(validator::variants, Expected::Variants)),
    Member(
        Rules,
        Optional,
        Schema::List(&Schema::Object(&[
            Member(If, Required, Schema::Condition),
            Member(Serve, Optional, Schema::Only(validator::served, Expected::Variant)),
            Member(Percentage, Optional, Schema::Percentage),
        ])),
    ),
    Member(Requires, Optional, Schema::Map(&Schema::Any)),
    Member(From, Optional, Schema::Time),
    Member(Until, Optional, Schema::Time),
];

pub(crate) const VARIANTS: Schema = Schema::Map(&Schema::Object(&[
    Member(Weight, Required, Schema::Integer(0, MAX_WEIGHT, Expected::Weight)),
    Member(Value, Required, Schema::Any),
]));

impl Schema {
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
