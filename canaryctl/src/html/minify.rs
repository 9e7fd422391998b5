//! A minimal minifier for the inline guard.

/// Removes comment lines, white space next to punctuation, and redundant characters before a closing bracket. Quoted text
/// stays. It supports only the syntax that `loader/guard.js` uses, as described there. A minifier that also renames would
/// save more, but the guard's hash would change with each version of the minifier.
pub(crate) fn minify(source: &str) -> String {
    let mut result = String::with_capacity(source.len());
    let mut quote = None;
    let mut has_gap = false;
    let lines = source.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    for next in lines.flat_map(|line| line.chars().chain(['\n'])) {
        if quote.is_none() && next.is_ascii_whitespace() {
            has_gap = true;
            continue;
        }
        if has_gap && is_word(next) && result.ends_with(is_word) {
            result.push(' ');
        }
        has_gap = false;
        if quote.is_none() && is_redundant(result.chars().last(), next) {
            result.pop();
        }
        result.push(next);
        quote = match quote {
            None => ['"', '`'].into_iter().find(|it| *it == next),
            Some(open) => (open != next).then_some(open),
        };
    }
    result
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$')
}

fn is_redundant(last: Option<char>, next: char) -> bool {
    matches!((last, next), (Some(';'), '}') | (Some(','), ')' | ']' | '}'))
}

#[cfg(test)]
mod tests {
    use super::minify;

    #[test]
    fn white_space_and_comments_are_removed() {
        for (source, expected) in [
            ("// a\n{\n  // b\n  const a = (b) => c;\n}\n", "{const a=(b)=>c}"),
            ("f(\n  a,\n  [b, ],\n);\r\nreturn a;", "f(a,[b]);return a;"),
            ("let a\n  = typeof $b;", "let a=typeof $b;"),
            ("a = \"b  , c;}\" + `d { ${e ? \"f g\" : h} , }` ;", "a=\"b  , c;}\"+`d { ${e ? \"f g\" : h} , }`;"),
            ("\"//\" + a // b", "\"//\"+a//b"),
        ] {
            assert_eq!(minify(source), expected, "{source}");
        }
    }
}
