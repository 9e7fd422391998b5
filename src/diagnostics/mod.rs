//! What is wrong with a config: codes, positions, expectations.

pub mod diagnostic;
pub(crate) mod expected;
pub(crate) mod list;
