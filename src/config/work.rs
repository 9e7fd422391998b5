//! The work that a decision or the evaluation of a flag can take, compared with the size of what an operator wrote.

use crate::json::document::Json;
use crate::json::keyword::Keyword;

/// The work that any config may take.
const FREE: usize = 10_000;

/// The work that each value of a config allows for.
const PER_VALUE: usize = 32;

/// The work of a regular expression, compared with that of a comparison.
const REGEX: usize = 64;

/// Returns the work that is allowed for what these values describe.
pub(crate) fn budget(values: &[Json]) -> usize {
    values.iter().fold(FREE, |sum, value| sum.saturating_add(value.size().saturating_mul(PER_VALUE)))
}

/// Returns the work of all conditions in a value. A segment is found by its name, and its values are compared one by one.
pub(crate) fn of_conditions(json: Json, segments: Json) -> usize {
    let names = segments.members().count();
    json.within().fold(0_usize, |sum, key| {
        sum.saturating_add(match key.keyword() {
            // Beyond the budget the exact number is of no interest, and takes too long.
            Keyword::InGroup | Keyword::NotInGroup if sum > budget(&[json, segments]) => names,
            Keyword::InGroup | Keyword::NotInGroup => {
                segments.member_named(key.following().as_text()).items().count().saturating_mul(2).saturating_add(names)
            }
            Keyword::Regex | Keyword::Regexi => REGEX,
            _ => 0,
        })
    })
}

/// Returns the work of a flag. The variant of each rule is found by its name.
pub(crate) fn of_flag(flag: Json, segments: Json) -> usize {
    let (rules, variants) = (flag.member(Keyword::Rules).items(), flag.member(Keyword::Variants).members());
    of_conditions(flag, segments).saturating_add(rules.count().saturating_mul(variants.count()))
}
