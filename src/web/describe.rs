//! The descriptions of what is wrong with a config.

use alloc::vec::Vec;

use crate::config::config::Config;
use crate::diagnostics::diagnostic::Diagnostic;
use crate::encoding::utf8;
use crate::json::writer::Writer;

/// Describes a config. Text is UTF-8, because the glue for strings is larger.
///
/// `response_time` is the time of the response in milliseconds since 1970, or NaN; `origins` are the other origins that may
/// serve assets, separated by spaces. Returns `{"fault"?, "notices"}`, lines for the console. With a fault, the config is
/// rejected.
#[must_use]
pub fn describe(config: &[u8], response_time: f64, origins: &[u8]) -> Vec<u8> {
    let mut out = Writer::default();
    out.open("", b'{').open("notices", b'[');
    let fault = match parse(config, response_time, utf8(origins).unwrap_or_default()) {
        Ok(warnings) => {
            for warning in &warnings {
                out.string("", &warning.line());
            }
            None
        }
        Err(error) => Some(error.line()),
    };
    out.close(b']').optional_string("fault", fault.as_deref()).close(b'}');
    out.into_bytes()
}

fn parse(config: &[u8], response_time: f64, origins: &str) -> Result<Vec<Diagnostic>, Diagnostic> {
    let (config, warnings) = Config::parse(config)?;
    #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
    config.check_expiry((!response_time.is_nan()).then_some(response_time as i64))?;
    config.check_origins(origins)?;
    Ok(warnings)
}
