//! The config in a file: loading it, finding it in a manifest, and editing it in place.

pub(crate) mod change;
pub(crate) mod configmap;
pub(crate) mod default_path;
pub(crate) mod editor;
pub(crate) mod json_edit;
pub(crate) mod json_style;
pub(crate) mod literal_block;
pub(crate) mod loaded;
pub(crate) mod merge_conflict;
pub(crate) mod position;
pub(crate) mod quoted_scalar;
pub(crate) mod schema;
pub(crate) mod source;
pub(crate) mod source_map;
pub(crate) mod syntax;
pub(crate) mod yaml;
