//! The device id, made where a browser has none.

use alloc::vec::Vec;

use crate::bucketing::device_id;

/// A new id from the browser's own randomness; empty where there is none.
#[must_use]
pub fn new_id() -> Vec<u8> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_or_else(|_| Vec::new(), |()| device_id::new_id(random).into_bytes())
}
