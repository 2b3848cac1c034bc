//! Whom an order is about: a number as somebody typed it, or its pseudonym.

use model::{ContactPointId, PhoneNumber};

/// A contact point, by number or by pseudonym.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The number itself.
    Number(PhoneNumber),
    /// Its pseudonym.
    Point(ContactPointId),
}

impl From<PhoneNumber> for Target {
    fn from(number: PhoneNumber) -> Self {
        Self::Number(number)
    }
}

impl From<ContactPointId> for Target {
    fn from(contact: ContactPointId) -> Self {
        Self::Point(contact)
    }
}
