//! Which agencies ask, from which lines.

use std::collections::BTreeMap;

use events::gate::Line;
use model::AgencyId;
use serde::{Deserialize, Serialize};

use crate::attempts::ASKERS_MAX;

/// The number of an agency with one of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct AskerNumber(pub u32);

/// The number of a line, whoever calls from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(crate) struct LineNumber(u32);

/// What stands in the place of a line where there is none.
pub(crate) const NO_LINE: Line = match Line::new("-") {
    Some(line) => line,
    None => panic!("a line"),
};

/// Beyond so many, lines that were never seen share one number an agency; an agency has a handful.
const LINES_MAX: u32 = ASKERS_MAX / 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asker {
    pub agency: AgencyId,
    pub line: LineNumber,
    /// The line is registered to the agency.
    pub registered: bool,
}

/// Every agency with every line that it ever asked from or has registered. Ordered maps: an agency may invent lines.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub(crate) struct Askers {
    lines: Vec<Line>,
    askers: Vec<Asker>,
    #[serde(skip)]
    line_numbers: BTreeMap<Line, LineNumber>,
    #[serde(skip)]
    asker_numbers: BTreeMap<(AgencyId, Line), AskerNumber>,
}

/// What a snapshot holds.
#[derive(Deserialize)]
struct Stored {
    lines: Vec<Line>,
    askers: Vec<Asker>,
}

impl From<Stored> for Askers {
    fn from(Stored { lines, askers }: Stored) -> Self {
        let line_numbers = (0..).zip(&lines).map(|(number, line)| (*line, LineNumber(number))).collect();
        let line_of = |asker: &Asker| lines.get(asker.line.0 as usize).copied();
        let asker_numbers = (0..).zip(&askers);
        let asker_numbers = asker_numbers
            .filter_map(|(number, asker)| Some(((asker.agency, line_of(asker)?), AskerNumber(number))))
            .collect();
        Self { lines, askers, line_numbers, asker_numbers }
    }
}

impl Askers {
    pub fn at(&self, number: AskerNumber) -> Option<&Asker> {
        self.askers.get(number.0 as usize)
    }

    /// A line by its number.
    pub fn line_of(&self, number: LineNumber) -> Option<Line> {
        self.lines.get(number.0 as usize).copied().filter(|line| *line != NO_LINE)
    }

    /// The number of a line that was ever seen.
    pub fn line(&self, line: &Line) -> Option<LineNumber> {
        self.line_numbers.get(line).copied()
    }

    /// The number of a line that was ever seen, and whether it is registered to an agency.
    pub fn standing(&self, agency: AgencyId, line: &Line) -> (Option<LineNumber>, bool) {
        match self.asker_numbers.get(&(agency, *line)).and_then(|number| self.at(*number)) {
            Some(asker) => (Some(asker.line), asker.registered),
            None => (self.line(line), false),
        }
    }

    pub fn register(&mut self, agency: AgencyId, line: &Line, registered: bool) {
        let number = self.number(agency, line);
        // A line that found no number of its own stays unregistered.
        let own = self.line(line);
        if let Some(asker) = self.askers.get_mut(number.0 as usize).filter(|asker| own == Some(asker.line)) {
            asker.registered = registered;
        }
    }

    /// The number of an agency with a line, seen before or not.
    pub fn number(&mut self, agency: AgencyId, line: &Line) -> AskerNumber {
        let (key, next) = ((agency, *line), LineNumber(self.lines.len() as u32));
        if let Some(number) = self.asker_numbers.get(&key) {
            return *number;
        }
        let line = match self.line(line) {
            Some(known) => known,
            None if next.0 >= LINES_MAX && *line != NO_LINE => return self.number(agency, &NO_LINE),
            None => {
                self.lines.push(*line);
                self.line_numbers.insert(*line, next);
                next
            }
        };
        let number = AskerNumber((self.askers.len() as u32).min(ASKERS_MAX - 1));
        if number.0 as usize == self.askers.len() {
            self.askers.push(Asker { agency, line, registered: false });
            self.asker_numbers.insert(key, number);
        }
        number
    }
}
