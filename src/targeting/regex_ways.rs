//! The ways in which the parts of a pattern can share a text, which a browser tries one by one before it gives up.

use alloc::vec::Vec;

use crate::targeting::char_set::CharSet;

/// The ways of an unbounded repetition.
const UNBOUNDED: f64 = 1_024.0;

/// A part of a pattern: a character, a class or a group.
#[derive(Clone, Copy, Default)]
pub(crate) struct Part {
    /// The highest repetition count.
    pub(crate) count: u32,
    /// The characters of its matches, and those that they begin with.
    chars: CharSet,
    first: CharSet,
    /// Whether it can match nothing.
    is_optional: bool,
    /// Whether it contains an unbounded repetition.
    has_loop: bool,
    /// The ways to match one text that are left for what follows, and the most that are tried within.
    ways: f64,
    pub(crate) worst: f64,
}

impl Part {
    pub(crate) fn of(chars: CharSet) -> Self {
        Self { count: 1, chars, first: chars, ways: 1.0, worst: 1.0, ..Self::default() }
    }

    /// Adds an alternative, of which there is none before the first.
    pub(crate) fn add_alternative(&mut self, next: Part) {
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
pub(crate) struct Sequence {
    part: Part,
    choices: Vec<Choice>,
    /// The characters of the parts that have to match.
    required: Vec<CharSet>,
}

impl Sequence {
    /// A sequence that may begin anywhere in the text has made a choice already.
    pub(crate) fn new(is_whole: bool) -> Self {
        let start = Choice { chars: CharSet::ALL, before: 1.0, ways: UNBOUNDED, position: 0 };
        let choices = if is_whole { Vec::from([start]) } else { Vec::new() };
        Self { part: Part { is_optional: true, ..Part::of(CharSet::default()) }, choices, required: Vec::new() }
    }

    /// The most ways that are tried where what follows does not match.
    fn ways(&self) -> f64 {
        self.choices.iter().fold(1.0, |most, choice| choice.ways.max(most))
    }

    /// The sequence begins at the begin of the text, if nothing is before it.
    pub(crate) fn anchor(&mut self) {
        if self.part.first == CharSet::default() {
            self.choices.clear();
        }
    }

    /// The next part has to match here.
    pub(crate) fn require(&mut self) {
        self.part.worst = self.part.worst.max(self.ways());
    }

    /// Adds a part that is repeated, or refuses that. Without a maximum the repetition is unbounded.
    pub(crate) fn push(&mut self, part: Part, min: u32, max: Option<u32>) -> Option<()> {
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

    pub(crate) fn end(mut self, is_whole: bool) -> Part {
        // Nothing has to match behind the whole pattern.
        self.part.ways = if is_whole { 1.0 } else { self.ways() };
        self.part
    }
}
