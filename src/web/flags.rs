//! What nobody waits for before the bundle is asked for: flags, and everything in words.

use alloc::string::String;
use alloc::vec::Vec;

use super::view;
use crate::config::Config;
use crate::diagnostics::diagnostic::Diagnostic;
use crate::evaluation::details::Details;
use crate::evaluation::overrides::Overrides;
use crate::evaluation::reason::ErrorCode;
use crate::evaluation::{Evaluation, EvaluationContext};
use crate::json::keyword::Keyword;
use crate::json::writer::Writer;

/// The flags of one page view. Texts come as UTF-8, answers are JSON.
#[derive(Debug)]
pub struct Flags {
    device: EvaluationContext,
    /// Whom the page has identified since: flags are for them, the bundle stays the device's.
    user: Option<EvaluationContext>,
    origins: String,
    overrides: Overrides,
    config: Option<Config>,
    now: i64,
}

impl Flags {
    /// For one page view: `{"targetingKey", "attributes", "visitor", "origins", "arm", "flagOverrides"}`. Whom it is about,
    /// the kind of visitor (`identified`, `bot` or `anonymous`), the origins besides the page's own from which assets may
    /// come, separated by spaces, and what the address overrides, as two lists of texts.
    #[must_use]
    pub fn new(view: &[u8]) -> Self {
        let view = view::read(view).unwrap_or_default();
        Self {
            device: view::context(view.root()).unwrap_or_default(),
            user: None,
            origins: String::from(view.root().member(Keyword::Origins).text()),
            overrides: view::overrides(view.root()),
            config: None,
            now: 0,
        }
    }

    /// Takes a config, which replaces the one before it. `reply_time` is the reply's own time in milliseconds since
    /// 1970, or NaN; `clock` is the browser's, for the dates of flags where the reply has none.
    ///
    /// Answers `{"fault"?, "notices"}`, lines for the console. Where there is a fault the config before it stays.
    pub fn take(&mut self, bytes: &[u8], reply_time: f64, clock: f64) -> Vec<u8> {
        let mut out = Writer::default();
        out.open("", b'{').open("notices", b'[');
        let refused = match self.read(bytes, reply_time) {
            Ok((config, notices)) => {
                let ignored = self.overrides.check(config.allows_query(), |key| config.find(key).is_some());
                for notice in notices.iter().chain(&ignored) {
                    out.string("", &notice.line());
                }
                self.config = Some(config);
                #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
                let now = if reply_time.is_nan() { clock } else { reply_time } as i64;
                self.now = now;
                None
            }
            Err(fault) => Some(fault.line()),
        };
        out.close(b']').optional("fault", refused.as_deref()).close(b'}');
        out.into_bytes()
    }

    /// Evaluates one flag, for whoever is identified, or for `context` if it is not empty: the JSON of
    /// [`Details::to_json`].
    #[must_use]
    pub fn flag(&self, flag_key: &[u8], context: &[u8]) -> Vec<u8> {
        let other = view::read(context).and_then(|view| view::context(view.root()));
        let details = match &self.config {
            _ if other.is_none() && !context.is_empty() => Details::error(ErrorCode::InvalidContext),
            None => Details::error(ErrorCode::General),
            Some(config) => {
                let context = other.as_ref().or(self.user.as_ref()).unwrap_or(&self.device);
                let evaluation = Evaluation { config, context, overrides: &self.overrides, now: self.now };
                evaluation.flag(view::text(flag_key))
            }
        };
        details.to_json().into_bytes()
    }

    /// Evaluates flags for somebody else from now on: `{"targetingKey", "attributes"}`, the latter as a
    /// text. Whether it could be read.
    pub fn identify(&mut self, context: &[u8]) -> bool {
        let user = view::read(context).and_then(|view| view::context(view.root()));
        let known = user.is_some();
        if known {
            self.user = user;
        }
        known
    }

    /// Sets a flag to a JSON value for this page view; without a key, forgets all overrides.
    pub fn set_override(&mut self, flag_key: &[u8], json: &[u8]) {
        if flag_key.is_empty() {
            self.overrides = Overrides::default();
        } else {
            self.overrides.set(view::text(flag_key), view::text(json));
        }
    }

    /// What there is to look at, for somebody who debugs a page: `{"query", "percentage", "revision", "salt",
    /// "targetingKey", "keys", "overridden"}`. Whether the address may override, the canary's share in buckets, for
    /// whom flags are, the keys of all flags, and of those that have an override. `{}` without a config.
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

    /// A flag as the config has it, or `null` where it has none that can be read.
    #[must_use]
    pub fn definition(&self, flag_key: &[u8]) -> Vec<u8> {
        let find = |config: &Config| {
            let flag = config.flag(config.find(view::text(flag_key))?)?;
            Some(Vec::from(flag.source()))
        };
        self.config.as_ref().and_then(find).unwrap_or_else(|| Vec::from(b"null"))
    }

    fn read(&self, bytes: &[u8], reply_time: f64) -> Result<(Config, Vec<Diagnostic>), Diagnostic> {
        let (config, warnings) = Config::parse(bytes)?;
        #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
        config.check_expiry((!reply_time.is_nan()).then_some(reply_time as i64))?;
        config.check_origins(&self.origins)?;
        Ok((config, warnings))
    }
}
