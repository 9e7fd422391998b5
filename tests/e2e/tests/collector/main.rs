//! The surroundings of the collector: nginx in front of it, the alerts and the dashboard on its metrics, and the console.

mod alerts;
mod console;
mod dashboard;
mod nginx;
