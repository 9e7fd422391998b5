//! A client-side canary: buckets the user by a stable hashed id and decides between two asset bundles.
//!
//! ```
//! use canary_runtime::{Config, Context, Decision, Evaluation, History, Overrides, Standing, Variant};
//!
//! let (config, warnings) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"search": 50}}"#)?;
//! let context = Context { targeting_key: "user-1".to_owned(), ..Context::default() };
//! let overrides = Overrides::default();
//! let evaluation = Evaluation { config: &config, context: &context, overrides: &overrides, now: 0 };
//! let decision = Decision::make(&evaluation, Standing::Known, History::default());
//! assert_eq!((decision.variant, decision.bucket), (Variant::Stable, Some(38_594)));
//! assert_eq!(evaluation.flag("search").to_json(), r#"{"value":false,"reason":"SPLIT","bucket":93505}"#);
//! assert!(warnings.is_empty());
//! # Ok::<(), canary_runtime::Fault>(())
//! ```
//!
//! Bytes become a [`Document`] (what was typed), that becomes a [`Config`] (what it means). An [`Evaluation`] is a config, a
//! [`Context`] (for whom), [`Overrides`] and a moment; a [`Decision`] and the [`Details`] of a flag are pure functions of
//! it. Nothing here has a clock, randomness, storage or a page: those live in `web`, which is compiled for the browser
//! alone. What a browser has already and a tool needs a crate for (regular expressions, case, the last bit of a number) is
//! the `host`'s, on either side.
//!
//! This crate is not a flag service: it knows no server, no user list and no state between two evaluations.

#![no_std]

extern crate alloc;
#[cfg(any(test, not(target_arch = "wasm32")))]
extern crate std;

pub mod address;
pub mod bucket;
pub mod bundle;
pub mod canary_rule;
mod check;
mod circle;
mod coercion;
pub mod condition;
pub mod config;
pub mod decision;
pub mod details;
pub mod evaluation;
mod expected;
pub mod fault;
pub mod flag;
mod hash;
pub mod identity;
pub mod json;
mod log;
pub mod name;
pub mod number;
pub mod overrides;
pub mod pattern;
pub mod percentage;
pub mod place;
mod reader;
pub mod reason;
pub mod segment;
mod shape;
mod split;
pub mod text;
pub mod time;
pub mod version;
mod word;

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
pub mod web;

#[cfg(not(target_arch = "wasm32"))]
use native as host;
#[cfg(target_arch = "wasm32")]
use web::host;

pub use address::Address;
pub use bundle::Bundle;
pub use config::Config;
pub use decision::{Cohort, Decision, History, Standing, Variant};
pub use details::{Details, Value};
pub use evaluation::{Context, Evaluation};
pub use fault::{Code, Fault};
pub use flag::Flag;
pub use json::{Document, Json};
pub use overrides::Overrides;
pub use percentage::Percentage;
pub use place::Place;
pub use reason::{ErrorCode, Reason};
