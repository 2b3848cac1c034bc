//! The shape of a Rust type in the notation of `proto/wire.md`, learnt from its `Deserialize`; and the
//! notation as it stands in the Markdown. The two must be the same, to the last variant of each enum.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::de::value::Error;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, SeqAccess,
    VariantAccess, Visitor,
};

/// `EmergencyContact` as `emergency-contact`.
pub fn kebab(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

/// Definitions by name, each in words separated by single spaces.
pub type Definitions = BTreeMap<String, String>;

/// Named shapes found so far.
#[derive(Default)]
pub struct Shapes {
    named: Definitions,
    /// Per enum: its variants, and what each holds once that is known.
    enums: BTreeMap<&'static str, Vec<(&'static str, Option<String>)>>,
}

impl Shapes {
    /// The definition of a struct, which is itself not kept by name.
    pub fn define<T: DeserializeOwned>(&mut self) -> String {
        let name = self.learn::<T>();
        self.named.remove(&name).unwrap_or_else(|| panic!("{name} is not a struct"))
    }

    /// Learns a type and all that it is made of, and gives its shape.
    pub fn learn<T: DeserializeOwned>(&mut self) -> String {
        // Each round tries one more variant of every enum.
        loop {
            let mut shape = String::new();
            T::deserialize(Tracer { shapes: self, shape: &mut shape })
                .unwrap_or_else(|error| panic!("a type that the notation has no word for: {error}"));
            if self.enums.values().flatten().all(|(_, held)| held.is_some()) {
                return shape;
            }
        }
    }

    /// All named definitions.
    pub fn definitions(mut self) -> Definitions {
        for (name, variants) in self.enums {
            let word = |(variant, held): (&str, Option<String>)| kebab(variant) + &held.unwrap_or_default();
            let words: Vec<_> = variants.into_iter().map(word).collect();
            self.named.insert(name.to_owned(), format!("enum {{ {} }}", words.join(", ")));
        }
        self.named.into_iter().map(|(name, shape)| (name, tokens(&shape).join(" "))).collect()
    }
}

/// Hands out a value of any shape and notes which was asked for.
struct Tracer<'a> {
    shapes: &'a mut Shapes,
    shape: &'a mut String,
}

macro_rules! plain {
    ($($method:ident => $visit:ident($value:expr), $word:literal;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            *self.shape = $word.to_owned();
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Error;

    plain! {
        deserialize_bool => visit_bool(false), "bool";
        deserialize_u8 => visit_u8(0), "u8";
        deserialize_u16 => visit_u16(0), "u16";
        deserialize_u32 => visit_u32(0), "u32";
        deserialize_u64 => visit_u64(0), "u64";
        deserialize_i32 => visit_i32(0), "i32";
        deserialize_i64 => visit_i64(0), "i64";
        // Something that every type stored as a string takes.
        deserialize_str => visit_str("CN"), "string";
        deserialize_string => visit_str("CN"), "string";
        deserialize_bytes => visit_bytes(&[0]), "bytes";
        deserialize_byte_buf => visit_bytes(&[0]), "bytes";
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not in the notation"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut inner = String::new();
        let value = visitor.visit_some(Tracer { shapes: &mut *self.shapes, shape: &mut inner })?;
        *self.shape = inner + "?";
        Ok(value)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut inner = String::new();
        let value = visitor.visit_newtype_struct(Tracer { shapes: &mut *self.shapes, shape: &mut inner })?;
        // The one type whose bytes are text.
        let inner = if name == "Currency" { inner.replace("bytes", "text") } else { inner };
        self.shapes.named.insert(name.to_owned(), inner);
        *self.shape = name.to_owned();
        Ok(value)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut elements = Elements { shapes: &mut *self.shapes, left: 1, shapes_of: Vec::new() };
        let value = visitor.visit_seq(&mut elements)?;
        let inner = elements.shapes_of.concat();
        *self.shape = if inner == "u8" { "bytes".to_owned() } else { format!("[{inner}]") };
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        let mut elements = Elements { shapes: &mut *self.shapes, left: len, shapes_of: Vec::new() };
        let value = visitor.visit_seq(&mut elements)?;
        let bytes = elements.shapes_of.iter().all(|shape| shape == "u8");
        *self.shape =
            if bytes { format!("bytes[{len}]") } else { format!("({})", elements.shapes_of.join(", ")) };
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut elements = Elements { shapes: &mut *self.shapes, left: fields.len(), shapes_of: Vec::new() };
        let value = visitor.visit_seq(&mut elements)?;
        let members: Vec<_> = fields
            .iter()
            .zip(&elements.shapes_of)
            .map(|(field, shape)| format!("{field}: {shape}"))
            .collect();
        self.shapes.named.insert(name.to_owned(), format!("{{ {} }}", members.join(", ")));
        *self.shape = name.to_owned();
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let known = self
            .shapes
            .enums
            .entry(name)
            .or_insert_with(|| variants.iter().map(|word| (*word, None)).collect());
        let index = known.iter().position(|(_, held)| held.is_none()).unwrap_or(0);
        *self.shape = name.to_owned();
        visitor.visit_enum(Choice { shapes: self.shapes, name, index })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 f64 char unit unit_struct tuple_struct map identifier ignored_any
    }
}

struct Elements<'a> {
    shapes: &'a mut Shapes,
    left: usize,
    shapes_of: Vec<String>,
}

impl<'de> SeqAccess<'de> for &mut Elements<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut shape = String::new();
        let value = seed.deserialize(Tracer { shapes: &mut *self.shapes, shape: &mut shape })?;
        self.shapes_of.push(shape);
        Ok(Some(value))
    }
}

/// One variant of an enum.
struct Choice<'a> {
    shapes: &'a mut Shapes,
    name: &'static str,
    index: usize,
}

impl Choice<'_> {
    fn holds(self, held: String) {
        if let Some(variants) = self.shapes.enums.get_mut(self.name) {
            variants[self.index].1 = Some(held);
        }
    }
}

impl<'de> EnumAccess<'de> for Choice<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Error> {
        let number: serde::de::value::U32Deserializer<Error> = (self.index as u32).into_deserializer();
        Ok((seed.deserialize(number)?, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.holds(String::new());
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        let mut shape = String::new();
        let value = seed.deserialize(Tracer { shapes: &mut *self.shapes, shape: &mut shape })?;
        self.holds(format!("({shape})"));
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not in the notation"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not in the notation"))
    }
}

/// Words and marks; a comma before a closing brace is left out.
pub fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = String::new();
    for letter in text.chars().chain([' ']) {
        if letter.is_ascii_alphanumeric() || "-_".contains(letter) {
            word.push(letter);
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if letter == '}' && tokens.last().is_some_and(|last| last == ",") {
            tokens.pop();
        }
        if !letter.is_whitespace() {
            tokens.push(letter.to_string());
        }
    }
    tokens
}

/// The definitions in the `schema` blocks of a Markdown text. Each begins at the start of a line.
pub fn described(markdown: &str, source: impl Display) -> Definitions {
    let mut definitions = Definitions::new();
    let mut statement = String::new();
    let mut inside = false;
    for line in markdown.lines() {
        let fence = line.starts_with("```");
        let begins = fence || line.starts_with(|letter: char| letter.is_ascii_alphabetic());
        if begins && !statement.is_empty() {
            let (name, definition) =
                statement.split_once('=').unwrap_or_else(|| panic!("{source}: no = in {statement:?}"));
            let (name, definition) = (tokens(name).join(" "), tokens(definition).join(" "));
            let before = definitions.insert(name.clone(), definition);
            assert_eq!(before, None, "{source}: {name} is described twice");
            statement.clear();
        }
        if fence {
            inside = line == "```schema";
        } else if inside {
            let code = line.split('#').next().unwrap_or_default();
            statement.push_str(code.trim_end());
            statement.push(' ');
            if statement.trim().is_empty() {
                statement.clear();
            }
        }
    }
    definitions
}
