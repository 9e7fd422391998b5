//! The keywords of a config as numbers: comparing strings everywhere would be a third of the browser module.

macro_rules! keywords {
    ($($keyword:ident $text:literal,)*) => {
        /// A key or string value that a config gives a meaning, or [`Keyword::Other`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Keyword { Other, $($keyword,)* }

        /// The texts of all keywords. One string and its lengths take half the space of a table of strings.
        const TEXTS: &str = concat!($($text,)*);
        #[expect(clippy::cast_possible_truncation, reason = "every keyword is shorter")]
        const LENGTHS: &[u8] = &[$($text.len() as u8,)*];

        impl Keyword {
            /// Returns the keyword with a number.
            fn from_number(number: usize) -> Self {
                $(if number == Self::$keyword as usize { return Self::$keyword; })*
                Self::Other
            }
        }
    };
}

keywords! {
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
    Image "image", Fetch "fetch", Entries "entries",
    // Settings.
    Endpoint "endpoint", SampleRate "sampleRate", Cohorts "cohorts", CountAutomation "countAutomation", All "all",
    Balanced "balanced", HorizonSeconds "horizonSeconds", ReadyTimeoutMs "readyTimeoutMs", ReadyWhen "readyWhen", Loaded "loaded", Started "started",
    Query "query", Tokens "tokens", Hash "hash",
    // Operators.
    And "$and", Or "$or", Nor "$nor", Not "$not", Eq "$eq", Ne "$ne", In "$in", Nin "$nin", Ini "$ini", Nini "$nini",
    Gt "$gt", Gte "$gte", Lt "$lt", Lte "$lte", Exists "$exists", TypeOf "$type", Size "$size", AllOf "$all",
    Alli "$alli", ElemMatch "$elemMatch", Regex "$regex", Regexi "$regexi", Veq "$veq", Vne "$vne", Vgt "$vgt",
    Vgte "$vgte", Vlt "$vlt", Vlte "$vlte", InGroup "$inGroup", NotInGroup "$notInGroup",
    // Kinds of values.
    Null "null", Boolean "boolean", Number "number", String "string", Array "array", Object "object",
}

impl Keyword {
    /// Returns the keyword with the given text.
    pub(crate) fn parse(text: &str) -> Self {
        let found = texts().position(|keyword| keyword == text);
        found.map_or(Self::Other, |index| Self::from_number(index.saturating_add(1)))
    }

    /// Returns the text of the keyword.
    pub(crate) fn as_str(self) -> &'static str {
        (self as usize).checked_sub(1).and_then(|index| texts().nth(index)).unwrap_or_default()
    }
}

/// Returns the texts of all keywords in the order of their numbers.
fn texts() -> impl Iterator<Item = &'static str> {
    let mut rest = TEXTS;
    LENGTHS.iter().map(move |length| {
        let (text, tail) = rest.split_at_checked(usize::from(*length)).unwrap_or_default();
        rest = tail;
        text
    })
}
