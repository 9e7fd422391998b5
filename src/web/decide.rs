//! Which bundle this page view gets: all that stands between the config and the bundle.

use alloc::string::String;
use alloc::vec::Vec;

use super::view;
use crate::config::Config;
use crate::diagnostics::diagnostic::Code;
use crate::evaluation::decision::{Decision, History};
use crate::evaluation::overrides::Overrides;
use crate::evaluation::{Evaluation, EvaluationContext};
use crate::json::document::Json;
use crate::json::keyword::Keyword;
use crate::json::writer::Writer;

/// Decides for a page view, whose shape is the loader's and that of [`Flags::new`](super::Flags::new). `reply_time` is the reply's own
/// time in milliseconds since 1970, or NaN. Texts come as UTF-8, which costs less than the glue for strings.
///
/// `held` is whether this browser has to stay with stable: a canary that failed in it, or one that was taken from it a
/// short time ago.
///
/// Answers `{"decision", "bundle"?, "version" or "salt", "guard"?, "flags"}`, with whether the config has any; or `{"decision", "code"}` where it was
/// refused and stable is the answer. The words for that are [`Flags`](super::Flags)'s.
#[must_use]
pub fn decide(view: &[u8], config: &[u8], reply_time: f64, held: bool) -> Vec<u8> {
    let mut out = Writer::default();
    out.open("", b'{');
    match answer(view, config, reply_time, held, &mut out) {
        Ok(decision) => decision.write(&mut out, "decision"),
        Err(code) => {
            Decision::without_config(code).write(&mut out, "decision");
            out.string("code", code.as_str());
        }
    }
    out.close(b'}');
    out.into_bytes()
}

fn answer(view: &[u8], config: &[u8], reply_time: f64, held: bool, out: &mut Writer) -> Result<Decision, Code> {
    let (config, _) = Config::read(config).map_err(|refusal| refusal.entry.code)?;
    #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
    if config.is_expired((!reply_time.is_nan()).then_some(reply_time as i64)) {
        return Err(Code::Expired);
    }
    let view = view::read(view).unwrap_or_default();
    let view = view.root();
    let bundle = config.canary();
    if bundle.is_some_and(|bundle| bundle.first_unlisted_asset(view.member(Keyword::Origins).text()).is_some()) {
        return Err(Code::AssetUrl);
    }
    let context = view::context(view).unwrap_or_else(|| EvaluationContext {
        targeting_key: String::from(view.member(Keyword::TargetingKey).text()),
        ..EvaluationContext::default()
    });
    let overrides = Overrides::new(view.member(Keyword::Arm).items().map(Json::text), None);
    let evaluation = Evaluation { config: &config, context: &context, overrides: &overrides, now: 0 };
    let decision = Decision::make(&evaluation, view::visitor(view), History { held, quarantined: false });
    match bundle {
        Some(bundle) => {
            out.raw("bundle", bundle.text());
            out.string("version", bundle.version());
        }
        None => {
            out.string("salt", config.salt());
        }
    }
    if config.guard().exists() {
        out.raw("guard", config.guard().source());
    }
    out.bool("flags", config.has_flags());
    Ok(decision)
}
