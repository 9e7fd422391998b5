//! What the browser brings: regular expressions, numbers, case. Their tables are not ours to carry.
//!
//! Texts go over as UTF-8, because the glue for strings costs more than their decoding.

use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::json::writer::utf8;

/// Whether a portable pattern matches.
pub(crate) fn matches(pattern: &str, text: &str, ignore_case: bool) -> bool {
    agree(pattern.as_bytes(), text.as_bytes(), if ignore_case { 2 } else { 1 })
}

/// Whether two texts are the same but for case.
pub(crate) fn equals_folded(a: &str, b: &str) -> bool {
    agree(a.as_bytes(), b.as_bytes(), 0)
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
    String::from(utf8(out.get(..length).unwrap_or_default()).unwrap_or_default())
}

#[wasm_bindgen(module = "/loader/host.js")]
extern "C" {
    /// Whether two texts are the same but for case (0), or the first is a pattern that the second matches, in the case
    /// as written (1) or in any (2). One function, because each has a long name on both sides.
    fn agree(a: &[u8], b: &[u8], how: u32) -> bool;

    #[wasm_bindgen(js_name = number)]
    fn host_number(text: &[u8]) -> f64;

    /// Tells how much it has written.
    #[wasm_bindgen(js_name = writeNumber)]
    fn write_number(number: f64, out: &mut [u8]) -> usize;
}
