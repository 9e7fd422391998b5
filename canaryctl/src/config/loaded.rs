//! A config in a file, and what a page would make of it.

use std::path::Path;

use anyhow::Context as _;
use canary_runtime::{Config, Decision, Details, Diagnostic, Document, ErrorCode, Evaluation, History, Json, Visitor};

use crate::config::configmap;
use crate::terminal::message::warn;

/// A config, valid or not.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    /// The file, as it was named.
    pub(crate) name: String,
    /// The config as it was typed; nothing where it is no JSON.
    pub(crate) document: Document,
    /// What the runtime reads in it, with warnings, or why it rejects it.
    pub(crate) parsed: Result<(Config, Vec<Diagnostic>), Diagnostic>,
}

impl ConfigFile {
    /// Reads the manifest or bare config; `-` is standard input.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        if path.as_os_str() == "-" {
            let bytes = configmap::read(Path::new("/dev/stdin")).context("standard input")?;
            return Ok(Self::parse("standard input".to_owned(), &bytes));
        }
        Ok(Self::parse(path.display().to_string(), &configmap::read(path)?))
    }

    /// Reads the config itself.
    pub(crate) fn parse(name: String, bytes: &[u8]) -> Self {
        let text = str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes));
        let document = text.ok().and_then(|text| Document::parse(text).ok()).unwrap_or_default();
        Self { name, document, parsed: Config::parse(bytes) }
    }

    /// A line on standard error for each thing that costs a part of the config.
    pub(crate) fn warn(&self) {
        for fault in self.parsed.iter().flat_map(|(_, warnings)| warnings) {
            warn(&format!("{}: {fault}", self.name));
        }
    }

    /// What pages get from it at a time.
    pub(crate) fn offer(&self, now: i64) -> Offer<'_> {
        let checked = self.parsed.as_ref().map_err(Diagnostic::clone);
        let usable = checked.and_then(|(config, _)| config.check_expiry(Some(now)).map(|()| config));
        Offer { usable, now }
    }
}

/// What a config is for pages at one time: nothing, where it is rejected or expired.
#[derive(Debug)]
pub(crate) struct Offer<'a> {
    usable: Result<&'a Config, Diagnostic>,
    now: i64,
}

impl Offer<'_> {
    /// Why there is none.
    pub(crate) fn fault(&self) -> Option<&Diagnostic> {
        self.usable.as_ref().err()
    }

    /// The config, if pages may use it.
    pub(crate) fn config(&self) -> Option<&Config> {
        self.usable.as_ref().ok().copied()
    }

    /// Which bundle somebody gets.
    pub(crate) fn decide(&self, context: &canary_runtime::EvaluationContext) -> Decision {
        match &self.usable {
            Ok(config) => self.evaluation(config, context).decide(Visitor::Identified, History::default()),
            Err(fault) => Decision::without_config(fault.code()),
        }
    }

    /// What a flag is for somebody.
    pub(crate) fn flag<'a>(&'a self, context: &'a canary_runtime::EvaluationContext, key: &str) -> Details<'a> {
        match &self.usable {
            Ok(config) => self.evaluation(config, context).flag(key),
            Err(_) => Details::error(ErrorCode::General),
        }
    }

    fn evaluation<'a>(&'a self, config: &'a Config, context: &'a canary_runtime::EvaluationContext) -> Evaluation<'a> {
        Evaluation::new(config, context).at(self.now)
    }
}

/// A member of an object, where it has one of that name.
pub(crate) fn member<'a>(object: Json<'a>, name: &str) -> Option<Json<'a>> {
    object.members().find(|(found, _)| found.as_text() == name).map(|(_, value)| value)
}
