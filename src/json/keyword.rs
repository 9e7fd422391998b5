//! The words that a config knows, as numbers: comparing texts in every place would be a third of the browser module.

macro_rules! words {
    ($($word:ident $text:literal,)*) => {
        /// A word that means something, or [`Keyword::Other`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Keyword { Other, $($word,)* }

        /// All of them in one text, and how long each is: half of what a table of texts is.
        const WORDS: &str = concat!($($text,)*);
        #[expect(clippy::cast_possible_truncation, reason = "no word is that long")]
        const LENGTHS: &[u8] = &[$($text.len() as u8,)*];

        impl Keyword {
            /// The word at a place in the text.
            fn at(place: usize) -> Self {
                $(if place == Self::$word as usize { return Self::$word; })*
                Self::Other
            }
        }
    };
}

words! {
    // Top-level keys.
    SchemaVersion "SCHEMA_VERSION", CanaryPercentage "CANARY_PERCENTAGE", FeatureFlags "FEATURE_FLAGS",
    Revision "REVISION", TopSalt "SALT", CanaryRules "CANARY_RULES", Assets "ASSETS", Telemetry "TELEMETRY",
    Guard "GUARD", Overrides "OVERRIDES", Segments "SEGMENTS", ExpiresAt "EXPIRES_AT", Schema "$schema",
    // Flags and rules.
    Enabled "enabled", Percentage "percentage", Salt "salt", Default "default", Variants "variants", Rules "rules",
    Requires "requires", From "from", Until "until", Weight "weight", Value "value", If "if", Serve "serve",
    Always "always", Canary "canary", Stable "stable",
    // Bundles.
    Version "version", Scripts "scripts", Styles "styles", Preload "preload", Src "src", Href "href", Type "type",
    As "as", Integrity "integrity", Module "module", Classic "classic", Script "script", Style "style", Font "font",
    Image "image", Fetch "fetch",
    // Settings.
    Endpoint "endpoint", SampleRate "sampleRate", Cohorts "cohorts", CountAutomation "countAutomation", All "all",
    Balanced "balanced", ReadyTimeoutMs "readyTimeoutMs", ReadyWhen "readyWhen", Loaded "loaded", Started "started",
    Query "query",
    // Operators.
    And "$and", Or "$or", Nor "$nor", Not "$not", Eq "$eq", Ne "$ne", In "$in", Nin "$nin", Ini "$ini", Nini "$nini",
    Gt "$gt", Gte "$gte", Lt "$lt", Lte "$lte", Exists "$exists", TypeOf "$type", Size "$size", AllOf "$all",
    Alli "$alli", ElemMatch "$elemMatch", Regex "$regex", Regexi "$regexi", Veq "$veq", Vne "$vne", Vgt "$vgt",
    Vgte "$vgte", Vlt "$vlt", Vlte "$vlte", InGroup "$inGroup", NotInGroup "$notInGroup",
    // Kinds of values.
    Null "null", Boolean "boolean", Number "number", String "string", Array "array", Object "object",
    // Contexts.
    TargetingKey "targetingKey", Attributes "attributes", Visitor "visitor", Identified "identified", Bot "bot",
    Anonymous "anonymous", Arm "arm", FlagOverrides "flagOverrides", Origins "origins",
}

impl Keyword {
    /// The word that is written so.
    pub(crate) fn of(text: &str) -> Self {
        let found = words().position(|word| word == text);
        found.map_or(Self::Other, |place| Self::at(place.saturating_add(1)))
    }

    /// How it is written.
    pub(crate) fn text(self) -> &'static str {
        (self as usize).checked_sub(1).and_then(|place| words().nth(place)).unwrap_or_default()
    }
}

/// All words, in their order.
fn words() -> impl Iterator<Item = &'static str> {
    let mut rest = WORDS;
    LENGTHS.iter().map(move |length| {
        let (word, tail) = rest.split_at_checked(usize::from(*length)).unwrap_or_default();
        rest = tail;
        word
    })
}
