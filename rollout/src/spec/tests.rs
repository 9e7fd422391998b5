use serde_json::{Value, json};

use super::*;

fn file(analysis: &Value) -> Value {
    json!({
        "apiVersion": "canary.rollout/v1alpha1",
        "kind": "ClientCanary",
        "metadata": {"name": "frontend"},
        "spec": {"configRef": {"path": "cm.yaml"}, "canary": {"url": "http://canary"}, "analysis": analysis},
    })
}

#[track_caller]
fn fails(analysis: &Value, message: &str) {
    assert_eq!(Rollout::read(&file(analysis)).unwrap_err().to_string(), message);
}

#[test]
fn defaults_are_flaggers() {
    let rollout = Rollout::read(&file(&json!({"stepWeight": 20, "maxWeight": 50, "interval": "1s"}))).unwrap();
    let analysis = &rollout.analysis;
    assert_eq!((rollout.namespace.as_str(), rollout.progress_deadline, rollout.stall), ("default", 600, 86_400));
    assert_eq!((analysis.interval, analysis.step_duration, analysis.threshold), (10, 10, 1));
    assert_eq!(analysis.ladder.0, [20.0, 40.0, 50.0]);
    assert_eq!((analysis.primary_ready, analysis.source.replicas), (100, 1));
}

#[test]
fn errors_name_the_path() {
    fails(&json!({"stepWieght": 5}), "spec.analysis.stepWieght: unknown key; did you mean stepWeight?");
    fails(
        &json!({"stepWeights": [1, 5], "iterations": 3}),
        "spec.analysis.iterations: found beside stepWeights, expected one of the two",
    );
    fails(
        &json!({"stepWeight": 5, "interval": 60}),
        "spec.analysis.interval: found 60, expected a duration such as 30s, 5m or 1h30m",
    );
    fails(
        &json!({"stepWeights": [5, 1]}),
        "spec.analysis.stepWeights[1]: found 1, expected more than the weight before it",
    );
    fails(
        &json!({}),
        "spec.analysis.stepWeight: missing, expected stepWeight, stepWeights, iterations or schedule, or skipAnalysis in spec",
    );
    fails(
        &json!({"stepWeight": 5, "webhooks": [{"name": "a", "type": "rolback", "url": "http://a"}]}),
        "spec.analysis.webhooks[0].type: found \"rolback\", expected one of confirm-rollout, pre-rollout, rollout, confirm-traffic-increase, confirm-promotion, post-rollout, rollback, event; did you mean rollback?",
    );
    fails(
        &json!({"stepWeight": 5, "judge": {"alpha": 2}}),
        "spec.analysis.judge: found alpha 2, expected a number between 0 and 1",
    );
    fails(
        &json!({"stepWeight": 5.5555}),
        "spec.analysis.stepWeight: found 5.5555, expected a number from 0 to 100 with at most 3 decimals",
    );
}

#[test]
fn a_webhook_without_a_type_is_of_each_check() {
    let hooks = json!([{"name": "load", "url": "http://tester/", "metadata": {"cmd": "x"}}]);
    let rollout = Rollout::read(&file(&json!({"stepWeight": 5, "webhooks": hooks}))).unwrap();
    let hook = rollout.hooks(HookKind::Rollout).next().unwrap();
    assert_eq!((hook.timeout, hook.retries, hook.metadata["cmd"].as_str()), (10_000, 0, "x"));
}
