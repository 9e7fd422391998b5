//! A bundle in the form of the config: scripts, stylesheets and preloads of one version.

use serde::Serialize;

/// A bundle. The fields are in the order of the output.
#[derive(Debug, Serialize)]
pub(crate) struct Bundle {
    /// The name of the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// The scripts in the order of execution.
    pub(crate) scripts: Vec<Script>,
    /// The stylesheets, which load before the scripts run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) styles: Vec<Style>,
    /// The files that the scripts will request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) preload: Vec<Preload>,
}

/// A script.
#[derive(Debug, Serialize)]
pub(crate) struct Script {
    pub(crate) src: String,
    pub(crate) integrity: String,
    /// `None` for a module, which is the default.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
}

/// A stylesheet.
#[derive(Debug, Serialize)]
pub(crate) struct Style {
    pub(crate) href: String,
    pub(crate) integrity: String,
}

/// A preload hint.
#[derive(Debug, Serialize)]
pub(crate) struct Preload {
    pub(crate) href: String,
    #[serde(rename = "as")]
    pub(crate) kind: &'static str,
}

impl Bundle {
    /// Makes the scripts classic scripts, or modules.
    pub(crate) fn set_classic(&mut self, is_classic: bool) {
        for script in &mut self.scripts {
            script.kind = is_classic.then_some("classic");
        }
    }

    /// The number of files of each kind.
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
