//! Keys of a config that are probably misspelt.

use canary_runtime::{Diagnostic, Document, Json, Position};

use crate::commands::schema;
use crate::lint::suggest::meant;

/// What to add to what is said of a fault: the key that was meant, or the one that stands in its place. `locate` finds a
/// place of the config in its file.
pub(crate) fn hint(
    fault: &Diagnostic,
    document: &Document,
    locate: impl Fn(Position) -> Option<Position>,
) -> Option<String> {
    let known = schema::keys();
    let is_known = |key: &str| known.iter().any(|known| known == key);
    let root = document.root();
    let missing = |key: &&str| root.get(key).is_none();
    let mut unknown = root.members().map(|(name, _)| name).filter(|name| !is_known(name.as_text()));
    let key = fault.key();
    if is_known(key) && missing(&key) {
        let name = meant(key, unknown.clone().map(Json::as_text))?;
        let at = unknown.find(|it| it.as_text() == name)?.span().start;
        let at = locate(document.position(at)).map(|Position { line, column }| format!(" at {line}:{column}"));
        return Some(format!("; is {name}{} meant?", at.unwrap_or_default()));
    }
    unknown.find(|name| name.as_text() == key)?;
    Some(format!("; is {} meant?", meant(key, known.iter().map(String::as_str).filter(missing))?))
}
