//! The names that a case gives to whom and what there is. One name means one thing, whatever its case.

use crate::case::Index;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Agency(Index),
    Lender(Index),
    Person(Index),
    Debt(Index),
    Contact(Index),
    /// A calling number of an agency.
    Line(Index, Index),
    /// A collector of an agency.
    Agent(Index, Index),
    Template(Index),
    Permit(Index),
}

impl Named {
    fn what(self) -> &'static str {
        match self {
            Self::Agency(_) => "an agency",
            Self::Lender(_) => "a lender",
            Self::Person(_) => "a person",
            Self::Debt(_) => "a debt",
            Self::Contact(_) => "a number or address",
            Self::Line(..) => "a calling number",
            Self::Agent(..) => "a collector",
            Self::Template(_) => "a template",
            Self::Permit(_) => "a permit",
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<(String, Named)>,
}

/// Words that a name may not be: the grammar needs them.
const RESERVED: &[&str] = &[
    "about", "and", "are", "as", "at", "because", "by", "each", "expect", "for", "from", "how", "in", "is",
    "may", "of", "on", "or", "to", "toward", "until", "was", "were", "when", "with", "without",
];

impl Names {
    pub fn find(&self, text: &str) -> Option<Named> {
        self.known.iter().find(|(name, _)| same(name, text)).map(|(_, named)| *named)
    }

    /// Names something new; otherwise what is wrong with the name.
    pub fn introduce(&mut self, text: &str, named: Named) -> Result<(), String> {
        if RESERVED.iter().any(|word| same(word, text)) || !text.starts_with(char::is_alphanumeric) {
            return Err(format!("a name for {}", named.what()));
        }
        match self.find(text) {
            None => self.known.push((text.to_owned(), named)),
            Some(old) if old == named => {}
            Some(old) => {
                return Err(format!("a new name for {}: this is {} already", named.what(), old.what()));
            }
        }
        Ok(())
    }

    /// Every name of one debt means another one from now on.
    pub fn rename(&mut self, from: Index, to: Index) {
        for (_, named) in self.known.iter_mut().filter(|(_, named)| *named == Named::Debt(from)) {
            *named = Named::Debt(to);
        }
    }

    /// No name means this debt any more.
    pub fn merged(&self, debt: Index) -> bool {
        !self.known.iter().any(|(_, named)| *named == Named::Debt(debt))
    }

    /// An agency's calling numbers moved up by one.
    pub fn shift_lines(&mut self, agency: Index) {
        for (_, named) in &mut self.known {
            if let Named::Line(whose, line) = named
                && *whose == agency
            {
                *line += 1;
            }
        }
    }

    /// The names of some kinds, for suggestions.
    pub fn of(&self, kinds: fn(&Named) -> bool) -> Vec<&str> {
        self.known.iter().filter(|(_, named)| kinds(named)).map(|(name, _)| name.as_str()).collect()
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
