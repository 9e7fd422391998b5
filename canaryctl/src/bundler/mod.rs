//! Bundlers: a built folder, its manifest, and the bundle that a config names.

pub(crate) mod bundle;
pub(crate) mod dist;
pub(crate) mod esbuild;
pub(crate) mod manifest;
pub(crate) mod vite;
pub(crate) mod webpack;
