//! The content of the demo page.

use crate::browser::Browser;
use serde_json::Value;

/// The visible state of one of the two bundles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The bundle that drew the page.
    pub bundle: String,
    /// `data-canary-variant` of the document.
    pub attribute: String,
    /// The version on the page.
    pub version: String,
}

/// The stable bundle.
pub const STABLE: Arm = Arm { name: "stable", version: "1.4.2" };

/// The canary bundle.
pub const CANARY: Arm = Arm { name: "canary", version: "1.5.0" };

/// A bundle of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arm {
    /// `stable` or `canary`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Arm {
    /// The state of a page with this bundle.
    #[must_use]
    pub fn shown(self) -> Shown {
        let [bundle, attribute] = [self.name; 2].map(str::to_owned);
        Shown { bundle, attribute, version: self.version.to_owned() }
    }

    /// The paths below `/assets/` that a page with this bundle requests, sorted.
    #[must_use]
    pub fn assets(self) -> [String; 2] {
        ["main.css", "main.js"].map(|file| format!("/assets/{}/{file}", self.version))
    }
}

/// Waits until a bundle and the strip at the foot are drawn, and returns the visible state.
#[track_caller]
pub fn shown(browser: &Browser) -> impl Future<Output = Shown> {
    // `innerText` is what is rendered: nothing of what is hidden is in it.
    let drawn = browser.wait_for(
        r#"(() => {
            const bundle = document.getElementById("app")?.dataset.bundle;
            if (!bundle || document.getElementById("strip").hidden) return null;
            const version = /Version (\S+)/.exec(document.getElementById("app").innerText)?.[1];
            return { bundle, version, attribute: document.documentElement.dataset.canaryVariant };
        })()"#,
    );
    async move {
        let drawn = drawn.await;
        let text = |key: &str| drawn[key].as_str().unwrap_or_default().to_owned();
        Shown { bundle: text("bundle"), attribute: text("attribute"), version: text("version") }
    }
}

/// The decision in the strip: `variant`, `cohort` and `reason`.
#[track_caller]
pub fn strip(browser: &Browser) -> impl Future<Output = Value> {
    browser.eval(r#"({ ...document.getElementById("strip").dataset })"#)
}
