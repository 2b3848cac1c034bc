//! The head of a pack: what stands before its first table.

use std::str::FromStr;

use model::{AgencyId, LenderId, Region};
use toml::de::DeValue;

use super::table::{Table, Value};
use crate::pack::{Applies, Owner, Pack};

/// The format that this program reads.
pub const SCHEMA: i64 = 1;

const TITLE_BYTES_MAX: usize = 200;
pub(super) const SOURCE_BYTES_MAX: usize = 1_000;
pub(super) const NOTE_BYTES_MAX: usize = 4_000;
const ID: &str = "a name of small letters, digits and dashes that begins with a letter, at most 64";
const APPLIES: &str = "\"everywhere\", \"otherwise\" or a list of regions such as [\"US\", \"US-MA\"]";
const OWNER: &str = "\"platform\", a lender such as \"lender-3\" or an agency such as \"agency-7\"";

/// The pack without its rules.
pub(super) fn read(table: &mut Table<'_, '_, '_>) -> Option<Pack> {
    let schema = table.number::<i64>("schema", "the number of the format", SCHEMA..=SCHEMA);
    let id = id(table).map(|(id, _)| id);
    let version = table.number("version", "the version of the pack", 1..=i64::from(u32::MAX));
    let title = table.text("title", "a title", TITLE_BYTES_MAX);
    let effective = table
        .need("effective", "the first day in force, such as 2026-01-30")
        .and_then(|value| table.date_of(value, "effective"));
    let until = match table.take("until") {
        None => Some(None),
        Some(value) => {
            let day = table.date_of(value, "until");
            if let (Some(first), Some(last)) = (effective, day)
                && last < first
            {
                table.wrong(value, "until", format!("a day not before effective, {first}"));
            }
            day.map(Some)
        }
    };
    let applies = table.need("applies", APPLIES).and_then(|value| applies(table, value));
    let owner = table.need("owner", OWNER).and_then(|value| owner(table, value));
    let note = table.text_if_any("note", "a note", NOTE_BYTES_MAX);
    schema?;
    Some(Pack {
        id: id?,
        version: version?,
        title: title?,
        effective: effective?,
        until: until?,
        applies: applies?,
        owner: owner?,
        note: note?,
        rules: Vec::new(),
        consents: Vec::new(),
    })
}

/// The table's id and its place.
pub(super) fn id(table: &mut Table<'_, '_, '_>) -> Option<(String, std::ops::Range<usize>)> {
    let value = table.need("id", ID)?;
    let DeValue::String(text) = value.get_ref() else {
        table.wrong(value, "id", ID.to_owned());
        return None;
    };
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
    if !begins || text.len() > 64 || !text.bytes().all(allowed) {
        table.wrong(value, "id", ID.to_owned());
        return None;
    }
    Some((text.clone().into_owned(), value.span()))
}

fn applies<'a>(table: &mut Table<'_, 'a, '_>, value: &'a Value<'a>) -> Option<Applies> {
    match value.get_ref() {
        DeValue::String(text) if text == "everywhere" => Some(Applies::Everywhere),
        DeValue::String(text) if text == "otherwise" => Some(Applies::Otherwise),
        DeValue::Array(elements) if !elements.is_empty() => {
            let mut regions = Vec::new();
            for element in elements.iter() {
                let region = match element.get_ref() {
                    DeValue::String(text) => Region::from_str(text).ok(),
                    _ => None,
                };
                let Some(region) = region else {
                    table.wrong(element, "applies", "a region such as CN, US-MA or US-NY-NYC".to_owned());
                    return None;
                };
                if regions.contains(&region) {
                    table.wrong(element, "applies", "each region once".to_owned());
                    return None;
                }
                regions.push(region);
            }
            Some(Applies::Regions(regions))
        }
        _ => {
            table.wrong(value, "applies", APPLIES.to_owned());
            None
        }
    }
}

fn owner<'a>(table: &mut Table<'_, 'a, '_>, value: &'a Value<'a>) -> Option<Owner> {
    let owner = match value.get_ref() {
        DeValue::String(text) if text == "platform" => Some(Owner::Platform),
        // A bare number reads as either: the prefix says which.
        DeValue::String(text) if text.starts_with("lender-") => {
            LenderId::from_str(text).ok().map(Owner::Lender)
        }
        DeValue::String(text) if text.starts_with("agency-") => {
            AgencyId::from_str(text).ok().map(Owner::Agency)
        }
        _ => None,
    };
    if owner.is_none() {
        table.wrong(value, "owner", OWNER.to_owned());
    }
    owner
}
