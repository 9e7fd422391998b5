//! The config: an immutable snapshot of what an operator typed, swapped whole.

use alloc::vec::Vec;

use crate::bundle::Bundle;
use crate::canary_rule::CanaryRule;
use crate::check::Checker;
use crate::expected::Expected;
use crate::fault::{Code, Fault};
use crate::flag::Flag;
use crate::json::{Document, Json, Kind};
use crate::log::{Entry, Log, Refusal};
use crate::percentage::Percentage;
use crate::segment::Segments;
use crate::shape::{CONFIG, Shape};
use crate::time::parse_rfc3339;
use crate::word::Word;

pub use crate::check::MAX_FLAGS;

/// The largest document that is read, in bytes: a `ConfigMap` holds no more.
pub const MAX_BYTES: usize = 1 << 20;

/// The newest `SCHEMA_VERSION` that this reader knows.
pub const SCHEMA_VERSION: u64 = 1;

/// What `canary-config.json` means: the document, checked once, and what was found on the way.
#[derive(Clone, Debug)]
pub struct Config {
    document: Document,
    /// The share of users on the canary bundle.
    pub percentage: Percentage,
    /// The nodes of all flags' names, in the order of the names.
    flags: Vec<usize>,
    /// The nodes of values that count as absent, or match nobody, because they cannot be read. They ascend.
    unusable: Vec<usize>,
    /// The nodes of malformed flags. They ascend.
    malformed: Vec<usize>,
}

impl Config {
    /// Reads a config. What costs only a part of it comes back as warnings, a hundred at most.
    ///
    /// ```
    /// use canary_runtime::Config;
    ///
    /// let (config, warnings) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}}"#).unwrap();
    /// assert_eq!(config.percentage.buckets(), 5_000);
    /// assert!(warnings.is_empty());
    /// ```
    ///
    /// # Errors
    ///
    /// The first thing for which the whole document has to be rejected. Any bytes give an answer, none a panic.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Vec<Fault>), Fault> {
        let (mut config, log) = Self::read(bytes).map_err(Refusal::locate)?;
        let flags = config.document.root().member(Word::FeatureFlags);
        let names = flags.sorted_names().into_iter().map(Json::index).collect();
        let mut checker = Checker { log, ..Checker::new(flags.nothing()) };
        checker.flags(flags);
        let Checker { log, unusable, .. } = checker;
        let warnings = log.finish(&config.document);
        (config.flags, config.malformed) = (names, unusable);
        Ok((config, warnings))
    }

    /// The same without flags, as if there were none, and without words: for the module that decides, where those would
    /// be a third of the code.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, Log), Refusal> {
        let document = Document::read(text(bytes)?)?;
        let mut checker = Checker::new(document.root());
        let percentage = check(document.root(), &mut checker);
        let Checker { mut log, unusable, .. } = checker;
        match percentage {
            Some(percentage) => Ok((Self { document, percentage, flags: Vec::new(), unusable, malformed: Vec::new() }, log)),
            None => Err(Refusal { entry: log.pop().unwrap_or(Entry::new(Code::Key, Expected::Object)), document }),
        }
    }

    /// Refuses a config past its `EXPIRES_AT`. `now` is the reply's own time in milliseconds since 1970; where
    /// that is not known, a config with an end counts as past it.
    ///
    /// # Errors
    ///
    /// [`Code::Expired`].
    pub fn check_expiry(&self, now: Option<i64>) -> Result<(), Fault> {
        if self.is_expired(now) {
            Err(Fault::new(Code::Expired, Word::ExpiresAt.text(), Expected::Later.text()))
        } else {
            Ok(())
        }
    }

    /// Refuses a config whose canary has an asset on another origin that is none of `origins`, which spaces separate.
    ///
    /// # Errors
    ///
    /// [`Code::Address`], naming the asset.
    pub fn check_origins(&self, origins: &str) -> Result<(), Fault> {
        match self.canary().and_then(|bundle| bundle.stranger(origins)) {
            Some(address) => Err(Fault::new(Code::Address, address, Expected::Listed.text())),
            None => Ok(()),
        }
    }

    pub(crate) fn is_expired(&self, now: Option<i64>) -> bool {
        self.expires_at().is_some_and(|end| now.is_none_or(|now| now >= end))
    }

    /// After this point in time, in milliseconds since 1970, the config counts as absent.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        parse_rfc3339(self.get(Word::ExpiresAt).text())
    }

    /// The salt of the canary decision.
    #[must_use]
    pub fn salt(&self) -> &str {
        self.get(Word::TopSalt).as_str().unwrap_or("canary")
    }

    /// A label, shown and reported, never compared.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.get(Word::Revision).as_integer()
    }

    /// What the canary is, where the config says so.
    #[must_use]
    pub fn canary(&self) -> Option<Bundle<'_>> {
        let canary = self.get(Word::Assets).member(Word::Canary);
        canary.exists().then(|| Bundle::new(canary))
    }

    /// Who gets which bundle before the percentage is asked.
    pub fn rules(&self) -> impl Iterator<Item = CanaryRule<'_>> {
        self.get(Word::CanaryRules).items().filter(|rule| self.is_usable(*rule)).map(CanaryRule::new)
    }

    /// The groups that conditions name.
    #[must_use]
    pub fn segments(&self) -> Segments<'_> {
        Segments::new(self.get(Word::Segments))
    }

    /// Where reports go, if anywhere.
    #[must_use]
    pub fn telemetry(&self) -> Json<'_> {
        self.get(Word::Telemetry)
    }

    /// When a bundle counts as up, if the operator says so.
    #[must_use]
    pub fn guard(&self) -> Json<'_> {
        self.get(Word::Guard)
    }

    /// Whether the page's address may override decisions.
    #[must_use]
    pub fn allows_query(&self) -> bool {
        self.get(Word::Overrides).member(Word::Query).kind() == Kind::True
    }

    /// Whether page views of machines are counted.
    #[must_use]
    pub fn counts_automation(&self) -> bool {
        self.telemetry().member(Word::CountAutomation).kind() == Kind::True
    }

    /// Whether there is any flag, read or not.
    #[must_use]
    pub fn has_flags(&self) -> bool {
        self.get(Word::FeatureFlags).members().next().is_some()
    }

    /// The keys of all flags, sorted.
    pub fn flag_keys(&self) -> impl Iterator<Item = &str> {
        self.flags.iter().map(|name| self.document.at(*name).text())
    }

    /// How many flags there are.
    #[must_use]
    pub fn flag_count(&self) -> usize {
        self.flags.len()
    }

    /// The place of a flag among the sorted keys.
    #[must_use]
    pub fn find(&self, flag_key: &str) -> Option<usize> {
        self.flags.binary_search_by(|name| self.document.at(*name).text().cmp(flag_key)).ok()
    }

    /// The flag at a place among the sorted keys, unless it is malformed.
    #[must_use]
    pub fn flag(&self, index: usize) -> Option<Flag<'_>> {
        let name = *self.flags.get(index)?;
        let value = self.document.at(name.saturating_add(1));
        self.malformed.binary_search(&value.index()).is_err().then(|| Flag::new(self.document.at(name).text(), value))
    }

    /// A member of the config; one that is malformed is absent.
    fn get(&self, key: Word) -> Json<'_> {
        let value = self.document.root().member(key);
        if self.is_usable(value) { value } else { value.nothing() }
    }

    fn is_usable(&self, json: Json) -> bool {
        self.unusable.binary_search(&json.index()).is_err()
    }
}

/// Checks all of it, and is the percentage.
fn check<'a>(root: Json<'a>, checker: &mut Checker<'a>) -> Option<Percentage> {
    let (version, share) = (root.member(Word::SchemaVersion), root.member(Word::CanaryPercentage));
    // First, because a newer one may mean anything by the other keys.
    if version.exists() {
        if !checker.check(version, Shape::Integer(1, u32::MAX, Expected::FromOne)) {
            return None;
        }
        if version.as_integer() > Some(SCHEMA_VERSION) {
            checker.log.refuse(version, Expected::Old);
            checker.log.as_code(Code::Schema);
            return None;
        }
    }
    let percentage = share.as_number().and_then(Percentage::new);
    if percentage.is_none() && root.kind() == Kind::Object {
        checker.log.refuse_member(root, Word::CanaryPercentage, Shape::Percentage.expected());
        checker.log.as_code(Code::Percentage);
        return None;
    }
    if checker.check(root, Shape::Object(CONFIG)) { percentage } else { None }
}

fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.len() > MAX_BYTES {
        return Err(Refusal::new(Code::Size, Expected::Small));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Err(Refusal::new(Code::Html, Expected::NoHtml));
    }
    str::from_utf8(bytes).map_err(|_| Refusal::new(Code::Syntax, Expected::Utf8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;
use crate::word::Word;
    use std::string::ToString;
    use std::{format, vec};

    #[track_caller]
    fn rejected(text: &str, message: &str) {
        assert_eq!(Config::parse(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
    }

    #[track_caller]
    fn with(members: &str) -> (Config, Vec<String>) {
        let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{}}{members}}}"#);
        let (config, warnings) = Config::parse(text.as_bytes()).unwrap();
        (config, warnings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_smallest_config_has_defaults() {
        let (config, warnings) = with("");
        assert_eq!(
            (config.salt.as_str(), config.revision, config.canary, config.expires_at),
            ("canary", None, None, None)
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_byte_order_mark_is_accepted() {
        assert!(Config::parse(b"\xEF\xBB\xBF{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}}").is_ok());
    }

    #[test]
    fn what_is_no_config_is_rejected() {
        rejected("\n <!doctype html>", "E104 expected JSON, not a web page");
        rejected("", "E105 line 1, column 0: expected JSON");
        rejected("[]", "E117 expected an object");
        assert_eq!(Config::parse(b"{\"a\": \"\xff\"}").unwrap_err().to_string(), "E105 expected UTF-8");
        assert_eq!(Config::parse(&vec![b' '; MAX_BYTES + 1]).unwrap_err().to_string(), "E106 expected at most 1 MiB");
        rejected(
            r#"{"CANARY_PERCENTAGE": 5, "CANARY_PERCENTAGE": 6, "FEATURE_FLAGS": {}}"#,
            "E108 CANARY_PERCENTAGE: expected every key once",
        );
    }

    #[test]
    fn percentages_are_never_coerced() {
        for bad in ["-1", "101", "\"10\"", "true", "null", "18446744073709551616", "33.3333", "[5]", "{}"] {
            rejected(
                &format!(r#"{{"CANARY_PERCENTAGE": {bad}, "FEATURE_FLAGS": {{}}}}"#),
                "E109 CANARY_PERCENTAGE: expected a number from 0 to 100 with at most 3 decimals",
            );
        }
    }

    #[test]
    fn malformed_keys_reject_the_config() {
        for (member, message) in [
            (r#""SCHEMA_VERSION": 2"#, "E110 SCHEMA_VERSION: expected 1, the newest that this reader knows"),
            (r#""SCHEMA_VERSION": 0"#, "E117 SCHEMA_VERSION: expected an integer from 1 up"),
            (r#""SCHEMA_VERSION": "1""#, "E117 SCHEMA_VERSION: expected an integer from 1 up"),
            (r#""SALT": "a:b""#, "E117 SALT: expected 1 to 64 of A-Z a-z 0-9 _ . -"),
            (r#""EXPIRES_AT": "tomorrow""#, "E117 EXPIRES_AT: expected a time such as 2026-12-01T00:00:00Z"),
            (r#""ASSETS": []"#, "E117 ASSETS: expected an object"),
        ] {
            rejected(&format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{}}, {member}}}"#), message);
        }
        rejected(r#"{"CANARY_PERCENTAGE": 5}"#, "E117 FEATURE_FLAGS: expected an object");
    }

    #[test]
    fn small_faults_are_warnings() {
        let (config, warnings) = with(r#", "REVISION": -1, "TEAM": "web", "ASSETS": {"stable": {}}"#);
        assert_eq!((config.revision, config.canary), (None, None));
        assert_eq!(
            warnings,
            [
                "I118 REVISION: expected an integer from 0 up; it is ignored",
                "I118 ASSETS.stable: expected canary alone; it is ignored",
                "I118 TEAM: expected a known key; it is ignored",
            ]
        );
    }

    #[test]
    fn one_malformed_flag_costs_that_flag() {
        let text =
            br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"z": true, "__proto__": true, "bad": "on", "a": false}}"#;
        let (config, warnings) = Config::parse(text).unwrap();
        let codes: Vec<_> = warnings.iter().map(|warning| (warning.code(), warning.key())).collect();
        assert_eq!(
            codes,
            [(Code::Flag, "FEATURE_FLAGS.__proto__".to_string()), (Code::Flag, "FEATURE_FLAGS.bad".to_string())]
        );
        assert_eq!(config.flag_keys().collect::<Vec<_>>(), ["__proto__", "a", "bad", "z"]);
        assert_eq!((config.flag("z", "u").value, config.flag("a", "u").value), (Some(true), Some(false)));
        assert_eq!(config.flag("bad", "u").error, Some(ErrorCode::ParseError));
        assert_eq!(config.flag("none", "u").error, Some(ErrorCode::FlagNotFound));
        assert_eq!(config.flag("none", "u").reason, Reason::Error);
    }

    #[test]
    fn too_many_flags_are_rejected() {
        let flags: Vec<_> = (0..=MAX_FLAGS).map(|index| format!("\"f{index}\":1")).collect();
        let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{{}}}}}"#, flags.join(","));
        rejected(&text, "E111 FEATURE_FLAGS: expected at most 10,000 flags");
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        let flags: Vec<_> = (0..MAX_FLAGS).map(|index| format!("\"f{index}\":1")).collect();
        let mut text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{{}}}}}"#, flags.join(","));
        text.extend(std::iter::repeat_n(' ', MAX_BYTES - text.len()));
        assert_eq!(text.len(), MAX_BYTES);
        assert!(Config::parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn a_salt_is_taken() {
        assert_eq!(with(r#", "SALT": "release-1.5.0""#).0.salt, "release-1.5.0");
    }

    #[test]
    fn expiry_is_judged_by_the_reply() {
        let (config, _) = with(r#", "EXPIRES_AT": "1970-01-01T00:00:01Z""#);
        assert!(config.check_expiry(Some(999)).is_ok());
        for now in [Some(1_000), None] {
            let fault = config.check_expiry(now).unwrap_err();
            assert_eq!(fault.to_string(), "E115 EXPIRES_AT: expected a time still to come, by the reply's Date");
        }
        assert!(with("").0.check_expiry(None).is_ok());
    }
}
