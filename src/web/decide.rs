//! Which bundle this page view gets: all that stands between the config and the bundle.

use alloc::string::String;

use super::view;
use crate::config::Config;
use crate::decision::{Decision, History, Variant};
use crate::evaluation::{Context, Evaluation};
use crate::fault::Code;
use crate::overrides::Overrides;
use crate::text::Writer;
use crate::word::Word;

/// Decides. `origins`: other origins from which assets may come, separated by spaces. `reply_time` is the reply's own
/// time in milliseconds since 1970, or NaN. Texts come as UTF-8, which costs less than the glue for strings.
///
/// Answers `{"decision", "bundle"?, "code"?, "words"}`: the code where the config was refused and stable is the answer;
/// whether there is something to be told in words, which [`Flags`](super::Flags) has.
#[must_use]
pub fn decide(view: &[u8], origins: &[u8], config: &[u8], reply_time: f64) -> String {
    let mut out = Writer::default();
    out.open("", b'{');
    match answer(view, origins, config, reply_time, &mut out) {
        Ok(decision) => decision.write(&mut out, "decision"),
        Err(code) => {
            Decision::without_config(code).write(&mut out, "decision");
            out.string("code", code.as_str());
        }
    }
    out.close(b'}');
    out.finish()
}

fn answer(view: &[u8], origins: &[u8], config: &[u8], reply_time: f64, out: &mut Writer) -> Result<Decision, Code> {
    let (config, log) = Config::read(config).map_err(|refusal| refusal.entry.code)?;
    #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
    if config.is_expired((!reply_time.is_nan()).then_some(reply_time as i64)) {
        return Err(Code::Expired);
    }
    let bundle = config.canary();
    if bundle.is_some_and(|bundle| bundle.stranger(view::text(origins)).is_some()) {
        return Err(Code::Address);
    }
    let view = view::read(view).unwrap_or_default();
    let view = view.root();
    let context = view::context(view).unwrap_or_else(|| Context {
        targeting_key: String::from(view.member(Word::TargetingKey).text()),
        ..Context::default()
    });
    let overrides = Overrides::new(view.member(Word::Arm).items().map(crate::json::Json::text), None);
    let evaluation = Evaluation { config: &config, context: &context, overrides: &overrides, now: 0 };
    let decision = Decision::make(&evaluation, view::standing(view), History::default());
    if let (Variant::Canary, Some(bundle)) = (decision.variant, bundle) {
        out.raw("bundle", bundle.text());
    }
    out.bool("words", !log.is_empty());
    Ok(decision)
}
