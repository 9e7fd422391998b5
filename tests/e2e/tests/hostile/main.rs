//! Clients that mean harm: nothing leaks, nobody else is kept out, and nginx is afterwards as it was before.

mod crowd;
mod junk;
mod peer;
mod secret;
mod tricks;
mod unharmed;
