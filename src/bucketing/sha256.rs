//! SHA-256 of concatenated strings.

use alloc::vec::Vec;

use sha2::block_api::compress256;

/// Returns the hash as eight words. It calls the crate's function for whole blocks, because the buffered interface is twice
/// as large and the strings are short.
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
    let mut state = INITIAL_STATE;
    compress256(&mut state, message.as_chunks().0);
    state
}

/// The initial state of FIPS 180-4: the fractional parts of the square roots of the first eight primes.
const INITIAL_STATE: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn matches_the_buffered_interface() {
        for length in 0..200 {
            let text = "é".repeat(length) + "a";
            let words = sha256(&[&text, ":", &text]);
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            assert_eq!(bytes, Sha256::digest(std::format!("{text}:{text}")).to_vec(), "{length}");
        }
    }
}
