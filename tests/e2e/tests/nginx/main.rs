//! The nginx configuration under load, under attack and during a rolling update.

mod config_swap;
mod csp;
mod fallbacks;
mod headers;
mod hostile;
mod rates;
mod serve;
mod version_skew;
