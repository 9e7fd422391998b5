//! The config in a file: loading it, where it stands, and editing it in place.

pub(crate) mod change;
pub(crate) mod configmap;
pub(crate) mod default_path;
pub(crate) mod editor;
pub(crate) mod json_edit;
pub(crate) mod json_style;
pub(crate) mod json_tree;
pub(crate) mod literal_block;
pub(crate) mod loaded;
pub(crate) mod location;
pub(crate) mod merge_conflict;
pub(crate) mod quoted_scalar;
pub(crate) mod source;
pub(crate) mod yaml;
