//! Text to [`Pack`]. The format is TOML, in the shape of `proto/policy.md`; every problem is reported at once,
//! with its place.

mod head;
mod rules;
mod table;
mod times;

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::error::{PackError, Problem};
use crate::pack::{ConsentTerms, Pack, Rule};

use table::{Reader, Table};

/// Most bytes of a pack.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;

/// Most rules of a pack.
pub const RULES_MAX: usize = 256;

/// Reads a pack.
///
/// # Errors
/// Whatever the text has that a pack must not have, or lacks: unknown keys, duplicate ids, rules that demand
/// nothing or protect nobody, times that are no times. All of it at once.
pub fn parse(text: &str) -> Result<Pack, PackError> {
    let mut reader = Reader::new(text);
    if text.len() > TEXT_BYTES_MAX {
        let got = format!("{} bytes", text.len());
        return Err(PackError::new(vec![reader.unplaced(format!("at most {TEXT_BYTES_MAX} bytes"), got)]));
    }
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(error) => {
            let at = error.span().unwrap_or(0..0);
            let got = error.message().replace('\n', ", ");
            return Err(PackError::new(vec![reader.problem(
                at,
                "",
                None,
                None,
                "valid TOML".to_owned(),
                got,
            )]));
        }
    };
    let pack = read(root.get_ref(), &mut reader);
    match (pack, reader.into_problems()) {
        (Some(pack), problems) if problems.is_empty() => Ok(pack),
        (_, problems) => Err(PackError::new(problems)),
    }
}

/// What one table of the text became.
enum Item {
    Rule(Rule),
    Consent(ConsentTerms),
}

/// A table of the text, where it stands, and its id with its place.
struct Read {
    at: usize,
    id: Option<(String, Range<usize>)>,
    kind: &'static str,
    item: Option<Item>,
}

fn read(root: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<Pack> {
    let mut head = Table::new(reader, root, "", 0..0);
    let mut found = Vec::new();
    for kind in rules::KINDS {
        if let Some(value) = head.take(kind) {
            let DeValue::Array(elements) = value.get_ref() else {
                head.wrong(value, kind, format!("tables, each begun with [[{kind}]]"));
                continue;
            };
            for element in elements.iter() {
                let DeValue::Table(entries) = element.get_ref() else {
                    head.wrong(element, kind, format!("a table, begun with [[{kind}]]"));
                    continue;
                };
                found.push((*kind, element.span(), entries));
            }
        }
    }
    let start = head::read(&mut head);
    head.finish();

    found.sort_by_key(|(_, span, _)| span.start);
    let mut read: Vec<Read> = Vec::new();
    for (kind, span, entries) in found {
        let mut table = Table::new(reader, entries, kind, span.clone());
        let (id, item) = rules::read(kind, &mut table);
        table.finish();
        read.push(Read { at: span.start, id, kind, item });
    }
    unique(&read, reader);
    let rules_read = read.iter().filter(|read| read.kind != rules::CONSENT).count();
    if rules_read == 0 {
        let problem = reader.unplaced("at least one rule".to_owned(), "none".to_owned());
        reader.push(problem);
    }
    if rules_read > RULES_MAX {
        let problem = reader.unplaced(format!("at most {RULES_MAX} rules"), rules_read.to_string());
        reader.push(problem);
    }

    let mut pack = start?;
    for item in read.into_iter().filter_map(|read| read.item) {
        match item {
            Item::Rule(rule) => pack.rules.push(rule),
            Item::Consent(terms) => pack.consents.push(terms),
        }
    }
    Some(pack)
}

fn unique(read: &[Read], reader: &mut Reader<'_>) {
    for (index, later) in read.iter().enumerate() {
        let Some((id, place)) = &later.id else { continue };
        let twin =
            read[..index].iter().find(|earlier| earlier.id.as_ref().is_some_and(|(other, _)| other == id));
        if let Some(twin) = twin {
            let expected = "an id that no other table of the pack has".to_owned();
            let got = format!("{id:?}, which the [[{}]] of line {} has", twin.kind, reader.line(twin.at));
            let problem: Problem =
                reader.problem(place.clone(), later.kind, Some(id.clone()), Some("id"), expected, got);
            reader.push(problem);
        }
    }
}
