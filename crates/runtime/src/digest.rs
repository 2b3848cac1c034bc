//! The digest of a command's input, without serialising it into memory of its own first.

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// As much is gathered before it is hashed: most commands, whole.
const BUFFER: usize = 256;

/// The first 8 bytes of the SHA-256 of `input` in postcard, as [`events::record::input_digest`] has it; `None`
/// if it does not serialise.
pub(crate) fn of_input<T: Serialize>(input: &T) -> Option<u64> {
    let digesting = Digesting { buffer: [0; BUFFER], filled: 0, hasher: None };
    postcard::serialize_with_flavor(input, digesting).ok()
}

struct Digesting {
    buffer: [u8; BUFFER],
    filled: usize,
    /// Once there is more than fits the buffer.
    hasher: Option<Sha256>,
}

impl Digesting {
    fn spill(&mut self) {
        self.hasher.get_or_insert_default().update(&self.buffer[..self.filled]);
        self.filled = 0;
    }
}

impl Flavor for Digesting {
    type Output = u64;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if self.filled == BUFFER {
            self.spill();
        }
        self.buffer[self.filled] = byte;
        self.filled += 1;
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if self.filled + bytes.len() > BUFFER {
            self.spill();
        }
        match self.buffer.get_mut(self.filled..self.filled + bytes.len()) {
            Some(free) => {
                free.copy_from_slice(bytes);
                self.filled += bytes.len();
            }
            None => self.hasher.get_or_insert_default().update(bytes),
        }
        Ok(())
    }

    fn finalize(mut self) -> postcard::Result<u64> {
        if self.hasher.is_none() {
            return Ok(events::record::input_digest(&self.buffer[..self.filled]));
        }
        self.spill();
        let digest: [u8; 32] = self.hasher.unwrap_or_default().finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Ok(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }
}

#[cfg(test)]
mod tests {
    use events::record::input_digest;

    use super::*;

    #[test]
    fn given_inputs_of_any_length_when_digested_then_it_is_that_of_their_bytes() {
        for length in [0, 1, 100, 250, 254, 255, 256, 257, 300, 511, 512, 513, 10_000] {
            let byte = |index: usize| (index % 251) as u8;
            let bytes: Vec<u8> = (0..length).map(byte).collect();
            let text: String = bytes.iter().map(|byte| char::from(byte % 26 + b'a')).collect();
            let mixed = (7_u64, &bytes, [9_u8; 16], &text, Some(&text));
            let whole = postcard::to_stdvec(&mixed).expect("it serialises");
            assert_eq!(of_input(&mixed), Some(input_digest(&whole)), "{length}");
        }
    }
}
