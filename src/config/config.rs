//! The config: an immutable snapshot of what an operator typed, swapped whole.

use alloc::vec::Vec;

use crate::bucketing::percentage::Percentage;
use crate::config::bundle::Bundle;
use crate::config::dependency_cycle;
use crate::config::schema::{CONFIG, Schema};
use crate::config::timestamp::parse_rfc3339;
use crate::config::validator::Validator;
use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::diagnostics::expected::Expected;
use crate::diagnostics::list::{Diagnostics, Entry};
use crate::diagnostics::rejection::Rejection;
use crate::encoding::utf8;
use crate::evaluation::flag::Flag;
use crate::json::document::{Document, Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::canary_rule::CanaryRule;
use crate::targeting::segment::Segments;

pub use crate::config::validator::MAX_FLAGS;

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
    pub fn parse(bytes: &[u8]) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let (mut config, log) = Self::read(bytes).map_err(Rejection::into_diagnostic)?;
        let flags = config.document.root().member(Keyword::FeatureFlags);
        let names = flags.sorted_keys().into_iter().map(|(_, name)| name.index()).collect();
        let mut validator = Validator { log, ..Validator::new(flags.null()) };
        validator.flags(flags);
        let Validator { mut log, unusable, .. } = validator;
        (config.flags, config.malformed) = (names, unusable);
        for index in dependency_cycle::find(&config) {
            let flag = config.value(index);
            log.reject_member(flag, Keyword::Requires, Expected::Row);
            log.set_last_code(Code::Flag);
            let malformed = flag.index();
            if let Err(place) = config.malformed.binary_search(&malformed) {
                config.malformed.insert(place, malformed);
            }
        }
        let warnings = log.describe(&config.document);
        Ok((config, warnings))
    }

    /// The same without flags, as if there were none, and without words: for the module that decides, where those would
    /// be a third of the code.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, Diagnostics), Rejection> {
        let document = Document::parse(text(bytes)?)?;
        let mut validator = Validator::new(document.root());
        let percentage = check(document.root(), &mut validator);
        let Validator { mut log, unusable, .. } = validator;
        match percentage {
            Some(percentage) => {
                Ok((Self { document, percentage, flags: Vec::new(), unusable, malformed: Vec::new() }, log))
            }
            None => Err(Rejection::Entry(log.pop().unwrap_or(Entry::new(Code::Key, Expected::Object)), document)),
        }
    }

    /// Refuses a config past its `EXPIRES_AT`. `now` is the reply's own time in milliseconds since 1970; where
    /// that is not known, a config with an end counts as past it.
    ///
    /// # Errors
    ///
    /// [`Code::Expired`].
    pub fn check_expiry(&self, now: Option<i64>) -> Result<(), Diagnostic> {
        if self.is_expired(now) {
            Err(Diagnostic::new(Code::Expired, Keyword::ExpiresAt.as_str(), Expected::Later.text()))
        } else {
            Ok(())
        }
    }

    /// Refuses a config whose canary has an asset on another origin that is none of `origins`, which spaces separate.
    ///
    /// # Errors
    ///
    /// [`Code::AssetUrl`], naming the asset.
    pub fn check_origins(&self, origins: &str) -> Result<(), Diagnostic> {
        match self.canary().and_then(|bundle| bundle.first_unlisted_asset(origins)) {
            Some(address) => Err(Diagnostic::new(Code::AssetUrl, address, Expected::Listed.text())),
            None => Ok(()),
        }
    }

    pub(crate) fn is_expired(&self, now: Option<i64>) -> bool {
        self.expires_at().is_some_and(|end| now.is_none_or(|now| now >= end))
    }

    /// After this point in time, in milliseconds since 1970, the config counts as absent.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        parse_rfc3339(self.get(Keyword::ExpiresAt).as_text())
    }

    /// The salt of the canary decision.
    #[must_use]
    pub fn salt(&self) -> &str {
        self.get(Keyword::TopSalt).as_str().unwrap_or("canary")
    }

    /// A label, shown and reported, never compared.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.get(Keyword::Revision).as_integer()
    }

    /// What the canary is, where the config says so.
    #[must_use]
    pub fn canary(&self) -> Option<Bundle<'_>> {
        let canary = self.get(Keyword::Assets).member(Keyword::Canary);
        canary.exists().then(|| Bundle::new(canary))
    }

    /// Who gets which bundle before the percentage is asked.
    pub fn rules(&self) -> impl Iterator<Item = CanaryRule<'_>> {
        self.get(Keyword::CanaryRules).items().filter(|rule| self.is_usable(*rule)).map(CanaryRule::new)
    }

    /// The groups that conditions name.
    #[must_use]
    pub fn segments(&self) -> Segments<'_> {
        Segments::new(self.get(Keyword::Segments))
    }

    /// Where reports go, if anywhere.
    #[must_use]
    pub fn telemetry(&self) -> Json<'_> {
        self.get(Keyword::Telemetry)
    }

    /// When a bundle counts as up, if the operator says so.
    #[must_use]
    pub fn guard(&self) -> Json<'_> {
        self.get(Keyword::Guard)
    }

    /// Whether the page's address may override decisions.
    #[must_use]
    pub fn allows_query(&self) -> bool {
        self.get(Keyword::Overrides).member(Keyword::Query).kind() == Kind::True
    }

    /// Whether page views of machines are counted.
    #[must_use]
    pub fn counts_automation(&self) -> bool {
        self.telemetry().member(Keyword::CountAutomation).kind() == Kind::True
    }

    /// Whether there is any flag, read or not.
    #[must_use]
    pub fn has_flags(&self) -> bool {
        self.get(Keyword::FeatureFlags).members().next().is_some()
    }

    /// The keys of all flags, sorted.
    pub fn flag_keys(&self) -> impl Iterator<Item = &str> {
        self.flags.iter().map(|name| self.document.value_at(*name).as_text())
    }

    /// How many flags there are.
    #[must_use]
    pub fn flag_count(&self) -> usize {
        self.flags.len()
    }

    /// The place of a flag among the sorted keys.
    #[must_use]
    pub fn find(&self, flag_key: &str) -> Option<usize> {
        self.flags.binary_search_by(|name| self.document.value_at(*name).as_text().cmp(flag_key)).ok()
    }

    /// The flag at a place among the sorted keys, unless it is malformed.
    #[must_use]
    pub fn flag(&self, index: usize) -> Option<Flag<'_>> {
        let name = self.document.value_at(*self.flags.get(index)?);
        let value = self.value(index);
        self.malformed.binary_search(&value.index()).is_err().then(|| Flag::new(name.as_text(), value))
    }

    /// What the flag at a place among the sorted keys was typed as.
    fn value(&self, index: usize) -> Json<'_> {
        self.document.value_at(self.flags.get(index).map_or(usize::MAX, |name| name.saturating_add(1)))
    }

    /// A member of the config; one that is malformed is absent.
    fn get(&self, key: Keyword) -> Json<'_> {
        let value = self.document.root().member(key);
        if self.is_usable(value) { value } else { value.null() }
    }

    fn is_usable(&self, json: Json) -> bool {
        self.unusable.binary_search(&json.index()).is_err()
    }
}

/// Checks all of it, and is the percentage.
fn check<'a>(root: Json<'a>, validator: &mut Validator<'a>) -> Option<Percentage> {
    let (version, share) = (root.member(Keyword::SchemaVersion), root.member(Keyword::CanaryPercentage));
    // First, because a newer one may mean anything by the other keys.
    if version.exists() {
        if !validator.check(version, Schema::Integer(1, u32::MAX, Expected::FromOne)) {
            return None;
        }
        if version.as_integer() > Some(SCHEMA_VERSION) {
            validator.log.reject(version, Expected::Old);
            validator.log.set_last_code(Code::Schema);
            return None;
        }
    }
    let percentage = share.as_number().and_then(Percentage::new);
    if percentage.is_none() && root.kind() == Kind::Object {
        validator.log.reject_member(root, Keyword::CanaryPercentage, Schema::Percentage.expected());
        validator.log.set_last_code(Code::Percentage);
        return None;
    }
    if validator.check(root, Schema::Object(CONFIG)) { percentage } else { None }
}

fn text(bytes: &[u8]) -> Result<&str, Rejection> {
    if bytes.len() > MAX_BYTES {
        return Err(Rejection::new(Code::Size, Expected::Small));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Err(Rejection::new(Code::Html, Expected::NoHtml));
    }
    utf8(bytes).ok_or_else(|| Rejection::new(Code::Syntax, Expected::Utf8))
}

#[cfg(test)]
mod tests;
