//! The regular expressions that mean the same in JavaScript and in Rust.

/// The longest portable pattern, in bytes.
const MAX_BYTES: usize = 1_000;

/// The limit on counted repetitions. Nested counts multiply.
const MAX_COUNT: u32 = 1_000;

/// The deepest nesting of groups.
const MAX_DEPTH: u32 = 32;

/// Returns whether `pattern` uses only portable syntax: literals, `.`, `^`, `$`, `|`, groups, classes with ranges, the
/// escapes `\d \D \w \W \s \S \b`, control characters, escaped syntax, and `* + ? {n} {n,} {n,m}` with their lazy forms.
pub(crate) fn is_portable(pattern: &str) -> bool {
    pattern.len() <= MAX_BYTES && Scanner { rest: pattern }.group(0).is_some()
}

/// A scanner of a pattern. Every step returns `None` if the pattern is not portable.
struct Scanner<'a> {
    rest: &'a str,
}

#[expect(clippy::option_option, reason = "not portable; a class of characters; one character")]
impl Scanner<'_> {
    /// Scans the rest of a group, or the pattern at depth 0, and returns its highest repetition count.
    fn group(&mut self, depth: u32) -> Option<u32> {
        // The repetition count of what the next quantifier applies to, if there is anything.
        let (mut max, mut operand) = (1, None);
        while let Some(next) = self.next() {
            operand = match next {
                '(' if depth < MAX_DEPTH && (!self.skip('?') || self.skip(':')) => {
                    Some(self.group(depth.saturating_add(1))?)
                }
                ')' if depth > 0 => return Some(max),
                '*' | '+' | '?' | '{' => {
                    let count = if next == '{' { self.count()? } else { 1 };
                    max = count.saturating_mul(operand?).max(max);
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
            max = operand.unwrap_or(1).max(max);
        }
        (depth == 0 && max <= MAX_COUNT).then_some(max)
    }

    /// Scans a character class after its opening bracket.
    fn class(&mut self) -> Option<()> {
        self.skip('^');
        let mut first = true;
        loop {
            let low = match self.next()? {
                ']' if !first => return Some(()),
                // A hyphen is a literal at both ends only.
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

    /// Scans a member of a class and returns its character, or `Some(None)` for an escape that is a class itself.
    fn member(&mut self, next: char) -> Option<Option<char>> {
        match next {
            '\\' => {
                if self.skip('-') {
                    Some(Some('-'))
                } else {
                    self.escape()
                }
            }
            // Set operators in Rust and in JavaScript's `v` mode.
            '[' | ']' | '-' => None,
            '&' | '~' if self.rest.starts_with(next) => None,
            next => Some(Some(next)),
        }
    }

    /// Scans an escape after its backslash and returns its character, or `Some(None)` for a class.
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

    /// Scans a counted repetition after its brace and returns the maximum count.
    fn count(&mut self) -> Option<u32> {
        let min = self.number()?;
        let max = if self.skip(',') { self.number().unwrap_or(min) } else { min };
        (self.skip('}') && min <= max).then_some(max)
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

    fn skip(&mut self, character: char) -> bool {
        let found = self.rest.starts_with(character);
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
    fn accepts_portable_patterns() {
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
            r"^/shop/(cart|checkout)/\d+$",
            "((a{10}b){10}c){10}",
        ] {
            assert!(is_portable(pattern), "{pattern}");
        }
    }

    #[test]
    fn rejects_other_patterns() {
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
