//! The device id, made where a browser has none.

use alloc::string::String;

use crate::identity;

/// A new id from the browser's own randomness; empty where there is none.
#[must_use]
pub fn new_id() -> String {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_or_else(|_| String::new(), |()| identity::new_id(random))
}
