//! The text of the config in its file: the whole file, or a scalar of a manifest.

use std::ops::Range;

use anyhow::{Context, ensure};
use granit_parser::ScalarStyle;

use crate::config::json_edit::Splice;
use crate::config::literal_block;
use crate::config::quoted_scalar;
use crate::config::source_map::SourceMap;
use crate::config::yaml::Scalar;

const NOT_EDITABLE: &str = "config.json is written in a way that cannot be edited";

/// The text and the place of each of its bytes in the file.
#[derive(Debug)]
pub(crate) struct Source {
    /// The config, as the file has it.
    pub(crate) text: String,
    /// Nothing where the lines of the text are not those of the file, as in a folded scalar.
    map: Option<SourceMap>,
    form: Form,
    /// The first byte of the text in the file.
    start: usize,
    /// Why it cannot be edited.
    refusal: Option<&'static str>,
}

/// The way in which new text is written.
#[derive(Debug)]
enum Form {
    Bare,
    Literal { line_break: String },
    SingleQuoted,
    DoubleQuoted,
}

impl Source {
    /// A file that is the config itself.
    pub(crate) fn whole(file: &str) -> Self {
        let mut map = SourceMap::default();
        map.push(0..file.len(), 0..file.len());
        Self { text: file.to_owned(), map: Some(map), form: Form::Bare, start: 0, refusal: None }
    }

    /// A scalar of a manifest.
    pub(crate) fn scalar(scalar: Scalar, file: &str) -> Self {
        let Scalar { text, style, range, is_shared } = scalar;
        let start = range.start;
        let (map, form, mut refusal) = match style {
            ScalarStyle::Literal => match literal_block::map(&text, file, range.start) {
                Some((map, line_break)) => (Some(map), Form::Literal { line_break }, None),
                None => (None, Form::Bare, Some(NOT_EDITABLE)),
            },
            ScalarStyle::DoubleQuoted => (quoted_scalar::double(&text, file, range), Form::DoubleQuoted, None),
            ScalarStyle::SingleQuoted => (quoted_scalar::single(&text, file, range), Form::SingleQuoted, None),
            ScalarStyle::Folded => {
                (None, Form::Bare, Some("config.json is folded (`>`), which loses its lines; make it literal (`|`)"))
            }
            ScalarStyle::Plain => (None, Form::Bare, Some("config.json is plain text, expected a JSON object")),
        };
        if map.is_none() {
            refusal = refusal.or(Some(NOT_EDITABLE));
        }
        if is_shared {
            refusal = Some("config.json is shared by an anchor; write its text in its place");
        }
        Self { text, map, form, start, refusal }
    }

    /// The bytes of the file for a piece of the text.
    pub(crate) fn locate(&self, range: &Range<usize>) -> Option<Range<usize>> {
        self.map.as_ref().map(|map| map.locate(range))
    }

    /// The first byte of the text in the file, and why the text cannot be edited, if so.
    pub(crate) fn refusal(&self) -> Option<(usize, &'static str)> {
        self.refusal.map(|reason| (self.start, reason))
    }

    /// The file with pieces of the text replaced. The pieces do not overlap.
    pub(crate) fn edit(&self, file: &str, splices: &[Splice]) -> anyhow::Result<String> {
        let map = self.map.as_ref().context(NOT_EDITABLE)?;
        let mut pieces: Vec<_> =
            splices.iter().map(|splice| (map.locate(&splice.range), self.write(&splice.text))).collect();
        pieces.sort_by_key(|(range, _)| (range.start, range.end));
        let (mut new, mut end) = (String::with_capacity(file.len()), 0);
        for (range, text) in pieces {
            ensure!(range.start >= end, NOT_EDITABLE);
            new.push_str(file.get(end..range.start).unwrap_or_default());
            new.push_str(&text);
            end = range.end;
        }
        new.push_str(file.get(end..).unwrap_or_default());
        Ok(new)
    }

    /// New text, as it is written in the file.
    fn write(&self, text: &str) -> String {
        match &self.form {
            Form::Bare => text.to_owned(),
            Form::Literal { line_break } => text.replace('\n', line_break),
            Form::SingleQuoted => on_one_line(text).replace('\'', "''"),
            Form::DoubleQuoted => quoted_scalar::escape(text),
        }
    }
}

/// Takes out line breaks, which a quoted scalar folds, and the indentation after them.
fn on_one_line(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for line in json.lines().map(str::trim_start) {
        if !(out.is_empty() || out.ends_with('[') || line.starts_with(']')) {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}
