//! Device ids: 128 random bits that a browser keeps in a first-party cookie and in localStorage.

use alloc::string::String;
use alloc::vec::Vec;

use crate::encoding::push_hex;

/// Creates a device id, 32 lowercase hexadecimal digits; an empty one if the browser has no source of randomness.
#[must_use]
pub fn new_id() -> Vec<u8> {
    let (mut random, mut id) = ([0; 16], String::new());
    if getrandom::fill(&mut random).is_ok() {
        push_hex(&mut id, &random);
    }
    id.into_bytes()
}
