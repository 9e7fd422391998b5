//! The surroundings of the collector: nginx in front of it, and the alerts on its metrics.

mod alerts;
mod nginx;
