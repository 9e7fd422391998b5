//! The device id: 128 random bits that stay with a browser, in a first-party cookie and in localStorage.

use alloc::string::String;

use crate::text::hex_digit;

/// A new id from 16 random bytes, as 32 lowercase hex digits.
///
/// ```
/// let id = canary_runtime::identity::new_id([0xab; 16]);
/// assert_eq!(id, "ab".repeat(16));
/// ```
#[must_use]
pub fn new_id(random: [u8; 16]) -> String {
    random.iter().flat_map(|byte| [hex_digit(byte >> 4), hex_digit(byte & 15)]).map(char::from).collect()
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
