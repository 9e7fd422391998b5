//! What one version loads, in the form that configs and pages have.

use serde::Serialize;

/// A bundle, its members in the order in which they are written.
#[derive(Debug, Serialize)]
pub(crate) struct Bundle {
    /// The version's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// What runs, in this order.
    pub(crate) scripts: Vec<Script>,
    /// What the scripts wait for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) styles: Vec<Style>,
    /// What the scripts will ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) preload: Vec<Preload>,
}

/// A script.
#[derive(Debug, Serialize)]
pub(crate) struct Script {
    pub(crate) src: String,
    pub(crate) integrity: String,
    /// Absent for modules, which is what a script is unless told.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
}

/// A stylesheet.
#[derive(Debug, Serialize)]
pub(crate) struct Style {
    pub(crate) href: String,
    pub(crate) integrity: String,
}

/// A hint.
#[derive(Debug, Serialize)]
pub(crate) struct Preload {
    pub(crate) href: String,
    #[serde(rename = "as")]
    pub(crate) kind: &'static str,
}

impl Bundle {
    /// How much there is of what.
    pub(crate) fn summary(&self) -> String {
        let counts = [
            count(self.scripts.len(), "script"),
            count(self.styles.len(), "stylesheet"),
            count(self.preload.len(), "preload"),
        ];
        counts.join(", ")
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
