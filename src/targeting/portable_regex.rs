//! The regular expressions that mean the same in JavaScript and in Rust, and that no text makes slow in JavaScript.

use alloc::vec::Vec;

use crate::targeting::char_set::CharSet;

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

/// The ways of an unbounded repetition.
const UNBOUNDED: f64 = 1_024.0;

/// Returns whether `pattern` uses only portable syntax: literals, `.`, `^`, `$`, `|`, groups, classes with ranges, the
/// escapes `\d \D \w \W \s \S \b`, control characters, escaped syntax, and `* + ? {n} {n,} {n,m}` with their lazy forms;
/// and whether a browser that fails to match it gives up soon.
pub(crate) fn is_portable(pattern: &str) -> bool {
    let mut scanner = Scanner { rest: pattern };
    pattern.len() <= MAX_BYTES
        && scanner.group(0).is_some_and(|whole| whole.count <= MAX_COUNT && whole.worst <= MAX_WAYS)
}

/// A part of a pattern: a character, a class or a group.
#[derive(Clone, Copy, Default)]
struct Part {
    /// The highest repetition count.
    count: u32,
    /// The characters of its matches, and those that they begin with.
    chars: CharSet,
    first: CharSet,
    /// Whether it can match nothing.
    is_optional: bool,
    /// Whether it contains an unbounded repetition.
    has_loop: bool,
    /// The ways to match one text that are left for what follows, and the most that are tried within.
    ways: f64,
    worst: f64,
}

impl Part {
    fn of(chars: CharSet) -> Self {
        Self { count: 1, chars, first: chars, ways: 1.0, worst: 1.0, ..Self::default() }
    }

    /// Adds an alternative, of which there is none before the first.
    fn add_alternative(&mut self, next: Part) {
        let is_ambiguous = self.first.intersects(next.first);
        self.ways = if is_ambiguous { self.ways + next.ways } else { self.ways.max(next.ways) };
        self.worst = self.worst.max(next.worst).max(self.ways);
        self.count = self.count.max(next.count);
        self.chars.union(next.chars);
        self.first.union(next.first);
        self.is_optional |= next.is_optional;
        self.has_loop |= next.has_loop;
    }
}

/// A choice that a part leaves open: how many characters it takes.
#[derive(Clone, Copy)]
struct Choice {
    chars: CharSet,
    /// The ways of the choices before it that can share its text, and those times its own.
    before: f64,
    ways: f64,
    /// The number of parts before it that have to match.
    position: usize,
}

/// A sequence of parts.
struct Sequence {
    part: Part,
    choices: Vec<Choice>,
    /// The characters of the parts that have to match.
    required: Vec<CharSet>,
}

impl Sequence {
    /// A sequence that may begin anywhere in the text has made a choice already.
    fn new(is_whole: bool) -> Self {
        let start = Choice { chars: CharSet::ALL, before: 1.0, ways: UNBOUNDED, position: 0 };
        let choices = if is_whole { Vec::from([start]) } else { Vec::new() };
        Self { part: Part { is_optional: true, ..Part::of(CharSet::default()) }, choices, required: Vec::new() }
    }

    /// The most ways that are tried where what follows does not match.
    fn ways(&self) -> f64 {
        self.choices.iter().fold(1.0, |most, choice| choice.ways.max(most))
    }

    /// The next part has to match here.
    fn require(&mut self) {
        self.part.worst = self.part.worst.max(self.ways());
    }

    /// Adds a part that is repeated, or refuses that. Without a maximum the repetition is unbounded.
    fn push(&mut self, part: Part, min: u32, max: Option<u32>) -> Option<()> {
        let own = match max {
            // Each round could be divided among others in several ways.
            None if part.has_loop || part.ways > 1.0 => return None,
            None => UNBOUNDED,
            Some(max) => {
                (0..max).fold(f64::from(max.saturating_sub(min).saturating_add(1)), |ways, _| ways * part.ways)
            }
        };
        let shared = self.choices.iter().filter(|choice| choice.chars.intersects(part.chars));
        let before = shared.fold(1.0_f64, |most, choice| {
            // Where something stands between that this part cannot match, the two share the length of the text.
            let between = self.required.get(choice.position..).unwrap_or_default();
            let is_apart = between.iter().any(|chars| !chars.intersects(part.chars));
            most.max(if is_apart { choice.before.max(choice.ways / own) } else { choice.ways })
        });
        let total = &mut self.part;
        total.worst = total.worst.max(before * part.worst);
        total.count = total.count.max(part.count.saturating_mul(max.unwrap_or(min).max(1)));
        if total.is_optional {
            total.first.union(part.first);
        }
        total.chars.union(part.chars);
        total.has_loop |= part.has_loop || max.is_none();
        let is_required = min > 0 && !part.is_optional;
        total.is_optional &= !is_required;
        if is_required {
            self.require();
            // A choice that took less would leave a character here that this part does not begin with.
            self.choices.retain(|choice| choice.chars.intersects(part.first));
            self.required.push(part.chars);
        }
        if own > 1.0 {
            let position = self.required.len();
            self.choices.push(Choice { chars: part.chars, before, ways: before * own, position });
        }
        Some(())
    }

    fn end(mut self, is_whole: bool) -> Part {
        // Nothing has to match behind the whole pattern.
        self.part.ways = if is_whole { 1.0 } else { self.ways() };
        self.part
    }
}

/// A scanner of a pattern. Every step returns `None` if the pattern is not portable.
struct Scanner<'a> {
    rest: &'a str,
}

impl Scanner<'_> {
    /// Scans the rest of a group, or the pattern at depth 0.
    fn group(&mut self, depth: u32) -> Option<Part> {
        let is_whole = depth == 0;
        let mut group = Part { ways: 0.0, ..Part::default() };
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
                    // At the begin of the pattern alone.
                    if sequence.part.first == CharSet::default() {
                        sequence.choices.clear();
                    }
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
