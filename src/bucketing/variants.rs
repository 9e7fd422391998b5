//! Variants and the shares of users that get them.

use crate::bucketing::bucket::BUCKETS;
use crate::json::document::Json;
use crate::json::keyword::Keyword;

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

    /// All weights together.
    pub(crate) fn total(self) -> u64 {
        self.variants().fold(0, |total, (weight, _)| total.saturating_add(weight))
    }

    fn variants(self) -> impl Iterator<Item = (u64, Variant<'a>)> {
        self.0.members().map(|(name, variant)| {
            let weight = variant.member(Keyword::Weight).as_integer().unwrap_or(0);
            (weight, Variant { name: name.as_text(), value: variant.member(Keyword::Value) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::document::Document;
    use std::format;
    use std::vec::Vec;

    #[track_caller]
    fn check(text: &str, buckets: &[(u32, &str)], only: Option<&str>) {
        let document = Document::parse(text).unwrap();
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
        let many: Vec<_> =
            (0..1_000).map(|index| format!(r#""v{index}": {{"weight": 1000000000, "value": 0}}"#)).collect();
        check(&format!("{{{}}}", many.join(",")), &[(99_999, "v999"), (49_999, "v499")], None);
    }
}
