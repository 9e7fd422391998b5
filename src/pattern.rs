//! Which regular expressions mean the same to JavaScript and to Rust.

/// The longest pattern, in bytes.
const MAX_BYTES: usize = 1_000;

/// The most repetitions that a pattern may count. What is counted may not be counted again: it would grow without end.
const MAX_COUNT: u32 = 255;

/// Whether both sides read `pattern` alike: literals, `.`, `^`, `$`, `|`, groups, classes with ranges, the escapes
/// `\d \D \w \W \s \S \b`, control characters, escaped syntax, and `* + ? {n} {n,} {n,m}` with their lazy forms.
///
/// ```
/// use canary_runtime::pattern::is_portable;
///
/// assert!(is_portable(r"^/shop/(cart|checkout)/\d+$", false));
/// assert!(!is_portable("(?=look)ahead", false));
/// ```
#[must_use]
pub fn is_portable(pattern: &str, ignore_case: bool) -> bool {
    pattern.len() <= MAX_BYTES && Scanner { rest: pattern, ignore_case }.pattern().is_some()
}

/// What is still to be read; every step answers `None` where the pattern is not portable.
struct Scanner<'a> {
    rest: &'a str,
    ignore_case: bool,
}

/// What stands before the place that is read, as far as a quantifier is concerned.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Atom,
    /// A group in which something is counted.
    Counted,
}

impl Scanner<'_> {
    fn pattern(&mut self) -> Option<()> {
        // A bit for each open group: whether something is counted in it.
        let (mut groups, mut depth, mut before) = (0_u32, 0_u32, Before::Nothing);
        while let Some(next) = self.next() {
            before = match next {
                '(' => {
                    if self.skip('?') && !self.skip(':') || depth == 31 {
                        return None;
                    }
                    depth = depth.wrapping_add(1);
                    groups <<= 1;
                    Before::Nothing
                }
                ')' => {
                    depth = depth.checked_sub(1)?;
                    let counted = groups & 1;
                    // What is counted in a group is counted in the one around it, too.
                    groups = groups >> 1 | counted;
                    if counted == 1 { Before::Counted } else { Before::Atom }
                }
                '*' | '+' | '?' | '{' => {
                    if next == '{' {
                        self.count().filter(|()| before == Before::Atom)?;
                        groups |= 1;
                    }
                    if before == Before::Nothing {
                        return None;
                    }
                    self.skip('?');
                    Before::Nothing
                }
                '|' | '^' | '$' => Before::Nothing,
                ']' | '}' => return None,
                '[' => self.class()?,
                '\\' => match self.next()? {
                    'b' if !self.ignore_case => Before::Nothing,
                    next => self.escape(next).map(|_| Before::Atom)?,
                },
                _ => Before::Atom,
            };
        }
        (depth == 0).then_some(())
    }

    /// The rest of a class, whose bracket has been read.
    fn class(&mut self) -> Option<Before> {
        self.skip('^');
        let mut first = true;
        loop {
            let low = match self.next()? {
                ']' if !first => return Some(Before::Atom),
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
                let next = self.next()?;
                if next == '-' { Some(Some('-')) } else { self.escape(next) }
            }
            // Operators of classes elsewhere.
            '[' | ']' | '-' => None,
            '&' | '~' if self.rest.starts_with(next) => None,
            next => Some(Some(next)),
        }
    }

    /// What stands behind a backslash: a character, or nothing for one that stands for several.
    fn escape(&mut self, next: char) -> Option<Option<char>> {
        match next {
            // Case folding adds to the word characters, and each side does its own thing with what is left.
            'W' if self.ignore_case => None,
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => Some(None),
            't' => Some(Some('\t')),
            'n' => Some(Some('\n')),
            'r' => Some(Some('\r')),
            'f' => Some(Some('\u{c}')),
            'v' => Some(Some('\u{b}')),
            '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/' => Some(Some(next)),
            _ => None,
        }
    }

    /// The rest of a counted repetition.
    fn count(&mut self) -> Option<()> {
        let least = self.number()?;
        let most = if self.skip(',') { self.number().unwrap_or(least) } else { least };
        (self.skip('}') && least <= most && most <= MAX_COUNT).then_some(())
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
    use std::string::String;

    #[test]
    fn takes_what_both_sides_read_alike() {
        for pattern in [
            "", "abc", "é👩", "^a.c$", "a|b|", "(a)(?:b)()", "a*b+c?", "a*?b+?c??", "a{2}b{2,}c{2,3}?", "[a-z][^a-z]",
            "[-a][a-][^-]", r"[\-\]\\\d]", r"\d\D\w\W\s\S\bx", r"\t\n\r\f\v", r"\^\$\\\.\*\+\?\(\)\[\]\{\}\|\/", "a/b-c",
            "(a{2})*", "(a{255})b{255}", "[.*+?(){}|^$]", "&&~~",
        ] {
            assert!(is_portable(pattern, false), "{pattern}");
        }
        assert!(is_portable(r"(mobile|tablet)\w[\w]", true));
    }

    #[test]
    fn refuses_the_rest() {
        for pattern in [
            "(", ")", "(a", "a)", "[", "[a", "]", "{", "}", "a{", "a{}", "a{,2}", "a{3,2}", "a{256}", "a{2", "a{2,", "*a",
            "+", "?", "{2}", "a**", "a+*", "a???", "^*", r"\b*", "|*", "(*)", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?<n>a)",
            "(?P<n>a)", "(?i)a", "(?i:a)", r"(a)\1", r"\p{L}", r"\u0041", r"\x41", r"\cA", r"\0", r"\A", r"\z", r"\-", r"\é",
            r"\B", r"\", r"[\b]", r"[\B]", "[]", "[^]", "[[:alpha:]]", "[[a]]", "[a&&b]", "[a~~b]", "[a--b]", "[z-a]",
            r"[\d-a]", r"[a-\d]", "[a-b-c]", "[ --]", "(a{2}){2}", "((a{2})b){2}", "(?", "(?:",
        ] {
            assert!(!is_portable(pattern, false), "{pattern}");
        }
        for pattern in [r"\W", r"[\W]", r"\bx"] {
            assert!(!is_portable(pattern, true), "{pattern}");
        }
        assert!(!is_portable(&"a".repeat(1_001), false));
        assert!(!is_portable(&[String::from("(").repeat(32), ")".repeat(32)].concat(), false));
    }
}
