//! The variants of a flag and the buckets that get them.

use core::ops::Range;

use crate::bucketing::bucket::BUCKETS;
use crate::json::document::Json;
use crate::json::keyword::Keyword;

/// The variants of a flag in the order of the config. Every bucket belongs to exactly one of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variants<'a>(Json<'a>);

/// A named value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Variant<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Json<'a>,
}

impl<'a> Variants<'a> {
    /// Creates the view of a validated `variants` object.
    pub(crate) fn new(json: Json<'a>) -> Self {
        Self(json)
    }

    /// Returns the variant of a bucket.
    pub(crate) fn assign(self, bucket: u32) -> Option<Variant<'a>> {
        let (total, mut sum) = (self.total_weight(), 0_u64);
        self.weighted().find_map(|(weight, variant)| {
            sum = sum.saturating_add(weight);
            (u64::from(bucket) < first_bucket(sum, total)).then_some(variant)
        })
    }

    /// Returns the variant that all buckets get, if there is one.
    pub(crate) fn sole(self) -> Option<Variant<'a>> {
        self.assign(0).filter(|first| self.assign(BUCKETS.saturating_sub(1)) == Some(*first))
    }

    /// Returns the variant with the given name.
    pub(crate) fn get(self, name: &str) -> Option<Variant<'a>> {
        self.weighted().map(|(_, variant)| variant).find(|variant| variant.name == name)
    }

    /// Returns the buckets of the variant with the given name.
    #[expect(clippy::cast_possible_truncation, reason = "bounds are at most the number of buckets")]
    pub(crate) fn buckets(self, name: &str) -> Range<u32> {
        let (total, mut sum) = (self.total_weight(), 0_u64);
        for (weight, variant) in self.weighted() {
            let start = first_bucket(sum, total);
            sum = sum.saturating_add(weight);
            if variant.name == name {
                return start as u32..first_bucket(sum, total) as u32;
            }
        }
        0..0
    }

    /// Returns the sum of all weights.
    pub(crate) fn total_weight(self) -> u64 {
        self.weighted().fold(0, |total, (weight, _)| total.saturating_add(weight))
    }

    fn weighted(self) -> impl Iterator<Item = (u64, Variant<'a>)> {
        self.0.members().map(|(name, variant)| {
            let weight = variant.member(Keyword::Weight).as_integer().unwrap_or(0);
            (weight, Variant { name: name.as_text(), value: variant.member(Keyword::Value) })
        })
    }
}

/// Returns the first bucket after the variants that weigh `sum` together.
fn first_bucket(sum: u64, total: u64) -> u64 {
    u64::from(BUCKETS).saturating_mul(sum).checked_div(total).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::document::Document;
    use std::format;
    use std::vec::Vec;

    #[track_caller]
    fn check(text: &str, buckets: &[(u32, &str)], sole: Option<&str>) {
        let document = Document::parse(text).unwrap();
        let variants = Variants::new(document.root());
        for (bucket, name) in buckets {
            assert_eq!(variants.assign(*bucket).map(|variant| variant.name), Some(*name), "{text} {bucket}");
            assert!(variants.buckets(name).contains(bucket), "{text} {bucket}");
        }
        assert_eq!(variants.sole().map(|variant| variant.name), sole, "{text}");
    }

    #[test]
    fn ranges_follow_each_other() {
        let text =
            r#"{"a": {"weight": 1, "value": 1}, "none": {"weight": 0, "value": 2}, "b": {"weight": 2, "value": 3}}"#;
        check(text, &[(0, "a"), (33_332, "a"), (33_333, "b"), (99_999, "b")], None);
        let document = Document::parse(text).unwrap();
        let ranges = ["a", "none", "b", "c"].map(|name| Variants::new(document.root()).buckets(name));
        assert_eq!(ranges, [0..33_333, 33_333..33_333, 33_333..100_000, 0..0]);
    }

    #[test]
    fn a_variant_with_all_the_weight_needs_no_bucket() {
        check(r#"{"none": {"weight": 0, "value": 2}, "b": {"weight": 7, "value": 3}}"#, &[(0, "b")], Some("b"));
    }

    #[test]
    fn a_variant_that_rounds_to_all_buckets_needs_no_bucket() {
        let text = r#"{"a": {"weight": 1, "value": 2}, "b": {"weight": 1000000000, "value": 3}}"#;
        check(text, &[(0, "b"), (99_999, "b")], Some("b"));
    }

    #[test]
    fn the_heaviest_weights_do_not_overflow() {
        let many: Vec<_> =
            (0..1_000).map(|index| format!(r#""v{index}": {{"weight": 1000000000, "value": 0}}"#)).collect();
        check(&format!("{{{}}}", many.join(",")), &[(99_999, "v999"), (49_999, "v499")], None);
    }
}
