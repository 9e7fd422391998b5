//! Clients that mean harm: nothing leaks, nobody else is kept out, and nginx is afterwards as it was before.

mod health;
mod malformed;
mod paths;
mod peer;
mod secret;
mod slow_clients;
