//! What the browser brings: regular expressions, numbers, case. Their tables are not ours to carry.

use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/loader/host.js")]
extern "C" {
    /// Whether a portable pattern matches.
    pub(crate) fn matches(pattern: &str, text: &str, ignore_case: bool) -> bool;

    /// Whether two texts are the same but for case.
    #[wasm_bindgen(js_name = equalsFolded)]
    pub(crate) fn equals_folded(a: &str, b: &str) -> bool;

    /// JavaScript's `Number(text)`.
    pub(crate) fn number(text: &str) -> f64;

    /// Writes JavaScript's `String(number)`, and tells how long it is: to return a text would take glue of its own.
    #[wasm_bindgen(js_name = writeNumber)]
    fn write_number(number: f64, out: &mut [u8]) -> usize;
}

/// JavaScript's `String(number)`.
pub(crate) fn text(number: f64) -> String {
    // The longest is -1.2345678901234567e-300.
    let mut out = [0; 32];
    let length = write_number(number, &mut out);
    String::from(str::from_utf8(out.get(..length).unwrap_or_default()).unwrap_or_default())
}
