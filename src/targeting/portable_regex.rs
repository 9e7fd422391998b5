//! The regular expressions that mean the same in JavaScript and in Rust, and that no text makes slow in JavaScript.

use crate::targeting::char_set::CharSet;
use crate::targeting::regex_ways::{Part, Sequence};

/// The longest text that is matched, in bytes. The rest of a longer one is ignored.
pub(crate) const MAX_SUBJECT: usize = 1_024;

/// The longest portable pattern, in bytes.
const MAX_BYTES: usize = 1_000;

/// The limit on counted repetitions. Nested counts multiply.
const MAX_COUNT: u32 = 1_000;

/// The deepest nesting of groups.
const MAX_DEPTH: u32 = 32;

/// The limit on the ways in which the parts of a pattern can share a text. A browser tries about a million in 3 ms.
const MAX_WAYS: f64 = 4.0e6;

/// Returns whether `pattern` uses only portable syntax: literals, `.`, `^`, `$`, `|`, groups, classes with ranges, the
/// escapes `\d \D \w \W \s \S \b`, control characters, escaped syntax, and `* + ? {n} {n,} {n,m}` with their lazy forms;
/// and whether a browser that fails to match it gives up soon.
///
/// ```
/// assert!(canary_runtime::targeting::is_portable("^/shop/(cart|checkout)$"));
/// assert!(!canary_runtime::targeting::is_portable("(a|aa)+"));
/// ```
#[must_use]
pub fn is_portable(pattern: &str) -> bool {
    let mut scanner = Scanner { rest: pattern };
    pattern.len() <= MAX_BYTES
        && scanner.group(0).is_some_and(|whole| whole.count <= MAX_COUNT && whole.worst <= MAX_WAYS)
}

/// A scanner of a pattern. Every step returns `None` if the pattern is not portable.
struct Scanner<'a> {
    rest: &'a str,
}

impl Scanner<'_> {
    /// Scans the rest of a group, or the pattern at depth 0.
    fn group(&mut self, depth: u32) -> Option<Part> {
        let is_whole = depth == 0;
        let mut group = Part::default();
        let mut sequence = Sequence::new(is_whole);
        while let Some(next) = self.next() {
            let part = match next {
                '(' if depth < MAX_DEPTH && (!self.skip('?') || self.skip(':')) => {
                    self.group(depth.saturating_add(1))?
                }
                ')' if !is_whole => {
                    group.add_alternative(sequence.end(is_whole));
                    return Some(group);
                }
                '|' => {
                    let ended = core::mem::replace(&mut sequence, Sequence::new(is_whole));
                    group.add_alternative(ended.end(is_whole));
                    continue;
                }
                '^' => {
                    sequence.anchor();
                    continue;
                }
                '$' => {
                    sequence.require();
                    continue;
                }
                '\\' if self.skip('b') => {
                    sequence.require();
                    continue;
                }
                '*' | '+' | '?' | '{' | '(' | ')' | ']' | '}' => return None,
                '[' => Part::of(self.class()?),
                '\\' => Part::of(self.escape()?.1),
                '.' => Part::of(CharSet::ALL),
                literal => Part::of(CharSet::one(literal)),
            };
            let (min, max) = self.quantifier()?;
            sequence.push(part, min, max)?;
        }
        group.add_alternative(sequence.end(is_whole));
        is_whole.then_some(group)
    }

    /// Scans a quantifier, if there is one.
    fn quantifier(&mut self) -> Option<(u32, Option<u32>)> {
        let range = match self.rest.chars().next() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.next();
                let range = self.count()?;
                self.skip('?');
                return Some(range);
            }
            _ => return Some((1, Some(1))),
        };
        self.next();
        self.skip('?');
        Some(range)
    }

    /// Scans a character class after its opening bracket.
    fn class(&mut self) -> Option<CharSet> {
        let is_negated = self.skip('^');
        let mut set = CharSet::default();
        let mut first = true;
        loop {
            let (low, chars) = match self.next()? {
                ']' if !first => return Some(if is_negated { set.complement() } else { set }),
                // A hyphen is a literal at both ends only.
                '-' if first || self.rest.starts_with(']') => {
                    first = false;
                    set.union(CharSet::one('-'));
                    continue;
                }
                next => self.member(next)?,
            };
            first = false;
            set.union(chars);
            if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                self.next();
                let high = self.next().and_then(|next| self.member(next))?.0;
                let (low, high) = low.zip(high).filter(|(low, high)| low <= high)?;
                set = set.with(low, high);
            }
        }
    }

    /// Scans a member of a class and returns its character, if it is one, and its characters.
    fn member(&mut self, next: char) -> Option<(Option<char>, CharSet)> {
        match next {
            '\\' => {
                if self.skip('-') {
                    Some((Some('-'), CharSet::one('-')))
                } else {
                    self.escape()
                }
            }
            // Set operators in Rust and in JavaScript's `v` mode.
            '[' | ']' | '-' => None,
            '&' | '~' if self.rest.starts_with(next) => None,
            next => Some((Some(next), CharSet::one(next))),
        }
    }

    /// Scans an escape after its backslash and returns its character, if it is one, and its characters.
    fn escape(&mut self) -> Option<(Option<char>, CharSet)> {
        let literal = match self.next()? {
            'd' => return Some((None, CharSet::DIGIT)),
            'D' => return Some((None, CharSet::DIGIT.complement())),
            'w' => return Some((None, CharSet::WORD)),
            'W' => return Some((None, CharSet::WORD.complement())),
            's' => return Some((None, CharSet::SPACE)),
            'S' => return Some((None, CharSet::SPACE.complement())),
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            'v' => '\u{b}',
            next @ ('^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/') => next,
            _ => return None,
        };
        Some((Some(literal), CharSet::one(literal)))
    }

    /// Scans a counted repetition after its brace and returns its range.
    fn count(&mut self) -> Option<(u32, Option<u32>)> {
        let min = self.number()?;
        let max = if self.skip(',') { self.number() } else { Some(min) };
        (self.skip('}') && max.is_none_or(|max| min <= max) && min.max(max.unwrap_or(0)) <= MAX_COUNT)
            .then_some((min, max))
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

    /// Patterns, each with whether a text of 1,024 bytes can make a browser try more than some million ways.
    #[test]
    fn slow_patterns_are_refused() {
        for pattern in [
            "(a+)+",
            "^(a+)+$",
            "^(([0-9a-f]+)*)*x",
            "(a|aa)+",
            "^(a|A)*$",
            "^(a|b|ab)*$",
            "^(a?a)+$",
            "^(a{1,2})+$",
            "a*a*a*b",
            "^a*a*a*b",
            "^a*(b?)a*a*c",
            "^a+.*[a-z]*c",
            "/.*/.*/b",
            r"\w+\s*\w+$",
            "^((a|a)|b)+$",
            "^(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)b",
            "^(a|ab){30}$",
            "^(a?){30}a{30}$",
            "^a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaaaaaaaaaab",
            "^(a{0,40}){0,40}b",
            "^(.*,){3}x",
            r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+",
            "^([a-z]+/)*$",
        ] {
            assert!(!is_portable(pattern), "{pattern}");
        }
        for pattern in [
            "a*b",
            "^a*a*b",
            "^(a|b)*c$",
            "(foo|bar)+z",
            r"^(\d{1,3}\.)+$",
            r"^\d+\.\d+\.\d+\.\d+$",
            "^/[^/]+/[^/]+/[^/]+/[^/]+$",
            "^/shop/.*/x/.*$",
            "^.*foo.*baz$",
            r"\.(png|jpe?g|gif|webp)$",
            r"\.(jpe?g|png)(\?.*)?$",
            r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
            r"^[\w.+-]+@[\w-]+\.[\w.-]+$",
            r"^https?://([^/]+\.)?example\.com/.*$",
            "Android.*Chrome/[.0-9]* Mobile",
            r"Chrome/(\d+)\..*Mobile",
            r"(^|\.)example\.com$",
            "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            "foo.*bar",
            ".*",
            "^(?:|a|)+$",
        ] {
            assert!(is_portable(pattern), "{pattern}");
        }
    }
}
