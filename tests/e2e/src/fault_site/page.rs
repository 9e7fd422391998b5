//! The page that a fault site serves.

use super::{CANARY, CANARY_BUNDLE, STABLE, STABLE_BUNDLE};
use crate::page_log::{FOLDER, RECORDER};
use crate::site_files::SiteFiles;

/// A page to be served, at `/`. By default everybody has the canary, which is sound.
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
    /// A page where nothing fails.
    #[must_use]
    pub fn new() -> Self {
        let config = r#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {"on": true}}"#.to_owned();
        let [attributes, first, head, nonce] = Default::default();
        Self { config, attributes, first, head, body: r#"<div id="app"></div>"#.to_owned(), nonce }
    }

    /// The text of the config.
    #[must_use]
    pub fn config(self, config: impl Into<String>) -> Self {
        Self { config: config.into(), ..self }
    }

    /// One whose budget is enough on a busy machine, so that no fault is taken for another.
    #[must_use]
    pub fn patient() -> Self {
        Self::new().attributes(r#"data-decision-budget="15000""#)
    }

    /// Attributes of the runtime's tag.
    #[must_use]
    pub fn attributes(self, attributes: impl Into<String>) -> Self {
        Self { attributes: attributes.into(), ..self }
    }

    /// A classic script that runs before everything of the page.
    #[must_use]
    pub fn first(self, script: impl Into<String>) -> Self {
        Self { first: script.into(), ..self }
    }

    /// HTML before the runtime's tag, such as a guard.
    #[must_use]
    pub fn head(self, html: impl Into<String>) -> Self {
        Self { head: html.into(), ..self }
    }

    /// What is in the body.
    #[must_use]
    pub fn body(self, html: impl Into<String>) -> Self {
        Self { body: html.into(), ..self }
    }

    /// A nonce for all scripts of the page.
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
            <script{nonce} type="module" src="/runtime/canary.js" {attributes}></script>
            <script{nonce} type="module" src="{FOLDER}listen.js"></script>
            <body>{body}"#
        )
    }

    /// Writes the page and its scripts, bundles and config, over those that are there.
    pub(super) fn write(&self, files: &SiteFiles) {
        files.write("index.html", self.html());
        files.write(&format!("{FOLDER}recorder.js"), RECORDER);
        files.write(&format!("{FOLDER}first.js"), &self.first);
        files.write(&format!("{FOLDER}listen.js"), "e2e.listen();");
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

/// A bundle that shows and reports `marker`. A second one shows its own beside it.
#[must_use]
pub fn bundle(marker: &str) -> String {
    format!(
        r#"globalThis.e2e?.log("ran", "{marker}");
        {{
          const shown = document.createElement("p");
          shown.textContent = "{marker}";
          (document.getElementById("app") ?? document.body).append(shown);
        }}"#
    )
}
