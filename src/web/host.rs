//! What the browser brings: regular expressions, numbers, case. Their tables are not ours to carry.
//!
//! Texts go over as UTF-8, because the glue for strings costs more than their decoding.

use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

/// Whether a portable pattern matches.
pub(crate) fn matches(pattern: &str, text: &str, ignore_case: bool) -> bool {
    host_matches(pattern.as_bytes(), text.as_bytes(), ignore_case)
}

/// Whether two texts are the same but for case.
pub(crate) fn equals_folded(a: &str, b: &str) -> bool {
    host_equals_folded(a.as_bytes(), b.as_bytes())
}

/// JavaScript's `Number(text)`.
pub(crate) fn number(text: &str) -> f64 {
    host_number(text.as_bytes())
}

/// JavaScript's `String(number)`.
pub(crate) fn text(number: f64) -> String {
    // The longest is -1.2345678901234567e-300.
    let mut out = [0; 32];
    let length = write_number(number, &mut out);
    String::from(str::from_utf8(out.get(..length).unwrap_or_default()).unwrap_or_default())
}

#[wasm_bindgen(module = "/loader/host.js")]
extern "C" {
    #[wasm_bindgen(js_name = matches)]
    fn host_matches(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool;

    #[wasm_bindgen(js_name = equalsFolded)]
    fn host_equals_folded(a: &[u8], b: &[u8]) -> bool;

    #[wasm_bindgen(js_name = number)]
    fn host_number(text: &[u8]) -> f64;

    /// Tells how much it has written.
    #[wasm_bindgen(js_name = writeNumber)]
    fn write_number(number: f64, out: &mut [u8]) -> usize;
}
