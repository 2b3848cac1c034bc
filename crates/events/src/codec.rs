//! The one codec. An event is stored as
//!
//! | bytes | field | value |
//! |---|---|---|
//! | 1 | codec | 1 = postcard |
//! | 2 | type | little-endian; the high byte is the service |
//! | 2 | version | little-endian, from 1 |
//! | rest | payload | the frozen struct of that version, in postcard |
//!
//! Released structs never change: a change is a new version with an upcast from the one before. Bytes
//! left over after the payload are an error. A type or version that this program does not know is kept
//! as it is, so that an older program can copy, hash and prove a newer log.

use postcard::ser_flavors::Flavor;
use serde::{Serialize, de::DeserializeOwned};

/// The number of an event type; the high byte names the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(pub u16);

/// First byte of every event: the payload is postcard.
pub const CODEC_POSTCARD: u8 = 1;

/// Bytes before the payload.
pub const HEADER_LEN: usize = 5;

/// An event of one service: encodes as its newest version, decodes from every version ever released.
pub trait Event: Sized {
    /// Appends the stored bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads stored bytes, old versions through their upcasts.
    fn decode(bytes: &[u8]) -> Result<Decoded<Self>, DecodeError>;
    /// The name of the type, as in the catalogue.
    fn name(&self) -> &'static str;
    /// Every (type, version, name) that `decode` knows: the catalogue.
    fn catalogue() -> Vec<(EventType, u16, &'static str)>;
}

/// What stored bytes turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded<E> {
    /// An event that this program knows, in its newest version.
    Known(E),
    /// A newer type or version: kept as bytes.
    Unknown(UnknownEvent),
}

/// An event that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownEvent {
    /// Its type.
    pub event_type: EventType,
    /// Its version.
    pub version: u16,
    /// All its stored bytes, header included.
    pub bytes: Vec<u8>,
}

/// Why stored bytes are not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than the header.
    #[error("expected at least {HEADER_LEN} bytes of an event, got {0}")]
    Short(usize),
    /// Another codec.
    #[error("expected codec {CODEC_POSTCARD} (postcard), got {0}; this log was written by a newer program")]
    Codec(u8),
    /// The payload is not what its type and version say.
    #[error("event type {event_type:#06x} version {version}: the payload does not decode: {cause}")]
    Payload {
        /// The type.
        event_type: u16,
        /// The version.
        version: u16,
        /// What postcard says.
        cause: String,
    },
    /// Bytes left over after the payload.
    #[error("event type {event_type:#06x} version {version}: {extra} bytes left over after the payload")]
    Trailing {
        /// The type.
        event_type: u16,
        /// The version.
        version: u16,
        /// How many.
        extra: usize,
    },
}

/// Type and version of stored bytes, and the payload.
pub fn split(bytes: &[u8]) -> Result<(EventType, u16, &[u8]), DecodeError> {
    let &[codec, type_low, type_high, version_low, version_high, ref payload @ ..] = bytes else {
        return Err(DecodeError::Short(bytes.len()));
    };
    if codec != CODEC_POSTCARD {
        return Err(DecodeError::Codec(codec));
    }
    let event_type = EventType(u16::from_le_bytes([type_low, type_high]));
    Ok((event_type, u16::from_le_bytes([version_low, version_high]), payload))
}

/// Appends header and payload. Used by [`events!`](crate::events).
pub fn encode<T: Serialize>(event_type: u16, version: u16, payload: &T, out: &mut Vec<u8>) {
    out.push(CODEC_POSTCARD);
    out.extend_from_slice(&event_type.to_le_bytes());
    out.extend_from_slice(&version.to_le_bytes());
    // Serialising plain data into a growing vector has no way to fail: postcard's errors are a full
    // buffer, or sequences of unknown length, which no event has.
    if let Err(error) = append(payload, out) {
        unreachable!("event type {event_type:#06x} does not serialise: {error}");
    }
}

/// Appends a value in postcard. The same bytes as [`postcard::to_extend`] gives, which however takes each
/// byte of a text through an iterator: that was a tenth of the time of an import.
pub fn append<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
    struct Appending<'a>(&'a mut Vec<u8>);
    impl Flavor for Appending<'_> {
        type Output = ();

        #[inline(always)]
        fn try_push(&mut self, byte: u8) -> Result<(), postcard::Error> {
            self.0.push(byte);
            Ok(())
        }

        #[inline(always)]
        fn try_extend(&mut self, bytes: &[u8]) -> Result<(), postcard::Error> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }

        fn finalize(self) -> Result<(), postcard::Error> {
            Ok(())
        }
    }
    postcard::serialize_with_flavor(value, Appending(out))
}

/// Reads a payload to its last byte. Used by [`events!`](crate::events).
pub fn decode<T: DeserializeOwned>(event_type: u16, version: u16, payload: &[u8]) -> Result<T, DecodeError> {
    let (value, rest) = postcard::take_from_bytes(payload).map_err(|error| DecodeError::Payload {
        event_type,
        version,
        cause: error.to_string(),
    })?;
    if !rest.is_empty() {
        return Err(DecodeError::Trailing { event_type, version, extra: rest.len() });
    }
    Ok(value)
}

/// Declares a service's events: an enum, its [`Event`] implementation, and the catalogue.
///
/// Each line gives the type number, the variant with its newest struct, and the versions, oldest first.
/// A version that is not the newest is brought up by `From<OlderStruct> for NewestStruct`.
///
/// ```
/// # use serde::{Serialize, Deserialize};
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// pub struct OpenedV1 { pub number: u32 }
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// pub struct OpenedV2 { pub number: u32, pub urgent: bool }
/// impl From<OpenedV1> for OpenedV2 {
///     fn from(old: OpenedV1) -> Self { Self { number: old.number, urgent: false } }
/// }
/// events::events! {
///     /// A shop's events.
///     pub enum ShopEvent {
///         0x7f01 Opened(OpenedV2) = { 1: OpenedV1, 2: OpenedV2 },
///     }
/// }
/// use events::{Decoded, Event};
/// let old = [1, 0x01, 0x7f, 1, 0, 42];
/// let opened = ShopEvent::Opened(OpenedV2 { number: 42, urgent: false });
/// assert_eq!(ShopEvent::decode(&old), Ok(Decoded::Known(opened)));
/// ```
#[macro_export]
macro_rules! events {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($(#[$vdoc:meta])* $type:literal $variant:ident($newest:ty) = { $($version:literal: $frozen:ty),+ $(,)? },)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name { $($(#[$vdoc])* $variant($newest),)* }

        impl $crate::Event for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(event) => {
                        let newest = [$($version as u16),+].into_iter().fold(0, u16::max);
                        $crate::codec::encode($type, newest, event, out);
                    })*
                }
            }

            fn decode(bytes: &[u8]) -> Result<$crate::Decoded<Self>, $crate::DecodeError> {
                let (event_type, version, payload) = $crate::codec::split(bytes)?;
                match (event_type.0, version) {
                    $($(($type, $version) => {
                        let event: $frozen = $crate::codec::decode($type, $version, payload)?;
                        Ok($crate::Decoded::Known(Self::$variant(event.into())))
                    })+)*
                    _ => Ok($crate::Decoded::Unknown($crate::UnknownEvent {
                        event_type,
                        version,
                        bytes: bytes.to_vec(),
                    })),
                }
            }

            fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => stringify!($variant),)* }
            }

            fn catalogue() -> Vec<($crate::EventType, u16, &'static str)> {
                vec![$($(($crate::EventType($type), $version, stringify!($variant)),)+)*]
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct PaidV1 {
        minor: i64,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct PaidV2 {
        minor: i64,
        reference: Option<u32>,
    }
    impl From<PaidV1> for PaidV2 {
        fn from(old: PaidV1) -> Self {
            Self { minor: old.minor, reference: None }
        }
    }
    crate::events! {
        /// Events of a test service with history.
        pub enum TestEvent {
            0x7f01 Paid(PaidV2) = { 1: PaidV1, 2: PaidV2 },
        }
    }

    #[test]
    fn given_any_kind_of_value_when_appended_then_the_bytes_are_postcards() {
        let value = ("text", [7_u8; 16], -1_i64, Some(300_u16), vec![(true, 1.5_f64)], 'x');
        let mut appended = vec![9];
        append(&value, &mut appended).expect("plain data");
        assert_eq!(appended, postcard::to_extend(&value, vec![9]).expect("plain data"));
    }

    #[test]
    fn given_an_old_version_when_decoded_then_it_is_upcast() {
        let mut old = Vec::new();
        encode(0x7f01, 1, &PaidV1 { minor: -3 }, &mut old);
        assert_eq!(old, [1, 0x01, 0x7f, 1, 0, 5]);
        let upcast = TestEvent::Paid(PaidV2 { minor: -3, reference: None });
        assert_eq!(TestEvent::decode(&old), Ok(Decoded::Known(upcast)));
    }

    #[test]
    fn given_a_new_event_when_encoded_then_it_carries_its_newest_version() {
        let event = TestEvent::Paid(PaidV2 { minor: 1, reference: Some(2) });
        let mut bytes = Vec::new();
        event.encode(&mut bytes);
        assert_eq!(bytes, [1, 0x01, 0x7f, 2, 0, 2, 1, 2]);
        assert_eq!(TestEvent::decode(&bytes), Ok(Decoded::Known(event)));
    }

    #[test]
    fn given_trailing_bytes_when_decoded_then_it_is_an_error() {
        let bytes = [1, 0x01, 0x7f, 1, 0, 5, 0];
        let expected = DecodeError::Trailing { event_type: 0x7f01, version: 1, extra: 1 };
        assert_eq!(TestEvent::decode(&bytes), Err(expected));
    }

    #[test]
    fn given_an_unknown_type_or_version_when_decoded_then_its_bytes_are_kept() {
        for bytes in [[1, 0x02, 0x7f, 1, 0, 9], [1, 0x01, 0x7f, 3, 0, 9]] {
            match TestEvent::decode(&bytes) {
                Ok(Decoded::Unknown(unknown)) => assert_eq!(unknown.bytes, bytes),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn given_a_short_or_foreign_header_when_decoded_then_it_is_an_error() {
        assert_eq!(TestEvent::decode(&[1, 1, 0x7f, 1]), Err(DecodeError::Short(4)));
        assert_eq!(TestEvent::decode(&[2, 1, 0x7f, 1, 0]), Err(DecodeError::Codec(2)));
        assert!(matches!(TestEvent::decode(&[1, 1, 0x7f, 1, 0]), Err(DecodeError::Payload { .. })));
    }
}
