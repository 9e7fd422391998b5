//! Variants and the shares of users that get them.

use crate::bucket::BUCKETS;
use crate::json::{Json, Kind};
use crate::log::Log;
use crate::word::Word;

/// The heaviest that a variant may be.
const MAX_WEIGHT: u64 = 1_000_000_000;

/// All variants of a flag, in the order in which they were typed: every bucket belongs to exactly one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split<'a>(Json<'a>);

/// A named value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Variant<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// What the flag is for those who get it.
    pub(crate) value: Json<'a>,
}

impl<'a> Split<'a> {
    /// That of `variants`, which have been checked.
    pub(crate) fn new(json: Json<'a>) -> Self {
        Self(json)
    }

    /// Checks that `json` is an object of variants.
    pub(crate) fn check(json: Json, log: &mut Log) -> bool {
        let sound = json.members().all(|(_, variant)| {
            for (name, value) in variant.members() {
                match name.word() {
                    Word::Weight if value.as_integer().is_none_or(|weight| weight > MAX_WEIGHT) => {
                        return log.refuse(value, "an integer from 0 to 1,000,000,000");
                    }
                    Word::Weight | Word::Value => {}
                    _ => log.ignore(name),
                }
            }
            variant.member(Word::Weight).and(variant.member(Word::Value)).is_some()
                || log.refuse(variant, "an object with a weight and a value")
        });
        sound
            && (json.kind() == Kind::Object && Split(json).total() > 0
                || log.refuse(json, "an object of variants, with weights that are not all 0"))
    }

    /// The variant of a bucket.
    pub(crate) fn find(self, bucket: u32) -> Option<Variant<'a>> {
        let (total, mut sum) = (self.total(), 0_u64);
        let below = |sum: u64| u64::from(BUCKETS).saturating_mul(sum).checked_div(total).unwrap_or(0);
        self.variants().find_map(|(weight, variant)| {
            sum = sum.saturating_add(weight);
            (u64::from(bucket) < below(sum)).then_some(variant)
        })
    }

    /// The one variant that everybody gets, if there is one.
    pub(crate) fn only(self) -> Option<Variant<'a>> {
        self.find(0).filter(|first| self.find(BUCKETS.saturating_sub(1)) == Some(*first))
    }

    /// The variant of that name.
    pub(crate) fn named(self, name: &str) -> Option<Variant<'a>> {
        self.variants().map(|(_, variant)| variant).find(|variant| variant.name == name)
    }

    fn total(self) -> u64 {
        self.variants().fold(0, |total, (weight, _)| total.saturating_add(weight))
    }

    fn variants(self) -> impl Iterator<Item = (u64, Variant<'a>)> {
        self.0.members().filter_map(|(name, variant)| {
            let weight = variant.member(Word::Weight)?.as_integer()?;
            Some((weight, Variant { name: name.text(), value: variant.member(Word::Value)? }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;
    use std::format;
    use std::string::ToString;
    use std::vec::Vec;

    #[track_caller]
    fn check(text: &str, buckets: &[(u32, &str)], only: Option<&str>) {
        let document = Document::parse(text).unwrap();
        assert!(Split::check(document.root(), &mut Log::default()), "{text}");
        let split = Split::new(document.root());
        for (bucket, name) in buckets {
            assert_eq!(split.find(*bucket).map(|variant| variant.name), Some(*name), "{text} {bucket}");
        }
        assert_eq!(split.only().map(|variant| variant.name), only, "{text}");
    }

    #[test]
    fn ranges_follow_each_other() {
        check(
            r#"{"a": {"weight": 1, "value": 1}, "none": {"weight": 0, "value": 2}, "b": {"weight": 2, "value": 3}}"#,
            &[(0, "a"), (33_332, "a"), (33_333, "b"), (99_999, "b")],
            None,
        );
    }

    #[test]
    fn one_variant_of_all_the_weight_needs_no_bucket() {
        check(r#"{"none": {"weight": 0, "value": 2}, "b": {"weight": 7, "value": 3}}"#, &[(0, "b")], Some("b"));
    }

    #[test]
    fn the_heaviest_weights_do_not_overflow() {
        let many: Vec<_> = (0..1_000).map(|index| format!(r#""v{index}": {{"weight": 1000000000, "value": 0}}"#)).collect();
        check(&format!("{{{}}}", many.join(",")), &[(99_999, "v999"), (49_999, "v499")], None);
    }

    #[test]
    fn refuses_malformed_variants() {
        let variants = "expected an object of variants, with weights that are not all 0";
        for (text, message) in [
            ("[]", format!("E117 line 1, column 1: {variants}")),
            ("{}", format!("E117 line 1, column 1: {variants}")),
            (r#"{"a": {"weight": 0, "value": 1}}"#, format!("E117 line 1, column 1: {variants}")),
            (r#"{"a": 1}"#, "E117 a (line 1, column 7): expected an object with a weight and a value".to_string()),
            (r#"{"a": {"weight": 1}}"#, "E117 a (line 1, column 7): expected an object with a weight and a value".to_string()),
            (r#"{"a": {"value": 1}}"#, "E117 a (line 1, column 7): expected an object with a weight and a value".to_string()),
            (
                r#"{"a": {"weight": 1.5, "value": 1}}"#,
                "E117 a.weight (line 1, column 18): expected an integer from 0 to 1,000,000,000".to_string(),
            ),
            (
                r#"{"a": {"weight": 1000000001, "value": 1}}"#,
                "E117 a.weight (line 1, column 18): expected an integer from 0 to 1,000,000,000".to_string(),
            ),
        ] {
            let document = Document::parse(text).unwrap();
            let mut log = Log::default();
            assert!(!Split::check(document.root(), &mut log), "{text}");
            assert_eq!(log.pop(&document).to_string(), message, "{text}");
        }
    }
}
