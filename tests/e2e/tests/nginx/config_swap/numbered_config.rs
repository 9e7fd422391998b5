//! Configs that differ in a number alone, not in length.

use std::fmt::Write as _;

/// So that all numbers have seven digits.
const FIRST: u64 = 1_000_000;

/// Enough flags to exceed a buffer.
const FLAGS: usize = 300;

/// A config of 100 % with its number in every line, and as the value of the flag `number`.
pub(crate) fn text(number: u64) -> String {
    let number = FIRST + number;
    let mut text = format!(
        "{{\"CANARY_PERCENTAGE\": 100, \"SALT\": \"s\", \"REVISION\": {number}, \"FEATURE_FLAGS\": {{\n\
         \"number\": {{ \"variants\": {{ \"v\": {{ \"weight\": 1, \"value\": {number} }} }} }}"
    );
    for flag in 0..FLAGS {
        let _ = write!(text, ",\n\"flag-{flag:03}-{number}\": true");
    }
    text + "\n}}\n"
}

/// The value of the flag `number`.
pub(crate) fn value(number: u64) -> u64 {
    FIRST + number
}

/// The number of a complete config; none for a mixture.
pub(crate) fn number(body: &str) -> Option<u64> {
    let (_, rest) = body.split_once("\"REVISION\": ")?;
    let number = rest.get(..7)?.parse::<u64>().ok()?.checked_sub(FIRST)?;
    (body == text(number)).then_some(number)
}

#[test]
fn a_mixture_of_two_configs_is_detected() {
    let (one, two) = (text(1), text(234));
    assert_eq!(one.len(), two.len());
    for text in [&one, &two] {
        serde_json::from_str::<serde_json::Value>(text).unwrap();
    }
    assert_eq!([&one, &two].map(|text| number(text)), [Some(1), Some(234)]);
    let half = one.len() / 2;
    for wrong in [format!("{}{}", &one[..half], &two[half..]), one[..half].to_owned(), String::new()] {
        assert_eq!(number(&wrong), None);
    }
}
