//! Persons, and cases: which contact points they have, and what else is known of them. Most have one contact point and
//! nothing else: those take twenty bytes.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::arena::{Arena, ContactNumber, Numbered, Record};
use crate::maps::ByNumber;

#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(
    serialize = "I: Serialize, F: Serialize",
    deserialize = "I: Numbered + DeserializeOwned, F: DeserializeOwned"
))]
pub(crate) struct Roll<I, F> {
    entries: Arena<Entry<I>>,
    more: ByNumber<Box<More<F>>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry<I> {
    id: I,
    /// Its only contact point, or a word for none, or for what `more` has.
    only: ContactNumber,
}

const NONE: ContactNumber = ContactNumber(u32::MAX);
const MORE: ContactNumber = ContactNumber(u32::MAX - 1);

#[derive(Debug, Default, Serialize, Deserialize)]
struct More<F> {
    contacts: Vec<ContactNumber>,
    facts: F,
}

/// What is known of one.
#[derive(Debug)]
pub(crate) struct Known<'a, F> {
    /// Its contact points, in the order in which they were named.
    pub contacts: &'a [ContactNumber],
    /// What few have.
    pub facts: Option<&'a F>,
}

impl<F> Clone for Known<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Known<'_, F> {}

impl<I: Numbered> Record for Entry<I> {
    type Id = I;

    fn id(&self) -> I {
        self.id
    }
}

impl<I, F> Default for Roll<I, F> {
    fn default() -> Self {
        Self { entries: Arena::default(), more: ByNumber::default() }
    }
}

impl<I: Numbered, F: Default> Roll<I, F> {
    pub fn number(&self, id: &I) -> Option<I::Number> {
        self.entries.number(id)
    }

    /// The number of an id, whether it was known or not.
    pub fn number_or(&mut self, id: I) -> I::Number {
        self.entries.get_or(id, |id| Entry { id, only: NONE }).0
    }

    /// Whose number it is.
    pub fn id(&self, number: I::Number) -> Option<I> {
        self.entries.at(number).map(|entry| entry.id)
    }

    pub fn at(&self, number: I::Number) -> Option<Known<'_, F>> {
        let entry = self.entries.at(number)?;
        Some(match entry.only {
            NONE => Known { contacts: &[], facts: None },
            MORE => {
                let more = self.more.get(&number.into())?;
                Known { contacts: &more.contacts, facts: Some(&more.facts) }
            }
            _ => Known { contacts: std::slice::from_ref(&entry.only), facts: None },
        })
    }

    pub fn get(&self, id: &I) -> Option<Known<'_, F>> {
        self.at(self.number(id)?)
    }

    /// What few have, if it has.
    pub fn facts_at_mut(&mut self, number: I::Number) -> Option<&mut F> {
        self.more.get_mut(&number.into()).map(|more| &mut more.facts)
    }

    /// What few have, made if need be.
    pub fn facts_mut(&mut self, id: I) -> &mut F {
        let number = self.number_or(id);
        &mut self.more_mut(number).facts
    }

    /// One more contact point, once.
    pub fn name(&mut self, number: I::Number, contact: ContactNumber) {
        match self.entries.at_mut(number) {
            Some(entry) if entry.only == NONE => entry.only = contact,
            Some(entry) if entry.only == contact => {}
            _ => {
                let contacts = &mut self.more_mut(number).contacts;
                if !contacts.contains(&contact) {
                    contacts.push(contact);
                }
            }
        }
    }

    /// One contact point less.
    pub fn forget(&mut self, number: I::Number, contact: ContactNumber) {
        match self.entries.at_mut(number) {
            Some(entry) if entry.only == contact => entry.only = NONE,
            Some(entry) if entry.only == MORE => {
                self.more_mut(number).contacts.retain(|known| *known != contact);
            }
            _ => {}
        }
    }

    fn more_mut(&mut self, number: I::Number) -> &mut More<F> {
        let mut contacts = Vec::new();
        if let Some(entry) = self.entries.at_mut(number)
            && entry.only != MORE
        {
            contacts.extend(Some(entry.only).filter(|only| *only != NONE));
            entry.only = MORE;
        }
        self.more.entry(number.into()).or_insert_with(|| Box::new(More { contacts, facts: F::default() }))
    }
}
