//! The device id: 128 random bits that stay with a browser, in a first-party cookie and in localStorage.

use alloc::string::String;

use crate::encoding::push_hex;

/// A new id from 16 random bytes, as 32 lowercase hex digits.
///
/// ```
/// let id = canary_runtime::bucketing::device_id::new_id([0xab; 16]);
/// assert_eq!(id, "ab".repeat(16));
/// ```
#[must_use]
pub fn new_id(random: [u8; 16]) -> String {
    let mut id = String::new();
    push_hex(&mut id, &random);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_lowercase_hex() {
        let bytes = core::array::from_fn(|index| u8::try_from(index * 17).unwrap());
        assert_eq!(new_id(bytes), "00112233445566778899aabbccddeeff");
    }
}
