//! A state's bytes without the order in which its hash maps have their entries: that depends on how they came to be, and
//! one that was read from a snapshot has another past than one that was replayed.
//!
//! Nothing reads them back: they only have to differ when the content does.

use std::fmt;

use serde::Serialize;
use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// The bytes of a value; none if it says itself that it has none.
pub fn bytes<T: Serialize + ?Sized>(value: &T) -> Option<Vec<u8>> {
    let mut bytes = Bytes::default();
    value.serialize(&mut bytes).ok().map(|()| bytes.0)
}

/// A value said that it has no bytes.
#[derive(Debug)]
pub struct NoBytes;

impl fmt::Display for NoBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected plain data, got a value that does not serialise")
    }
}

impl std::error::Error for NoBytes {}

impl Error for NoBytes {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

/// Numbers as they are, a length before everything that has one.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&(length as u64).to_le_bytes());
    }
}

macro_rules! as_they_are {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), NoBytes> {
            self.0.extend_from_slice(&value.to_le_bytes());
            Ok(())
        })*
    };
}

impl<'a> Serializer for &'a mut Bytes {
    type Ok = ();
    type Error = NoBytes;
    type SerializeSeq = Several<'a>;
    type SerializeTuple = Several<'a>;
    type SerializeTupleStruct = Several<'a>;
    type SerializeTupleVariant = Several<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Several<'a>;
    type SerializeStructVariant = Several<'a>;

    as_they_are!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64
    );

    fn serialize_bool(self, value: bool) -> Result<(), NoBytes> {
        self.serialize_u8(value.into())
    }

    fn serialize_char(self, value: char) -> Result<(), NoBytes> {
        self.serialize_u32(value.into())
    }

    fn serialize_str(self, value: &str) -> Result<(), NoBytes> {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), NoBytes> {
        self.length(value.len());
        self.0.extend_from_slice(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), NoBytes> {
        self.serialize_u8(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NoBytes> {
        self.0.push(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NoBytes> {
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), NoBytes> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
    ) -> Result<(), NoBytes> {
        self.serialize_u32(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), NoBytes> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result<(), NoBytes> {
        self.0.extend_from_slice(&index.to_le_bytes());
        value.serialize(self)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Several<'a>, NoBytes> {
        // A sequence may not say how long it is, so it is counted.
        let at = self.0.len();
        self.length(0);
        Ok(Several { all: self, counted: Some((at, 0)) })
    }

    fn serialize_tuple(self, _length: usize) -> Result<Several<'a>, NoBytes> {
        Ok(Several { all: self, counted: None })
    }

    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<Several<'a>, NoBytes> {
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        length: usize,
    ) -> Result<Several<'a>, NoBytes> {
        self.0.extend_from_slice(&index.to_le_bytes());
        self.serialize_tuple(length)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Entries<'a>, NoBytes> {
        Ok(Entries { all: self, entries: Vec::new() })
    }

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Several<'a>, NoBytes> {
        self.serialize_tuple(length)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Several<'a>, NoBytes> {
        self.serialize_tuple_variant(name, index, variant, length)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// One value after another.
struct Several<'a> {
    all: &'a mut Bytes,
    /// Where the number of them goes, and how many there are yet.
    counted: Option<(usize, u64)>,
}

impl Several<'_> {
    fn one<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoBytes> {
        if let Some((_, count)) = &mut self.counted {
            *count += 1;
        }
        value.serialize(&mut *self.all)
    }

    fn done(self) -> Result<(), NoBytes> {
        if let Some((at, count)) = self.counted {
            let room = self.all.0.get_mut(at..at + size_of::<u64>()).ok_or(NoBytes)?;
            room.copy_from_slice(&count.to_le_bytes());
        }
        Ok(())
    }
}

macro_rules! several {
    ($($trait:ident: $method:ident),*) => {
        $(impl $trait for Several<'_> {
            type Ok = ();
            type Error = NoBytes;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoBytes> {
                self.one(value)
            }

            fn end(self) -> Result<(), NoBytes> {
                self.done()
            }
        })*
    };
}

macro_rules! several_named {
    ($($trait:ident),*) => {
        $(impl $trait for Several<'_> {
            type Ok = ();
            type Error = NoBytes;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                _key: &'static str,
                value: &T,
            ) -> Result<(), NoBytes> {
                self.one(value)
            }

            fn end(self) -> Result<(), NoBytes> {
                self.done()
            }
        })*
    };
}

several!(
    SerializeSeq: serialize_element, SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);
several_named!(SerializeStruct, SerializeStructVariant);

/// A map's entries, to be put in order.
struct Entries<'a> {
    all: &'a mut Bytes,
    entries: Vec<Bytes>,
}

impl SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = NoBytes;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NoBytes> {
        let mut entry = Bytes::default();
        key.serialize(&mut entry)?;
        self.entries.push(entry);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoBytes> {
        value.serialize(self.entries.last_mut().ok_or(NoBytes)?)
    }

    fn end(mut self) -> Result<(), NoBytes> {
        self.entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        self.all.length(self.entries.len());
        for entry in self.entries {
            self.all.0.extend_from_slice(&entry.0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map that gives its entries in this order.
    struct Ordered([(u32, &'static str); 2]);

    impl Serialize for Ordered {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0)
        }
    }

    #[test]
    fn given_a_map_in_another_order_then_its_bytes_are_the_same() {
        assert_eq!(bytes(&Ordered([(1, "a"), (2, "b")])), bytes(&Ordered([(2, "b"), (1, "a")])));
    }

    #[test]
    fn given_other_content_then_other_bytes() {
        assert_ne!(bytes(&Ordered([(1, "a"), (2, "b")])), bytes(&Ordered([(1, "b"), (2, "a")])));
        assert_ne!(bytes(&[1_u8, 2][..]), bytes(&[2_u8, 1][..]), "a sequence has an order");
        assert_ne!(bytes(&(vec![1_u8], vec![2_u8, 3])), bytes(&(vec![1_u8, 2], vec![3_u8])));
        assert_ne!(bytes(&Some(0_u8)), bytes(&None::<u8>));
    }
}
