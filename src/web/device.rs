//! Device ids: 128 random bits that a browser keeps in a first-party cookie and in localStorage.

use crate::encoding::hex_digit;

/// Writes a device id, 32 lowercase hexadecimal digits, to the start of `out`. Returns its length, which is 0 if the browser
/// has no source of randomness.
pub fn new_id(out: &mut [u8]) -> usize {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return 0;
    }
    let digits = random.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    out.iter_mut().zip(digits).map(|(out, digit)| *out = hex_digit(digit)).count()
}
