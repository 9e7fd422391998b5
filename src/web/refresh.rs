//! Requests for the config after the first one.

use alloc::string::String;
use alloc::vec::Vec;

use gloo_net::http::Request;
use web_sys::{AbortSignal, RequestCache};

use crate::config::config::MAX_BYTES;

/// The timeout of a request in milliseconds.
const TIMEOUT_MS: u32 = 10_000;

/// Fetches the config. Returns its bytes and the time of the response in milliseconds since 1970, or NaN.
///
/// # Errors
///
/// A line for the console; the page keeps its config.
pub async fn fetch(url: &str) -> Result<(Vec<u8>, f64), String> {
    let response = Request::get(url)
        .cache(RequestCache::NoStore)
        .abort_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)))
        .send()
        .await
        .map_err(|_| error_line("E102", url))?;
    if !response.ok() {
        return Err(error_line("E101", url));
    }
    let bytes = response.binary().await.map_err(|_| error_line("E102", url))?;
    if bytes.len() > MAX_BYTES {
        return Err(error_line("E106", url));
    }
    let header = |name| response.headers().get(name).unwrap_or_default();
    // The browser's: the standard library has tables of 12 KB for it.
    let age = js_sys::Number::parse_float(&header("age"));
    let age = if age.is_nan() { 0.0 } else { age };
    Ok((bytes, js_sys::Date::parse(&header("date")) + age * 1000.0))
}

fn error_line(code: &str, url: &str) -> String {
    [code, " ", url, " could not be refreshed"].concat()
}
