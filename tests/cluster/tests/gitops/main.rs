//! `GitOps` tests on a real cluster, from a `git push` to the next page view: `make test-cluster`.
//!
//! All tests share one [`Environment`] and run one after the other, which is why this target has a harness of its own. Each
//! test starts from the initial manifests and sets the percentage that it needs.

mod accounts;
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
mod rollout;
mod signing;

use canary_cluster::environment::Environment;
use canary_cluster::{image, node};
use libtest_mimic::{Arguments, Trial};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

type Test = fn(&Environment);

/// All tests, in the order in which they run; those that stop parts of the cluster come last.
const TESTS: &[(&str, Test)] = &[
    ("api_server_accepts_every_manifest_with_strict_validation", admission::accepts_every_manifest),
    ("pod_security_rejects_a_privileged_pod", admission::pod_security),
    ("volume_layout_matches_the_stand_in", layout::matches_stand_in),
    ("push_reaches_the_next_page_view", push::reaches_the_browser),
    ("revert_reaches_the_next_page_view", push::revert),
    ("flux_reverts_a_manual_edit", recovery::manual_edit),
    ("malformed_config_keeps_the_last_good_one", recovery::malformed_config),
    ("rollback_is_applied_while_the_canary_crashes", recovery::crash_loop),
    ("rollback_is_applied_while_the_image_is_missing", recovery::missing_image),
    ("config_account_may_apply_the_config_alone", accounts::config),
    ("nudge_may_only_set_its_annotation", nudge::admission_policy),
    ("renamed_nudge_may_only_set_its_annotation", accounts::renamed_nudge),
    ("nudge_catches_up_after_an_outage_or_a_kill", nudge::catches_up),
    ("kubelet_syncs_the_config_without_the_nudge", nudge::kubelet_syncs_without_it),
    ("unsigned_commit_is_rejected_with_an_alert", signing::unsigned_commit),
    ("commit_signed_with_an_unknown_key_is_rejected", signing::unknown_key),
    ("break_glass_procedure_works", signing::break_glass),
    ("image_automation_updates_only_the_canary", automation::updates_the_canary),
    ("rollout_promotes_a_good_version_and_rolls_a_bad_one_back", rollout::promotes_and_rolls_back),
    ("rolling_update_fails_no_request", disruption::rolling_update),
    ("deleted_pod_fails_no_request", disruption::pod_deleted),
    ("killed_container_fails_requests_only_until_it_is_ready", disruption::container_killed),
    ("node_drain_fails_no_request", disruption::drain),
    ("api_server_outage_fails_no_request", disruption::api_server_outage),
    ("flux_outage_fails_no_request", disruption::flux_outage),
    (EVERY_COMMAND, guide::every_command),
];

/// The test that checks, after all others, that every command of the operations guide was run.
const EVERY_COMMAND: &str = "every_command_of_the_operations_guide_was_run";

/// Tests that push to the node's registry or stop its processes, and so need the node of `make cluster`.
const LOCAL_NODE_ONLY: &[&str] = &[
    "nudge_catches_up_after_an_outage_or_a_kill",
    "image_automation_updates_only_the_canary",
    "killed_container_fails_requests_only_until_it_is_ready",
    "api_server_outage_fails_no_request",
];

/// Tests that take minutes; `make test-long` runs them. Pushes without the nudge wait for the kubelet in `push` as well.
const LONG: &[&str] =
    &["rollout_promotes_a_good_version_and_rolls_a_bad_one_back", "kubelet_syncs_the_config_without_the_nudge"];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    if arguments.list {
        return libtest_mimic::run(&arguments, trials(&arguments, None)).exit_code();
    }
    if node::is_local() {
        image::push_all(&images());
    }
    let environment = Arc::new(Environment::set_up());
    libtest_mimic::run(&arguments, trials(&arguments, Some(&environment))).exit_code()
}

/// The folder with the images that `scripts/images` has built.
pub(crate) fn images() -> String {
    std::env::var("CANARY_IMAGES").unwrap_or_else(|_| panic!("CANARY_IMAGES names no folder"))
}

/// Makes a trial of each test; without an environment they can be listed only.
fn trials(arguments: &Arguments, environment: Option<&Arc<Environment>>) -> Vec<Trial> {
    let is_selection = arguments.filter.is_some() || !arguments.skip.is_empty();
    let trial = |&(name, test): &(&'static str, Test)| {
        let environment = environment.cloned();
        // The reason is printed as the trial's kind.
        let ignored = if environment.is_some() && !node::is_local() && LOCAL_NODE_ONLY.contains(&name) {
            Some("ignored: needs the node of `make cluster`")
        } else if LONG.contains(&name) {
            Some("ignored: runs in make test-long")
        } else if is_selection && name == EVERY_COMMAND {
            Some("ignored: needs a run of all tests")
        } else {
            None
        };
        Trial::test(name, move || environment.map_or_else(|| Err("no cluster".into()), |it| run(test, &it)))
            .with_ignored_flag(ignored.is_some())
            .with_kind(ignored.unwrap_or_default())
    };
    TESTS.iter().map(trial).collect()
}

/// Resets the environment and runs a test; a panic is its failure.
fn run(test: Test, environment: &Environment) -> Result<(), libtest_mimic::Failed> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        environment.reset();
        test(environment);
    }));
    result.map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default().into()
    })
}
