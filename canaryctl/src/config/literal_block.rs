//! Literal blocks: scalars whose lines are those of the text, behind an indentation.

use crate::config::source_map::SourceMap;

/// Maps the text of a literal block to the file. Returns with the map what begins a new line of the block: a line
/// break, as the file has them, and the indentation. `start` is the first character of the text that is on no blank
/// line.
pub(crate) fn map(text: &str, file: &str, start: usize) -> Option<(SourceMap, String)> {
    let before = file.get(..start)?;
    let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at.saturating_add(1));
    let indent = before.get(line_start..)?;
    if !indent.bytes().all(|byte| byte == b' ') {
        return None;
    }
    let newline = if before.get(..line_start)?.ends_with("\r\n") { "\r\n" } else { "\n" };
    let mut map = SourceMap::default();
    let mut offset = text.len().saturating_sub(text.trim_start_matches('\n').len());
    let mut at = start;
    for line in text.get(offset..)?.split('\n') {
        let rest = file.get(at..)?;
        let rest_of_text = text.len().saturating_sub(offset);
        if rest.is_empty() && rest_of_text == 0 {
            break;
        }
        let end = at.saturating_add(line.len());
        if !rest.starts_with(line) {
            return None;
        }
        let next = offset.saturating_add(line.len());
        map.push(offset..next, at..end);
        offset = next.saturating_add(1);
        if offset > text.len() {
            break;
        }
        let rest = file.get(end..)?;
        // A block may end where the file does, without the line break that its text has nevertheless.
        let line_break = ["\r\n", "\n", "\r", ""].into_iter().find(|it| rest.starts_with(it))?;
        if line_break.is_empty() && (!rest.is_empty() || offset < text.len()) {
            return None;
        }
        let after = rest.get(line_break.len()..)?;
        let blanks = after.bytes().take(indent.len()).take_while(|byte| *byte == b' ').count();
        at = end.saturating_add(line_break.len()).saturating_add(blanks);
    }
    Some((map, format!("{newline}{indent}")))
}
