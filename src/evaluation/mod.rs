//! The evaluation of a config for one context: the decision about the bundle, and the values of flags.

pub(crate) mod context;
pub(crate) mod decision;
pub(crate) mod details;
pub(crate) mod evaluation;
pub(crate) mod flag;
pub(crate) mod overrides;
pub(crate) mod reason;
pub(crate) mod trace;
pub(crate) mod visitor;

pub use context::EvaluationContext;
pub use decision::Decision;
pub use details::{Details, Value};
pub use evaluation::Evaluation;
pub use overrides::Overrides;
pub use reason::{ErrorCode, Reason};
pub use trace::{DecisionStep, FlagStep, NoTrace, RuleResult, Trace};
pub use visitor::{History, Visitor};
