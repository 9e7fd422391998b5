//! A client-side canary: hashes a user into a bucket and decides between two bundles of a page.
//!
//! ```
//! use canary_runtime::{Arm, Config, Evaluation, EvaluationContext, History, Visitor};
//!
//! let (config, warnings) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"search": 50}}"#)?;
//! let context = EvaluationContext { targeting_key: "user-1".to_owned(), ..EvaluationContext::default() };
//! let evaluation = Evaluation::new(&config, &context);
//! let decision = evaluation.decide(Visitor::Identified, History::default());
//! assert_eq!((decision.variant, decision.bucket), (Arm::Stable, Some(38_594)));
//! assert_eq!(evaluation.flag("search").to_json(), r#"{"value":false,"reason":"SPLIT","bucket":93505}"#);
//! assert!(warnings.is_empty());
//! # Ok::<(), canary_runtime::Diagnostic>(())
//! ```
//!
//! [`Config::parse`] makes a validated [`Config`] of bytes. An [`Evaluation`] joins it with an [`EvaluationContext`],
//! [`Overrides`] and a time; the [`Decision`] and the [`Details`] of a flag are pure functions of it. The core has no clock,
//! randomness, storage or page: those are in `web`, which is compiled for the browser alone. `host` holds what a browser has
//! built in and a native build takes from a crate: regular expressions, case folding and number conversion.
//!
//! This crate is not a flag service: it has no server, no list of users and no state between evaluations.

#![no_std]

extern crate alloc;
#[cfg(any(test, not(target_arch = "wasm32")))]
extern crate std;

pub mod bucketing;
pub mod config;
pub mod diagnostics;
mod encoding;
pub mod engine;
pub mod evaluation;
mod host;
pub mod json;
pub mod targeting;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use bucketing::{Cohort, Percentage};
pub use config::{AssetUrl, Bundle, Config, Flag};
pub use diagnostics::{Code, Diagnostic};
pub use evaluation::{
    Decision, Details, ErrorCode, Evaluation, EvaluationContext, History, Overrides, Reason, Value, Visitor,
};
pub use json::{Document, Json, Position};
pub use targeting::Arm;
