//! Webhooks with Flagger's kinds and wire format.

use serde_json::json;

use crate::shop::Shop;

fn hooks(kinds: &[&str]) -> String {
    let hook = |kind: &&str| {
        format!(
            "      - {{ name: {kind}-hook, type: {kind}, url: \"URL/{kind}\", timeout: 2s, metadata: {{ cmd: x }} }}\n"
        )
    };
    format!("    webhooks:\n{}", kinds.iter().map(hook).collect::<String>())
}

#[test]
fn gates_hold_until_they_open() {
    let mut shop = Shop::new(&hooks(&[
        "confirm-rollout",
        "pre-rollout",
        "confirm-traffic-increase",
        "confirm-promotion",
        "post-rollout",
        "event",
    ]));
    for path in ["/post-rollout", "/event"] {
        shop.web.set(path, 200, "text/plain", "");
    }
    assert_eq!(shop.step()["phase"], "Waiting");
    assert_eq!(
        shop.web.posted("/confirm-rollout"),
        [
            json!({"name": "frontend", "namespace": "shop", "phase": "Initialized", "checksum": "1.6.0", "metadata": {"cmd": "x"}})
        ]
    );
    // Any 2xx is a yes.
    shop.web.set("/confirm-rollout", 204, "text/plain", "");
    assert_eq!(shop.step()["phase"], "Initializing");
    shop.now += 60;
    assert_eq!((&shop.step()["phase"], shop.count()), (&json!("Initializing"), 2), "pre-rollout failed");
    shop.web.set("/pre-rollout", 200, "text/plain", "");
    shop.now += 60;
    assert!(shop.step()["reason"].as_str().unwrap().starts_with("waiting for confirm-traffic-increase"));
    shop.web.set("/confirm-traffic-increase", 202, "text/plain", "");
    assert_eq!(shop.step()["weight"], 10);
    shop.now += 60;
    shop.visit(9, 600, 0);
    assert_eq!(shop.step()["weight"], 50);
    shop.visit(9, 600, 0);
    assert_eq!((&shop.step()["phase"], &shop.config()["CANARY_PERCENTAGE"]), (&json!("WaitingPromotion"), &json!(50)));
    shop.visit(1, 600, 0);
    assert_eq!(shop.step()["phase"], "WaitingPromotion");
    shop.web.set("/confirm-promotion", 200, "text/plain", "");
    assert_eq!(shop.step()["phase"], "Promoting");
    shop.set_page("1.6.0");
    assert_eq!(shop.step()["phase"], "Succeeded");
    shop.step();
    let posted = shop.web.posted("/post-rollout");
    assert_eq!((posted.len(), &posted[0]["phase"]), (1, &json!("Succeeded")));
    let events = shop.web.posted("/event");
    let last = &events.last().unwrap()["metadata"];
    assert_eq!((&last["eventType"], &last["cmd"]), (&json!("Normal"), &json!("x")));
    assert!(
        last["timestamp"].as_str().unwrap().parse::<i64>().unwrap() == shop.now * 1000
            && last["eventMessage"].is_string()
    );
}

#[test]
fn failed_checks_roll_back_at_the_threshold() {
    let mut shop = Shop::new(&hooks(&["rollout"]));
    shop.begin();
    for (failed, phase) in [(1, "Progressing"), (2, "Progressing"), (3, "Failed")] {
        shop.visit(1, 600, 0);
        let report = shop.step();
        assert_eq!(report["phase"], phase, "{report}");
        // A second look in the same interval is no other check.
        if failed < 3 {
            assert!(report["reason"].as_str().unwrap().ends_with(&format!("{failed} of 3 checks failed")), "{report}");
            assert_eq!(shop.step()["phase"], "Progressing");
        }
    }
    assert!(shop.message().starts_with("rollout(frontend): roll back 1.6.0 from 10 %: 3 failed checks\n"));
}

#[test]
fn the_rollback_webhook_rolls_back_by_its_success() {
    let mut shop = Shop::new(&hooks(&["rollback"]));
    shop.begin();
    shop.visit(1, 600, 0);
    assert_eq!(shop.step()["phase"], "Progressing");
    shop.web.set("/rollback", 200, "text/plain", "");
    shop.visit(1, 600, 0);
    assert_eq!(shop.step()["phase"], "Failed");
}

#[test]
fn a_freeze_holds_an_advance_and_not_a_roll_back() {
    let mut shop = Shop::new("    freeze: [ { from: \"Mon 10:05\", until: \"Mon 12:00\" } ]\n");
    shop.begin();
    shop.visit(9, 600, 0);
    let held = shop.step();
    assert_eq!((&held["weight"], &held["verdict"]), (&json!(10), &json!("advance")));
    assert_eq!(held["reason"], "frozen from Mon 10:05 to Mon 12:00 UTC; a roll-back is not");
    shop.visit(4, 600, 60);
    assert_eq!(shop.step()["phase"], "Failed");
}

#[test]
fn metrics_of_prometheus_are_checks() {
    let metrics = "    metrics: [ { name: api-errors, interval: 2m, thresholdRange: { max: 1 }, query: 'rate(errors{app=\"{{ target }}\"}[{{ interval }}])' } ]\n";
    let mut shop = Shop::new(metrics);
    shop.begin();
    let answer = |series: &str| {
        format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{series}]}}}}")
    };
    let path = "/api/v1/query";
    let step = |shop: &Shop| shop.run(&["step", "--now", &shop.clock(), "--prometheus", &shop.web.url]);
    shop.visit(9, 600, 0);
    // Silence neither fails nor advances.
    shop.web.set(path, 200, "application/json", answer(""));
    let held = step(&shop);
    assert_eq!(
        (&held["weight"], &held["reason"]),
        (&json!(10), &json!("no data of metric api-errors: found no series, expected one"))
    );
    shop.web.set(path, 200, "application/json", answer("{\"metric\":{},\"value\":[1,\"1.5\"]}"));
    let failed = step(&shop);
    assert_eq!(failed["reason"], "metric api-errors: found 1.5, expected at most 1; 1 of 3 checks failed");
    shop.web.set(path, 200, "application/json", answer("{\"metric\":{},\"value\":[1,\"0.5\"]}"));
    assert_eq!(step(&shop)["weight"], 50);
    let query = shop.web.asked(path);
    assert!(query.contains("query=rate%28errors%7Bapp%3D%22frontend%22%7D%5B2m%5D%29&time=17960"), "{query}");
}

#[test]
fn the_next_version_waits_after_a_run_that_is_over() {
    let mut shop = Shop::new(&hooks(&["confirm-rollout", "post-rollout"]));
    shop.web.set("/confirm-rollout", 200, "text/plain", "");
    shop.begin();
    shop.run(&["abort", "--now", &shop.clock()]);
    shop.web.set("/confirm-rollout", 403, "text/plain", "");
    shop.serve("1.7.0");
    shop.pull();
    shop.write("canary.yaml", "image: example.com/shop:1.7.0\n");
    shop.commit("image");
    for _ in 0..2 {
        let waiting = shop.step();
        assert_eq!((&waiting["phase"], &waiting["run"]), (&json!("Waiting"), &json!("1.7.0")));
    }
    assert_eq!(shop.events("1.7.0").len(), 1);
    shop.web.set("/confirm-rollout", 200, "text/plain", "");
    assert_eq!(shop.step()["run"], "1.7.0");
}

#[test]
fn a_metric_template_of_the_branch_is_a_check() {
    let metrics = "    metrics: [ { name: api, templateRef: { name: errors }, thresholdRange: { max: 1 }, templateVariables: { code: \"5..\" } } ]\n";
    let mut shop = Shop::new(metrics);
    let template = format!(
        "apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {{ name: errors }}\nspec:\n  provider: {{ type: prometheus, address: \"{}\" }}\n  query: 'errors{{code=~\"{{{{ variables.code }}}}\"}}'\n",
        shop.web.url
    );
    shop.begin();
    shop.visit(9, 600, 0);
    let held = shop.step();
    let reason = "no data of metric api: found no MetricTemplate errors in the manifests of the branch";
    assert_eq!((&held["weight"], &held["reason"]), (&json!(10), &json!(reason)));
    shop.pull();
    std::fs::create_dir(shop.path("tree/metrics")).unwrap();
    shop.write("metrics/errors.yaml", &template);
    shop.commit("template");
    let answer = "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1,\"0.5\"]}]}}";
    shop.web.set("/api/v1/query", 200, "application/json", answer);
    assert_eq!(shop.step()["weight"], 50);
    assert!(shop.web.asked("/api/v1/query").contains("query=errors%7Bcode%3D%7E%225..%22%7D"));
}
