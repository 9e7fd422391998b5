//! One page view: who is looking, with which config, and what was decided.

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::Config;
use crate::decision::{Context, Decision, Standing, Variant};
use crate::fault::Fault;
use crate::flag::Details;
use crate::reason::ErrorCode;
use crate::text::Writer;

/// What the loader talks to. Every answer is JSON, so that both sides stay readable and testable.
#[derive(Debug)]
pub struct Runtime {
    context: Context,
    origins: String,
    config: Option<Config>,
}

impl Runtime {
    /// For the user `targeting_key`, empty where nobody may or can be recognised again. `origins`: other origins from
    /// which assets may come, separated by spaces. `automated`: a machine drives this browser.
    #[must_use]
    pub fn new(targeting_key: &[u8], origins: &[u8], automated: bool) -> Self {
        let (targeting_key, origins) = (text(targeting_key), text(origins));
        let standing = match (targeting_key.is_empty(), automated) {
            (true, _) => Standing::Unknown,
            (false, true) => Standing::Automated,
            (false, false) => Standing::Known,
        };
        Self { context: Context { targeting_key, standing }, origins, config: None }
    }

    /// Takes a config, which replaces the one before it, and decides. `now` is the reply's own time in
    /// milliseconds since 1970, or NaN.
    ///
    /// Answers `{"decision", "bundle"?, "fault"?, "notices"}`. Where there is a fault the decision is stable, and
    /// the config before it, if any, stays.
    pub fn decide(&mut self, bytes: &[u8], now: f64) -> String {
        let mut out = Writer::default();
        out.open("", b'{');
        match self.read(bytes, now) {
            Ok((config, notices)) => {
                let decision = Decision::make(&config, &self.context);
                decision.write(&mut out, "decision");
                if let (Variant::Canary, Some(bundle)) = (decision.variant, &config.canary) {
                    bundle.write(&mut out, "bundle");
                }
                out.open("notices", b'[');
                for notice in notices {
                    out.string("", &notice.line());
                }
                out.close(b']');
                self.config = Some(config);
            }
            Err(fault) => {
                Decision::without_config(&fault).write(&mut out, "decision");
                out.string("fault", &fault.line()).open("notices", b'[').close(b']');
            }
        }
        out.close(b'}');
        out.finish()
    }

    /// Evaluates one flag: `{"value"?, "reason", "errorCode"?}`, without a value where the caller's default holds.
    #[must_use]
    pub fn flag(&self, flag_key: &[u8]) -> String {
        let flag_key = str::from_utf8(flag_key).unwrap_or_default();
        let details = match &self.config {
            Some(config) => config.flag(flag_key, &self.context.targeting_key),
            None => Details::error(ErrorCode::General),
        };
        details.to_json()
    }

    fn read(&self, bytes: &[u8], now: f64) -> Result<(Config, Vec<Fault>), Fault> {
        let (config, warnings) = Config::parse(bytes)?;
        #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
        config.check_expiry((!now.is_nan()).then_some(now as i64))?;
        if let Some(bundle) = &config.canary {
            bundle.check_origins(&self.origins)?;
        }
        Ok((config, warnings))
    }
}

/// Texts come as bytes, which the page has encoded: the glue for strings would cost 300 bytes more.
fn text(bytes: &[u8]) -> String {
    String::from(str::from_utf8(bytes).unwrap_or_default())
}
