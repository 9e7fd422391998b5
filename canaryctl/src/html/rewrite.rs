//! Replacement of spans in a text that keeps the rest byte for byte.

use std::ops::Range;

/// Replaces the span with an index by lines and removes the others. A span that is alone on its line is removed with the line; new
/// lines get the indentation and the line ending of the old one.
pub(crate) fn replace(text: &str, spans: &[Range<usize>], place: usize, lines: &[String]) -> String {
    let mut result = String::with_capacity(text.len().saturating_add(1024));
    let mut end = 0;
    for (index, span) in spans.iter().enumerate() {
        let line = Line::around(text, span);
        let removed = line.as_ref().map_or_else(|| span.clone(), |line| line.range.clone());
        result.push_str(text.get(end..removed.start).unwrap_or_default());
        end = removed.end;
        if index != place {
            continue;
        }
        match line {
            Some(line) => lines.iter().for_each(|it| result.extend([line.indent, it, line.ending])),
            None => result.extend(lines.iter().map(String::as_str)),
        }
    }
    result.push_str(text.get(end..).unwrap_or_default());
    result
}

/// A line that contains only the span.
struct Line<'a> {
    range: Range<usize>,
    indent: &'a str,
    ending: &'a str,
}

impl<'a> Line<'a> {
    fn around(text: &'a str, span: &Range<usize>) -> Option<Self> {
        let before = text.get(..span.start)?;
        let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
        let indent = before.get(start..)?;
        let after = text.get(span.end..)?;
        let rest = after.split_inclusive('\n').next()?;
        let ending = if rest.ends_with("\r\n") { "\r\n" } else { "\n" };
        let is_alone = is_blank(indent) && rest.ends_with('\n') && is_blank(rest);
        is_alone.then(|| Self { range: start..span.end.saturating_add(rest.len()), indent, ending })
    }
}

fn is_blank(text: &str) -> bool {
    text.trim_ascii().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let spans: Vec<_> =
            text.match_indices("<x>").map(|(start, it)| start..start.saturating_add(it.len())).collect();
        assert_eq!(replace(text, &spans, 0, &["1".to_owned(), "2".to_owned()]), expected);
    }

    #[test]
    fn whole_lines_are_removed() {
        check("a\n  <x>\n\t<x>\n\n<x> \nb", "a\n  1\n  2\n\nb");
        check("a\r\n <x>\r\n<x>\r\nb", "a\r\n 1\r\n 2\r\nb");
        check("<x>\n", "1\n2\n");
    }

    #[test]
    fn a_shared_line_stays() {
        check("<p><x><b><x></p>\n", "<p>12<b></p>\n");
        check("<x> a\nb <x>", "12 a\nb ");
        check(" <x>", " 12");
    }
}
