//! The times of parsing a config, hashing a user into a bucket, and evaluating; `scripts/bench core` prints them.

#![allow(missing_docs, clippy::expect_used, reason = "a benchmark of inputs that are valid")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use canary_runtime::bucketing::{Domain, bucket};
use canary_runtime::json::Document;
use canary_runtime::{Config, Evaluation, EvaluationContext, History, Visitor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// One half of the flags has a percentage, the other a rule before it; the first one has five rules.
fn config_text(flags: usize) -> String {
    let mut text = String::from(
        r#"{"CANARY_PERCENTAGE":5,"FEATURE_FLAGS":{"five-rules":{"rules":[
        {"if":{"plan":{"$in":["pro","team"]}},"serve":true},{"if":{"country":{"$in":["AT","CH"]}},"serve":true},
        {"if":{"language":{"$in":["de","fr"]}},"serve":true},{"if":{"device":"tablet"},"serve":true},
        {"if":{"group":"a"},"serve":true}]}"#,
    );
    for index in 1..flags {
        let rule = r#"{"rules":[{"if":{"plan":{"$in":["pro","team"]}},"serve":true}],"percentage":10}"#;
        let flag = if index % 2 == 0 { rule } else { "50" };
        write!(text, r#","flag-{index}":{flag}"#).expect("a string takes all text");
    }
    text + "}}"
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for flags in [10, 10_000] {
        let text = config_text(flags);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new("flags", flags), &text, |bencher, text| {
            bencher.iter(|| Config::parse(black_box(text.as_bytes())).expect("a valid config"));
        });
    }
    group.finish();
}

fn hash(criterion: &mut Criterion) {
    let id = "6f1c3b2a9d8e47f5a0b1c2d3e4f50617";
    criterion.bench_function("bucket", |bencher| {
        bencher.iter(|| bucket(Domain::Flag, black_box("new-checkout"), black_box(id)));
    });
}

fn evaluate(criterion: &mut Criterion) {
    let (config, warnings) = Config::parse(config_text(10).as_bytes()).expect("a valid config");
    assert!(warnings.is_empty());
    let attributes = r#"{"plan":"free","country":"DE","language":"en","device":"mobile","group":"a"}"#;
    let context = EvaluationContext {
        targeting_key: "visitor-219".to_owned(),
        attributes: Document::parse(attributes).expect("valid attributes"),
    };
    let mut group = criterion.benchmark_group("evaluate");
    for flag in ["flag-1", "five-rules"] {
        group.bench_function(flag, |bencher| {
            bencher.iter(|| Evaluation::new(black_box(&config), black_box(&context)).flag(flag));
        });
    }
    group.bench_function("decision", |bencher| {
        bencher.iter(|| {
            Evaluation::new(black_box(&config), black_box(&context)).decide(Visitor::Identified, History::default())
        });
    });
    group.finish();
}

criterion_group! {
    name = core;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = parse, hash, evaluate
}
criterion_main!(core);
