//! A market made up: agencies, lenders and waiting cases as the assignment service would know them, the same for the
//! same size. For the planner's test and its benchmark.

use assignment::draft::ExpectedRate;
use assignment::{Assignment, State};
use events::assignment::{
    AgencyRegisteredV1, AgencyTermsSetV1, AllowedV1, AssignmentEvent, CaseDescribedV1, CaseOfferedV2,
    CollectorRegisteredV1, LenderTermsSetV1, LicenceV1, Part, SegmentV1,
};
use events::{Decider, Position};
use model::{AgencyId, CaseId, CollectorId, Currency, LenderId, Timestamp};

/// The day of the market: days since 1970-01-01.
pub const DAY: i32 = 20_781;

const LENDERS: u32 = 10;
const JURISDICTIONS: [&str; 4] = ["CN", "HK", "SG", "GB"];
const PRODUCTS: [&str; 8] =
    ["card", "cash-loan", "car-loan", "mortgage", "overdraft", "telecom", "energy", "rent"];
const LANGUAGES: [&str; 3] = ["zh", "en", "yue"];

/// Numbers that look drawn (SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// So many agencies with room for nine tenths of so many cases, which wait. Every lender uses a third of the agencies, each
/// at most for a twentieth; every fifth of those is a challenger that is to get a sample.
pub fn market(cases: u64, agencies: u32) -> State {
    let mut state = State::default();
    let mut happens = |event| Assignment::evolve(&mut state, &event, Timestamp(0), Position(0));
    let mut draw = Draw(u64::from(agencies) ^ cases << 16);
    let mut terms = Vec::new();
    for id in 1..=agencies {
        for event in agency(id, (cases * 9 / 10 / u64::from(agencies)) as u32, &mut draw) {
            if let AssignmentEvent::AgencyTermsSet(set) = &event {
                terms.push(set.clone());
            }
            happens(event);
        }
    }
    for lender in 1..=LENDERS {
        let used = (1..=agencies).filter(|_| draw.one_in(3)).enumerate().map(|(nth, agency)| {
            let challenger = nth % 5 == 0 && takes(&terms[agency as usize - 1], lender);
            AllowedV1 {
                agency: AgencyId(agency),
                part: if challenger { Part::Challenger } else { Part::Champion },
                share_min: 0,
                share_max: 50,
                samples_min: if challenger { (cases / 5_000) as u32 } else { 0 },
            }
        });
        let agencies = used.collect();
        happens(AssignmentEvent::LenderTermsSet(LenderTermsSetV1 {
            lender: LenderId(lender),
            agencies,
            days_max: vec![180, 90],
        }));
    }
    for number in 0..cases {
        let lender = 1 + draw.below(u64::from(LENDERS)) as u32;
        let mut case = CaseId([0; 16]);
        case.0[..8].copy_from_slice(&mix(number).to_be_bytes());
        case.0[8..].copy_from_slice(&number.to_be_bytes());
        // Amounts spread over three and a half orders of magnitude.
        let minor = (10_000 << draw.below(11)) + draw.below(10_000) as i64;
        happens(AssignmentEvent::CaseOffered(CaseOfferedV2 {
            case,
            lender: LenderId(lender),
            jurisdiction: JURISDICTIONS[(home(lender) + usize::from(draw.one_in(4))) % 4].to_owned(),
            contacts: vec![],
            minor,
            currency: Currency::CNY,
            product: PRODUCTS[(main_product(lender) + draw.below(2) as usize) % 8].to_owned(),
            overdue_since: Some(DAY - draw.below(900) as i32),
        }));
        if draw.one_in(3) {
            let conflicts =
                if draw.one_in(300) { vec![AgencyId(1 + draw.below(20) as u32)] } else { Vec::new() };
            let language = Some(LANGUAGES[draw.below(3) as usize].to_owned());
            happens(AssignmentEvent::CaseDescribed(CaseDescribedV1 { case, language, conflicts }));
        }
    }
    state
}

/// Where most of a lender's cases are.
const fn home(lender: u32) -> usize {
    lender as usize % 4
}

/// What half of a lender's cases are.
const fn main_product(lender: u32) -> usize {
    lender as usize * 3 % 8
}

/// Whether an agency can take many of a lender's cases, so that a sample can be had.
fn takes(terms: &AgencyTermsSetV1, lender: u32) -> bool {
    let licensed = terms
        .licences
        .iter()
        .any(|licence| licence.jurisdiction == JURISDICTIONS[home(lender)] && licence.until >= Some(DAY));
    licensed && terms.products.iter().any(|product| product == PRODUCTS[main_product(lender)])
}

fn agency(id: u32, capacity_mean: u32, draw: &mut Draw) -> [AssignmentEvent; 3] {
    let agency = AgencyId(id);
    let some = |of: &[&str], draw: &mut Draw| {
        let chosen: Vec<String> =
            of.iter().filter(|_| !draw.one_in(3)).map(|one| (*one).to_owned()).collect();
        if chosen.is_empty() { vec![of[0].to_owned()] } else { chosen }
    };
    let jurisdictions = some(&JURISDICTIONS, draw);
    let licences = jurisdictions.iter().map(|jurisdiction| LicenceV1 {
        number: format!("{jurisdiction}-{id}"),
        jurisdiction: jurisdiction.clone(),
        from: 18_000,
        until: Some(if draw.one_in(20) { DAY - 1 } else { DAY + 300 }),
    });
    let licences = licences.collect();
    let capacity = capacity_mean / 2 + draw.below(u64::from(capacity_mean.max(1))) as u32;
    [
        AssignmentEvent::AgencyRegistered(AgencyRegisteredV1 {
            agency,
            name: format!("Agency {id}"),
            jurisdictions,
            capacity,
            lines: vec![],
        }),
        AssignmentEvent::AgencyTermsSet(AgencyTermsSetV1 {
            agency,
            licences,
            products: some(&PRODUCTS, draw),
            languages: some(&LANGUAGES, draw),
            capacity,
            commission: vec![1_000 + draw.below(1_500) as u16, 2_500],
            insurance: None,
            certificates_required: false,
        }),
        AssignmentEvent::CollectorRegistered(CollectorRegisteredV1 {
            collector: CollectorId(id),
            agency,
            name_sealed: vec![],
        }),
    ]
}

/// What agencies recover there: each is better at some products, and younger debts recover more.
pub struct Recovery;

impl ExpectedRate for Recovery {
    fn rate_ppm(&self, segment: &SegmentV1, agency: AgencyId) -> u32 {
        let product = PRODUCTS.iter().position(|product| *product == segment.product).unwrap_or(0);
        let of_agency = 70 + mix(u64::from(agency.0)) % 60;
        let at_product = 80 + mix(u64::from(agency.0) << 8 | product as u64) % 40;
        let of_age =
            [250_000, 180_000, 130_000, 90_000, 50_000, 25_000, 10_000][usize::from(segment.age).min(6)];
        (of_age * of_agency * at_product / 10_000) as u32
    }
}
