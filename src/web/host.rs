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

    /// JavaScript's `String(number)`.
    pub(crate) fn text(number: f64) -> String;
}
