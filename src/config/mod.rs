//! The config: its schema, its validation, and validated views of it.

pub(crate) mod asset_url;
pub(crate) mod bundle;
pub(crate) mod config;
pub(crate) mod dependency_cycle;
pub(crate) mod flag;
pub(crate) mod identifier;
pub(crate) mod schema;
pub(crate) mod schema_tables;
pub(crate) mod timestamp;
pub(crate) mod validator;
pub(crate) mod work;

pub use asset_url::AssetUrl;
pub use bundle::Bundle;
pub use config::{Config, MAX_BYTES};
pub use flag::Flag;
pub use identifier::{is_flag_key, is_identifier};
pub use timestamp::parse_rfc3339;
