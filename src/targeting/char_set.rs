//! Sets of characters, as precise as is needed to tell which parts of a pattern can match the same text.

/// A set of characters. Letters of both cases are the same, and so are characters that patterns seldom tell apart: `;` and
/// those beyond ASCII and control characters; and `<`, `=`, `>` and `?` and those 64 places above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CharSet(u64);

impl CharSet {
    pub(crate) const ALL: Self = Self(u64::MAX);
    pub(crate) const DIGIT: Self = Self(0).with('0', '9');
    pub(crate) const WORD: Self = Self::DIGIT.with('A', 'Z').with('_', '_').with('\u{80}', '\u{80}');
    pub(crate) const SPACE: Self = Self(0).with('\t', '\r').with(' ', ' ').with('\u{80}', '\u{80}');

    /// The places of characters that are not told apart.
    const SHARED: u64 = u64::MAX << 59;

    /// Returns the set with a range of characters.
    pub(crate) const fn with(self, low: char, high: char) -> Self {
        let Self(mut places) = self;
        let mut code = low as u32;
        while code <= high as u32 && code <= 0x80 {
            let place = match code {
                0x61..=0x7A => code & 31,
                0x20..=0x5F => code & 63,
                0x60 | 0x7B..=0x7F => 0x3C | code & 3,
                _ => 59,
            };
            places |= 1 << place;
            code = code.wrapping_add(1);
        }
        if high as u32 > 0x7F {
            // The long s and the Kelvin sign fold to ASCII.
            places |= 1 << 59 | 1 << (b'S' & 31) | 1 << (b'K' & 31);
        }
        Self(places)
    }

    /// The set of one character.
    pub(crate) const fn one(character: char) -> Self {
        Self(0).with(character, character)
    }

    pub(crate) fn union(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The characters that are not in the set.
    pub(crate) fn complement(self) -> Self {
        Self(!self.0 | Self::SHARED)
    }

    pub(crate) fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::CharSet;

    #[test]
    fn cases_and_characters_beyond_ascii_are_the_same() {
        let set = |(low, high)| CharSet::default().with(low, high);
        for (a, b, expected) in [
            (('a', 'c'), ('B', 'B'), true),
            (('a', 'c'), ('d', 'd'), false),
            (('0', '9'), ('/', '/'), false),
            (('0', '9'), ('a', 'z'), false),
            (('.', '/'), ('A', 'z'), false),
            (('-', '-'), ('A', 'Z'), false),
            (('@', '@'), ('a', 'z'), false),
            (('_', '_'), ('a', 'z'), false),
            (('\t', '\r'), (' ', ' '), false),
            (('é', 'é'), ('я', 'я'), true),
            (('é', 'é'), ('K', 'K'), true),
            (('é', 'é'), ('L', 'L'), false),
        ] {
            assert_eq!(set(a).intersects(set(b)), expected, "{a:?} {b:?}");
        }
        assert!(!set(('a', 'z')).complement().intersects(set(('A', 'Z'))));
        assert!(!set(('@', '@')).complement().intersects(set(('@', '@'))));
        assert!(set(('é', 'é')).complement().intersects(set(('я', 'я'))));
    }
}
