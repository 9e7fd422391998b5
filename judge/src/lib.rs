//! Decides by always-valid statistics whether a canary advances, holds or is rolled back.
//!
//! ```
//! use canary_judge::{Circumstances, Comparison, Decision, Judge, Policy, Row, Side};
//!
//! let side = |exposed, not_ready| Side { exposed, not_ready, ..Side::default() };
//! let row = |minute| Row {
//!     minute,
//!     revision: 7,
//!     first: Comparison::Run,
//!     share: 0.05,
//!     stratum: "chromium/desktop/new".into(),
//!     canary: side(20, 20),
//!     control: side(380, 15),
//! };
//! let mut judge = Judge::new(Policy::default());
//! judge.add_minute(29_712_345, &[row(29_712_345)]);
//! let verdict = judge.verdict(&Circumstances::default());
//! assert!(matches!(verdict.decision, Decision::RollBack(_)));
//! ```
//!
//! A [`Row`] has the counts of one minute, revision, comparison and stratum; [`windows`] makes rows of what collectors
//! serve. A [`Judge`] takes the rows minute by minute under a [`Policy`] and gives a [`Verdict`] at any time: it may be
//! asked after every minute, and rolls back at most a share `alpha` of canaries that are no worse than stable.
//!
//! It compares canary with stable views of the same minutes. It never compares before with after, and it says nothing
//! about a metric that it has no counts of.

#![no_std]

extern crate alloc;
#[cfg(any(test, feature = "simulation"))]
extern crate std;

mod count_test;
mod decision;
mod e_process;
mod groups;
mod judge;
mod log_space;
mod metric;
mod policy;
mod ratio;
pub mod reason;
mod row;
mod sample_ratio;
#[cfg(feature = "simulation")]
pub mod simulation;
mod smallest_effect;
mod two_by_two;
mod verdict;
pub mod windows;

pub use count_test::{ALTERNATIVES, Factors, PerAlternative};
pub use decision::{Decision, Hold, NoData, RollBack};
pub use judge::Judge;
pub use metric::Metric;
pub use policy::{Action, MetricPolicy, OnSampleRatio, Policy, PolicyError};
pub use ratio::Ratio;
pub use row::{Comparison, Count, Row, Side, Vital};
pub use sample_ratio::ln_sample_ratio;
pub use two_by_two::Line;
pub use verdict::{Circumstances, MetricEvidence, Verdict};
