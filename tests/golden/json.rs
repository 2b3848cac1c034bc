//! What `decode.py` must print, made from the Rust values by serde and not from the description: so the
//! two agree only if the description is right.

use std::fmt::{self, Write};

use serde::ser::{Error as _, Impossible, SerializeSeq, SerializeStruct, SerializeTuple};
use serde::{Serialize, Serializer};

use crate::shape::kebab;

/// A JSON value that keeps the order of its members.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(i128),
    Text(String),
    /// A number, or in a list one byte of it.
    Byte(u8),
    /// Printed in hex.
    Bytes(Vec<u8>),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    pub fn of<T: Serialize>(value: &T) -> Self {
        value.serialize(ToJson).expect("events are plain data")
    }

    /// Two spaces a level, a line feed at the end: `json.dumps(value, ensure_ascii=False, indent=2)`.
    pub fn document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0).expect("a string takes everything");
        out + "\n"
    }

    fn write(&self, out: &mut String, level: usize) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Number(value) => write!(out, "{value}"),
            Self::Text(text) => out.write_str(&serde_json::to_string(text).map_err(fmt::Error::custom)?),
            Self::Byte(value) => write!(out, "{value}"),
            Self::Bytes(bytes) => write!(out, "\"{}\"", hex(bytes)),
            Self::List(items) => {
                write_each(out, level, ['[', ']'], items, |out, item| item.write(out, level + 1))
            }
            Self::Object(members) => write_each(out, level, ['{', '}'], members, |out, (name, value)| {
                write!(out, "\"{name}\": ")?;
                value.write(out, level + 1)
            }),
        }
    }
}

fn write_each<T>(
    out: &mut String,
    level: usize,
    [open, close]: [char; 2],
    items: &[T],
    each: impl Fn(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    out.write_char(open)?;
    for (index, item) in items.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}\n{:1$}", "", 2 * (level + 1))?;
        each(out, item)?;
    }
    if !items.is_empty() {
        write!(out, "\n{:1$}", "", 2 * level)?;
    }
    out.write_char(close)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct ToJson;

/// The elements of a list, or the members of an object.
struct Parts<T>(Vec<T>);

type Never = Impossible<Json, fmt::Error>;

macro_rules! numbers {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, value: $type) -> Result<Json, fmt::Error> { Ok(Json::Number(value.into())) })*
    };
}

impl Serializer for ToJson {
    type Ok = Json;
    type Error = fmt::Error;
    type SerializeSeq = Parts<Json>;
    type SerializeTuple = Parts<Json>;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Parts<(&'static str, Json)>;
    type SerializeStructVariant = Never;

    numbers! {
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
    }

    fn serialize_bool(self, value: bool) -> Result<Json, fmt::Error> {
        Ok(Json::Bool(value))
    }

    fn serialize_u8(self, value: u8) -> Result<Json, fmt::Error> {
        Ok(Json::Byte(value))
    }

    fn serialize_str(self, text: &str) -> Result<Json, fmt::Error> {
        Ok(Json::Text(text.to_owned()))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Json, fmt::Error> {
        Ok(Json::Bytes(bytes.to_vec()))
    }

    fn serialize_none(self) -> Result<Json, fmt::Error> {
        Ok(Json::Null)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<Json, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Json, fmt::Error> {
        match (name, value.serialize(self)?) {
            ("Currency", Json::Bytes(code)) => {
                String::from_utf8(code).map(Json::Text).map_err(fmt::Error::custom)
            }
            (_, inner) => Ok(inner),
        }
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Json, fmt::Error> {
        Ok(Json::Text(kebab(variant)))
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Json, fmt::Error> {
        // Variants with a value have one-word names, so lower case is their word.
        let word: &'static str = kebab(variant).leak();
        Ok(Json::Object(vec![(word, value.serialize(self)?)]))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<Json>, fmt::Error> {
        Ok(Parts(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<Json>, fmt::Error> {
        Ok(Parts(Vec::new()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, fmt::Error> {
        Ok(Parts(Vec::new()))
    }

    // No event has any of the following: the notation of wire.md has no word for it.

    fn serialize_f32(self, _: f32) -> Result<Json, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_f64(self, _: f64) -> Result<Json, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_char(self, _: char) -> Result<Json, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_unit(self) -> Result<Json, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Json, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Never, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, fmt::Error> {
        Err(fmt::Error)
    }
}

impl Parts<Json> {
    /// A list of bytes is printed in hex. An empty one cannot be told from another empty list here, so
    /// samples have none: the comparison with `decode.py` fails if one does.
    fn finish(self) -> Json {
        let byte = |item: &Json| match item {
            Json::Byte(byte) => Some(*byte),
            _ => None,
        };
        match self.0.iter().map(byte).collect::<Option<Vec<u8>>>() {
            Some(bytes) if !bytes.is_empty() => Json::Bytes(bytes),
            _ => Json::List(self.0),
        }
    }
}

impl SerializeSeq for Parts<Json> {
    type Ok = Json;
    type Error = fmt::Error;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> fmt::Result {
        self.0.push(value.serialize(ToJson)?);
        Ok(())
    }

    fn end(self) -> Result<Json, fmt::Error> {
        Ok(self.finish())
    }
}

impl SerializeTuple for Parts<Json> {
    type Ok = Json;
    type Error = fmt::Error;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> fmt::Result {
        self.0.push(value.serialize(ToJson)?);
        Ok(())
    }

    fn end(self) -> Result<Json, fmt::Error> {
        Ok(self.finish())
    }
}

impl SerializeStruct for Parts<(&'static str, Json)> {
    type Ok = Json;
    type Error = fmt::Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> fmt::Result {
        self.0.push((name, value.serialize(ToJson)?));
        Ok(())
    }

    fn end(self) -> Result<Json, fmt::Error> {
        Ok(Json::Object(self.0))
    }
}
