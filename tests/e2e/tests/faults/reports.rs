//! Reports of page views: which arrive, what is in them, and what becomes of a page whose reports do not arrive.

mod delivery;
mod failures;
mod leaving;
mod privacy;
mod support;
mod units;
mod views;

use delivery::{
    e601_reports_blocked, e602_keepalive_refused, e603_collector_fails, e603_endpoint_elsewhere,
    other_origin_counts_nothing,
};
use failures::{errors_are_reported_once, failing_canary_is_reported, failing_stable_is_reported};
use leaving::{
    bfcache_restore_reports_nothing, frozen_tab_is_left, killed_tab_is_exposed_and_not_left, left_by_hiding,
    left_by_navigation, prerendered_view_reports_when_shown, prerenderingchange_begins_reports,
};
use privacy::{no_consent_no_report, reports_hold_nothing_personal};
use units::{first_and_both, lost_storage_is_a_new_unit, user_ids_are_never_both};
use views::{
    answer_to_post_is_reported, some_views_report_nothing, view_reports_exposure_and_ready, vitals_at_the_horizon,
};

canary_e2e::fault_tests! {
    view_reports_exposure_and_ready: test [chromium firefox webkit];
    vitals_at_the_horizon: test [chromium] long [firefox] cannot [webkit "WebKitGTK measures no vitals"];
    some_views_report_nothing: test [chromium] long [firefox webkit];
    answer_to_post_is_reported: test [chromium webkit] long [firefox];
    left_by_navigation: test [chromium firefox webkit];
    killed_tab_is_exposed_and_not_left: test [chromium] cannot [firefox "only Chromium's driver kills a tab", webkit "only Chromium's driver kills a tab"];
    frozen_tab_is_left: test [chromium] cannot [firefox "only Chromium's driver freezes a tab", webkit "only Chromium's driver freezes a tab"];
    left_by_hiding: test [chromium] long [firefox webkit];
    bfcache_restore_reports_nothing: test [chromium firefox webkit];
    prerendered_view_reports_when_shown: test [chromium] cannot [firefox "Firefox does not prerender", webkit "WebKitGTK does not prerender"];
    prerenderingchange_begins_reports: test [firefox] long [chromium webkit];
    failing_canary_is_reported: test [chromium firefox webkit];
    failing_stable_is_reported: test [chromium] long [firefox webkit];
    errors_are_reported_once: test [chromium firefox webkit];
    first_and_both: test [chromium] long [firefox webkit];
    lost_storage_is_a_new_unit: test [firefox] long [chromium webkit];
    user_ids_are_never_both: test [chromium] long [firefox webkit];
    reports_hold_nothing_personal: test [chromium firefox webkit];
    no_consent_no_report: test [chromium] long [firefox webkit];
    e601_reports_blocked: test [chromium firefox webkit];
    e602_keepalive_refused: test [chromium firefox webkit];
    e603_collector_fails: test [chromium firefox webkit];
    e603_endpoint_elsewhere: test [chromium] long [firefox webkit];
    other_origin_counts_nothing: test [chromium firefox webkit];
}
