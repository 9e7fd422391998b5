//! What a browser provides and a native build takes from a crate: regular expressions, case folding, number formatting.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(target_arch = "wasm32")]
pub(crate) use browser::{equals_folded, matches, number, text};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{equals_folded, matches, number, text};
