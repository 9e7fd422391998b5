//! The config: its schema, its validation, and checked views of it.

pub mod asset_url;
pub mod bundle;
mod config;
pub(crate) mod dependency_cycle;
pub mod identifier;
pub(crate) mod schema;
pub mod timestamp;
pub(crate) mod validator;

pub use config::{Config, MAX_BYTES, MAX_FLAGS, SCHEMA_VERSION};
