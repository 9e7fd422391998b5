//! Which regular expressions mean the same to JavaScript and to Rust.

/// The longest pattern, in bytes.
const MAX_BYTES: usize = 1_000;

/// The most repetitions that a pattern may count, those within others multiplied.
const MAX_COUNT: u32 = 1_000;

/// How deep groups may nest.
const MAX_DEPTH: u32 = 32;

/// Whether both sides read `pattern` alike: literals, `.`, `^`, `$`, `|`, groups, classes with ranges, the escapes
/// `\d \D \w \W \s \S \b`, control characters, escaped syntax, and `* + ? {n} {n,} {n,m}` with their lazy forms.
///
/// ```
/// use canary_runtime::targeting::portable_regex::is_portable;
///
/// assert!(is_portable(r"^/shop/(cart|checkout)/\d+$"));
/// assert!(!is_portable("(?=look)ahead"));
/// ```
#[must_use]
pub fn is_portable(pattern: &str) -> bool {
    pattern.len() <= MAX_BYTES && Scanner { rest: pattern }.group(0).is_some()
}

/// What is still to be read; every step answers `None` where the pattern is not portable.
struct Scanner<'a> {
    rest: &'a str,
}

#[expect(clippy::option_option, reason = "not portable; portable and several characters; one character")]
impl Scanner<'_> {
    /// The rest of a group, or of the pattern at depth 0: how often the most counted of it may repeat.
    fn group(&mut self, depth: u32) -> Option<u32> {
        // What the quantifier that may come next is about: how often it repeats already, or nothing at all.
        let (mut most, mut before) = (1, None);
        while let Some(next) = self.next() {
            before = match next {
                '(' if depth < MAX_DEPTH && (!self.skip('?') || self.skip(':')) => {
                    Some(self.group(depth.saturating_add(1))?)
                }
                ')' if depth > 0 => return Some(most),
                '*' | '+' | '?' | '{' => {
                    let count = if next == '{' { self.count()? } else { 1 };
                    most = count.saturating_mul(before?).max(most);
                    self.skip('?');
                    None
                }
                '|' | '^' | '$' => None,
                '(' | ')' | ']' | '}' => return None,
                '[' => self.class().map(|()| Some(1))?,
                '\\' if self.skip('b') => None,
                '\\' => self.escape().map(|_| Some(1))?,
                _ => Some(1),
            };
            most = before.unwrap_or(1).max(most);
        }
        (depth == 0 && most <= MAX_COUNT).then_some(most)
    }

    /// The rest of a class, whose bracket has been read.
    fn class(&mut self) -> Option<()> {
        self.skip('^');
        let mut first = true;
        loop {
            let low = match self.next()? {
                ']' if !first => return Some(()),
                // A hyphen is itself at both ends only.
                '-' if first || self.rest.starts_with(']') => {
                    first = false;
                    continue;
                }
                next => self.member(next)?,
            };
            first = false;
            if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                self.next();
                let high = self.next().and_then(|next| self.member(next))?;
                low.zip(high).filter(|(low, high)| low <= high)?;
            }
        }
    }

    /// A member of a class: a character, or nothing for an escape that stands for several.
    fn member(&mut self, next: char) -> Option<Option<char>> {
        match next {
            '\\' => {
                if self.skip('-') {
                    Some(Some('-'))
                } else {
                    self.escape()
                }
            }
            // Operators of classes elsewhere.
            '[' | ']' | '-' => None,
            '&' | '~' if self.rest.starts_with(next) => None,
            next => Some(Some(next)),
        }
    }

    /// What stands behind a backslash: a character, or nothing for one that stands for several.
    fn escape(&mut self) -> Option<Option<char>> {
        match self.next()? {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => Some(None),
            't' => Some(Some('\t')),
            'n' => Some(Some('\n')),
            'r' => Some(Some('\r')),
            'f' => Some(Some('\u{c}')),
            'v' => Some(Some('\u{b}')),
            next @ ('^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/') => {
                Some(Some(next))
            }
            _ => None,
        }
    }

    /// The rest of a counted repetition: how often at most.
    fn count(&mut self) -> Option<u32> {
        let least = self.number()?;
        let most = if self.skip(',') { self.number().unwrap_or(least) } else { least };
        (self.skip('}') && least <= most).then_some(most)
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = None;
        while let Some(digit) = self.rest.chars().next().and_then(|next| next.to_digit(10)) {
            self.next();
            number = Some(number.unwrap_or(0_u32).saturating_mul(10).saturating_add(digit));
        }
        number
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn skip(&mut self, wanted: char) -> bool {
        let found = self.rest.starts_with(wanted);
        if found {
            self.next();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_both_sides_read_alike() {
        for pattern in [
            "",
            "abc",
            "é👩",
            "^a.c$",
            "a|b|",
            "(a)(?:b)()",
            "a*b+c?",
            "a*?b+?c??",
            "a{2}b{2,}c{2,3}?",
            "[a-z][^a-z]",
            "[-a][a-][^-]",
            r"[\-\]\\\d]",
            r"\d\D\w\W\s\S\bx",
            r"\t\n\r\f\v",
            r"\^\$\\\.\*\+\?\(\)\[\]\{\}\|\/",
            "a/b-c",
            "(a{2})*",
            "(a{1000})b{1000}",
            "[.*+?(){}|^$]",
            "&&~~",
            r"(\d{1,3}\.){3}",
            "((a{10}b){10}c){10}",
        ] {
            assert!(is_portable(pattern), "{pattern}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for pattern in [
            "(",
            ")",
            "(a",
            "a)",
            "[",
            "[a",
            "]",
            "{",
            "}",
            "a{",
            "a{}",
            "a{,2}",
            "a{3,2}",
            "a{1001}",
            "a{2",
            "a{2,",
            "*a",
            "+",
            "?",
            "{2}",
            "a**",
            "a+*",
            "a???",
            "^*",
            r"\b*",
            "|*",
            "(*)",
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?<!a)",
            "(?<n>a)",
            "(?P<n>a)",
            "(?i)a",
            "(?i:a)",
            r"(a)\1",
            r"\p{L}",
            r"\u0041",
            r"\x41",
            r"\cA",
            r"\0",
            r"\A",
            r"\z",
            r"\-",
            r"\é",
            r"\B",
            r"\",
            r"[\b]",
            r"[\B]",
            "[]",
            "[^]",
            "[[:alpha:]]",
            "[[a]]",
            "[a&&b]",
            "[a~~b]",
            "[a--b]",
            "[z-a]",
            r"[\d-a]",
            r"[a-\d]",
            "[a-b-c]",
            "[ --]",
            "((a{10}b){10}c){11}",
            "(?",
            "(?:",
        ] {
            assert!(!is_portable(pattern), "{pattern}");
        }
        assert!(!is_portable(&"a".repeat(1_001)));
        assert!(is_portable(&["(".repeat(32), ")".repeat(32)].concat()));
        assert!(!is_portable(&["(".repeat(33), ")".repeat(33)].concat()));
    }
}
