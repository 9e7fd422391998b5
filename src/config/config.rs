//! The config: an immutable snapshot of what an operator wrote.

use alloc::vec::Vec;

use crate::bucketing::bucket::{BUCKETS, Domain, bucket_of_bytes};
use crate::bucketing::percentage::Percentage;
use crate::config::bundle::Bundle;
use crate::config::dependency_cycle::{self, Progress};
use crate::config::flag::Flag;
use crate::config::schema::Schema;
use crate::config::schema_tables::CONFIG;
use crate::config::timestamp::parse_rfc3339;
use crate::config::validator::Validator;
use crate::config::work;
use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::diagnostics::expected::Expected;
use crate::diagnostics::list::{Diagnostics, Entry, LastCode, Report};
use crate::diagnostics::rejection::Rejection;
use crate::encoding::utf8;
use crate::json::document::{Document, Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::canary_rule::CanaryRule;
use crate::targeting::segment::Segments;

/// The maximum size of a config in bytes, which is that of a `ConfigMap`.
pub const MAX_BYTES: usize = 1 << 20;

/// The newest `SCHEMA_VERSION` that is supported.
const SCHEMA_VERSION: u64 = 1;

/// A validated `canary-config.json`.
#[derive(Clone, Debug)]
pub struct Config {
    document: Document,
    /// The percentage of users who get the canary.
    pub percentage: Percentage,
    /// The nodes of the keys of all flags, sorted by key.
    flag_keys: Vec<usize>,
    /// The nodes of values that count as missing and of rules that never match, in ascending order.
    ignored: Vec<usize>,
    /// The nodes of malformed flags, in ascending order.
    malformed_flags: Vec<usize>,
}

impl Config {
    /// Parses and validates a config. Problems that affect a part of it come back as warnings, at most 101.
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
    /// The first problem for which the whole config is rejected. No bytes cause a panic.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let (mut config, list) = Self::parse_without_flags(bytes).map_err(Rejection::into_diagnostic)?;
        let flags = config.document.root().member(Keyword::FeatureFlags);
        let keys = flags.sorted_keys().into_iter().map(|(_, key)| key.index()).collect();
        let mut validator = Validator::new(list, config.segments().json());
        validator.flags(flags);
        let Validator { mut list, ignored, .. } = validator;
        (config.flag_keys, config.malformed_flags) = (keys, ignored);
        for index in dependency_cycle::find(&mut Progress::new(), config.flag_count(), |flag| config.dependencies(flag))
        {
            let flag = config.definition(index);
            list.reject_member(flag, Keyword::Requires, Expected::NoCycle);
            list.set_last_code(Code::Flag);
            let node = flag.index();
            if let Err(position) = config.malformed_flags.binary_search(&node) {
                config.malformed_flags.insert(position, node);
            }
        }
        let warnings = list.describe(&config.document);
        Ok((config, warnings))
    }

    /// Parses a config and validates all but its flags.
    fn parse_without_flags(bytes: &[u8]) -> Result<(Self, Diagnostics), Rejection> {
        let document = Document::parse(to_text(bytes)?)?;
        let mut validator = Validator::new(Diagnostics::default(), document.root().member(Keyword::Segments));
        let percentage = validate(document.root(), &mut validator);
        let Validator { mut list, ignored, .. } = validator;
        let Some(percentage) = percentage else {
            let entry = list.pop().unwrap_or(Entry::new(Code::Key, Expected::Object));
            return Err(Rejection::Config(entry, document));
        };
        let (flag_keys, malformed_flags) = (Vec::new(), Vec::new());
        Ok((Self { document, percentage, flag_keys, ignored, malformed_flags }, list))
    }

    /// Creates a config of a document that another parser has read, without its flags. Returns the code of the first problem
    /// for which the config is rejected, or whether there are warnings.
    pub(crate) fn from_document(document: Document) -> Result<(Self, bool), Code> {
        let mut validator = Validator::new(LastCode::default(), document.root().member(Keyword::Segments));
        let percentage = validate(document.root(), &mut validator);
        let Validator { list, ignored, .. } = validator;
        let Some(percentage) = percentage else { return Err(list.code.unwrap_or(Code::Key)) };
        let config = Self { document, percentage, flag_keys: Vec::new(), ignored, malformed_flags: Vec::new() };
        Ok((config, list.code.is_some()))
    }

    /// Checks that the config has not expired. `now` is the time of the response in milliseconds since 1970. If it is not
    /// known, a config with an `EXPIRES_AT` counts as expired.
    ///
    /// # Errors
    ///
    /// [`Code::Expired`].
    pub fn check_expiry(&self, now: Option<i64>) -> Result<(), Diagnostic> {
        if self.is_expired(now) {
            Err(Diagnostic::new(Code::Expired, Keyword::ExpiresAt.as_str(), Expected::FutureTime.text()))
        } else {
            Ok(())
        }
    }

    /// Checks that every asset of a page's canary is on the page's own origin or one of `origins`, which spaces separate, and
    /// that it keeps the rules among them ([`Config::check_asset_rules`]).
    ///
    /// # Errors
    ///
    /// [`Code::AssetUrl`] for the first asset that is not or does not.
    pub fn check_origins(&self, origins: &str) -> Result<(), Diagnostic> {
        match self.page_bundle(origins).and_then(|bundle| bundle.first_unlisted_asset(origins)) {
            Some(url) => Err(Diagnostic::new(Code::AssetUrl, url, Expected::ListedOrigin.text())),
            None => self.check_asset_rules(origins),
        }
    }

    /// Checks the assets of a page's canary by the rules of the page, words that spaces separate: `integrity` for
    /// `data-integrity="required"`, `base:PATH` for `data-canary-base="PATH"`. With `data-entry="NAME"` the first word is
    /// `entry:NAME`.
    ///
    /// # Errors
    ///
    /// [`Code::AssetUrl`] for the first asset that breaks a rule.
    pub fn check_asset_rules(&self, rules: &str) -> Result<(), Diagnostic> {
        match self.page_bundle(rules).and_then(|bundle| bundle.first_refused_asset(rules)) {
            Some((url, expected)) => Err(Diagnostic::new(Code::AssetUrl, url, expected.text())),
            None => Ok(()),
        }
    }

    pub(crate) fn is_expired(&self, now: Option<i64>) -> bool {
        self.expires_at().is_some_and(|end| now.is_none_or(|now| now >= end))
    }

    /// Returns the time from which the config counts as absent, in milliseconds since 1970.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        parse_rfc3339(self.get(Keyword::ExpiresAt).as_text())
    }

    /// Returns the salt of the canary decision.
    #[must_use]
    pub fn salt(&self) -> &str {
        self.get(Keyword::TopSalt).as_str().unwrap_or("canary")
    }

    /// Returns the revision, a label that is shown and reported but never compared.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.get(Keyword::Revision).as_integer()
    }

    /// Returns the bundle of the canary for pages without `data-entry`, if the config has one.
    #[must_use]
    pub fn canary_bundle(&self) -> Option<Bundle<'_>> {
        let canary = self.get(Keyword::Assets).member(Keyword::Canary);
        canary.exists().then(|| Bundle::new(canary))
    }

    /// Returns the version of the canary: that of `ASSETS.canary`, else that of the first entry.
    #[must_use]
    pub fn canary_version(&self) -> Option<&str> {
        self.canary_bundle().or_else(|| self.entries().next().map(|(_, bundle)| bundle)).map(Bundle::version)
    }

    /// Returns the bundle of the canary for a page with this `data-entry`, if the config has one.
    #[must_use]
    pub fn entry_bundle(&self, entry: &str) -> Option<Bundle<'_>> {
        let bundle = self.get(Keyword::Assets).member(Keyword::Entries).member_named(entry);
        bundle.exists().then(|| Bundle::new(bundle))
    }

    /// Returns the names of the entries in `ASSETS.entries` with their bundles.
    pub fn entries(&self) -> impl Iterator<Item = (&str, Bundle<'_>)> {
        let entries = self.get(Keyword::Assets).member(Keyword::Entries);
        entries.members().map(|(name, bundle)| (name.as_text(), Bundle::new(bundle)))
    }

    /// Returns the bundle of the canary for a page with these rules ([`Config::check_asset_rules`]).
    fn page_bundle(&self, rules: &str) -> Option<Bundle<'_>> {
        match rules.strip_prefix("entry:") {
            Some(rest) => self.entry_bundle(rest.split(' ').next().unwrap_or_default()),
            None => self.canary_bundle(),
        }
    }

    /// Returns the rules of the canary, including those that are not supported.
    pub(crate) fn canary_rules(&self) -> impl Iterator<Item = CanaryRule<'_>> {
        self.get(Keyword::CanaryRules).items().map(|rule| CanaryRule::new(rule, !self.is_ignored(rule)))
    }

    /// Returns the segments that conditions refer to.
    pub(crate) fn segments(&self) -> Segments<'_> {
        Segments::new(self.get(Keyword::Segments))
    }

    /// Returns `TELEMETRY`, or null.
    #[must_use]
    pub fn telemetry(&self) -> Json<'_> {
        self.get(Keyword::Telemetry)
    }

    /// Returns `GUARD`, or null.
    #[must_use]
    pub fn guard(&self) -> Json<'_> {
        self.get(Keyword::Guard)
    }

    /// Returns whether overrides in the page's URL have an effect: if the config allows them, and the canary is not off.
    #[must_use]
    pub fn applies_query(&self) -> bool {
        self.allows_query() && self.percentage != Percentage::NONE
    }

    /// Returns whether the query of the page's URL may override decisions.
    #[must_use]
    pub fn allows_query(&self) -> bool {
        self.get(Keyword::Overrides).member(Keyword::Query).kind() == Kind::True
    }

    /// Returns whether page views of bots are counted.
    #[must_use]
    pub fn counts_automation(&self) -> bool {
        self.telemetry().member(Keyword::CountAutomation).kind() == Kind::True
    }

    /// Returns whether page views of a user, whose key is given as UTF-8, send reports. The sample is independent of the
    /// assignment.
    // Inlined, it would take 84 bytes more of what a page waits for.
    #[inline(never)]
    pub(crate) fn samples_report(&self, key: &[u8]) -> bool {
        let telemetry = self.telemetry();
        let rate = telemetry.member(Keyword::SampleRate).as_number().unwrap_or(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a valid rate is from 0 to 1")]
        let limit = (rate * f64::from(BUCKETS) + 0.5) as u32;
        telemetry.exists() && bucket_of_bytes(Domain::Report, self.salt(), key) < limit
    }

    /// Returns whether the config has any flag, malformed or not.
    #[must_use]
    pub fn has_flags(&self) -> bool {
        self.get(Keyword::FeatureFlags).members().next().is_some()
    }

    /// Returns the keys of all flags, sorted.
    pub fn flag_keys(&self) -> impl Iterator<Item = &str> {
        self.flag_keys.iter().map(|node| self.document.value_at(*node).as_text())
    }

    /// Returns the number of flags.
    #[must_use]
    pub fn flag_count(&self) -> usize {
        self.flag_keys.len()
    }

    /// Returns the index of a flag among the sorted keys.
    #[must_use]
    pub fn flag_index(&self, key: &str) -> Option<usize> {
        self.flag_keys.binary_search_by(|node| self.document.value_at(*node).as_text().cmp(key)).ok()
    }

    /// Returns the flag at an index among the sorted keys, unless it is malformed.
    #[must_use]
    pub fn flag(&self, index: usize) -> Option<Flag<'_>> {
        let key = self.document.value_at(*self.flag_keys.get(index)?);
        let definition = self.definition(index);
        let is_valid = self.malformed_flags.binary_search(&definition.index()).is_err();
        is_valid.then(|| Flag::new(key.as_text(), definition))
    }

    /// Returns the definition of the flag at an index among the sorted keys.
    fn definition(&self, index: usize) -> Json<'_> {
        self.document.value_at(self.flag_keys.get(index).map_or(usize::MAX, |key| key.saturating_add(1)))
    }

    /// Returns the indices of the flags that a flag requires, without those that are missing or malformed.
    fn dependencies(&self, index: usize) -> impl Iterator<Item = usize> + Clone {
        let requires = self.flag(index).map_or(self.document.root().null().members(), Flag::requires);
        requires.filter_map(|(key, _)| self.flag_index(key.as_text()).filter(|index| self.flag(*index).is_some()))
    }

    /// Returns a member of the config, or null if it is malformed.
    fn get(&self, key: Keyword) -> Json<'_> {
        let value = self.document.root().member(key);
        if self.is_ignored(value) { value.null() } else { value }
    }

    fn is_ignored(&self, json: Json) -> bool {
        self.ignored.binary_search(&json.index()).is_ok()
    }
}

/// Validates all but the flags and returns the percentage.
fn validate<'a>(root: Json<'a>, validator: &mut Validator<'a, impl Report>) -> Option<Percentage> {
    let (version, percentage) = (root.member(Keyword::SchemaVersion), root.member(Keyword::CanaryPercentage));
    // First, because the other keys may have another meaning in a newer version.
    if version.exists() {
        if !validator.validate(version, Schema::Integer(1, u32::MAX, Expected::Positive)) {
            return None;
        }
        if version.as_integer() > Some(SCHEMA_VERSION) {
            validator.list.reject(version, Expected::SupportedVersion);
            validator.list.set_last_code(Code::Schema);
            return None;
        }
    }
    let percentage = percentage.as_number().and_then(Percentage::new);
    if percentage.is_none() && root.kind() == Kind::Object {
        validator.list.reject_member(root, Keyword::CanaryPercentage, Schema::Percentage.expected());
        validator.list.set_last_code(Code::Percentage);
        return None;
    }
    if !validator.validate(root, Schema::Open(CONFIG)) {
        return None;
    }
    let (rules, segments) = (root.member(Keyword::CanaryRules), root.member(Keyword::Segments));
    if work::of_conditions(rules, segments) > work::budget(&[rules, segments]) {
        validator.list.reject(rules, Expected::Work);
        validator.list.set_last_code(Code::Limit);
        return None;
    }
    percentage
}

fn to_text(bytes: &[u8]) -> Result<&str, Rejection> {
    if bytes.len() > MAX_BYTES {
        return Err(Rejection::Bytes(Code::Size, Expected::MaxSize));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Err(Rejection::Bytes(Code::Html, Expected::NotHtml));
    }
    utf8(bytes).ok_or(Rejection::Bytes(Code::Syntax, Expected::Utf8))
}

#[cfg(test)]
mod tests;
