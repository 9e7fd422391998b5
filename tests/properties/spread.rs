//! Users are spread evenly, and every decision spreads them anew.

use canary_runtime::bucket::{BUCKETS, Domain, bucket};
use canary_runtime::{Config, Context, Evaluation, Overrides};
use proptest::prelude::*;

/// What chi-square with 99 degrees of freedom exceeds once in 10,000 draws.
const LIMIT_99: f64 = 161.0;

/// The same with one degree of freedom, for a hundred draws.
const LIMIT_1: f64 = 24.0;

#[test]
fn each_domain_spreads_a_million_users_evenly() {
    for domain in [Domain::Canary, Domain::Flag, Domain::Variant] {
        let mut cells = [0_f64; 100];
        for user in 0..1_000_000 {
            cells[bucket(domain, "canary", &format!("user-{user}")) as usize / 1_000] += 1.0;
        }
        let chi_square: f64 = cells.iter().map(|count| (count - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi_square < LIMIT_99, "{domain:?} {chi_square}");
    }
}

/// Chi-square of two decisions over 100,000 users, in or out each.
fn dependence(a: impl Fn(&str) -> bool, b: impl Fn(&str) -> bool) -> f64 {
    let mut cells = [[0_f64; 2]; 2];
    for user in 0..100_000 {
        let user = format!("user-{user}");
        cells[usize::from(a(&user))][usize::from(b(&user))] += 1.0;
    }
    let [[neither, b], [a, both]] = cells;
    let sums = (neither + b) * (a + both) * (neither + a) * (b + both);
    (neither * both - a * b).powi(2) * 100_000.0 / sums
}

fn inside(domain: Domain, salt: &'static str, percent: u32) -> impl Fn(&str) -> bool {
    move |user| bucket(domain, salt, user) < percent * 1_000
}

#[test]
fn domains_are_independent() {
    const DOMAINS: [Domain; 3] = [Domain::Canary, Domain::Flag, Domain::Variant];
    for (place, first) in DOMAINS.into_iter().enumerate() {
        for second in DOMAINS.into_iter().skip(place + 1) {
            for percent in [10, 50] {
                let chi_square = dependence(inside(first, "search", percent), inside(second, "search", percent));
                assert!(chi_square < LIMIT_1, "{first:?} {second:?} {percent} {chi_square}");
            }
        }
    }
    // What this would look like if they were not.
    assert!(dependence(inside(Domain::Flag, "search", 10), inside(Domain::Flag, "search", 50)) > 1_000.0);
}

#[test]
fn flags_and_releases_are_independent() {
    const SALTS: [&str; 5] = ["search", "checkout", "search2", "a", "b"];
    for domain in [Domain::Canary, Domain::Flag] {
        for (place, first) in SALTS.into_iter().enumerate() {
            for second in SALTS.into_iter().skip(place + 1) {
                let chi_square = dependence(inside(domain, first, 50), inside(domain, second, 50));
                assert!(chi_square < LIMIT_1, "{domain:?} {first} {second} {chi_square}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    // Users of all buckets: which bucket a user has, the outcome says.
    #[test]
    fn every_bucket_has_one_variant_and_each_its_share(weights in prop::collection::vec(0..=1_000_000_000_u64, 1..9)) {
        let total: u64 = weights.iter().sum();
        prop_assume!(total > 0);
        let variants: Vec<_> =
            weights.iter().enumerate().map(|(name, weight)| format!(r#""{name}": {{"weight": {weight}, "value": {name}}}"#)).collect();
        let text = format!(r#"{{"CANARY_PERCENTAGE": 0, "FEATURE_FLAGS": {{"f": {{"variants": {{{}}}}}}}}}"#, variants.join(","));
        let (config, warnings) = Config::parse(text.as_bytes()).expect("a valid config");
        prop_assert!(warnings.is_empty());
        let mut ends = weights.iter().scan(0, |sum, weight| { *sum += weight; Some(u64::from(BUCKETS) * *sum / total) });
        let ends: Vec<u64> = ends.by_ref().collect();
        prop_assert_eq!(ends.last(), Some(&u64::from(BUCKETS)));
        for user in 0..2_000 {
            let context = Context { targeting_key: format!("user-{user}"), ..Context::default() };
            let evaluation = Evaluation { config: &config, context: &context, overrides: &Overrides::default(), now: 0 };
            let details = evaluation.flag("f");
            let variant: usize = details.variant.expect("a variant").parse().expect("a number");
            // Without a bucket, all have the same.
            let place = u64::from(details.bucket.unwrap_or(0));
            let expected = ends.iter().position(|end| place < *end);
            prop_assert_eq!(Some(variant), expected, "{:?} {}", &weights, place);
        }
    }
}
