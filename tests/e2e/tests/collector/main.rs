//! The surroundings of the collector: nginx in front of it, the alerts on its metrics, and the console.

mod alerts;
mod console;
mod nginx;
