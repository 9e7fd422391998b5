//! The functions that the browser modules export. All access to the browser is here and in `host`; the rest is pure.

mod describe;
#[cfg(feature = "refresh")]
mod refresh;

pub use describe::describe;
#[cfg(feature = "refresh")]
pub use refresh::fetch;
