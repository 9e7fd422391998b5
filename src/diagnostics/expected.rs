//! The expectations that diagnostics name, as numbers: the engine leaves the texts out.

macro_rules! phrases {
    ($($phrase:ident $text:literal,)*) => {
        /// An expectation that a config does not meet.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Expected { $($phrase,)* }

        impl Expected {
            /// Returns the text that follows "expected" in a message.
            pub(crate) fn text(self) -> &'static str {
                match self { $(Self::$phrase => $text,)* }
            }
        }
    };
}

phrases! {
    // The document.
    Json "JSON",
    Utf8 "UTF-8",
    NotHtml "JSON, not a web page",
    MaxSize "at most 1 MiB",
    MaxDepth "at most 64 levels of nesting",
    UniqueKey "each key only once",
    KnownKey "a known key; it is ignored",
    OnlyKnownKeys "a known key",
    FewerProblems "at most 100 problems; the rest are not shown",
    FutureTime "a time after the Date of the response",
    SupportedVersion "1, the newest supported version",
    // Values.
    Value "a value",
    Bool "true or false",
    NonEmptyString "a string that is not empty",
    Identifier "1 to 64 of A-Z a-z 0-9 _ . -",
    Percentage "a number from 0 to 100 with at most 3 decimals",
    Timestamp "a time such as 2026-12-01T00:00:00Z",
    NonNegative "an integer of at least 0; it is ignored",
    Positive "an integer of at least 1",
    Fraction "a number from 0 to 1",
    Array "an array",
    Object "an object",
    Milliseconds "an integer from 1 to 30,000",
    Seconds "an integer from 1 to 3,600",
    Cohorts "\"all\" or \"balanced\"",
    ReadyWhen "\"loaded\" or \"started\"",
    Arm "\"canary\" or \"stable\"",
    // Bundles.
    Scripts "an array with at least one script",
    ScriptType "\"module\" or \"classic\"",
    PreloadAs "\"script\", \"style\", \"font\", \"image\" or \"fetch\"",
    Integrity "sha256-, sha384- or sha512- followed by base64",
    TokenHash "sha256: followed by 64 hexadecimal digits in lower case",
    AssetUrl "a path on this origin, or an https URL with integrity",
    ListedByPages "data-origins of every page to list this origin",
    ListedOrigin "its origin in data-origins",
    RequiredIntegrity "integrity, which data-integrity requires",
    BelowBase "a path below data-canary-base",
    // Flags and rules.
    MaxFlags "at most 10,000 flags",
    Work "fewer or shorter segments and rules, which would take too long to match",
    FlagKey "1 to 64 of A-Z a-z 0-9 _ . -, except __proto__, constructor and prototype",
    Flag "true, false, a percentage or an object",
    VariantName "the name of a variant",
    WeightedVariants "variants whose weights are not all 0, with names that are no array indices",
    Weight "an integer from 0 to 1,000,000,000",
    Condition "a condition, which is an object",
    Conditions "an array of conditions",
    PortableRegex "a regular expression that JavaScript and Rust read alike, and that no text makes slow",
    KnownOperator "a known operator; this one never matches",
    NoCycle "no dependency cycle, and chains of at most 64 flags",
    // Overrides.
    OverrideForm "?canary=canary, ?canary=stable or ?canary.flag=KEY:JSON; it is ignored",
    OverridesAllowed "OVERRIDES.query to be true for an override in the URL; it is ignored",
    OverridesLive "CANARY_PERCENTAGE above 0 for an override in the URL; it is ignored",
    KnownFlag "an override of a flag in the config; it is ignored",
    DeclaredValue "an override with a value that its flag declares; it is ignored",
}
