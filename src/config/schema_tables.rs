//! The schema of a config.
#![allow(clippy::enum_glob_use, reason = "the tables name keywords in every line")]

use crate::bucketing::variants;
use crate::config::schema::Presence::{Lenient, Optional, Required};
use crate::config::schema::{Member, Schema};
use crate::diagnostics::expected::Expected;
use crate::json::document::{Json, Kind};
use crate::json::keyword::Keyword::{self, *};
use crate::targeting::condition::parse_index;

/// The highest weight of a variant.
const MAX_WEIGHT: u32 = 1_000_000_000;

/// The members of a config.
pub(crate) const CONFIG: &[Member] = &[
    Member(Schema, Optional, Schema::Any),
    // These two have codes of their own and are validated first.
    Member(SchemaVersion, Optional, Schema::Any),
    Member(CanaryPercentage, Optional, Schema::Any),
    Member(FeatureFlags, Required, Schema::Flags),
    Member(Revision, Lenient, Schema::Integer(0, u32::MAX, Expected::NonNegative)),
    Member(TopSalt, Optional, Schema::Identifier),
    Member(CanaryRules, Optional, Schema::CanaryRules),
    // There is no `stable`: the page itself names that bundle, so that falling back to it never depends on the config.
    Member(
        Assets,
        Optional,
        Schema::Open(&[
            Member(Canary, Optional, Schema::Object(BUNDLE)),
            Member(Entries, Optional, Schema::Named(&Schema::Object(BUNDLE))),
        ]),
    ),
    Member(Telemetry, Lenient, Schema::Open(TELEMETRY)),
    Member(Guard, Lenient, Schema::Open(GUARD)),
    Member(
        Overrides,
        Lenient,
        Schema::Open(&[Member(Query, Optional, Schema::Bool), Member(Tokens, Optional, Schema::List(&TOKEN))]),
    ),
    Member(Segments, Optional, Schema::Map(&Schema::List(&Schema::Any))),
    Member(ExpiresAt, Optional, Schema::Timestamp),
];

/// A token of a QA link.
const TOKEN: Schema =
    Schema::Object(&[Member(Hash, Required, Schema::TokenHash), Member(Always, Optional, Schema::Bool)]);

const TELEMETRY: &[Member] = &[
    Member(Endpoint, Optional, Schema::NonEmptyString),
    Member(SampleRate, Optional, Schema::Fraction),
    Member(Cohorts, Optional, Schema::OneOf(&[All, Balanced], Expected::Cohorts)),
    Member(CountAutomation, Optional, Schema::Bool),
    Member(HorizonSeconds, Optional, Schema::Integer(1, 3_600, Expected::Seconds)),
];

const GUARD: &[Member] = &[
    Member(ReadyTimeoutMs, Optional, Schema::Integer(1, 30_000, Expected::Milliseconds)),
    Member(ReadyWhen, Optional, Schema::OneOf(&[Loaded, Started], Expected::ReadyWhen)),
];

const BUNDLE: &[Member] = &[
    Member(Version, Required, Schema::NonEmptyString),
    Member(Scripts, Required, Schema::Scripts),
    Member(Styles, Optional, Schema::List(&Schema::Asset(Href, &[Member(Href, Optional, Schema::Any), INTEGRITY]))),
    Member(
        Preload,
        Optional,
        Schema::List(&Schema::Asset(Href, &[Member(Href, Optional, Schema::Any), AS, INTEGRITY])),
    ),
];

/// The scripts of a bundle.
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

/// The members of a rule of the canary.
pub(crate) const CANARY_RULE: &[Member] = &[
    Member(If, Required, Schema::Condition),
    Member(Serve, Required, Schema::OneOf(&[Canary, Stable], Expected::Arm)),
    Member(Always, Optional, Schema::Bool),
];

/// The members of a flag that is an object.
pub(crate) const FLAG: &[Member] = &[
    Member(Enabled, Optional, Schema::Bool),
    Member(Percentage, Optional, Schema::Percentage),
    Member(Salt, Optional, Schema::Identifier),
    Member(Default, Optional, SERVED),
    Member(Variants, Optional, Schema::Refined(&VARIANTS, has_weight, Expected::WeightedVariants)),
    Member(
        Rules,
        Optional,
        Schema::List(&Schema::Object(&[
            Member(If, Required, Schema::Condition),
            Member(Serve, Optional, SERVED),
            Member(Percentage, Optional, Schema::Percentage),
        ])),
    ),
    Member(Requires, Optional, Schema::Map(&Schema::Any)),
    Member(From, Optional, Schema::Timestamp),
    Member(Until, Optional, Schema::Timestamp),
];

const SERVED: Schema = Schema::Refined(&Schema::Any, is_served, Expected::VariantName);

const VARIANTS: Schema = Schema::Map(&Schema::Object(&[
    Member(Weight, Required, Schema::Integer(0, MAX_WEIGHT, Expected::Weight)),
    Member(Value, Required, Schema::Any),
]));

/// Returns whether a flag can serve a value: the name of a variant if it has variants, any value otherwise.
fn is_served(flag: Json, value: Json) -> bool {
    let variants = flag.member(Keyword::Variants);
    !variants.exists() || value.kind() == Kind::String && variants.member_named(value.as_text()).exists()
}

/// Returns whether a variant has a weight that is not 0, and none has a name that JavaScript would move to the front.
fn has_weight(_flag: Json, variants: Json) -> bool {
    variants::Variants::new(variants).total_weight() > 0
        && !variants.members().any(|(name, _)| parse_index(name.as_text()).is_some())
}
