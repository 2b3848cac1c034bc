//! Hexadecimal form of 32-byte keys. Never repeats its input: it may be a key.

use zeroize::Zeroizing;

/// Why a text is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HexError {
    Length { got: usize },
    Digit { position: usize },
}

pub(crate) fn decode32(text: &[u8]) -> Result<Zeroizing<[u8; 32]>, HexError> {
    if text.len() != 64 {
        return Err(HexError::Length { got: text.len() });
    }
    let mut bytes = Zeroizing::new([0; 32]);
    for (index, pair) in text.chunks_exact(2).enumerate() {
        let digit = |offset: usize| {
            char::from(pair[offset]).to_digit(16).ok_or(HexError::Digit { position: 2 * index + offset + 1 })
        };
        bytes[index] = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Ok(bytes)
}

pub(crate) fn encode32(bytes: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        let bytes: [u8; 32] = std::array::from_fn(|i| (i * 9) as u8);
        assert_eq!(*decode32(encode32(&bytes).as_bytes()).expect("hex"), bytes);
    }

    #[test]
    fn a_wrong_text_is_located() {
        assert_eq!(decode32(b"00").expect_err("short"), HexError::Length { got: 2 });
        let mut text = [b'0'; 64];
        text[11] = b'g';
        assert_eq!(decode32(&text).expect_err("digit"), HexError::Digit { position: 12 });
    }
}
