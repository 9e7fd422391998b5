//! What holds for every input.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic fails the test"
)]

use canary_runtime::bucket::{BUCKETS, Domain, bucket};
use canary_runtime::{Address, Cohort, Config, Context, Decision, Percentage, Standing, Variant};
use proptest::prelude::*;

fn decide(millipercent: u32, key: &str) -> Decision {
    let percent = f64::from(millipercent) / 1000.0;
    let text = format!(r#"{{"CANARY_PERCENTAGE": {percent}, "FEATURE_FLAGS": {{}}}}"#);
    let (config, _) = Config::parse(text.as_bytes()).expect("a valid config");
    Decision::make(&config, &Context { targeting_key: key.to_owned(), standing: Standing::Known })
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _answer = Config::parse(&bytes);
    }

    #[test]
    fn any_json_like_text_is_answered(text in r#"(\{|\}|\[|\]|"|:|,|\\|[a-zA-Z0-9_.+-]|CANARY_PERCENTAGE|FEATURE_FLAGS| ){0,60}"#) {
        let _answer = Config::parse(text.as_bytes());
    }

    #[test]
    fn buckets_are_in_range(salt in ".*", key in ".*") {
        prop_assert!(bucket(Domain::Canary, &salt, &key) < BUCKETS);
    }

    #[test]
    fn raising_the_percentage_moves_nobody_out(a in 0..=BUCKETS, b in 0..=BUCKETS, key in ".+") {
        let (low, high) = (decide(a.min(b), &key), decide(a.max(b), &key));
        prop_assert!(low.variant == Variant::Stable || high.variant == Variant::Canary);
    }

    #[test]
    fn nobody_at_0_and_everybody_at_100(key in ".+") {
        prop_assert_eq!(decide(0, &key).variant, Variant::Stable);
        prop_assert_eq!(decide(BUCKETS, &key).variant, Variant::Canary);
    }

    #[test]
    fn up_to_the_middle_nobody_moves_between_canary_and_control(a in 0..=BUCKETS / 2, b in 0..=BUCKETS / 2, key in ".+") {
        let cohorts = [decide(a, &key).cohort, decide(b, &key).cohort];
        prop_assert!(!(cohorts.contains(&Cohort::Canary) && cohorts.contains(&Cohort::Control)));
    }

    #[test]
    fn a_percentage_is_exact_or_refused(percent in -1.0..101.0) {
        if let Some(percentage) = Percentage::new(percent) {
            prop_assert_eq!((f64::from(percentage.buckets()) / 1000.0).to_bits(), (percent + 0.0).to_bits());
        }
    }

    #[test]
    fn an_address_is_a_plain_path_or_another_origin(text in r"[a-zA-Z0-9:/\\.%@?#_ -]{0,30}") {
        match Address::parse(&text) {
            Some(Address::Own) => prop_assert!(text.starts_with('/') && !text.starts_with("//") && !text.contains("..")),
            Some(Address::Foreign(origin)) => prop_assert!(origin.starts_with("https://") && text.starts_with(origin)),
            None => {}
        }
    }
}

#[test]
fn users_are_spread_evenly() {
    // Chi-square over 100 cells of 100,000 users: 99 degrees of freedom, 161 is exceeded once in 10,000 draws.
    let mut cells = [0_f64; 100];
    for user in 0..100_000 {
        cells[bucket(Domain::Canary, "canary", &format!("user-{user}")) as usize / 1_000] += 1.0;
    }
    let chi_square: f64 = cells.iter().map(|count| (count - 1_000.0).powi(2) / 1_000.0).sum();
    assert!(chi_square < 161.0, "{chi_square}");
}
