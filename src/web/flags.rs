//! The flags of a page view, and the messages for all problems: the part that loads beside the bundle.

use alloc::string::String;
use alloc::vec::Vec;

use super::page_view;
use crate::config::config::Config;
use crate::diagnostics::diagnostic::Diagnostic;
use crate::evaluation::context::EvaluationContext;
use crate::evaluation::details::Details;
use crate::evaluation::evaluation::Evaluation;
use crate::evaluation::overrides::Overrides;
use crate::evaluation::reason::ErrorCode;
use crate::json::keyword::Keyword;
use crate::json::writer::Writer;

/// The flags of one page view. Text is UTF-8, results are JSON.
#[derive(Debug)]
pub struct Flags {
    device: EvaluationContext,
    /// The user that the page has identified. Flags are evaluated for the user, the bundle stays that of the device.
    user: Option<EvaluationContext>,
    origins: String,
    overrides: Overrides,
    config: Option<Config>,
    now: i64,
}

impl Flags {
    /// Creates the flags of a page view without a config.
    ///
    /// `view` is `{"targetingKey", "attributes", "visitor", "origins", "arm", "flagOverrides"}`: the context, with the
    /// attributes as JSON in a string; the kind of visitor (`identified`, `bot` or `anonymous`); the other origins that may
    /// serve assets, separated by spaces; and the overrides in the URL, as two arrays of strings.
    #[must_use]
    pub fn new(view: &[u8]) -> Self {
        let view = page_view::parse(view).unwrap_or_default();
        Self {
            device: page_view::context(view.root()).unwrap_or_default(),
            user: None,
            origins: String::from(view.root().member(Keyword::Origins).as_text()),
            overrides: page_view::overrides(view.root()),
            config: None,
            now: 0,
        }
    }

    /// Loads a config, which replaces the one before. `response_time` is the time of the response in milliseconds since
    /// 1970, or NaN; `clock` is the browser's time, which the dates of flags are compared with if the response has none.
    ///
    /// Returns `{"fault"?, "notices"}`, lines for the console. If there is a fault, the config before remains.
    pub fn load(&mut self, bytes: &[u8], response_time: f64, clock: f64) -> Vec<u8> {
        let mut out = Writer::default();
        out.open("", b'{').open("notices", b'[');
        let error = match self.parse(bytes, response_time) {
            Ok((config, warnings)) => {
                let ignored = self.overrides.check(config.allows_query(), |key| config.flag_index(key).is_some());
                for warning in warnings.iter().chain(&ignored) {
                    out.string("", &warning.line());
                }
                self.config = Some(config);
                #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
                let now = if response_time.is_nan() { clock } else { response_time } as i64;
                self.now = now;
                None
            }
            Err(error) => Some(error.line()),
        };
        out.close(b']').optional_string("fault", error.as_deref()).close(b'}');
        out.into_bytes()
    }

    /// Evaluates a flag for the identified user, or for `context` if that is not empty. Returns the JSON of
    /// [`Details::to_json`].
    #[must_use]
    pub fn flag(&self, flag_key: &[u8], context: &[u8]) -> Vec<u8> {
        let other = page_view::parse(context).and_then(|view| page_view::context(view.root()));
        let details = match &self.config {
            _ if other.is_none() && !context.is_empty() => Details::error(ErrorCode::InvalidContext),
            None => Details::error(ErrorCode::General),
            Some(config) => {
                let context = other.as_ref().or(self.user.as_ref()).unwrap_or(&self.device);
                let evaluation = Evaluation::new(config, context).with_overrides(&self.overrides).at(self.now);
                evaluation.flag(page_view::to_text(flag_key))
            }
        };
        details.to_json().into_bytes()
    }

    /// Sets the user that flags are evaluated for: `{"targetingKey", "attributes"}`, the latter as JSON in a string.
    /// Returns whether the context is valid.
    pub fn identify(&mut self, context: &[u8]) -> bool {
        let user = page_view::parse(context).and_then(|view| page_view::context(view.root()));
        let is_valid = user.is_some();
        if is_valid {
            self.user = user;
        }
        is_valid
    }

    /// Overrides a flag with a JSON value for this page view. An empty key removes all overrides.
    pub fn set_override(&mut self, flag_key: &[u8], json: &[u8]) {
        if flag_key.is_empty() {
            self.overrides = Overrides::default();
        } else {
            self.overrides.set(page_view::to_text(flag_key), page_view::to_text(json));
        }
    }

    /// Returns the state for the debug panel: `{"query", "percentage", "revision", "salt", "targetingKey", "keys",
    /// "overridden"}`. These are whether the URL may override decisions, the number of the canary's buckets, the key that
    /// flags are evaluated for, the keys of all flags, and those of the overridden ones. Without a config it is `{}`.
    #[must_use]
    pub fn describe(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.open("", b'{');
        if let Some(config) = &self.config {
            let query = config.allows_query();
            let user = self.user.as_ref().unwrap_or(&self.device);
            out.bool("query", query)
                .number("percentage", Some(u64::from(config.percentage.buckets())))
                .number("revision", config.revision())
                .string("salt", config.salt())
                .string("targetingKey", &user.targeting_key);
            for (name, all) in [("keys", true), ("overridden", false)] {
                out.open(name, b'[');
                for key in config.flag_keys().filter(|key| all || self.overrides.flag(key, query).is_some()) {
                    out.string("", key);
                }
                out.close(b']');
            }
        }
        out.close(b'}');
        out.into_bytes()
    }

    /// Returns the definition of a flag, or `null` if the config does not have it or it is malformed.
    #[must_use]
    pub fn definition(&self, flag_key: &[u8]) -> Vec<u8> {
        let find = |config: &Config| {
            let flag = config.flag(config.flag_index(page_view::to_text(flag_key))?)?;
            Some(Vec::from(flag.source()))
        };
        self.config.as_ref().and_then(find).unwrap_or_else(|| Vec::from(b"null"))
    }

    fn parse(&self, bytes: &[u8], response_time: f64) -> Result<(Config, Vec<Diagnostic>), Diagnostic> {
        let (config, warnings) = Config::parse(bytes)?;
        #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
        config.check_expiry((!response_time.is_nan()).then_some(response_time as i64))?;
        config.check_origins(&self.origins)?;
        Ok((config, warnings))
    }
}
