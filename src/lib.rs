//! A client-side canary: buckets the user by a stable hashed id and decides between two asset bundles.
//!
//! ```
//! use canary_runtime::{Config, EvaluationContext, Decision, Evaluation, History, Overrides, Visitor, Arm};
//!
//! let (config, warnings) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"search": 50}}"#)?;
//! let context = EvaluationContext { targeting_key: "user-1".to_owned(), ..EvaluationContext::default() };
//! let overrides = Overrides::default();
//! let evaluation = Evaluation { config: &config, context: &context, overrides: &overrides, now: 0 };
//! let decision = Decision::make(&evaluation, Visitor::Identified, History::default());
//! assert_eq!((decision.variant, decision.bucket), (Arm::Stable, Some(38_594)));
//! assert_eq!(evaluation.flag("search").to_json(), r#"{"value":false,"reason":"SPLIT","bucket":93505}"#);
//! assert!(warnings.is_empty());
//! # Ok::<(), canary_runtime::Diagnostic>(())
//! ```
//!
//! Bytes become a [`Document`] (what was typed), that becomes a [`Config`] (what it means). An [`Evaluation`] is a config, a
//! [`EvaluationContext`] (for whom), [`Overrides`] and a moment; a [`Decision`] and the [`Details`] of a flag are pure functions of
//! it. Nothing here has a clock, randomness, storage or a page: those live in `web`, which is compiled for the browser
//! alone. What a browser has already and a tool needs a crate for (regular expressions, case, the last bit of a number) is
//! the `host`'s, on either side.
//!
//! This crate is not a flag service: it knows no server, no user list and no state between two evaluations.

#![no_std]

extern crate alloc;
#[cfg(any(test, not(target_arch = "wasm32")))]
extern crate std;

pub mod bucketing;
pub mod config;
pub mod diagnostics;
mod encoding;
pub mod evaluation;
mod host;
pub mod json;
pub mod targeting;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use bucketing::percentage::Percentage;
pub use config::Config;
pub use config::asset_url::AssetUrl;
pub use config::bundle::Bundle;
pub use diagnostics::diagnostic::{Code, Diagnostic};
pub use evaluation::decision::{Arm, Cohort, Decision, History, Visitor};
pub use evaluation::details::{Details, Value};
pub use evaluation::flag::Flag;
pub use evaluation::overrides::Overrides;
pub use evaluation::reason::{ErrorCode, Reason};
pub use evaluation::{Evaluation, EvaluationContext};
pub use json::document::{Document, Json};
pub use json::position::Position;
