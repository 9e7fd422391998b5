//! A pushed config reaches the next page view.

use crate::browser::Visitor;
use crate::delivery::Delivery;
use canary_cluster::environment::Environment;
use canary_cluster::timings::Timings;
use canary_e2e::demo::{Arm, CANARY, STABLE};
use std::time::Instant;

/// Durations since the start of the command that commits and pushes.
struct Measured {
    configmap: Timings,
    pods: Timings,
    browser: Timings,
}

impl Measured {
    fn new(delivery: &str) -> Self {
        let timings = |to: &str| Timings::new(&format!("{delivery}: push to {to}"));
        Self {
            configmap: timings("ConfigMap"),
            pods: timings("every pod's file"),
            browser: timings("the page view that has it"),
        }
    }

    fn print(&self) {
        for timings in [&self.configmap, &self.pods, &self.browser] {
            timings.print();
        }
    }
}

/// The number of pushes for each way: `CANARY_PUSHES`, or `default`, which is small because a kubelet sync takes a minute.
fn push_count(default: usize) -> usize {
    std::env::var("CANARY_PUSHES").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

pub(crate) fn reaches_the_browser(env: &Environment) {
    let visitor = Visitor::new();
    for (delivery, name, count) in [
        (Delivery::Nudge, "Receiver and nudge", push_count(6)),
        (Delivery::Receiver, "Receiver", push_count(1)),
        (Delivery::Polling, "polling", push_count(1)),
    ] {
        env.set_percentage(0);
        delivery.set_up(env);
        let mut measured = Measured::new(name);
        for turn in 0..count {
            let (percentage, arm) = if turn % 2 == 0 { (25, CANARY) } else { (0, STABLE) };
            let script = env.guide.line("canaryctl set 10").replace("10", &percentage.to_string());
            measure_push(env, &visitor, &script, percentage, arm, &mut measured);
        }
        measured.print();
        assert_eq!(visitor.console_errors(), Vec::<String>::new());
    }
}

pub(crate) fn revert(env: &Environment) {
    Delivery::Nudge.set_up(env);
    let visitor = Visitor::new();
    let mut measured = Measured::new("git revert, Receiver and nudge");
    for _ in 0..push_count(2) {
        env.set_percentage(0);
        env.repository.run("canaryctl set 25 --config $F --commit --push");
        env.wait_for_pods(25);
        assert_eq!(visitor.view(), CANARY);
        let script = env.guide.line("git revert --no-edit");
        measure_push(env, &visitor, &script, 0, STABLE, &mut measured);
    }
    measured.print();
}

/// Runs a script that pushes, and measures how long the change takes to the `ConfigMap`, the pods and the browser.
#[track_caller]
fn measure_push(
    env: &Environment,
    visitor: &Visitor,
    script: &str,
    percentage: u64,
    arm: Arm,
    measured: &mut Measured,
) {
    let start = Instant::now();
    env.repository.run(script);
    env.wait_for_configmap(percentage);
    measured.configmap.add(start.elapsed());
    env.wait_for_pods(percentage);
    measured.pods.add(start.elapsed());
    visitor.view_until(arm);
    measured.browser.add(start.elapsed());
}
