//! Regular expressions, number conversion and case folding: built into a browser, from a crate in a native build.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(all(target_arch = "wasm32", feature = "lazy-patterns"))]
pub(crate) use browser::is_portable;
#[cfg(target_arch = "wasm32")]
pub(crate) use browser::{eq_ignore_case, number_to_string, regex_matches, string_to_number};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{eq_ignore_case, number_to_string, regex_matches, string_to_number};
