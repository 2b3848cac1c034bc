//! Small sets of words, one bit each.

use model::{Channel, Purpose, Role};

macro_rules! sets {
    ($($(#[$doc:meta])* $name:ident of $word:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(u16);

        impl $name {
            /// Every word.
            pub const ALL: Self = Self((1 << <$word>::ALL.len()) - 1);
            /// No word.
            pub const NONE: Self = Self(0);

            /// Whether a word is in it.
            pub const fn has(self, word: $word) -> bool {
                self.0 >> word as u16 & 1 == 1
            }

            /// With one more.
            #[must_use]
            pub const fn with(self, word: $word) -> Self {
                Self(self.0 | 1 << word as u16)
            }

            /// One bit a word, in the order of the enum from the lowest.
            pub const fn bits(self) -> u16 {
                self.0
            }

            /// Whether all of its words are in the other one too.
            pub const fn within(self, other: Self) -> bool {
                self.0 & !other.0 == 0
            }

            /// Whether a word is in both.
            pub const fn meets(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// Its words, in the order of the enum.
            pub fn words(self) -> impl Iterator<Item = $word> {
                <$word>::ALL.iter().copied().filter(move |word| self.has(*word))
            }
        }

        impl FromIterator<$word> for $name {
            fn from_iter<I: IntoIterator<Item = $word>>(words: I) -> Self {
                words.into_iter().fold(Self::NONE, Self::with)
            }
        }
    )*};
}

/// What two contacts may have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The contact point: a phone number or an address.
    ContactPoint,
    /// The person said to be behind it.
    Person,
    /// A debt that both count toward.
    Debt,
    /// The case that they are made for.
    Case,
    /// The lender.
    Lender,
    /// The agency: a "debt collector" of 12 CFR 1006.2(i).
    Agency,
}

impl Key {
    /// Every key, in the order of the text.
    pub const ALL: &'static [Self] =
        &[Self::ContactPoint, Self::Person, Self::Debt, Self::Case, Self::Lender, Self::Agency];

    /// The word in a pack.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ContactPoint => "contact-point",
            Self::Person => "person",
            Self::Debt => "debt",
            Self::Case => "case",
            Self::Lender => "lender",
            Self::Agency => "agency",
        }
    }
}

/// What is neither counted nor limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exception {
    /// A call that never reached the number: busy, not in service. Counted until its outcome is known.
    Unconnected,
    /// A contact that the person consented to or asked for.
    Consented,
}

impl Exception {
    /// Every exception, in the order of the text.
    pub const ALL: &'static [Self] = &[Self::Unconnected, Self::Consented];

    /// The word in a pack.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unconnected => "unconnected",
            Self::Consented => "consented",
        }
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    /// Every day, from Monday.
    pub const ALL: &'static [Self] =
        &[Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The word in a pack.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

sets! {
    /// Roles.
    RoleSet of Role;
    /// Channels.
    ChannelSet of Channel;
    /// Purposes.
    PurposeSet of Purpose;
    /// What two contacts must have in common.
    Scope of Key;
    /// What is neither counted nor limited.
    Exceptions of Exception;
    /// Days of the week.
    DaySet of Day;
}
