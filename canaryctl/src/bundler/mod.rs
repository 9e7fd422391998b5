//! Builds of bundlers: the folder, its manifest, and the bundle for the config.

pub(crate) mod bundle;
pub(crate) mod dist;
pub(crate) mod entry;
pub(crate) mod esbuild;
pub(crate) mod manifest;
pub(crate) mod vite;
pub(crate) mod webpack;
