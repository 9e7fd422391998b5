//! The page that a fault site serves.

use crate::fixture::PATIENT;
use crate::page_log::{FOLDER, RECORDER};
use crate::site_files::SiteFiles;

/// The path of the config.
pub const CONFIG: &str = "/config/canary.json";

/// The path of the canary.
pub const CANARY_BUNDLE: &str = "/canary/main.js";

/// The path of stable.
pub const STABLE_BUNDLE: &str = "/stable/main.js";

/// The text that the canary shows.
pub const CANARY: &str = "CANARY";

/// The text that stable shows.
pub const STABLE: &str = "STABLE";

/// Stands for a page without visible text.
pub const BLANK: &str = "blank";

/// A page at `/`. By default everyone has the canary, and nothing fails.
#[derive(Debug, Clone)]
pub struct Page {
    config: String,
    attributes: String,
    first: String,
    head: String,
    body: String,
    nonce: String,
}

impl Page {
    /// The default page.
    #[must_use]
    pub fn new() -> Self {
        let config = r#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {"on": true}}"#.to_owned();
        let [attributes, first, head, nonce] = Default::default();
        Self { config, attributes, first, head, body: r#"<div id="app"></div>"#.to_owned(), nonce }
    }

    /// Sets the text of the config.
    #[must_use]
    pub fn config(self, config: impl Into<String>) -> Self {
        Self { config: config.into(), ..self }
    }

    /// The default page with a decision budget that a busy machine does not exceed.
    #[must_use]
    pub fn patient() -> Self {
        Self::new().attributes(PATIENT)
    }

    /// Sets attributes of the tag of the runtime.
    #[must_use]
    pub fn attributes(self, attributes: impl Into<String>) -> Self {
        Self { attributes: attributes.into(), ..self }
    }

    /// Sets a classic script that runs first in the page.
    #[must_use]
    pub fn first(self, script: impl Into<String>) -> Self {
        Self { first: script.into(), ..self }
    }

    /// Sets HTML before the tag of the runtime, such as a guard.
    #[must_use]
    pub fn head(self, html: impl Into<String>) -> Self {
        Self { head: html.into(), ..self }
    }

    /// Sets the content of the body.
    #[must_use]
    pub fn body(self, html: impl Into<String>) -> Self {
        Self { body: html.into(), ..self }
    }

    /// Sets a nonce for all scripts of the page.
    #[must_use]
    pub fn nonce(self, nonce: impl Into<String>) -> Self {
        Self { nonce: nonce.into(), ..self }
    }

    /// The HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let Self { attributes, head, body, nonce, .. } = self;
        let nonce = if nonce.is_empty() { String::new() } else { format!(r#" nonce="{nonce}""#) };
        format!(
            r#"<!doctype html><meta charset="utf-8"><title>faults</title><link rel="icon" href="data:,">
            <script{nonce} src="{FOLDER}recorder.js"></script>
            <script{nonce} src="{FOLDER}first.js"></script>
            {head}
            <script{nonce} type="module" async src="/runtime/canary.js" {attributes}
                data-arrival-timeout="500"></script>
            <script{nonce} type="module" src="{FOLDER}listen.js"></script>
            <body>{body}"#
        )
    }

    /// Writes the page and its scripts, bundles and config, over those that are there.
    pub(super) fn write(&self, files: &SiteFiles) {
        files.write("index.html", self.html());
        files.write(&format!("{FOLDER}recorder.js"), RECORDER);
        files.write(&format!("{FOLDER}first.js"), &self.first);
        files.write(
            &format!("{FOLDER}listen.js"),
            r#"import("/runtime/canary.js").finally(e2e.listen).catch(() => {});"#,
        );
        files.write(&format!("{FOLDER}blank.html"), "<!doctype html><title>blank</title>");
        files.write(STABLE_BUNDLE, bundle(STABLE));
        files.write(CANARY_BUNDLE, bundle(CANARY));
        files.mount_config(&self.config);
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::new()
    }
}

/// A bundle that shows and logs `marker`. A second bundle adds its marker to the screen.
#[must_use]
pub fn bundle(marker: &str) -> String {
    format!(
        r#"globalThis.e2e?.log("ran", "{marker}");
        globalThis.crash = (change, rejects) => setTimeout(() => {{
          change();
          const error = new Error("crash");
          if (!rejects) throw error;
          Promise.reject(error);
        }});
        {{
          const shown = Document.prototype.createElement.call(document, "p");
          shown.textContent = "{marker}";
          (document.getElementById("app") ?? document.body).append(shown);
        }}"#
    )
}
