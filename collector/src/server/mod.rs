//! The collector behind HTTP: a port for reports, one for what is counted, and the work in between.

mod answer;
mod connections;
mod metrics_port;
mod options;
mod pages;
mod report_port;
mod run;
mod server;
mod upkeep;
mod windows_body;

pub use answer::{Answer, WholeAnswer};
pub use options::Options;
pub use pages::{Overview, PageFuture, Pages};
pub use run::Listeners;
pub use server::Server;
