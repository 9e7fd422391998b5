//! Faults of the page around the runtime: restored and prerendered views, bots, overrides, policies, consent and service
//! workers.

mod asset_rules;
mod bots;
mod consent;
mod csp;
mod no_origin;
mod overrides;
mod page_events;
mod page_view;
mod plain_page;
mod preload;
mod saved_page;
mod service_worker;
mod support;

use asset_rules::{e113_asset_rules, e113_forged_last_good_config, e119_missing_entry};
use bots::i415_automation_and_crawlers;
use consent::{i801_consent_withdrawn, i801_no_consent_stores_nothing};
use csp::{e702_policy_name_refused, e702_strict_csp};
use no_origin::{page_of_a_file, sandboxed_frame};
use overrides::{e701_qa_link, e701_query_override_ignored, e701_query_overrides, e701_undeclared_values};
use page_events::{late_listeners, late_listeners_by_guard, late_listeners_without_lifecycle};
use page_view::{i413_bfcache_restore, i413_pageshow_event, i414_prerendered, i414_prerenderingchange_event};
use plain_page::{
    base_of_another_origin, blocked_script_of_stable, classic_scripts_without_cors, errors_of_others,
    errors_while_starting, fragment_kept_by_reload, function_missing, page_of_others, post_not_repeated, shadow_root,
    slow_line, stable_need_not_start, two_apps,
};
use preload::{preload_keeps_integrity, preloads_of_another_release, preloads_requested_once, slow_html};
use saved_page::{saved_page_of_canary, saved_page_of_guard, saved_page_without_lifecycle};
use service_worker::{e412_no_fault, e412_old_service_worker};

canary_e2e::fault_tests! {
    e113_asset_rules: test [chromium] long [firefox webkit];
    e119_missing_entry: test [chromium] long [firefox webkit];
    e113_forged_last_good_config: test [chromium] long [firefox webkit];
    i413_bfcache_restore: test [chromium firefox webkit];
    i413_pageshow_event: test [chromium] long [firefox webkit];
    i414_prerendered: test [chromium] cannot [firefox "Firefox does not prerender", webkit "WebKitGTK does not prerender"];
    i414_prerenderingchange_event: test [firefox] long [chromium webkit];
    i415_automation_and_crawlers: test [chromium firefox webkit];
    e701_query_overrides: test [chromium] long [firefox webkit];
    e701_query_override_ignored: test [chromium firefox webkit];
    e701_undeclared_values: test [chromium] long [firefox webkit];
    e701_qa_link: test [chromium firefox webkit];
    e702_strict_csp: test [chromium firefox webkit];
    e702_policy_name_refused: test [chromium firefox webkit];
    post_not_repeated: test [chromium firefox] long [webkit];
    fragment_kept_by_reload: test [chromium] long [firefox webkit];
    late_listeners: test [chromium firefox webkit];
    late_listeners_by_guard: test [chromium firefox webkit];
    late_listeners_without_lifecycle: test [chromium firefox webkit];
    sandboxed_frame: test [chromium firefox webkit];
    page_of_a_file: test [chromium firefox webkit];
    saved_page_of_canary: test [chromium] long [firefox webkit];
    saved_page_of_guard: test [chromium] long [firefox webkit];
    saved_page_without_lifecycle: test [chromium] long [firefox webkit];
    two_apps: test [chromium] long [firefox webkit];
    page_of_others: test [chromium firefox webkit];
    classic_scripts_without_cors: test [chromium] long [firefox webkit];
    function_missing: test [chromium webkit] long [firefox];
    base_of_another_origin: test [chromium] long [firefox webkit];
    errors_of_others: test [chromium] long [firefox webkit];
    errors_while_starting: test [chromium] long [firefox webkit];
    blocked_script_of_stable: test [chromium webkit] long [firefox];
    slow_line: test [chromium] long [firefox webkit];
    stable_need_not_start: test [chromium] long [firefox webkit];
    shadow_root: test [chromium] long [firefox webkit];
    preloads_requested_once: test [chromium firefox webkit];
    preloads_of_another_release: test [chromium] long [firefox webkit];
    preload_keeps_integrity: test [chromium firefox webkit];
    slow_html: test [chromium firefox] long [webkit];
    i801_consent_withdrawn: test [chromium firefox webkit];
    i801_no_consent_stores_nothing: test [chromium webkit] long [firefox];
    e412_no_fault: test [chromium firefox] long [webkit];
    e412_old_service_worker: test [chromium firefox] long [webkit];
}
