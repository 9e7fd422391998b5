//! Output on the terminal: charts, numbers, colors, progress and messages.

pub(crate) mod chart;
pub(crate) mod color;
pub(crate) mod diagnostic;
pub(crate) mod format;
pub(crate) mod message;
pub(crate) mod output;
pub(crate) mod progress;
