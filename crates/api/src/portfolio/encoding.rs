//! UTF-8 or GB18030, told apart by what fits.
//!
//! No byte below `0x30` and neither quotation mark nor line feed is ever the second half of a character in
//! GB18030, so lines and fields are split before they are decoded, and one broken character spoils one cell.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, GB18030};

use super::PortfolioError;

/// How much of a file decides about its encoding.
pub const HEAD_LEN: u64 = 64 * 1024;

/// How the bytes of a file are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Gb18030,
    /// Only ASCII so far: the first other text decides.
    Undecided,
}

impl Encoding {
    /// The encoding of a file that begins like this, and the length of its byte order mark.
    pub fn detect(head: &[u8]) -> Result<(Self, usize), PortfolioError> {
        match head {
            [0xef, 0xbb, 0xbf, ..] => Ok((Self::Utf8, 3)),
            [0x84, 0x31, 0x95, 0x33, ..] => Ok((Self::Gb18030, 4)),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(PortfolioError::Utf16),
            _ if head.is_ascii() => Ok((Self::Undecided, 0)),
            _ => Ok((Self::of(head), 0)),
        }
    }

    /// The one with fewer errors: a damaged file still has an encoding.
    fn of(bytes: &[u8]) -> Self {
        let utf8_errors = utf8_errors(bytes);
        if utf8_errors > 0 && gb18030_errors(bytes) < utf8_errors { Self::Gb18030 } else { Self::Utf8 }
    }

    /// The text, if it is one in this encoding.
    pub fn decode<'a>(&mut self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            if *self == Self::Gb18030 && !bytes.is_ascii() {
                // Chinese characters in UTF-8 are others in GB18030, and the chance that text in GB18030 is also such
                // UTF-8 is one in a hundred thousand.
                let chinese = text.chars().any(|sign| ('\u{4e00}'..='\u{9fff}').contains(&sign));
                return if chinese { None } else { self.gb18030(bytes) };
            }
            if *self == Self::Undecided && !bytes.is_ascii() {
                *self = Self::Utf8;
            }
            return Some(Cow::Borrowed(text));
        }
        if *self == Self::Undecided {
            *self = Self::of(bytes);
        }
        if *self == Self::Utf8 {
            return None;
        }
        self.gb18030(bytes)
    }

    fn gb18030(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        GB18030.decode_without_bom_handling_and_without_replacement(bytes)
    }

    /// What it may be instead.
    pub fn other(self) -> Self {
        if self == Self::Gb18030 { Self::Utf8 } else { Self::Gb18030 }
    }

    pub fn name(self) -> &'static str {
        if self == Self::Gb18030 { "GB18030" } else { "UTF-8" }
    }
}

fn utf8_errors(bytes: &[u8]) -> usize {
    let broken = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
    // A character that the end of the head cuts off is none.
    let cut = std::str::from_utf8(bytes.utf8_chunks().last().map_or(&[], |chunk| chunk.invalid()));
    let cut_off = cut.is_err_and(|error| error.error_len().is_none());
    broken - usize::from(cut_off)
}

fn gb18030_errors(bytes: &[u8]) -> usize {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let (mut rest, mut errors, mut text) = (bytes, 0, vec![0; 16 * 1024]);
    loop {
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(rest, &mut text, false);
        rest = &rest[read..];
        match result {
            DecoderResult::InputEmpty => return errors,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => errors += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_known_by_its_mark_or_by_what_fits() {
        let detect = |bytes: &[u8]| Encoding::detect(bytes).map_err(|error| error.to_string());
        let chinese = "合同号,姓名,手机号\nA1,王小明,13812345678\n".repeat(20);
        let (gb18030, ..) = GB18030.encode(&chinese);
        assert_eq!(detect(chinese.as_bytes()), Ok((Encoding::Utf8, 0)));
        assert_eq!(detect(&gb18030), Ok((Encoding::Gb18030, 0)));
        assert_eq!(detect(b"\xef\xbb\xbfabc"), Ok((Encoding::Utf8, 3)));
        assert_eq!(detect(b"\x84\x31\x95\x33abc"), Ok((Encoding::Gb18030, 4)));
        assert_eq!(detect(b"abc"), Ok((Encoding::Undecided, 0)));
        assert!(detect(b"\xff\xfea\0").is_err());
    }

    #[test]
    fn a_damaged_or_cut_file_keeps_its_encoding() {
        let chinese = "合同号,姓名,手机号\nA1,王小明,13812345678\n".repeat(20);
        let mut utf8 = chinese.clone().into_bytes();
        utf8[40] = 0xff;
        assert_eq!(Encoding::of(&utf8), Encoding::Utf8);
        assert_eq!(Encoding::of(&chinese.as_bytes()[..4]), Encoding::Utf8);
        let (gb18030, ..) = GB18030.encode(&chinese);
        let mut gb18030 = gb18030.into_owned();
        gb18030[40] = 0xff;
        assert_eq!(Encoding::of(&gb18030[..301]), Encoding::Gb18030);
    }

    #[test]
    fn the_first_text_beyond_ascii_decides() {
        let mut encoding = Encoding::Undecided;
        assert_eq!(encoding.decode(b"A1").as_deref(), Some("A1"));
        let (name, ..) = GB18030.encode("王小明");
        assert_eq!(encoding.decode(&name).as_deref(), Some("王小明"));
        assert_eq!(encoding, Encoding::Gb18030);
        assert_eq!(encoding.decode(b"\xce"), None);
    }
}
