//! The config's text for those who only read it: also where it is written in a way that cannot be edited.

use std::path::Path;

use canary_runtime::Position;

use crate::config::configmap::{self, locate};
use crate::config::editor::offset;
use crate::config::source::{self, Source};
use crate::config::yaml::Scalar;

/// A text that a file has for the config.
#[derive(Debug)]
pub(crate) struct Found {
    /// What the file says the config is.
    pub(crate) text: String,
    source: Option<Source>,
}

impl Found {
    /// Finds all of them: more than one where the file has several such manifests.
    pub(crate) fn all(path: &Path, file: &str) -> anyhow::Result<Vec<Self>> {
        let configmap::Place::Scalars(scalars) = locate(path, file.as_bytes())? else {
            let source = Source::whole(file);
            return Ok(vec![Self { text: source.text.clone(), source: Some(source) }]);
        };
        let found = scalars.into_iter().map(|scalar| {
            // What an anchor shares stands in one place nevertheless.
            let scalar = Scalar { shared: false, ..scalar };
            let source = Source::of(&scalar, file).ok();
            Self { text: scalar.text, source }
        });
        Ok(found.collect())
    }

    /// Where a place of the text stands in the file. Nothing where the text's lines are not the file's, as in a folded
    /// scalar.
    pub(crate) fn place(&self, file: &str, place: Position) -> Option<Position> {
        let at = self.source.as_ref()?.place(offset(&self.text, place.line, place.column));
        let before = file.as_bytes().get(..at)?;
        let line = before.split(|byte| *byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1));
        // A byte order mark takes no column: no editor shows it.
        let start = if start == 0 && file.starts_with(source::MARK) { source::MARK.len_utf8() } else { start };
        Some(Position { line, column: at.saturating_sub(start).saturating_add(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks for `X` in the text, and says where that is in the file.
    #[track_caller]
    fn check(name: &str, file: &str, expected: &[Option<(usize, usize)>]) {
        let places: Vec<_> = Found::all(Path::new(name), file)
            .unwrap()
            .iter()
            .map(|found| {
                let (before, _) = found.text.split_once('X').unwrap();
                let lines = before.split('\n').zip(1..);
                let (last, line) = lines.last().unwrap();
                let place = Position { line, column: last.len().saturating_add(1) };
                found.place(file, place).map(|place| (place.line, place.column))
            })
            .collect();
        assert_eq!(places, expected, "{file}");
    }

    const HEAD: &str = "kind: ConfigMap\nmetadata: {name: canary-settings}\ndata:\n  config.json: ";

    #[test]
    fn maps_places_to_the_file() {
        check("a.json", "{\n \"X\"", &[Some((2, 3))]);
        check("a.json", "\u{feff}{\"X\"", &[Some((1, 3))]);
        check("a.json", "\u{feff}{\n\"éX\"", &[Some((2, 4))]);
        for (text, place) in [
            ("|\n\n    {\n      \"X\"", Some((7, 8))),
            ("|\r\n    {\r\n      \"X\"", Some((6, 8))),
            ("'{ ''X'", Some((4, 21))),
            ("\"{\\n\\\"X\"", Some((4, 22))),
            ("&x |\n    X", Some((5, 5))),
            (">\n    {\n    X", None),
            ("X", None),
        ] {
            check("a.yaml", &format!("{HEAD}{text}"), &[place]);
        }
        check("a.yaml", &format!("{HEAD}'X'\n---\n{HEAD}'aX'\n"), &[Some((4, 17)), Some((9, 18))]);
    }
}
