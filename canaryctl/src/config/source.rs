//! The config's text as it stands in a file: bare, or as a scalar of a manifest.

use std::ops::Range;
use std::path::Path;

use anyhow::{anyhow, bail};
use granit_parser::ScalarStyle;

use crate::config::configmap::{Place, locate};
use crate::config::json_edit::Splice;
use crate::config::literal_block as block;
use crate::config::quoted_scalar as flow;
use crate::config::yaml::Scalar;

/// A byte order mark.
pub(crate) const MARK: char = '\u{feff}';

/// The text, and where each of its bytes stands.
#[derive(Debug)]
pub(crate) struct Source {
    /// What the file says the config is.
    pub(crate) text: String,
    map: Map,
    form: Form,
}

/// How new text is written.
#[derive(Debug)]
enum Form {
    Bare,
    Literal { line: String },
    SingleQuoted,
    DoubleQuoted,
}

impl Source {
    /// Finds the config in a file.
    pub(crate) fn find(path: &Path, file: &str) -> anyhow::Result<Self> {
        let Place::Scalars(scalars) = locate(path, file.as_bytes())? else { return Ok(Self::whole(file)) };
        let [scalar] = scalars.as_slice() else {
            bail!("{}: {} texts could be the config: expected one", path.display(), scalars.len());
        };
        Self::of(scalar, file).map_err(|error| anyhow!("{}: line {}: {error}", path.display(), scalar.line))
    }

    /// A file that is the config.
    pub(crate) fn whole(file: &str) -> Self {
        let start = if file.starts_with(MARK) { MARK.len_utf8() } else { 0 };
        let text = file.get(start..).unwrap_or_default().to_owned();
        let mut map = Map::default();
        map.push(0..text.len(), start..file.len());
        Self { text, map, form: Form::Bare }
    }

    /// A text of a manifest, if it is written in a way that can be edited.
    pub(crate) fn of(scalar: &Scalar, file: &str) -> anyhow::Result<Self> {
        if scalar.shared {
            bail!("config.json is shared by an anchor; write its text in its place");
        }
        let text = scalar.text.clone();
        let (map, form) = match scalar.style {
            ScalarStyle::Literal => {
                let (map, line) = block::map(&text, file, scalar.range.start)
                    .ok_or_else(|| anyhow!("config.json is written in a way that cannot be edited"))?;
                (map, Form::Literal { line })
            }
            ScalarStyle::DoubleQuoted => (flow::double(&text, file, scalar.range.clone())?, Form::DoubleQuoted),
            ScalarStyle::SingleQuoted => (flow::single(&text, file, scalar.range.clone())?, Form::SingleQuoted),
            ScalarStyle::Folded => bail!("config.json is folded (`>`), which loses its lines; make it literal (`|`)"),
            ScalarStyle::Plain => bail!("config.json is plain text, which is no JSON object"),
        };
        Ok(Self { text, map, form })
    }

    /// The file's piece for a piece of the text.
    pub(crate) fn splice(&self, splice: &Splice) -> Splice {
        let text = match &self.form {
            Form::Bare => splice.text.clone(),
            Form::Literal { line } => splice.text.replace('\n', line),
            Form::SingleQuoted => on_one_line(&splice.text).replace('\'', "''"),
            Form::DoubleQuoted => flow::escape(&splice.text),
        };
        Splice { range: self.map.locate(&splice.range), text }
    }

    /// Where the text's byte stands in the file.
    pub(crate) fn place(&self, offset: usize) -> usize {
        self.map.locate(&(offset..offset.saturating_add(1))).start
    }
}

/// Takes line breaks out, which a quoted text would fold, with the indentation after them.
fn on_one_line(json: &str) -> String {
    json.lines().map(str::trim_start).collect::<Vec<_>>().join(" ")
}

/// Pieces of a text, in order, and where each stands in the file.
#[derive(Debug, Default)]
pub(crate) struct Map(Vec<Piece>);

#[derive(Debug)]
struct Piece {
    text: Range<usize>,
    file: Range<usize>,
}

impl Map {
    /// Adds the next piece. One of the same length in both stands there as it is; another is an escape, or blanks
    /// that were folded, which are only ever replaced as a whole.
    pub(crate) fn push(&mut self, text: Range<usize>, file: Range<usize>) {
        match self.0.last_mut() {
            Some(last) if last.is_verbatim() && text.len() == file.len() && last.file.end == file.start => {
                last.text.end = text.end;
                last.file.end = file.end;
            }
            _ => self.0.push(Piece { text, file }),
        }
    }

    /// Where a piece of the text stands. Nothing but what stands for it is in there: neither the indentation before
    /// nor a line break after it.
    fn locate(&self, range: &Range<usize>) -> Range<usize> {
        let end = self.piece(range.end.saturating_sub(1)).map_or(0, |piece| piece.end(range.end));
        let start =
            if range.is_empty() { end } else { self.piece(range.start).map_or(end, |it| it.start(range.start)) };
        start..end
    }

    /// The piece with a byte of the text.
    fn piece(&self, offset: usize) -> Option<&Piece> {
        let after = self.0.partition_point(|piece| piece.text.start <= offset);
        self.0.get(after.saturating_sub(1))
    }
}

impl Piece {
    fn is_verbatim(&self) -> bool {
        self.text.len() == self.file.len()
    }

    fn start(&self, offset: usize) -> usize {
        let inside = if self.is_verbatim() { offset.saturating_sub(self.text.start) } else { 0 };
        self.file.start.saturating_add(inside)
    }

    fn end(&self, offset: usize) -> usize {
        let inside = if self.is_verbatim() { offset.saturating_sub(self.text.start) } else { self.file.len() };
        self.file.start.saturating_add(inside)
    }
}
