//! SHA-256 of texts in a row.

use alloc::vec::Vec;

use sha2::block_api::compress256;

/// The hash as its eight words. By the library's function for whole blocks, because its buffer for pieces of any size is
/// twice its code, and texts are short.
pub(crate) fn sha256(parts: &[&str]) -> [u32; 8] {
    let mut message = Vec::new();
    for part in parts {
        message.extend_from_slice(part.as_bytes());
    }
    let bits = (message.len() as u64).wrapping_mul(8);
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend_from_slice(&bits.to_be_bytes());
    let mut state = START;
    compress256(&mut state, message.as_chunks().0);
    state
}

/// What FIPS 180-4 begins with: of the square roots of the first eight primes what follows the point.
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn is_what_the_library_makes_of_it() {
        for length in 0..200 {
            let text = "é".repeat(length) + "a";
            let words = sha256(&[&text, ":", &text]);
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            assert_eq!(bytes, Sha256::digest(std::format!("{text}:{text}")).to_vec(), "{length}");
        }
    }
}
