//! Faults of the page around the runtime: restored and prerendered views, bots, overrides, policies, consent and service
//! workers.

mod bots;
mod consent;
mod csp;
mod overrides;
mod page_view;
mod service_worker;
mod support;

use bots::i415_automation_and_crawlers;
use consent::{i801_consent_withdrawn, i801_no_consent_stores_nothing};
use csp::{e702_policy_name_refused, e702_strict_csp};
use overrides::{e701_query_override_ignored, e701_query_overrides};
use page_view::{i413_bfcache_restore, i413_pageshow_event, i414_prerendered, i414_prerenderingchange_event};
use service_worker::e412_old_service_worker;

canary_e2e::fault_tests! {
    i413_bfcache_restore: test [chromium firefox webkit];
    i413_pageshow_event: test [chromium] long [firefox webkit];
    i414_prerendered: test [chromium] cannot [firefox "Firefox does not prerender", webkit "WebKitGTK does not prerender"];
    i414_prerenderingchange_event: test [firefox] long [chromium webkit];
    i415_automation_and_crawlers: test [chromium firefox webkit];
    e701_query_overrides: test [chromium] long [firefox webkit];
    e701_query_override_ignored: test [chromium firefox webkit];
    e702_strict_csp: test [chromium firefox webkit];
    e702_policy_name_refused: test [chromium firefox webkit];
    i801_consent_withdrawn: test [chromium firefox webkit];
    i801_no_consent_stores_nothing: test [chromium webkit] long [firefox];
    e412_old_service_worker: test [chromium firefox] long [webkit];
}
