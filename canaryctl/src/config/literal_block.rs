//! Literal blocks, whose lines are the text's lines behind the block's indentation.

use crate::config::source::Map;

/// Where each line of a literal block's text stands in the file, and what begins a new line in it: a line break, as
/// the file has them, and the indentation. `start` is the first character of the text that is on no blank line.
pub(crate) fn map(text: &str, file: &str, start: usize) -> Option<(Map, String)> {
    let before = file.get(..start)?;
    let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at.saturating_add(1));
    let indent = before.get(line_start..)?;
    if !indent.bytes().all(|byte| byte == b' ') {
        return None;
    }
    let newline = if before.get(..line_start)?.ends_with("\r\n") { "\r\n" } else { "\n" };
    let mut map = Map::default();
    let mut offset = text.len().saturating_sub(text.trim_start_matches('\n').len());
    let mut place = start;
    for line in text.get(offset..)?.split('\n') {
        let rest = file.get(place..)?;
        let rest_of_text = text.len().saturating_sub(offset);
        if rest.is_empty() && rest_of_text == 0 {
            break;
        }
        let end = place.saturating_add(line.len());
        if !rest.starts_with(line) {
            return None;
        }
        let next = offset.saturating_add(line.len());
        map.push(offset..next, place..end);
        offset = next.saturating_add(1);
        if offset > text.len() {
            break;
        }
        let rest = file.get(end..)?;
        // A block may end where the file does, without a line break that its text has nevertheless.
        let line_break = ["\r\n", "\n", "\r", ""].into_iter().find(|it| rest.starts_with(it))?;
        if line_break.is_empty() && (!rest.is_empty() || offset < text.len()) {
            return None;
        }
        let after = rest.get(line_break.len()..)?;
        let blanks = after.bytes().take(indent.len()).take_while(|byte| *byte == b' ').count();
        place = end.saturating_add(line_break.len()).saturating_add(blanks);
    }
    Some((map, format!("{newline}{indent}")))
}
