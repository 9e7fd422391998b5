//! Regular expressions, number parsing and case folding by the browser, whose tables the module need not carry.
//!
//! Text crosses the boundary as UTF-8, because the glue for strings is larger than decoding them.

use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::encoding::utf8;

/// Returns whether a portable regular expression matches `text`.
pub(crate) fn regex_matches(pattern: &str, text: &str, ignore_case: bool) -> bool {
    agree(pattern.as_bytes(), text.as_bytes(), if ignore_case { 2 } else { 1 })
}

/// Returns whether a regular expression is portable, by a module of its own that the page has loaded.
#[cfg(feature = "lazy-patterns")]
pub(crate) fn is_portable(pattern: &str) -> bool {
    agree(pattern.as_bytes(), &[], 3)
}

/// Compares two strings without regard to case.
pub(crate) fn eq_ignore_case(a: &str, b: &str) -> bool {
    agree(a.as_bytes(), b.as_bytes(), 0)
}

/// Converts a string to a number, as JavaScript's `Number(text)`.
pub(crate) fn string_to_number(text: &str) -> f64 {
    host_number(text.as_bytes())
}

/// Converts a number to a string, as JavaScript's `String(number)`.
pub(crate) fn number_to_string(number: f64) -> String {
    // The longest is -1.2345678901234567e-300.
    let mut out = [0; 32];
    let length = write_number(number, &mut out);
    String::from(utf8(out.get(..length).unwrap_or_default()).unwrap_or_default())
}

#[wasm_bindgen(module = "/loader/host.js")]
extern "C" {
    /// Compares two strings without regard to case (`how` is 0), matches the pattern `a` against `b`, with regard to case (1)
    /// or without (2), or checks the pattern `a` (3). It is one import, because each has a long name on both sides.
    fn agree(a: &[u8], b: &[u8], how: u32) -> bool;

    #[wasm_bindgen(js_name = number)]
    fn host_number(text: &[u8]) -> f64;

    /// Writes a number's text into `out` and returns its length.
    #[wasm_bindgen(js_name = writeNumber)]
    fn write_number(number: f64, out: &mut [u8]) -> usize;
}
