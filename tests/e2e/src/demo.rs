//! What the demo's page shows of itself.

use crate::browser::Browser;
use serde_json::Value;

/// One of the two bundles, as a visitor can tell them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which bundle drew the page, by its own word.
    pub bundle: String,
    /// `data-canary-variant` of the document.
    pub attribute: String,
    /// The version that the page shows to its reader.
    pub version: String,
}

/// The arm that everyone can have.
pub const STABLE: Arm = Arm { name: "stable", version: "1.4.2" };

/// The arm under test.
pub const CANARY: Arm = Arm { name: "canary", version: "1.5.0" };

/// A bundle that the page can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arm {
    /// `stable` or `canary`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Arm {
    /// What a page with this bundle shows.
    #[must_use]
    pub fn shown(self) -> Shown {
        let [bundle, attribute] = [self.name; 2].map(str::to_owned);
        Shown { bundle, attribute, version: self.version.to_owned() }
    }

    /// What a page with this bundle asks for below `/assets/`, sorted.
    #[must_use]
    pub fn assets(self) -> [String; 2] {
        ["main.css", "main.js"].map(|file| format!("/assets/{}/{file}", self.version))
    }
}

/// Waits until a bundle and the strip at the foot are drawn; tells what a reader sees.
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

/// What the strip says of the decision: `variant`, `cohort` and `reason`.
#[track_caller]
pub fn strip(browser: &Browser) -> impl Future<Output = Value> {
    browser.eval(r#"({ ...document.getElementById("strip").dataset })"#)
}
