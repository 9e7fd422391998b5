//! Evaluation of the bundle and of flags for one context.

pub mod decision;
pub mod details;
mod evaluation;
pub mod flag;
pub mod overrides;
pub mod reason;

pub use evaluation::{Evaluation, EvaluationContext};
