//! A release while tabs are open.

use super::deployment::{CANARY, Deployment, STABLE, peer};
use super::dns;
use super::service::Service;
use super::tab::Tab;
use canary_e2e::http;
use canary_e2e::nginx::Config;

/// The versions in an image: its own, and that of the release before.
const OLD_STABLE: [&str; 2] = ["1.4.2", "1.4.1"];
const OLD_CANARY: [&str; 2] = ["1.5.0", "1.4.2"];
const NEW_CANARY: [&str; 2] = ["1.6.0", "1.5.0"];

/// The Deployment that changes at each step.
#[derive(Clone, Copy)]
enum Step {
    Stable,
    Canary,
}
use Step::{Canary as C, Stable as S};

/// Promotes 1.5.0 to stable and makes 1.6.0 the canary, step by step, while a tab of
/// each earlier version goes on. Returns the failed requests of each version.
///
/// An image has the first `carried` of its versions.
fn roll(steps: [Step; 4], carried: usize, peers: bool) -> [Vec<String>; 2] {
    let dns = dns::start(&[STABLE, CANARY]);
    let (to_stable, to_canary) = (Service::start(), Service::start());
    let asking = |name, service| {
        let ask = peer(dns, name, service);
        move |config: &mut Config| {
            if peers {
                ask(config);
            }
        }
    };
    let (ask_canary, ask_stable) = (asking(CANARY, &to_canary), asking(STABLE, &to_stable));
    let mut stable = Deployment::start(to_stable, &OLD_STABLE[..carried], ask_canary);
    let mut canary = Deployment::start(to_canary, &OLD_CANARY[..carried], ask_stable);
    let tabs = ["1.4.2", "1.5.0"].map(|version| Tab::open(version, &[stable.origin(), canary.origin()]));
    tabs.iter().for_each(Tab::goes_on);
    for step in steps {
        match step {
            S => stable.step(&OLD_CANARY[..carried]),
            C => canary.step(&NEW_CANARY[..carried]),
        }
        tabs.iter().for_each(Tab::goes_on);
    }
    // Both Deployments have their new versions.
    for (deployment, version) in [(&stable, "1.5.0"), (&canary, "1.6.0")] {
        for _ in 0..2 {
            assert_eq!(http::get(&format!("{}/", deployment.origin()), &[]).text(), version);
        }
    }
    tabs.map(Tab::close)
}

#[test]
fn old_tabs_get_all_files_during_a_rolling_update() {
    for steps in [[S, S, C, C], [C, C, S, S], [S, C, S, C], [C, S, C, S]] {
        let missed = roll(steps, 2, true);
        assert_eq!(missed, [const { Vec::<String>::new() }; 2]);
    }
}

#[track_caller]
fn assert_not_found_alone(missed: &[String]) {
    assert!(!missed.is_empty() && missed.iter().all(|missed| missed.ends_with(": 404")), "{missed:?}");
}

#[test]
fn old_tabs_fail_without_a_peer() {
    for missed in roll([S, S, C, C], 2, false) {
        assert_not_found_alone(&missed);
    }
}

#[test]
fn tabs_of_stable_fail_without_the_previous_version() {
    let [stable, canary] = roll([S, S, C, C], 1, true);
    assert_not_found_alone(&stable);
    assert_eq!(canary, [""; 0]);
}
