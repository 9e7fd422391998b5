//! The operating system: files, git, the clock and standard input.

pub(crate) mod atomic_write;
pub(crate) mod clock;
pub(crate) mod forge;
pub(crate) mod git;
pub(crate) mod http;
pub(crate) mod input;
pub(crate) mod lock;
