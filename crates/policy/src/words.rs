//! The words of a pack's text for the enums of [`crate::pack`].

use crate::pack::{Counted, Effect, Element, Reading};

macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal,)* })*) => {$(
        impl $name {
            /// Every value, in the order of the enum.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in a pack.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    )*};
}

words! {
    Reading {
        Primary = "primary",
        Secondary = "secondary",
        Derived = "derived",
        Unverified = "unverified",
    }
    Effect {
        Refuse = "refuse",
        Flag = "flag",
    }
    Counted {
        Attempts = "attempts",
        Unanswered = "unanswered",
        Communications = "communications",
    }
    Element {
        Sender = "sender",
        OptOut = "opt-out",
        OwesNothing = "owes-nothing",
    }
}
