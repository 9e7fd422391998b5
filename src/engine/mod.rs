//! The engine of a page: decisions and flags by number, for a browser that parses the config itself.

mod engine;

pub use engine::{Engine, KEY_BYTES};
