//! A client-side canary: buckets the user by a stable hashed id and decides between two asset bundles.
//!
//! ```
//! use canary_runtime::{Config, Context, Decision, Standing, Variant};
//!
//! let (config, warnings) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"search": 50}}"#)?;
//! let context = Context { targeting_key: "user-1".to_owned(), standing: Standing::Known };
//! let decision = Decision::make(&config, &context);
//! assert_eq!((decision.variant, decision.bucket), (Variant::Stable, Some(38_594)));
//! assert_eq!(config.flag("search", "user-1").value, Some(false));
//! assert!(warnings.is_empty());
//! # Ok::<(), canary_runtime::Fault>(())
//! ```
//!
//! Bytes become [`Json`] (what was typed), that becomes a [`Config`] (what it means), and a [`Decision`] is a pure
//! function of a config and a [`Context`]. Nothing here has a clock, randomness, storage or a page: those live in
//! `web`, which is compiled for the browser alone.
//!
//! This crate is not a flag service: it knows no server, no user list and no state between two evaluations.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
pub mod bucket;
pub mod bundle;
pub mod config;
pub mod decision;
pub mod fault;
pub mod flag;
pub mod identity;
pub mod json;
pub mod name;
pub mod percentage;
pub mod reason;
pub mod text;
pub mod time;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use address::Address;
pub use bundle::Bundle;
pub use config::Config;
pub use decision::{Cohort, Context, Decision, Standing, Variant};
pub use fault::{Code, Fault, Place};
pub use flag::{Details, Flag};
pub use json::Json;
pub use percentage::Percentage;
pub use reason::{ErrorCode, Reason};
