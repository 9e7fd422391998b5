//! The expectations that diagnostics name, as numbers: the module that decides leaves the texts out.

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
    Json "JSON", Utf8 "UTF-8", NoHtml "JSON, not a web page", Small "at most 1 MiB", Shallow "at most 64 levels of nesting",
    Once "every key once", Known "a known key; it is ignored", Fewer "fewer faults; the rest is not shown",
    Later "a time still to come, by the reply's Date", Old "1, the newest that this reader knows",
    // Values.
    Value "a value", Bool "true or false", Text "a string that is not empty", Name "1 to 64 of A-Z a-z 0-9 _ . -",
    Percentage "a number from 0 to 100 with at most 3 decimals", Time "a time such as 2026-12-01T00:00:00Z",
    FromZero "an integer from 0 up; it is ignored", FromOne "an integer from 1 up", Share "a number from 0 to 1",
    Array "an array", Object "an object", Milliseconds "an integer from 1 to 3,600,000",
    Cohorts "\"all\" or \"balanced\"", ReadyWhen "\"loaded\" or \"started\"", Arm "\"canary\" or \"stable\"",
    // Bundles.
    Scripts "an array, with at least one", ScriptType "\"module\" or \"classic\"",
    PreloadAs "\"script\", \"style\", \"font\", \"image\" or \"fetch\"",
    Integrity "sha256-, sha384- or sha512- and base64",
    Address "a path on this origin, or an https URL with integrity",
    ListedLater "data-origins of every page to list this origin",
    Listed "its origin among data-origins",
    // Flags and rules.
    FewFlags "at most 10,000 flags", FlagKey "1 to 64 of A-Z a-z 0-9 _ . -, and no name of JavaScript's own",
    Flag "true, false, a percentage or an object", Variant "the name of a variant",
    Variants "variants, with weights that are not all 0", Weight "an integer from 0 to 1,000,000,000",
    Condition "a condition, which is an object", Conditions "an array of conditions",
    Pattern "a regular expression that JavaScript and Rust read alike",
    Operator "a known operator; it matches nothing",
    Row "flags that do not require each other in a circle, and at most 64 in a row",
    // Overrides.
    OverrideForm "?canary=canary, ?canary=stable or ?canary.flag=KEY:JSON; it is ignored",
    OverridesOn "OVERRIDES.query to be on for an override in the address; it is ignored",
    OverrideKnown "overrides of flags that the config has; it is ignored",
}
