//! The distribution of users over buckets: uniform, and independent for each decision.

use canary_runtime::bucketing::{BUCKETS, Domain, bucket};
use canary_runtime::{Config, Evaluation, EvaluationContext};
use proptest::prelude::*;

/// The limit that chi-square with 99 degrees of freedom exceeds once in 10,000 draws.
const LIMIT_99: f64 = 161.0;

/// The limit for one degree of freedom, in a hundred draws.
const LIMIT_1: f64 = 24.0;

#[test]
fn each_domain_distributes_a_million_users_uniformly() {
    for domain in [Domain::Canary, Domain::Flag, Domain::Variant, Domain::Report] {
        let mut cells = [0_f64; 100];
        for user in 0..1_000_000 {
            cells[bucket(domain, "canary", &format!("user-{user}")) as usize / 1_000] += 1.0;
        }
        let chi_square: f64 = cells.iter().map(|count| (count - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi_square < LIMIT_99, "{domain:?} {chi_square}");
    }
}

/// Returns the buckets of 100,000 users.
fn buckets(domain: Domain, salt: &str) -> Vec<u32> {
    (0..100_000).map(|user| bucket(domain, salt, &format!("user-{user}"))).collect()
}

/// Returns chi-square of two decisions that each include or exclude the same users.
fn dependence(first: &[u32], second: &[u32], percents: [u32; 2]) -> f64 {
    let mut cells = [[0_f64; 2]; 2];
    for (first, second) in first.iter().zip(second) {
        cells[usize::from(*first < percents[0] * 1_000)][usize::from(*second < percents[1] * 1_000)] += 1.0;
    }
    let [[neither, b], [a, both]] = cells;
    let sums = (neither + b) * (a + both) * (neither + a) * (b + both);
    (neither * both - a * b).powi(2) * 100_000.0 / sums
}

fn check_independence(decisions: &[Vec<u32>]) {
    for (index, first) in decisions.iter().enumerate() {
        for second in &decisions[index + 1..] {
            for percents in [[10, 10], [50, 50], [10, 50]] {
                let chi_square = dependence(first, second, percents);
                assert!(chi_square < LIMIT_1, "{chi_square}");
            }
        }
    }
}

#[test]
fn domains_are_independent() {
    let decisions =
        [Domain::Canary, Domain::Flag, Domain::Variant, Domain::Report].map(|domain| buckets(domain, "search"));
    check_independence(&decisions);
    // The same decision twice is not.
    assert!(dependence(&decisions[0], &decisions[0], [10, 50]) > 1_000.0);
}

#[test]
fn flags_and_releases_are_independent() {
    for domain in [Domain::Canary, Domain::Flag] {
        check_independence(&["search", "checkout", "search2", "a", "b"].map(|salt| buckets(domain, salt)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_bucket_has_one_variant_and_each_its_weight(weights in prop::collection::vec(0..=1_000_000_000_u64, 1..9)) {
        let total: u64 = weights.iter().sum();
        prop_assume!(total > 0);
        let variants: Vec<_> =
            weights.iter().enumerate().map(|(name, weight)| format!(r#""v{name}": {{"weight": {weight}, "value": {name}}}"#)).collect();
        let text = format!(r#"{{"CANARY_PERCENTAGE": 0, "FEATURE_FLAGS": {{"f": {{"variants": {{{}}}}}}}}}"#, variants.join(","));
        let (config, warnings) = Config::parse(text.as_bytes()).expect("a valid config");
        prop_assert!(warnings.is_empty());
        let mut ends = weights.iter().scan(0, |sum, weight| { *sum += weight; Some(u64::from(BUCKETS) * *sum / total) });
        let ends: Vec<u64> = ends.by_ref().collect();
        prop_assert_eq!(ends.last(), Some(&u64::from(BUCKETS)));
        for user in 0..2_000 {
            let context = EvaluationContext { targeting_key: format!("user-{user}"), ..EvaluationContext::default() };
            let details = Evaluation::new(&config, &context).flag("f");
            let variant: usize = details.variant.expect("a variant").trim_start_matches('v').parse().expect("a number");
            // Without a bucket, everyone has the same variant.
            let bucket = u64::from(details.bucket.unwrap_or(0));
            let expected = ends.iter().position(|end| bucket < *end);
            prop_assert_eq!(Some(variant), expected, "{:?} {}", &weights, bucket);
        }
    }
}
