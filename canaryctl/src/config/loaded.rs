//! A config that was read from a file: its text, its meaning and its positions.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use anyhow::{anyhow, bail};
use canary_runtime::json::Kind;
use canary_runtime::{
    Code, Config, Decision, Details, Diagnostic, Document, ErrorCode, Evaluation, EvaluationContext, History, Json,
    Position, Visitor,
};

use crate::config::configmap::{self, ConfigMapKey};
use crate::config::json_edit::Splice;
use crate::config::merge_conflict::MergeConflict;
use crate::config::position::{mark_len, offset, position, without_mark};
use crate::config::refusal::{Refusal, not_utf8};
use crate::config::source::Source;
use crate::config::syntax;
use crate::config::yaml::{Tree, template};
use crate::platform::input;
use crate::terminal::color::Paint;
use crate::terminal::diagnostic::{DiagnosticError, FileDiagnostic, Mark};
use crate::terminal::message::warn;

/// The most configs of a file.
const CONFIGS: usize = 100;

/// A file that holds a config: a manifest with the `ConfigMap`, or the JSON itself.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path as it was named.
    pub(crate) name: String,
    pub(crate) text: String,
    /// The documents of a manifest; none where the file is the JSON.
    pub(crate) documents: Vec<Tree>,
}

/// A config in a file, valid or not. All positions are those of the file.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The file's path as it was named.
    pub(crate) name: String,
    /// The config byte for byte, as a mounted `ConfigMap` shows it.
    pub(crate) bytes: Vec<u8>,
    /// The config as it was typed; empty where it is not JSON.
    pub(crate) document: Document,
    /// The config and what the runtime warns of, or why it rejects the config.
    pub(crate) parsed: Result<(Config, Vec<Diagnostic>), Diagnostic>,
    /// The warnings, or the one rejection, with positions in the config's own text.
    found: Vec<Diagnostic>,
    pub(crate) file: Rc<File>,
    pub(crate) source: Source,
    /// How many configs the file has.
    pub(crate) count: usize,
}

impl Loaded {
    /// Reads the config of a file, the first one where it has several; `-` is standard input.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
        Self::of_file(&name, path, input::read(path)?)
    }

    /// The config in the bytes of a file, the first one where it has several.
    pub(crate) fn of_file(name: &str, path: &Path, bytes: Vec<u8>) -> anyhow::Result<Self> {
        Self::of_configmap(name, path, bytes, &ConfigMapKey::default())
    }

    /// The config in the bytes of a file that may hold a `ConfigMap` of another name or key.
    pub(crate) fn of_configmap(name: &str, path: &Path, bytes: Vec<u8>, wanted: &ConfigMapKey) -> anyhow::Result<Self> {
        let all = Self::all_of(name, path, bytes, &BTreeSet::new(), wanted)?;
        all.into_iter().next().ok_or_else(|| anyhow!("{name}: expected a config"))
    }

    /// A config that is not in a file of its own.
    pub(crate) fn parse(name: String, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let source = Source::whole(&text);
        Self::new(&Rc::new(File { name, text, documents: Vec::new() }), source, bytes.to_vec(), 1)
    }

    /// All configs in the bytes of a file: more than one where it has several such manifests.
    #[cfg(test)]
    pub(crate) fn all(name: &str, path: &Path, bytes: Vec<u8>) -> anyhow::Result<Vec<Self>> {
        Self::all_with(name, path, bytes, &BTreeSet::new())
    }

    /// All configs in the bytes of a file, more than one where it has several such manifests, and those that begin at some bytes of it.
    pub(crate) fn all_with(
        name: &str,
        path: &Path,
        bytes: Vec<u8>,
        starts: &BTreeSet<usize>,
    ) -> anyhow::Result<Vec<Self>> {
        Self::all_of(name, path, bytes, starts, &ConfigMapKey::default())
    }

    fn all_of(
        name: &str,
        path: &Path,
        bytes: Vec<u8>,
        starts: &BTreeSet<usize>,
        wanted: &ConfigMapKey,
    ) -> anyhow::Result<Vec<Self>> {
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) if is_bare(path, error.as_bytes()) => {
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let file = Rc::new(File { name: name.to_owned(), text, documents: Vec::new() });
                return Ok(vec![Self::new(&file, Source::whole(&file.text), error.into_bytes(), 1)]);
            }
            Err(error) => bail!("{name}: {}", not_utf8(error.as_bytes())),
        };
        let parsed = Tree::parse_all(&text);
        let mut scalars = parsed.as_ref().map(|documents| configmap::configs(documents, wanted)).unwrap_or_default();
        for scalar in parsed.iter().flatten().flat_map(|tree| tree.scalars_at(starts)) {
            if scalars.iter().all(|known| known.range != scalar.range) {
                scalars.push(scalar);
            }
        }
        // Nobody has so many, and each is read as a whole.
        scalars.truncate(CONFIGS);
        let mut file = File { name: name.to_owned(), text, documents: Vec::new() };
        if let Ok(documents) = parsed.as_ref()
            && !is_bare(path, file.text.as_bytes())
        {
            let refused = Refusal::find(&file.text, documents);
            let coded = refused.map(|it| ("E901", it)).or_else(|| Some(("E920", Refusal::of_value(documents)?)));
            let unread = || scalars.is_empty().then(|| Refusal::of_binary(documents)).flatten().map(|it| ("", it));
            if let Some((code, refusal)) = coded.or_else(unread) {
                return Err(file.refused(code, refusal));
            }
        }
        if !scalars.is_empty() {
            file.documents = parsed.unwrap_or_default();
            let (file, count) = (Rc::new(file), scalars.len());
            let sources = scalars.into_iter().map(|scalar| Source::scalar(scalar, &file.text));
            return Ok(sources
                .map(|source| {
                    let bytes = source.text.clone().into_bytes();
                    Self::new(&file, source, bytes, count)
                })
                .collect());
        }
        if let Some(conflict) = MergeConflict::find(&file.text) {
            return Err(file.error("", Some(conflict.position()), conflict.to_string()));
        }
        let is_template = |at: &usize| file.text.get(..*at).is_some_and(|before| before.trim().is_empty());
        let is_template = template(&file.text).as_ref().is_some_and(is_template);
        if !is_template && is_bare(path, file.text.as_bytes()) {
            let (source, bytes) = (Source::whole(&file.text), file.text.clone().into_bytes());
            return Ok(vec![Self::new(&Rc::new(file), source, bytes, 1)]);
        }
        match parsed {
            Ok(_) => bail!("{name}: expected a ConfigMap {} with the key {}", wanted.name, wanted.key),
            Err(error) => Err(file.error("", Some(error.position), error.reason)),
        }
    }

    fn new(file: &Rc<File>, source: Source, bytes: Vec<u8>, count: usize) -> Self {
        let is_text = str::from_utf8(&bytes).is_ok();
        let text = if is_text { without_mark(&source.text) } else { "" };
        let document = Document::parse(text).unwrap_or_default();
        let parsed = Config::parse(&bytes).map_err(|fault| match syntax::expected(text) {
            Some(expected) if is_text && fault.code() == Code::Syntax => {
                Diagnostic::new(fault.code(), fault.key(), expected).with_position(fault.position())
            }
            _ => fault,
        });
        let found = match &parsed {
            Ok((_, warnings)) => warnings.clone(),
            Err(fault) => vec![fault.clone()],
        };
        let in_file = |fault: &Diagnostic| {
            let at = place_of(&source, file, fault);
            fault.clone().with_position(at)
        };
        let parsed = match parsed {
            Ok((config, warnings)) => Ok((config, warnings.iter().map(in_file).collect())),
            Err(fault) => Err(in_file(&fault)),
        };
        let (name, file) = (file.name.clone(), Rc::clone(file));
        Self { name, bytes, document, parsed, found, file, source, count }
    }

    /// The config, or why the runtime rejects it, as an error with the source that it is about.
    pub(crate) fn usable(&self) -> anyhow::Result<&Config> {
        match (&self.parsed, self.found.first()) {
            (Ok((config, _)), _) => Ok(config),
            (Err(fault), found) => Err(self.error(found.unwrap_or(fault))),
        }
    }

    /// What the runtime warns of, or why it rejects the config. The positions are those of the config's own text.
    pub(crate) fn found(&self) -> &[Diagnostic] {
        &self.found
    }

    /// The position in the file of a value or a name of the document, and how many bytes it takes there.
    pub(crate) fn place(&self, json: Json<'_>) -> Option<(Position, usize)> {
        let shift = mark_len(&self.source.text);
        let span = json.span();
        let range = self.source.locate(&(span.start.saturating_add(shift)..span.end.saturating_add(shift)))?;
        Some((position(&self.file.text, range.start), range.len()))
    }

    /// What is found in the config, with the position in the file and what stands there. `diagnostic` has its position
    /// in the config's own text.
    pub(crate) fn describe(&self, diagnostic: &Diagnostic) -> FileDiagnostic {
        let code = diagnostic.code().as_str();
        let message = format!("expected {}", diagnostic.expected());
        let at = place_of(&self.source, &self.file, diagnostic);
        let mut described = FileDiagnostic::new(code, diagnostic.key(), at, message);
        // Where lines are folded, the place is that of the whole text.
        let place = diagnostic.position().filter(|_| self.source.locate(&(0..0)).is_some());
        described.found = place.map(|place| self.mark(diagnostic, place)).unwrap_or_default();
        described
    }

    /// The line of a diagnostic, and the source below it.
    pub(crate) fn shown(&self, found: &FileDiagnostic) -> String {
        format!("{}\n{}", found.line(&self.name, Paint::OFF), found.snippet(&self.file.text, Paint::OFF))
    }

    /// What stands at a position of the config's text.
    fn mark(&self, diagnostic: &Diagnostic, place: Position) -> Mark {
        let start = offset(without_mark(&self.source.text), place);
        let Some((value, is_name)) = node_at(self.document.root(), start) else { return Mark::default() };
        let length = value.span().len();
        if is_name {
            return Mark { length, label: String::new() };
        }
        let path = self.document.path_to(start);
        let name = diagnostic.key().strip_prefix(&path).map(|rest| rest.trim_start_matches('.')).unwrap_or_default();
        match value.kind() {
            Kind::Object if !name.is_empty() => Mark { length: 1, label: format!("{name} is missing") },
            Kind::Object => Mark { length: 1, label: "found an object".to_owned() },
            Kind::Array => Mark { length: 1, label: "found an array".to_owned() },
            Kind::String => Mark { length, label: "found a string".to_owned() },
            _ if value.source().is_empty() => Mark { length, label: "found nothing".to_owned() },
            _ => Mark { length, label: format!("found {}", value.source()) },
        }
    }

    /// Why the config cannot be used, as an error with the source that it is about.
    pub(crate) fn error(&self, diagnostic: &Diagnostic) -> anyhow::Error {
        DiagnosticError::new(&self.describe(diagnostic), &self.name, &self.file.text).into()
    }

    /// An error at a byte of the file.
    pub(crate) fn error_at(&self, start: usize, reason: &str) -> anyhow::Error {
        self.file.error("", Some(position(&self.file.text, start)), reason.to_owned())
    }

    /// The file with pieces of the document replaced.
    pub(crate) fn edit(&self, mut splices: Vec<Splice>) -> anyhow::Result<String> {
        let shift = mark_len(&self.source.text);
        for Splice { range, .. } in &mut splices {
            *range = range.start.saturating_add(shift)..range.end.saturating_add(shift);
        }
        self.source.edit(&self.file.text, &splices)
    }

    /// Prints a line on standard error for each thing that costs a part of the config.
    pub(crate) fn warn(&self) {
        for fault in self.found.iter().filter(|_| self.parsed.is_ok()) {
            warn(&self.describe(fault).into_warning().line(&self.name, Paint::OFF));
        }
    }

    /// Prints on standard error why the runtime rejects the config, with the source that it is about.
    pub(crate) fn warn_of_rejection(&self) {
        if let (Err(_), Some(fault)) = (&self.parsed, self.found.first()) {
            let error = DiagnosticError::new(&self.describe(fault), &self.name, &self.file.text);
            warn(format!("the config is rejected: {error}\n{}", error.snippet).trim_end());
        }
    }

    /// Evaluates the config at a time.
    pub(crate) fn evaluator(&self, now: i64) -> Evaluator<'_> {
        let checked = self.parsed.as_ref().map_err(Diagnostic::clone);
        let usable = checked.and_then(|(config, _)| config.check_expiry(Some(now)).map(|()| config));
        Evaluator { usable, now }
    }
}

impl File {
    /// An error about what the cluster would refuse.
    fn refused(&self, code: &'static str, refusal: Refusal) -> anyhow::Error {
        let found = FileDiagnostic::new(code, "", Some(refusal.position), refusal.reason).underline(refusal.length);
        DiagnosticError::new(&found, &self.name, &self.text).into()
    }

    /// An error at a position of the file.
    pub(crate) fn error(&self, code: &'static str, position: Option<Position>, message: String) -> anyhow::Error {
        DiagnosticError::new(&FileDiagnostic::new(code, "", position, message), &self.name, &self.text).into()
    }
}

/// Whether a file without a manifest is the JSON.
fn is_bare(path: &Path, bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    text.trim_ascii_start().starts_with(b"{") || path.extension().is_some_and(|extension| extension == "json")
}

/// The position in the file of what is found in the config's text. In a text that is empty it may be found nowhere.
fn place_of(source: &Source, file: &File, found: &Diagnostic) -> Option<Position> {
    let is_empty = source.text.trim().is_empty();
    let at = found.position().or_else(|| is_empty.then_some(Position { line: 1, column: 1 }))?;
    Some(locate(source, file, at))
}

/// The position in the file of a position in the config's text: that of the whole text where it is empty, or where its lines are
/// not those of the file, as in a folded scalar.
fn locate(source: &Source, file: &File, at: Position) -> Position {
    let start = offset(&source.text, at);
    let range = source.locate(&(start..start.saturating_add(1))).filter(|_| !source.text.is_empty());
    position(&file.text, range.map_or(source.start(), |range| range.start))
}

/// The value or name that begins at an offset, and whether it is a name.
fn node_at(root: Json<'_>, start: usize) -> Option<(Json<'_>, bool)> {
    let mut node = (root, false);
    while node.0.exists() && node.0.span().start < start {
        let items = node.0.items().map(|item| (item, false));
        let children = items.chain(node.0.members().flat_map(|(name, value)| [(name, true), (value, false)]));
        node = children.take_while(|(child, _)| child.span().start <= start).last()?;
    }
    (node.0.exists() && node.0.span().start == start).then_some(node)
}

/// Evaluates a config as pages do at one time. A config that is rejected or expired is stable for everyone.
#[derive(Debug)]
pub(crate) struct Evaluator<'a> {
    usable: Result<&'a Config, Diagnostic>,
    now: i64,
}

impl Evaluator<'_> {
    /// Why the config cannot be used, if so.
    pub(crate) fn fault(&self) -> Option<&Diagnostic> {
        self.usable.as_ref().err()
    }

    /// The config, if pages may use it.
    pub(crate) fn config(&self) -> Option<&Config> {
        self.usable.as_ref().ok().copied()
    }

    /// The bundle that a user gets.
    pub(crate) fn decide(&self, context: &EvaluationContext) -> Decision {
        match &self.usable {
            Ok(config) => self.evaluation(config, context).decide(Visitor::Identified, History::default()),
            Err(fault) => Decision::without_config(fault.code()),
        }
    }

    /// The value of a flag for a user.
    pub(crate) fn flag<'a>(&'a self, context: &'a EvaluationContext, key: &str) -> Details<'a> {
        match &self.usable {
            Ok(config) => self.evaluation(config, context).flag(key),
            Err(_) => Details::error(ErrorCode::General),
        }
    }

    fn evaluation<'a>(&'a self, config: &'a Config, context: &'a EvaluationContext) -> Evaluation<'a> {
        Evaluation::new(config, context).at(self.now)
    }
}

/// A member of an object, where it has one of that name.
pub(crate) fn member<'a>(object: Json<'a>, name: &str) -> Option<Json<'a>> {
    object.get(name)
}

#[cfg(test)]
mod tests;
