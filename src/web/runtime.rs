//! One page view: who is looking, with which config, and what was decided.

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::Config;
use crate::decision::{Decision, History, Standing, Variant};
use crate::details::Details;
use crate::evaluation::{Context, Evaluation};
use crate::fault::Fault;
use crate::json::{Document, Kind};
use crate::overrides::Overrides;
use crate::reason::ErrorCode;
use crate::text::Writer;
use crate::word::Word;

/// What the loader talks to. Texts come as UTF-8, which costs less than the glue for strings; answers are JSON.
#[derive(Debug)]
pub struct Runtime {
    device: Context,
    /// Whom the page has identified since: flags are for them, the bundle stays the device's.
    user: Option<Context>,
    standing: Standing,
    origins: String,
    overrides: Overrides,
    config: Option<Config>,
    now: i64,
}

impl Runtime {
    /// For one page view. `context`: `{"targetingKey", "attributes", "standing"}`, where the key is empty if nobody may
    /// or can be recognised again, and the standing is `known`, `automated` or `unknown`. `origins`: other origins
    /// from which assets may come, separated by spaces. `query`: the page's, for overrides.
    #[must_use]
    pub fn new(context: &[u8], origins: &[u8], query: &[u8]) -> Self {
        let document = Document::parse(text(context)).unwrap_or_default();
        let device = read_context(context).unwrap_or_default();
        let standing = match document.root().member(Word::Standing).word() {
            _ if device.targeting_key.is_empty() => Standing::Unknown,
            Word::Known => Standing::Known,
            Word::Automated => Standing::Automated,
            _ => Standing::Unknown,
        };
        Self {
            device,
            user: None,
            standing,
            origins: String::from(text(origins)),
            overrides: Overrides::from_query(text(query)),
            config: None,
            now: 0,
        }
    }

    /// Takes a config, which replaces the one before it, and decides. `reply_time` is the reply's own time in
    /// milliseconds since 1970, or NaN; `clock` is the browser's, for the dates of flags where the reply has none.
    ///
    /// Answers `{"decision", "bundle"?, "fault"?, "notices"}`. Where there is a fault the decision is stable, and
    /// the config before it, if any, stays.
    pub fn decide(&mut self, bytes: &[u8], reply_time: f64, clock: f64) -> String {
        let mut out = Writer::default();
        out.open("", b'{');
        match self.read(bytes, reply_time) {
            Ok((config, notices)) => {
                #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
                let now = if reply_time.is_nan() { clock } else { reply_time } as i64;
                self.now = now;
                let config = self.config.insert(config);
                let evaluation =
                    Evaluation { config, context: &self.device, overrides: &self.overrides, now };
                let decision = Decision::make(&evaluation, self.standing, History::default());
                decision.write(&mut out, "decision");
                if let (Variant::Canary, Some(bundle)) = (decision.variant, config.canary()) {
                    out.raw("bundle", bundle.text());
                }
                let ignored = self.overrides.check(config.allows_query(), |key| config.find(key).is_some());
                out.open("notices", b'[');
                for notice in notices.iter().chain(&ignored) {
                    out.string("", &notice.line());
                }
                out.close(b']');
            }
            Err(fault) => {
                Decision::without_config(&fault).write(&mut out, "decision");
                out.string("fault", &fault.line()).open("notices", b'[').close(b']');
            }
        }
        out.close(b'}');
        out.finish()
    }

    /// Evaluates one flag, for whoever is identified, or for `context` if it is not empty: the JSON of
    /// [`Details::to_json`].
    #[must_use]
    pub fn flag(&self, flag_key: &[u8], context: &[u8]) -> String {
        let other = if context.is_empty() { None } else { read_context(context) };
        let Some(config) = &self.config else { return Details::error(ErrorCode::General).to_json() };
        if other.is_none() && !context.is_empty() {
            return Details::error(ErrorCode::InvalidContext).to_json();
        }
        let evaluation = Evaluation {
            config,
            context: other.as_ref().or(self.user.as_ref()).unwrap_or(&self.device),
            overrides: &self.overrides,
            now: self.now,
        };
        evaluation.flag(text(flag_key)).to_json()
    }

    /// Evaluates flags for somebody else from now on: `{"targetingKey", "attributes"}`.
    pub fn identify(&mut self, context: &[u8]) {
        self.user = read_context(context);
    }

    /// Sets a flag to a JSON value for this page view; without a key, forgets all overrides.
    pub fn set_override(&mut self, flag_key: &[u8], json: &[u8]) {
        if flag_key.is_empty() {
            self.overrides = Overrides::default();
        } else {
            self.overrides.set(text(flag_key), text(json));
        }
    }

    fn read(&self, bytes: &[u8], reply_time: f64) -> Result<(Config, Vec<Fault>), Fault> {
        let (config, warnings) = Config::parse(bytes)?;
        #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
        config.check_expiry((!reply_time.is_nan()).then_some(reply_time as i64))?;
        if let Some(bundle) = config.canary() {
            bundle.check_origins(&self.origins)?;
        }
        Ok((config, warnings))
    }
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

/// `{"targetingKey", "attributes"}`
fn read_context(bytes: &[u8]) -> Option<Context> {
    let document = Document::parse(text(bytes)).ok()?;
    let (key, attributes) = (document.root().member(Word::TargetingKey), document.root().member(Word::Attributes));
    let known = (!key.exists() || key.kind() == Kind::String) && (!attributes.exists() || attributes.kind() == Kind::Object);
    let attributes = if attributes.exists() { Document::parse(attributes.source()).ok()? } else { Document::default() };
    known.then(|| Context { targeting_key: String::from(key.text()), attributes })
}
