//! The two apps of the origin, each with its page, config and bundles.

use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, STABLE, STABLE_BUNDLE};

/// An app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum App {
    /// It has the default paths.
    Shop,
    /// It has paths of its own.
    Admin,
}

impl App {
    pub(crate) const ALL: [Self; 2] = [Self::Shop, Self::Admin];

    pub(crate) fn other(self) -> Self {
        if self == Self::Shop { Self::Admin } else { Self::Shop }
    }

    /// The path of its page.
    pub(crate) fn path(self) -> &'static str {
        if self == Self::Shop { "/shop/" } else { "/admin/" }
    }

    /// The path of its page without the runtime.
    pub(crate) fn plain_path(self) -> &'static str {
        if self == Self::Shop { "/shop/plain.html" } else { "/admin/plain.html" }
    }

    pub(crate) fn config(self) -> &'static str {
        if self == Self::Shop { CONFIG } else { "/admin/config.json" }
    }

    pub(crate) fn stable(self) -> &'static str {
        if self == Self::Shop { STABLE_BUNDLE } else { "/admin/stable.js" }
    }

    pub(crate) fn canary(self) -> &'static str {
        if self == Self::Shop { CANARY_BUNDLE } else { "/admin/canary.js" }
    }

    pub(crate) fn optional(self) -> &'static str {
        if self == Self::Shop { "/shop/optional.js" } else { "/admin/optional.js" }
    }

    /// What stable and the canary show.
    pub(crate) fn markers(self) -> [&'static str; 2] {
        if self == Self::Shop { [STABLE, CANARY] } else { ["ADMIN-STABLE", "ADMIN-CANARY"] }
    }

    /// The end of the names of what a browser remembers of it.
    pub(crate) fn storage_key(self) -> &'static str {
        if self == Self::Shop { "" } else { ":/admin/config.json" }
    }
}
