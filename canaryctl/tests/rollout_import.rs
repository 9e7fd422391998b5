//! `canaryctl rollout import`: Flagger's manifests as a `ClientCanary`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod support;

use canary_rollout::Rollout;
use serde_json::{Value, json};
use support::{run, text};

const MANIFESTS: &str = "apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: podinfo, namespace: test }
spec:
  provider: istio
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: podinfo }
  service: { port: 80 }
  progressDeadlineSeconds: 60
  skipAnalysis: false
  analysis:
    interval: 30s
    threshold: 10
    maxWeight: 50
    stepWeight: 5
    metrics:
      - { name: request-success-rate, thresholdRange: { min: 99 }, interval: 1m }
      - { name: request-duration, thresholdRange: { max: 500 }, interval: 30s }
      - name: not-found
        templateRef: { name: not-found, namespace: test }
        thresholdRange: { max: 5 }
        interval: 1m
        templateVariables: { direction: inbound }
      - { name: latency, templateRef: { name: latency }, thresholdRange: { max: 5 } }
      - { name: gone, templateRef: { name: gone }, thresholdRange: { max: 5 } }
    webhooks:
      - { name: load, url: \"http://tester.test/\", timeout: 5s, metadata: { cmd: \"hey -z 1m\" } }
    alerts:
      - { name: on-call, severity: error, providerRef: { name: on-call, namespace: flagger } }
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: { name: not-found }
spec:
  provider: { type: prometheus, address: \"http://prometheus:9090\" }
  query: |
    sum(rate(requests{namespace=\"{{ namespace }}\", target=~\"{{ target }}\", direction=\"{{ variables.direction }}\"}[{{ interval }}]))
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: { name: latency }
spec: { provider: { type: datadog }, query: avg }
---
apiVersion: flagger.app/v1beta1
kind: AlertProvider
metadata: { name: on-call }
spec: { type: slack, channel: on-call, username: flagger, address: \"https://hooks.slack.com/services/s3cret\" }
";

fn imported(manifests: &str) -> Value {
    let output = run(&["rollout", "import", "-", "--output", "json"], manifests);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_canary_becomes_a_file_that_the_controller_reads() {
    let all = imported(MANIFESTS);
    let it = &all[0]["rollout"];
    let rollout = Rollout::read(it).unwrap();
    assert_eq!((rollout.name.as_str(), rollout.namespace.as_str(), rollout.progress_deadline), ("podinfo", "test", 60));
    assert_eq!((rollout.analysis.interval, rollout.analysis.threshold), (30, 10));
    assert_eq!(rollout.analysis.ladder.0, [5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0]);
    let [metric] = rollout.analysis.metrics.as_slice() else { panic!("{:?}", rollout.analysis.metrics) };
    assert!(metric.query.contains("{{ variables.direction }}") && metric.max == Some(5.0), "{metric:?}");
    assert_eq!(rollout.analysis.webhooks.first().map(|hook| hook.timeout), Some(5000));
    assert_eq!(
        it["spec"]["notifications"]["providers"],
        json!([{"name": "on-call", "type": "slack", "channel": "on-call", "username": "flagger", "addressRef": {"env": "ON_CALL_ADDRESS"}}])
    );
    assert!(!all.to_string().contains("s3cret"));
}

#[test]
fn what_does_not_carry_over_is_listed() {
    let all = imported(MANIFESTS);
    let notes: Vec<_> = all[0]["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| format!("{}: {}", note["path"].as_str().unwrap(), note["message"].as_str().unwrap()))
        .collect();
    assert_eq!(
        notes,
        [
            "spec.configRef: new: set the path of the ConfigMap with the canary config",
            "spec.stable, spec.canary: new: check the addresses, and name the images' places",
            "spec.targetRef: a run begins with a new tag of the canary's image: name its place in spec.canary.image",
            "spec.service: users are moved, not requests: there is no route to manage",
            "spec.provider: users are moved, not requests: there is no route to manage",
            "spec.analysis.source: new: set the collectors' address and their number",
            "spec.analysis.metrics[0]: request-success-rate: the judge's metrics not-ready and error take its place",
            "spec.analysis.metrics[1]: request-duration: the judge's metrics poor-lcp, poor-inp and poor-cls take its place",
            "spec.analysis.metrics[3]: latency: the provider \"datadog\" is not read; only prometheus is",
            "spec.analysis.metrics[4]: gone: the MetricTemplate gone is in none of the files",
            "spec.analysis.alerts[0]: give the address of on-call in the environment variable ON_CALL_ADDRESS",
        ]
    );
}

#[test]
fn the_printed_yaml_is_the_same_file() {
    let output = run(&["rollout", "import", "-"], MANIFESTS);
    let yaml = text(&output.stdout);
    let value: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(value, imported(MANIFESTS)[0]["rollout"]);
    assert!(yaml.starts_with("# spec.configRef: new: set the path"), "{yaml}");
}

#[test]
fn weights_beside_iterations_are_dropped_as_flagger_does() {
    let manifests = MANIFESTS
        .replace("    stepWeight: 5\n", "    stepWeight: 5\n    iterations: 10\n    match: [ { headers: {} } ]\n");
    let all = imported(&manifests);
    let rollout = Rollout::read(&all[0]["rollout"]).unwrap();
    assert_eq!((rollout.analysis.iterations, rollout.analysis.matching.len()), (10, 0));
    let notes = all[0]["notes"].to_string();
    assert!(notes.contains("spec.analysis.stepWeight\"") && notes.contains("spec.analysis.match\""), "{notes}");
    let output = run(&["rollout", "import", "-"], "kind: Deployment\n");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "canaryctl: found no Canary of Flagger in the files\n");
}

/// As in manifests that people publish: a misspelt key, hooks at a wrong place, and a strategy of another tool.
#[test]
fn fields_that_flagger_does_not_have_are_listed() {
    let manifest = "apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: shop }
spec:
  targetRef: { kind: Deployment, name: shop }
  webhooks: [ { name: smoke, url: \"http://tester/\" } ]
  analysis: { interval: 30s, iterations: 4, thresholdd: 3, mirroring: true, strategy: { blueGreen: {} } }
";
    let all = imported(manifest);
    let notes = all[0]["notes"].as_array().unwrap();
    let mut unknown: Vec<_> = notes
        .iter()
        .filter(|note| note["message"] == "dropped: Flagger has no such field here, and ignores or refuses it")
        .map(|note| note["path"].as_str().unwrap())
        .collect();
    // The order of keys is that of the parser.
    unknown.sort_unstable();
    assert_eq!(
        unknown,
        ["spec.analysis.mirroring", "spec.analysis.strategy", "spec.analysis.thresholdd", "spec.webhooks"]
    );
    assert!(Rollout::read(&all[0]["rollout"]).is_ok());
}

/// The alpha's canaryAnalysis with metrics of the old form, and an analysis that never moves.
#[test]
fn what_no_file_can_be_made_of_is_said() {
    let manifest = "apiVersion: flagger.app/v1alpha3
kind: Canary
metadata: { name: shop }
spec:
  targetRef: { kind: Deployment, name: shop }
  canaryAnalysis:
    interval: 10s
    threshold: 10
    metrics: [ { name: request-success-rate, threshold: 99 }, { name: own, threshold: 1 } ]
    webhooks: [ { name: smoke, url: \"http://tester/\", metadata: { regions: [ a, b ] } } ]
";
    for (part, path, message) in [
        (
            "    threshold: 10\n",
            "spec.analysis.stepWeight",
            "has to be mended: missing, expected stepWeight, stepWeights, iterations or schedule, or skipAnalysis in spec",
        ),
        (
            "    threshold: 10\n    stepWeight: 5\n",
            "spec.analysis.webhooks[0].metadata.regions",
            "has to be mended: found a list, expected a string",
        ),
    ] {
        let all = imported(&manifest.replace("    threshold: 10\n", part));
        let notes = all[0]["notes"].to_string();
        let expected = json!({"path": path, "message": message}).to_string();
        assert!(notes.contains(&expected), "{notes}");
        let old = json!({"path": "spec.canaryAnalysis.metrics[1]", "message": "own: it has no query"}).to_string();
        assert!(notes.contains(&old), "{notes}");
    }
}
