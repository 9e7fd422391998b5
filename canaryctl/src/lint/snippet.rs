//! A line of a file, with a caret below what is meant.

/// The most characters of a line that are shown, a quarter of them behind the caret.
const WIDTH: usize = 100;

/// The two lines, with the number of the line; `column` counts bytes from 1.
pub(crate) fn excerpt(line: &str, number: usize, column: usize) -> String {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    let caret = line.char_indices().take_while(|(at, _)| at.saturating_add(1) < column).count();
    let length = line.chars().count();
    let start = caret.saturating_sub(WIDTH / 4 * 3).min(length.saturating_sub(WIDTH));
    let (before, after) = (dots(start > 0), dots(length.saturating_sub(start) > WIDTH));
    // Tabs, too, because nobody knows how wide they are.
    let shown = line.chars().skip(start).take(WIDTH).map(|char| if char.is_control() { ' ' } else { char });
    let shown: String = shown.collect();
    let indent = " ".repeat(caret.saturating_sub(start).saturating_add(before.len()));
    format!("{number:>5} | {before}{shown}{after}\n      | {indent}^")
}

fn dots(needed: bool) -> &'static str {
    if needed { "..." } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, column: usize, expected: &str) {
        assert_eq!(excerpt(line, 7, column), expected);
    }

    #[test]
    fn the_caret_is_below_the_column() {
        check("  \"a\": 1,\r", 8, "    7 |   \"a\": 1,\n      |        ^");
        check("\t\"é\": 1", 7, "    7 |  \"é\": 1\n      |      ^");
        check("\u{feff}{", 1, "    7 | {\n      | ^");
        check("{", 2, "    7 | {\n      |  ^");
        check("", 9, "    7 | \n      | ^");
        check("a\u{1b}[31m", 1, "    7 | a [31m\n      | ^");
    }

    #[test]
    fn long_lines_are_cut_around_it() {
        let line = format!("{}X{}", "a".repeat(200), "b".repeat(200));
        let (a, b, blanks) = ("a".repeat(75), "b".repeat(24), " ".repeat(78));
        check(&line, 201, &format!("    7 | ...{a}X{b}...\n      | {blanks}^"));
        let (all, blanks) = ("a".repeat(100), " ".repeat(102));
        check(&"a".repeat(200), 200, &format!("    7 | ...{all}\n      | {blanks}^"));
        check(&"a".repeat(101), 1, &format!("    7 | {all}...\n      | ^"));
    }
}
