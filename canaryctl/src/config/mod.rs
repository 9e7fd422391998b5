//! The config in a file: loading it, where it stands, and editing it in place.

pub(crate) mod configmap;
pub(crate) mod default_path;
pub(crate) mod editor;
pub(crate) mod loaded;
pub(crate) mod merge_conflict;
pub(crate) mod yaml;
