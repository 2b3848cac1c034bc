//! Short texts kept inline, so that a decision allocates nothing for them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// 1 to `MAX` printable ASCII characters without spaces; stored as a string. What it means, and which further texts
/// are wrong, is for the type that wraps it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ascii<const MAX: usize> {
    bytes: [u8; MAX],
    length: u8,
}

impl<const MAX: usize> Ascii<MAX> {
    /// The text, if it is one.
    pub const fn new(text: &str) -> Option<Self> {
        let (mut bytes, text) = ([0; MAX], text.as_bytes());
        if text.is_empty() || text.len() > MAX || MAX > u8::MAX as usize {
            return None;
        }
        let mut index = 0;
        while index < text.len() {
            if !text[index].is_ascii_graphic() {
                return None;
            }
            bytes[index] = text[index];
            index += 1;
        }
        Some(Self { bytes, length: text.len() as u8 })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // ASCII by construction.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl<const MAX: usize> fmt::Display for Ascii<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const MAX: usize> fmt::Debug for Ascii<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const MAX: usize> Serialize for Ascii<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Ascii<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<const MAX: usize>;
        impl<const MAX: usize> de::Visitor<'_> for Text<MAX> {
            type Value = Ascii<MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "1 to {MAX} printable ASCII characters without spaces")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Ascii<MAX>, E> {
                Ascii::new(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_short_printable_ascii() {
        let longest = "+86075588889999#12345678";
        let text = Ascii::<24>::new(longest).expect("24 characters");
        assert_eq!(text.to_string(), longest);
        for wrong in ["", "0755 8888", "+86075588889999#123456789", "電話"] {
            assert_eq!(Ascii::<24>::new(wrong), None, "{wrong:?}");
        }
    }
}
