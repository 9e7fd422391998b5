//! The size of a run's ref.

use serde_json::{Value, json};

use crate::shop::Shop;

const STRATA: [(&str, &str, f64); 5] = [
    ("chromium", "desktop", 0.4),
    ("chromium", "mobile", 0.25),
    ("webkit", "mobile", 0.2),
    ("webkit", "desktop", 0.1),
    ("gecko", "desktop", 0.05),
];

/// A minute of 600 views in ten strata and both comparisons, with counts that differ from minute to minute.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn minute(shop: &mut Shop, config: &Value) {
    let (minute, percentage) = (shop.now / 60, config["CANARY_PERCENTAGE"].as_f64().unwrap());
    let mut seed = minute as u64;
    for (engine, device, part) in STRATA {
        for returning in [false, true] {
            for (cohort, share, first) in [
                ("canary", percentage / 100.0, json!("run")),
                ("control", percentage.min(50.0) / 100.0, json!("run")),
                ("rest", 1.0 - 2.0 * percentage.min(50.0) / 100.0, json!("run")),
                ("canary", percentage / 100.0, json!("cohort")),
                ("control", percentage.min(50.0) / 100.0, json!("cohort")),
            ] {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let jitter = 0.7 + 0.6 * ((seed >> 33) as f64 / f64::from(u32::MAX));
                let scale = if first == "run" { 240.0 } else { 60.0 };
                let exposed = (scale * part * share * jitter).round() as u64;
                if exposed == 0 {
                    continue;
                }
                let vital = json!({"measured": exposed / 2, "above": [exposed / 8, exposed / 16, exposed / 40]});
                let left = exposed / 30;
                shop.rows.push(json!({
                    "minute": minute, "salt": config["SALT"], "revision": config["REVISION"], "cohort": cohort,
                    "arm": cohort, "version": "x", "first": first, "returning": returning, "engine": engine,
                    "device": device, "exposed": exposed, "both": 0, "ready": exposed - left, "failed": 0,
                    "left": left, "errors": 0, "foreignErrors": 0, "codes": {}, "lcp": vital, "inp": vital, "cls": vital
                }));
            }
        }
    }
    shop.now += 60;
}

#[test]
#[ignore = "measures the figures of docs/rollouts.md; takes a minute"]
fn five_hours_at_ten_views_a_second_take_less_than_a_megabyte() {
    let mut shop = Shop::new("");
    let file = shop.file("rollout.yaml").replace("[10, 50]", "[1, 5, 10, 25, 50]").replace("5m", "1h");
    shop.write("rollout.yaml", &file);
    shop.commit("five hours");
    shop.begin();
    for _ in 0..31 {
        let config = shop.config();
        for _ in 0..10 {
            minute(&mut shop, &config);
        }
        shop.step();
    }
    let name = "refs/canary/runs/1.6.0";
    let count = |path: &str| shop.git(&["--git-dir=../remote.git", "show", &format!("{name}:{path}")]).len();
    let (rows, events) = (count("windows.jsonl"), count("events.jsonl"));
    shop.git(&["init", "--quiet", "--bare", "../alone.git"]);
    shop.git(&["--git-dir=../remote.git", "push", "--quiet", "../alone.git", &format!("{name}:{name}")]);
    shop.git(&["--git-dir=../alone.git", "gc", "--quiet", "--prune=now"]);
    let sizes = shop.git(&["--git-dir=../alone.git", "count-objects", "-v"]);
    let commits = shop.git(&["--git-dir=../alone.git", "rev-list", "--count", name]);
    println!("rows {rows} bytes, events {events} bytes, {commits} commits\n{sizes}");
    let pack = sizes.lines().find_map(|line| line.strip_prefix("size-pack: ")).unwrap().parse::<u64>().unwrap();
    assert!(pack < 1024, "{sizes}");
}
