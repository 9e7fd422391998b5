//! The page of the tests in this folder.

use canary_e2e::fault_site::Page;

pub(crate) fn config(percentage: &str, more: &str) -> String {
    format!(r#"{{"CANARY_PERCENTAGE": {percentage}, "FEATURE_FLAGS": {{"on": true, "split": 50}}{more}}}"#)
}

/// A page on which everyone has the canary.
pub(crate) fn page() -> Page {
    Page::patient().config(config("100", ""))
}
