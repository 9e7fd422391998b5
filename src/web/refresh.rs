//! Requests after the boot: the same config, asked for again.

use alloc::string::String;
use alloc::vec::Vec;

use gloo_net::http::Request;
use web_sys::{AbortSignal, RequestCache};

use crate::config::MAX_BYTES;

/// What a refresh may take, in milliseconds.
const TIMEOUT: u32 = 10_000;

/// Asks for the config once more: its bytes and its own time in milliseconds since 1970 (NaN where it has none).
///
/// # Errors
///
/// The console line of the fault; the config that the page has stays.
pub async fn fetch(url: &str) -> Result<(Vec<u8>, f64), String> {
    let reply = Request::get(url)
        .cache(RequestCache::NoStore)
        .abort_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT)))
        .send()
        .await
        .map_err(|_| format_fault("E102", url))?;
    if !reply.ok() {
        return Err(format_fault("E101", url));
    }
    let bytes = reply.binary().await.map_err(|_| format_fault("E102", url))?;
    if bytes.len() > MAX_BYTES {
        return Err(format_fault("E106", url));
    }
    let header = |name| reply.headers().get(name).unwrap_or_default();
    let age = header("age").parse().unwrap_or(0.0);
    Ok((bytes, js_sys::Date::parse(&header("date")) + age * 1000.0))
}

fn format_fault(code: &str, url: &str) -> String {
    [code, " ", url, " could not be refreshed"].concat()
}
