//! Hostile clients: nothing leaks, other clients are served, and nginx stays healthy.

mod health;
mod malformed;
mod paths;
mod peer;
mod secret;
mod slow_clients;
