//! What a lender or an agency may add: rules that tighten, or that stand where no rule stands.

use std::fmt;

use model::{Channel, Purpose, Region, Role};

use crate::pack::{Applies, Kind, Owner, Pack, Rule};
use crate::strictness::{self, Difference, Direction};

/// Why a pack of a lender or an agency is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loosening {
    /// It says that it is the platform's.
    Owner,
    /// It takes the id of a pack that is not its own.
    PackId {
        /// The id.
        id: String,
        /// Whose it is.
        owner: Owner,
    },
    /// A rule of it is weaker than a rule that holds anyway, wherever one holds.
    Rule(Weaker),
}

/// A rule that is weaker than another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weaker {
    /// The rule that was to be added, as `pack/rule`.
    pub rule: String,
    /// The rule that holds, as `pack/rule`.
    pub base: String,
    /// The clause of the one that holds.
    pub source: String,
    /// The fields in which the addition is looser: `from` is what holds, `to` what was to be added.
    pub fields: Vec<Difference>,
}

impl fmt::Display for Loosening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str(
                "owner: expected a lender or an agency, got platform; an addition is never the platform's",
            ),
            Self::PackId { id, owner } => {
                write!(f, "id: expected one of your own, got {id:?}, a pack of {owner}; choose another id")
            }
            Self::Rule(Weaker { rule, base, source, fields }) => {
                write!(f, "{rule}: ")?;
                for (index, Difference { field, from, to, .. }) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "; " };
                    write!(f, "{comma}{field}: expected {from} or stricter as {base} has it, got {to}")?;
                }
                write!(f, " (source: {source}); an addition only tightens: make it stricter or leave it out")
            }
        }
    }
}

/// Whether a pack of a lender or an agency only tightens, as `proto/policy.md` defines it: each of its rules is at
/// least as strict as the rules of its kind that it can be compared with, at one place, role, channel and purpose at
/// least, or stands where none can be compared.
///
/// All packs that apply are asked, so an addition never allows what another pack refuses. This keeps its owner from
/// believing otherwise.
///
/// # Errors
/// Each way in which it does not.
pub fn check_addition(addition: &Pack, base: &[&Pack]) -> Result<(), Vec<Loosening>> {
    let mut found = Vec::new();
    if addition.owner == Owner::Platform {
        found.push(Loosening::Owner);
    }
    if let Some(taken) = base.iter().find(|pack| pack.id == addition.id && pack.owner != addition.owner) {
        found.push(Loosening::PackId { id: taken.id.clone(), owner: taken.owner });
    }
    // An earlier version of the same pack is replaced, not added to.
    let base: Vec<&Pack> = base.iter().copied().filter(|pack| pack.id != addition.id).collect();
    let places = places(addition, &base);
    for rule in &addition.rules {
        found.extend(weaker(addition, rule, &base, &places).into_iter().map(Loosening::Rule));
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// A base rule that can be compared with the addition's.
struct Compared<'a> {
    pack: &'a Pack,
    rule: &'a Rule,
    fields: Vec<Difference>,
    /// Of the addition against it.
    direction: Direction,
}

fn weaker(addition: &Pack, rule: &Rule, base: &[&Pack], places: &[Place]) -> Vec<Weaker> {
    let compared: Vec<Compared<'_>> = base
        .iter()
        .flat_map(|pack| pack.rules.iter().map(move |other| (*pack, other)))
        .filter_map(|(pack, other)| {
            let fields = fields(pack, other, addition, rule)?;
            let direction = Direction::together(fields.iter().map(|field| field.direction));
            (direction != Direction::Other).then_some(Compared { pack, rule: other, fields, direction })
        })
        .collect();
    let mut weaker_than = vec![false; compared.len()];
    for place in places.iter().filter(|place| place.has(addition)) {
        for role in rule.who.roles.words() {
            for channel in rule.who.channels.words() {
                for purpose in rule.who.purposes.words() {
                    let here: Vec<usize> = (0..compared.len())
                        .filter(|index| speaks(&compared[*index], place, role, channel, purpose))
                        .collect();
                    let (loose, firm): (Vec<usize>, Vec<usize>) =
                        here.into_iter().partition(|index| compared[*index].direction == Direction::Looser);
                    if loose.is_empty() && !firm.is_empty() {
                        return Vec::new();
                    }
                    loose.into_iter().for_each(|index| weaker_than[index] = true);
                }
            }
        }
    }
    compared
        .into_iter()
        .zip(weaker_than)
        .filter(|(_, weaker)| *weaker)
        .map(|(compared, _)| Weaker {
            rule: rule.name(addition),
            base: compared.rule.name(compared.pack),
            source: compared.rule.source.clone(),
            fields: compared.fields.into_iter().filter(|one| one.direction == Direction::Looser).collect(),
        })
        .collect()
}

fn speaks(compared: &Compared<'_>, place: &Place, role: Role, channel: Channel, purpose: Purpose) -> bool {
    let who = &compared.rule.who;
    who.roles.has(role) && who.channels.has(channel) && who.purposes.has(purpose) && place.has(compared.pack)
}

/// The terms in which a rule differs from a base rule of its kind.
fn fields(base: &Pack, old: &Rule, addition: &Pack, new: &Rule) -> Option<Vec<Difference>> {
    let mut fields = strictness::terms(old, new)?;
    if reads_consents(old) && reads_consents(new) {
        fields.extend(strictness::consents(&base.consents, &addition.consents));
    }
    Some(fields)
}

/// Whether it makes a difference to the rule how its pack reads consents.
fn reads_consents(rule: &Rule) -> bool {
    let consented = |except: crate::sets::Exceptions| except.has(crate::sets::Exception::Consented);
    match &rule.kind {
        Kind::Frequency(frequency) => consented(frequency.except),
        Kind::CoolDown(cool_down) => consented(cool_down.except),
        Kind::Interval(interval) => consented(interval.except),
        _ => false,
    }
}

/// Somewhere that a contact point may be, and whether a pack for what is left applies there.
struct Place {
    region: Option<Region>,
    otherwise: bool,
}

impl Place {
    fn has(&self, pack: &Pack) -> bool {
        match &pack.applies {
            Applies::Everywhere => true,
            Applies::Otherwise => self.otherwise,
            Applies::Regions(regions) => lies_in(self.region, regions),
        }
    }
}

fn lies_in(region: Option<Region>, regions: &[Region]) -> bool {
    region.is_some_and(|region| regions.iter().any(|wide| region.lies_in(wide)))
}

/// Every region that a pack names, and one that none names.
fn places(addition: &Pack, base: &[&Pack]) -> Vec<Place> {
    let regions = |pack: &Pack| match &pack.applies {
        Applies::Regions(regions) => regions.clone(),
        Applies::Everywhere | Applies::Otherwise => Vec::new(),
    };
    let named: std::collections::BTreeSet<Region> =
        base.iter().copied().chain([addition]).flat_map(regions).collect();
    let own = |region: Region| {
        base.iter().any(|pack| pack.owner == Owner::Platform && lies_in(Some(region), &regions(pack)))
    };
    let somewhere = named.into_iter().map(|region| Place { region: Some(region), otherwise: !own(region) });
    somewhere.chain([Place { region: None, otherwise: true }]).collect()
}
