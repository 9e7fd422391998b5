//! Visitors who play a rollout against the judge.
//!
//! Not counts are drawn, but browsers: each has a bucket, an engine, a device and a mark in its storage, comes back more
//! or less often, and sends reports that get lost, are late or fall into the next minute. The page decides about
//! comparisons as a real one does, by the mark alone. So what the judge promises is tested against what its mathematics
//! leaves out: browsers that always fail, cold caches, impatient users, shared incidents, bots.
//!
//! Everything follows from a seed. Time is an argument, and threads are the caller's.

mod browser;
mod collector;
mod flagger;
mod play;
mod random;
mod scenario;
mod summary;
mod view;

pub use flagger::Flagger;
pub use play::{Outcome, Play, play};
pub use random::Random;
pub use scenario::{Draft, Fault, Forged, Network, Pace, Scenario};
pub use summary::{Quantiles, Summary, upper_bound};
