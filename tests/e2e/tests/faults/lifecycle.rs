//! Faults of a canary whose code runs: it throws, never is up, loops, goes blank or loses a chunk.
//!
//! Negative control: without the fault, the same page shows the canary.

mod blank_screen;
mod crash_marker;
mod error;
mod lazy_chunk;
mod support;
mod timeout;
mod unrecorded_reload;

use blank_screen::{
    e406_after_input, e406_after_ten_seconds, e406_blank_after_error, e406_never_drawn, e406_no_fault,
    e406_what_counts_as_blank,
};
use crash_marker::{
    e405_canary_loops_forever, e405_expired_crash_marker, e405_quick_leave, e405_quick_leave_while_awaiting,
    e405_twenty_frames,
};
use error::{
    e403_canary_awaits_rejection, e403_canary_throws, e403_errors_of_other_scripts, e403_quarantine, e403_reloads_once,
};
use lazy_chunk::{e409_chunk_canceled_by_navigation, e409_lazy_chunk_404};
use timeout::{e404_canary_never_up, e404_late_canary_discarded, e404_no_reload_after_input, e404_up_when_started};
use unrecorded_reload::e410_reload_not_recordable;

canary_e2e::fault_tests! {
    e403_canary_throws: test [chromium firefox webkit];
    e403_canary_awaits_rejection: test [chromium] long [firefox]
        cannot [webkit "WebKitGTK resolves import() although the module awaits a rejected promise, and reports it nowhere"];
    e403_quarantine: test [chromium] long [firefox webkit];
    e403_errors_of_other_scripts: test [chromium webkit] long [firefox];
    e403_reloads_once: test [chromium] long [firefox webkit];
    e404_canary_never_up: test [chromium firefox webkit];
    e404_up_when_started: test [chromium] long [firefox webkit];
    e404_late_canary_discarded: test [chromium firefox] long [webkit];
    e404_no_reload_after_input: test [chromium firefox] long [webkit];
    e405_expired_crash_marker: test [chromium firefox webkit];
    e405_canary_loops_forever: test [chromium] long [firefox webkit];
    e405_quick_leave: test [chromium firefox] long [webkit];
    e405_quick_leave_while_awaiting: test [chromium] long [firefox]
        cannot [webkit "WebKitGTK resolves import() while the module awaits, so the canary is up at once"];
    e405_twenty_frames: test [chromium] long [firefox webkit];
    e406_blank_after_error: test [chromium firefox webkit];
    e406_never_drawn: test [chromium firefox webkit];
    e406_no_fault: test [chromium] long [firefox webkit];
    e406_after_input: test [chromium] long [firefox webkit];
    e406_after_ten_seconds: test [chromium] long [firefox webkit];
    e406_what_counts_as_blank: test [chromium webkit] long [firefox];
    e409_lazy_chunk_404: test [chromium webkit] long [firefox];
    e409_chunk_canceled_by_navigation: test [chromium webkit] long [firefox];
    e410_reload_not_recordable: test [chromium firefox webkit];
}
