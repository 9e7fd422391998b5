//! From a push to the next page view.

use crate::browser::Visitor;
use crate::delivery::Way;
use canary_cluster::environment::Shop;
use canary_cluster::kubectl::DEADLINE;
use canary_cluster::timings::Times;
use canary_e2e::demo::{Arm, CANARY, STABLE};
use canary_e2e::wait;
use std::time::Instant;

/// What was measured, each from the beginning of `git push`.
struct Measured {
    api: Times,
    pods: Times,
    browser: Times,
}

impl Measured {
    fn new(way: &str) -> Self {
        let times = |to: &str| Times::new(&format!("{way}: push to {to}"));
        Self { api: times("ConfigMap"), pods: times("every pod's file"), browser: times("the page view that has it") }
    }

    fn print(&self) {
        for times in [&self.api, &self.pods, &self.browser] {
            times.print();
        }
    }
}

/// How many pushes each way: `CANARY_PUSHES`, or a few, because the kubelet's minute is one.
fn count(default: usize) -> usize {
    std::env::var("CANARY_PUSHES").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

pub(crate) fn reaches_the_browser(shop: &Shop) {
    let visitor = Visitor::new();
    for (way, name, count) in [
        (Way::Nudge, "Receiver and nudge", count(6)),
        (Way::Receiver, "Receiver", count(1)),
        (Way::Polling, "polling", count(1)),
    ] {
        way.enter(shop);
        start(shop, way, 0);
        let mut measured = Measured::new(name);
        for turn in 0..count {
            let (percentage, arm) = if turn % 2 == 0 { (25, CANARY) } else { (0, STABLE) };
            let script = shop.guide.line("canaryctl set 10").replace("10", &percentage.to_string());
            follow(shop, &visitor, &script, percentage, arm, &mut measured);
        }
        measured.print();
        assert_eq!(visitor.complaints(), Vec::<String>::new());
    }
}

pub(crate) fn revert(shop: &Shop) {
    Way::Nudge.enter(shop);
    let visitor = Visitor::new();
    let mut measured = Measured::new("git revert, Receiver and nudge");
    for _ in 0..count(2) {
        start(shop, Way::Nudge, 0);
        shop.repository.run("canaryctl set 25 --file $F --commit --push");
        wait_for_pods(shop, 25);
        assert_eq!(visitor.view(), CANARY);
        follow(shop, &visitor, &shop.guide.line("git revert --no-edit"), 0, STABLE, &mut measured);
    }
    measured.print();
}

/// Runs the script, which pushes, and follows the change to the browser.
#[track_caller]
fn follow(shop: &Shop, visitor: &Visitor, script: &str, percentage: u64, arm: Arm, measured: &mut Measured) {
    let begin = Instant::now();
    shop.repository.run(script);
    wait::until(format!("{percentage} % in the API"), DEADLINE, || {
        (shop.api.percentage() == Some(percentage)).then_some(())
    });
    measured.api.add(begin.elapsed());
    wait_for_pods(shop, percentage);
    measured.pods.add(begin.elapsed());
    visitor.view_until(arm);
    measured.browser.add(begin.elapsed());
}

#[track_caller]
fn wait_for_pods(shop: &Shop, percentage: u64) {
    wait::until(format!("{percentage} % in every pod"), DEADLINE, || shop.api.all_pods_serve(percentage).then_some(()));
}

/// Brings every pod to `percentage`.
#[track_caller]
fn start(shop: &Shop, way: Way, percentage: u64) {
    if way == Way::Polling && shop.api.percentage() != Some(percentage) {
        shop.ask("gitrepository frontend");
    }
    shop.set_percentage(percentage);
}
