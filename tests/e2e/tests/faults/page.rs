//! Rows 44 to 49, 51 to 54: what a page view is, who looks at it, and what the page and its user forbid.

mod bots;
mod consent;
mod csp;
mod overrides;
mod page_view;
mod service_worker;

use bots::row_46_automation_and_crawlers;
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::Page;
use canary_e2e::fixture::CANARY as RUNTIME;
use consent::{row_53_consent_withdrawn, row_53_no_consent_leaves_nothing};
use csp::{row_52_policy_name_refused, row_52_strict_policy};
use overrides::row_51_query_overrides;
use page_view::{
    row_44_back_from_the_browsers_memory, row_44_told_that_it_is_back, row_45_prerendered,
    row_45_told_that_it_is_prerendered,
};
use service_worker::row_54_old_service_worker;

canary_e2e::rows! {
    row_44_back_from_the_browsers_memory: make_test [Chromium, Firefox, WebKit];
    row_44_told_that_it_is_back: make_test [Chromium];
    row_45_prerendered: make_test [Chromium], cannot [Firefox "it does not prerender", WebKit "it does not prerender"];
    row_45_told_that_it_is_prerendered: make_test [Firefox];
    row_46_automation_and_crawlers: make_test [Chromium, Firefox, WebKit];
    row_47_reports_blocked: make_test [], cannot [Chromium "later: no reports yet", Firefox "later: no reports yet", WebKit "later: no reports yet"];
    row_48_keepalive_missing: make_test [], cannot [Chromium "later: no reports yet", Firefox "later: no reports yet", WebKit "later: no reports yet"];
    row_49_collector_fails: make_test [], cannot [Chromium "later: no reports yet", Firefox "later: no reports yet", WebKit "later: no reports yet"];
    row_51_query_overrides: make_test [Chromium, WebKit];
    row_52_strict_policy: make_test [Chromium, Firefox, WebKit];
    row_52_policy_name_refused: make_test [Chromium, Firefox, WebKit];
    row_53_consent_withdrawn: make_test [Chromium, Firefox, WebKit];
    row_53_no_consent_leaves_nothing: make_test [Chromium, WebKit];
    row_54_old_service_worker: make_test [Chromium, Firefox];
}

fn config(percentage: &str, more: &str) -> String {
    format!(r#"{{"CANARY_PERCENTAGE": {percentage}, "FEATURE_FLAGS": {{"on": true, "split": 50}}{more}}}"#)
}

/// Everybody has the canary.
fn page() -> Page {
    Page::patient().config(config("100", ""))
}

async fn row_47_reports_blocked(_: Engine) {}

async fn row_48_keepalive_missing(_: Engine) {}

async fn row_49_collector_fails(_: Engine) {}
