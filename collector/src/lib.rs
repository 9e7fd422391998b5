//! Collects what browsers report of a canary: exact windows for the judge, and metrics for Prometheus.
//!
//! A page view sends a few reports. The collector pairs nothing: each report describes itself, and is added to the minute in
//! which its view was exposed. [`Collector`] does this without I/O; [`server`] puts it behind HTTP, and [`store`] keeps the
//! windows.
//!
//! ```
//! use canary_collector::{Collector, Gaps, Labels, Outcome, Sender, Timing, Windows};
//!
//! let timing = Timing::new(60, 60);
//! let now = 1_800_000_000_000.0;
//! let windows = Windows::new(timing, Gaps::default(), timing.last_final(now));
//! let mut collector = Collector::new(windows, Labels::default(), 1_000, (0, 0));
//! let report = br#"{"v":1,"kind":"exposure","age":0,"salt":"release-1.5.0","cohort":"canary","arm":"canary","both":false,
//!     "returning":false,"engine":"chromium","device":"desktop"}"#;
//! let sender = Sender { client: 1, nonce: Some(7) };
//! assert_eq!(collector.take(report, sender, now), Outcome::Counted);
//! let rows = collector.windows().rows(timing.minute(now)).unwrap_or_default();
//! assert_eq!(rows.first().map(|row| row.counts.exposed), Some(1));
//! ```

mod cap;
mod client;
mod clock;
mod collector;
mod counts;
mod gaps;
mod group;
mod histogram;
mod labels;
mod metrics;
mod origin;
mod report;
pub mod server;
pub mod store;
mod timing;
mod windows;

pub use cap::{Key, hash};
pub use client::Clients;
pub use clock::Clock;
pub use collector::{Collector, Outcome, Sender, Snapshot};
pub use counts::{Counts, Vital};
pub use gaps::Gaps;
pub use group::{Group, Other, Revision, Row};
pub use labels::{CODES, ConfigLabels, ENDPOINT, Labels};
pub use metrics::Metrics;
pub use report::{Arm, Cohort, Device, Engine, Event, First, Refusal, Report};
pub use timing::Timing;
pub use windows::{Drop, Windows};
