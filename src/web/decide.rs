//! The decision for a page view, from the bytes of the config to the bundle.

use alloc::string::String;
use alloc::vec::Vec;

use super::page_view;
use crate::config::config::Config;
use crate::diagnostics::diagnostic::Code;
use crate::evaluation::context::EvaluationContext;
use crate::evaluation::decision::Decision;
use crate::evaluation::evaluation::Evaluation;
use crate::evaluation::overrides::Overrides;
use crate::evaluation::visitor::History;
use crate::json::document::Json;
use crate::json::keyword::Keyword;
use crate::json::writer::Writer;

/// Decides which bundle a page view gets. Text is UTF-8, because the glue for strings is larger.
///
/// `view` is the page view in the form that [`Flags::new`](super::Flags::new) describes, `response_time` the time of the
/// response in milliseconds since 1970, or NaN. `held` keeps the browser with stable, because the canary failed in it or was
/// taken from it a short time ago.
///
/// Returns `{"decision", "bundle"?, "version" or "salt", "guard"?, "flags"}`, where `flags` tells whether the config has any;
/// or `{"decision", "code"}` if the config is rejected. [`Flags`](super::Flags) has the message of that code.
#[must_use]
pub fn decide(view: &[u8], config: &[u8], response_time: f64, held: bool) -> Vec<u8> {
    let mut out = Writer::default();
    out.open("", b'{');
    match evaluate(view, config, response_time, held, &mut out) {
        Ok(decision) => decision.write(&mut out, "decision"),
        Err(code) => {
            Decision::without_config(code).write(&mut out, "decision");
            out.string("code", code.as_str());
        }
    }
    out.close(b'}');
    out.into_bytes()
}

fn evaluate(view: &[u8], config: &[u8], response_time: f64, held: bool, out: &mut Writer) -> Result<Decision, Code> {
    let (config, _) = Config::parse_without_flags(config).map_err(|rejection| rejection.code())?;
    #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
    if config.is_expired((!response_time.is_nan()).then_some(response_time as i64)) {
        return Err(Code::Expired);
    }
    let view = page_view::parse(view).unwrap_or_default();
    let view = view.root();
    let bundle = config.canary_bundle();
    if bundle.is_some_and(|bundle| bundle.first_unlisted_asset(view.member(Keyword::Origins).as_text()).is_some()) {
        return Err(Code::AssetUrl);
    }
    let context = page_view::context(view).unwrap_or_else(|| EvaluationContext {
        targeting_key: String::from(view.member(Keyword::TargetingKey).as_text()),
        ..EvaluationContext::default()
    });
    let overrides = Overrides::new(view.member(Keyword::Arm).items().map(Json::as_text), None);
    let evaluation = Evaluation::new(&config, &context).with_overrides(&overrides);
    let decision = evaluation.decide(page_view::visitor(view), History { held, quarantined: false });
    match bundle {
        Some(bundle) => {
            out.raw("bundle", bundle.source());
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
