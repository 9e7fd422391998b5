//! SHA-256 of concatenated bytes.

use sha2::block_api::compress256;

/// Returns the hash as eight words. It calls the crate's function for whole blocks, because the buffered interface is twice
/// as large, and allocates nothing.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u32; 8] {
    let mut state = INITIAL_STATE;
    let mut block = [0; BLOCK];
    let mut length = 0_usize;
    let mut push = |byte| {
        if let Some(free) = block.get_mut(length % BLOCK) {
            *free = byte;
        }
        length = length.wrapping_add(1);
        if length.is_multiple_of(BLOCK) {
            compress256(&mut state, &[block]);
        }
        length
    };
    let mut message_length = 0;
    for part in parts {
        for byte in *part {
            message_length = push(*byte);
        }
    }
    let mut last = 0x80;
    while push(last) % BLOCK != BLOCK - 8 {
        last = 0;
    }
    for byte in (message_length as u64).wrapping_mul(8).to_be_bytes() {
        push(byte);
    }
    state
}

/// The bytes of a block.
const BLOCK: usize = 64;

/// The initial state of FIPS 180-4: the fractional parts of the square roots of the first eight primes.
const INITIAL_STATE: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};
    use std::vec::Vec;

    #[test]
    fn matches_the_buffered_interface() {
        for length in 0..200 {
            let text = "é".repeat(length) + "a";
            let words = sha256(&[text.as_bytes(), b":", text.as_bytes()]);
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            assert_eq!(bytes, Sha256::digest(std::format!("{text}:{text}")).to_vec(), "{length}");
        }
    }
}
