//! Who stands where in a case, and how and why they are contacted. The order of the variants is part of
//! the wire format: append only.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::IdError;

macro_rules! spoken {
    ($($(#[$doc:meta])* $name:ident, $expected:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        crate::words! { $(#[$doc])* pub enum $name { $($(#[$vdoc])* $variant = $word,)* } }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::of(text).ok_or_else(|| IdError { expected: $expected, got: text.to_owned() })
            }
        }
    )*};
}

spoken! {
    /// What a person is to a case.
    Role, "one of debtor, co-debtor, guarantor, emergency-contact, other-third-party, attorney" {
        /// Owes the debt.
        Debtor = "debtor",
        /// Owes it too.
        CoDebtor = "co-debtor",
        /// Answers for it if the debtor does not pay.
        Guarantor = "guarantor",
        /// Named by the debtor; owes nothing; often never asked.
        EmergencyContact = "emergency-contact",
        /// Anybody else; owes nothing.
        OtherThirdParty = "other-third-party",
        /// Represents the debtor.
        Attorney = "attorney",
    }
    /// How somebody is contacted.
    Channel, "one of call, sms, email, letter, visit, app" {
        /// A telephone call, by hand or by machine.
        Call = "call",
        /// A text message.
        Sms = "sms",
        /// An email.
        Email = "email",
        /// A letter.
        Letter = "letter",
        /// A visit in person.
        Visit = "visit",
        /// A message in an app or a social network.
        App = "app",
    }
    /// What the contact is for.
    Purpose, "one of collect, locate, consent-notice, reply, required-notice, stop-receipt" {
        /// To speak about the debt with somebody who owes it.
        Collect = "collect",
        /// To ask where the debtor can be reached; never about the debt.
        Locate = "locate",
        /// The one notice that asks a named contact whether they know of it and agree.
        ConsentNotice = "consent-notice",
        /// The one answer to a message or call that the person began (12 CFR 1006.14(h)(2)(ii)).
        Reply = "reply",
        /// A notice that the law requires (12 CFR 1006.6(c)(2), 1006.14(h)(2), comment -1).
        RequiredNotice = "required-notice",
        /// Says only that a request to stop was received and will be honoured (12 CFR 1006.14(h)(2)(i)).
        StopReceipt = "stop-receipt",
    }
    /// What became of a call that was placed, or of a message that was sent.
    Outcome, "one of conversation, answered-dropped, no-answer, voicemail, busy, not-in-service, unknown, delivered, undelivered" {
        /// Somebody answered and spoke.
        Conversation = "conversation",
        /// Answered, then dropped.
        AnsweredDropped = "answered-dropped",
        /// Rang, nobody answered.
        NoAnswer = "no-answer",
        /// Reached a voicemail or another recording.
        Voicemail = "voicemail",
        /// The line was busy.
        Busy = "busy",
        /// The number is not in service.
        NotInService = "not-in-service",
        /// Nobody reported what happened; counts as a call (P3).
        Unknown = "unknown",
        /// A message or a letter reached the address.
        Delivered = "delivered",
        /// A message or a letter came back.
        Undelivered = "undelivered",
    }
    /// Where a contact point is, as far as is known: what a person may name as inconvenient.
    Place, "one of unknown, home, work, mobile, other" {
        /// Nobody said.
        Unknown = "unknown",
        /// Where they live.
        Home = "home",
        /// Where they work.
        Work = "work",
        /// With them; tied to no place (12 CFR 1006.6(b)(1)(ii), comment -1.i).
        Mobile = "mobile",
        /// Elsewhere.
        Other = "other",
    }
}

impl Role {
    /// Owes the debt or answers for it.
    pub const fn owes(self) -> bool {
        matches!(self, Self::Debtor | Self::CoDebtor | Self::Guarantor)
    }
}

impl Outcome {
    /// It never reached the number or address (12 CFR 1006.14(b)(3)(ii), comment -1).
    pub const fn unconnected(self) -> bool {
        matches!(self, Self::Busy | Self::NotInService | Self::Undelivered)
    }

    /// Something was conveyed (12 CFR 1006.2(d)), or may have been.
    pub const fn conveyed(self) -> bool {
        matches!(self, Self::Conversation | Self::Delivered | Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        assert!(Role::ALL.iter().all(|role| role.word().parse() == Ok(*role)));
        assert!(Channel::ALL.iter().all(|channel| channel.word().parse() == Ok(*channel)));
        assert!(Purpose::ALL.iter().all(|purpose| purpose.word().parse() == Ok(*purpose)));
        assert!(Outcome::ALL.iter().all(|outcome| outcome.word().parse() == Ok(*outcome)));
        assert!(Place::ALL.iter().all(|place| place.word().parse() == Ok(*place)));
        assert!("Debtor".parse::<Role>().is_err());
    }
}
