//! UTF-8, hexadecimal and decimal digits, without the formatting machinery, which would double the browser module.

use alloc::string::String;
use alloc::vec::Vec;

/// Returns the bytes as text if they are valid UTF-8.
///
/// The standard library's iterator over chunks is slower than `str::from_utf8`, and smaller.
pub(crate) fn utf8(bytes: &[u8]) -> Option<&str> {
    let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    (valid.len() == bytes.len()).then_some(valid)
}

/// Appends `bytes` as lowercase hexadecimal digits.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(char::from(hex_digit(byte >> 4)));
        text.push(char::from(hex_digit(byte & 15)));
    }
}

/// Returns the lowercase hexadecimal digit of a number from 0 to 15.
pub(crate) fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0'.wrapping_add(nibble) } else { (b'a' - 10).wrapping_add(nibble) }
}

/// Appends `number` in decimal.
pub(crate) fn push_decimal(out: &mut Vec<u8>, number: u64) {
    if number >= 10 {
        push_decimal(out, number / 10);
    }
    out.push(b'0'.wrapping_add((number % 10) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn utf8_rejects_invalid_bytes() {
        assert_eq!(utf8("é👩".as_bytes()), Some("é👩"));
        assert_eq!(utf8(b""), Some(""));
        assert_eq!(utf8(b"a\xff"), None);
    }

    #[test]
    fn digits_match_the_standard_library() {
        let mut hex = String::new();
        push_hex(&mut hex, &core::array::from_fn::<u8, 16, _>(|index| u8::try_from(index * 17).unwrap()));
        assert_eq!(hex, "00112233445566778899aabbccddeeff");
        for number in [0, 9, 10, 12_345, u64::MAX] {
            let mut decimal = Vec::new();
            push_decimal(&mut decimal, number);
            assert_eq!(decimal, format!("{number}").into_bytes());
        }
    }
}
