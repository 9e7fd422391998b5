//! Faults of what a browser remembers: the last good config, the id, the arm, and storage that fails.

mod last_good_config;
mod percentage;
mod support;
mod tabs;
mod web_storage;

use last_good_config::{
    e101_last_good_config, e101_last_good_config_ages, e101_last_good_config_was_healthy, e102_last_good_config,
    e102_last_good_config_ages, e103_last_good_config_when_hanging, e103_last_good_config_when_hanging_ages,
    e103_last_good_config_when_trickling, e115_last_good_config, e115_last_good_config_ages,
    e304_last_good_config_traps,
};
use percentage::{
    i114_lower_percentage, i114_pods_disagree, i114_pods_disagree_for_150_s, i120_percentage_0_while_pages_load,
};
use tabs::{e307_script_included_twice, i306_twenty_tabs};
use web_storage::{
    e301_storage_blocked, e302_quota_exceeded, e303_corrupt_id, e303_corrupt_last_good_config, e303_corrupt_memory,
    i305_storage_cleared,
};

canary_e2e::fault_tests! {
    e101_last_good_config: test [chromium firefox webkit];
    e101_last_good_config_ages: test [chromium] long [firefox webkit];
    e102_last_good_config: test [chromium] long [firefox webkit];
    e102_last_good_config_ages: long [chromium firefox webkit];
    e103_last_good_config_when_hanging: test [chromium webkit] long [firefox];
    e103_last_good_config_when_hanging_ages: long [chromium firefox webkit];
    e103_last_good_config_when_trickling: test [chromium] long [firefox webkit];
    e115_last_good_config: test [chromium] long [firefox webkit];
    e115_last_good_config_ages: long [chromium firefox webkit];
    e101_last_good_config_was_healthy: test [chromium firefox] long [webkit];
    i114_lower_percentage: test [chromium firefox webkit];
    i114_pods_disagree: test [chromium webkit] long [firefox];
    i114_pods_disagree_for_150_s: long [chromium firefox webkit];
    i120_percentage_0_while_pages_load: test [chromium firefox] long [webkit];
    e301_storage_blocked: test [chromium firefox webkit];
    e302_quota_exceeded: test [chromium webkit] long [firefox];
    e303_corrupt_id: test [chromium firefox webkit];
    e303_corrupt_memory: test [chromium] long [firefox webkit];
    e303_corrupt_last_good_config: test [chromium] long [firefox webkit];
    e304_last_good_config_traps: test [chromium webkit] long [firefox];
    i305_storage_cleared: test [chromium firefox] long [webkit];
    i306_twenty_tabs: test [chromium] long [firefox webkit];
    e307_script_included_twice: test [chromium firefox webkit];
}
