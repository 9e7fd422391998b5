//! Diagnostics of a config: codes, positions and messages.

pub(crate) mod diagnostic;
pub(crate) mod expected;
pub(crate) mod list;
pub(crate) mod rejection;

pub use diagnostic::{Code, Diagnostic};
