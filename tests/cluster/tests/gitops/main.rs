//! The whole path on a real cluster: `make test-cluster`.
//!
//! One shop for all tests, which run one after the other. Each brings the config to where it wants it, and leaves
//! everything else as it found it.

mod admission;
mod automation;
mod browser;
mod delivery;
mod disruption;
mod guide;
mod layout;
mod nudge;
mod push;
mod recovery;
mod signing;

use canary_cluster::environment::Shop;
use canary_cluster::{image, node};
use libtest_mimic::{Arguments, Trial};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

type Test = fn(&Shop);

/// In the order in which they run; what takes things apart comes last.
const TESTS: &[(&str, Test)] = &[
    ("the_api_server_takes_every_manifest_strictly", admission::takes_every_manifest),
    ("pod_security_refuses_a_privileged_pod", admission::refuses_privileged),
    ("the_volume_is_as_the_fast_path_writes_it", layout::as_written),
    ("a_push_reaches_the_next_page_view", push::reaches_the_browser),
    ("a_revert_reaches_the_next_page_view", push::revert),
    ("a_hand_edit_is_undone", recovery::hand_edit),
    ("a_malformed_config_changes_nothing", recovery::malformed),
    ("a_roll_back_lands_while_the_canary_crashes", recovery::crash_loop),
    ("a_roll_back_lands_while_the_image_is_missing", recovery::missing_image),
    ("the_nudge_may_set_one_annotation_alone", nudge::one_annotation),
    ("a_nudge_that_is_killed_or_cut_off_makes_up_for_it", nudge::makes_up),
    ("without_the_nudge_the_minute_is_back", nudge::minute_is_back),
    ("an_unsigned_commit_is_refused_and_told", signing::unsigned),
    ("a_stranger_s_commit_is_refused", signing::stranger),
    ("the_glass_can_be_broken", signing::break_glass),
    ("the_robot_moves_the_canary_alone", automation::moves_the_canary),
    ("a_rollout_fails_no_request", disruption::rolling_update),
    ("a_pod_that_is_deleted_is_not_noticed", disruption::pod_deleted),
    ("a_container_that_dies_is_back_at_once", disruption::container_killed),
    ("a_drain_is_not_noticed", disruption::drain),
    ("an_api_server_that_is_gone_is_not_noticed", disruption::api_server_gone),
    ("flux_that_is_gone_is_not_noticed", disruption::flux_gone),
    ("every_command_of_the_guide_was_run", guide::complete),
];

/// What needs a registry of its own, or a hand on the node's processes.
const OUR_NODE_ALONE: &[&str] = &[
    "a_nudge_that_is_killed_or_cut_off_makes_up_for_it",
    "the_robot_moves_the_canary_alone",
    "a_container_that_dies_is_back_at_once",
    "an_api_server_that_is_gone_is_not_noticed",
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let shop = (!arguments.list).then(|| {
        if node::is_ours() {
            let folder = std::env::var("CANARY_IMAGES").unwrap_or_else(|_| panic!("CANARY_IMAGES names no folder"));
            image::push_all(&folder);
        } else {
            println!("without a node of `make cluster` these are ignored: {}", OUR_NODE_ALONE.join(", "));
        }
        Arc::new(Shop::open())
    });
    let cannot = |name: &&str| shop.is_some() && !node::is_ours() && OUR_NODE_ALONE.contains(name);
    // Whether everything was run is a question after everything.
    let some = arguments.filter.is_some() || !arguments.skip.is_empty();
    let trials = TESTS.iter().map(|(name, test)| {
        let shop = shop.clone();
        Trial::test(*name, move || {
            let run = AssertUnwindSafe(|| {
                if let Some(shop) = &shop {
                    shop.reset();
                    test(shop);
                }
            });
            catch_unwind(run).map_err(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default().into()
            })
        })
        .with_ignored_flag(cannot(name) || some && name.starts_with("every_command"))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
