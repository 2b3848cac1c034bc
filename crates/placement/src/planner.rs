//! The instance as a network, and the plan read back from the flow.
//!
//! ```text
//! segment ──worth──► (lender, agency) ──minimum, maximum──► agency ──capacity──► sink
//!    └───────────────────────── waits, worth 0 ────────────────────────────────►
//! ```

use std::collections::BTreeMap;

use crate::certificate::{Certificate, Prices, open_pairs};
use crate::instance::{Instance, InstanceError, Limit};
use crate::simplex::{self, Arc, Start};

/// Cases of a segment that go to an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// An index into the instance's segments.
    pub segment: u32,
    /// An index into its agencies.
    pub agency: u32,
    /// How many; never 0.
    pub cases: u32,
}

/// The best plan, with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In order of segment and agency. What is not in a share waits.
    pub shares: Vec<Share>,
    /// What the placed cases are worth together.
    pub worth: i128,
    /// Cases that lenders' minimums ask for and that cannot be placed so.
    pub missing: u64,
    /// What a place is worth at each agency, and at each agency to each lender.
    pub prices: Prices,
    /// That nothing better exists.
    pub certificate: Certificate,
    /// Steps of the solver.
    pub pivots: u64,
}

/// Where the arcs and nodes of the network are.
struct Layout {
    /// The first arc of each segment: to wait; those to the pairs that are open follow, in order of agency.
    segment_arcs: Vec<u32>,
    /// Lenders and agencies between which a case can go.
    pairs: BTreeMap<(u32, u32), Pair>,
    /// The nodes of pairs by lender and agency; [`SHUT`] where none is.
    nodes: Vec<u32>,
    /// The node of the first agency.
    agency_node: u32,
}

#[derive(Clone, Copy)]
struct Pair {
    node: u32,
    /// The arc within the minimum, if there is a minimum.
    minimum: Option<u32>,
}

const SHUT: u32 = u32::MAX;

impl Layout {
    fn node(&self, instance: &Instance, lender: u32, agency: u32) -> Option<u32> {
        let node = self.nodes[lender as usize * instance.agencies.len() + agency as usize];
        (node != SHUT).then_some(node)
    }
}

/// Plans.
pub fn plan(instance: &Instance) -> Result<Plan, InstanceError> {
    instance.check()?;
    let bonus = instance.minimum_bonus();
    let (start, layout) = network(instance, bonus);
    let solved = simplex::solve(start);

    let mut shares = Vec::new();
    let mut worth = 0_i128;
    for (index, segment) in (0_u32..).zip(&instance.segments) {
        let mut arc = layout.segment_arcs[index as usize] as usize;
        for choice in &segment.choices {
            if layout.node(instance, segment.lender, choice.agency).is_none() {
                continue;
            }
            arc += 1;
            let flow = solved.flow[arc];
            if flow > 0 {
                shares.push(Share { segment: index, agency: choice.agency, cases: flow as u32 });
                worth += i128::from(flow) * i128::from(choice.worth);
            }
        }
    }
    let asked: u64 = instance.limits.iter().map(|limit| u64::from(limit.cases_min)).sum();
    let minimums = layout.pairs.values().filter_map(|pair| pair.minimum);
    let met: u64 = minimums.map(|arc| solved.flow[arc as usize] as u64).sum();

    // A potential is what one more case at the node would add; a price is what it would cost.
    let price = |node: u32| -solved.potential[node as usize];
    let agencies = (0..instance.agencies.len() as u32).map(|agency| price(layout.agency_node + agency));
    let pairs = layout.pairs.iter().map(|(of, pair)| (*of, price(pair.node)));
    let prices = Prices { agencies: agencies.collect(), pairs: pairs.collect() };
    let certificate = Certificate::of(instance, &shares, &prices);
    Ok(Plan { shares, worth, missing: asked - met, prices, certificate, pivots: solved.pivots })
}

fn network(instance: &Instance, bonus: i64) -> (Start, Layout) {
    let segments = instance.segments.len() as u32;
    let limits: BTreeMap<(u32, u32), Limit> =
        instance.limits.iter().map(|limit| ((limit.lender, limit.agency), *limit)).collect();
    let open = open_pairs(instance);
    let agency_node = segments + open.len() as u32;
    let root = agency_node + instance.agencies.len() as u32;
    let total: i64 = instance.segments.iter().map(|segment| i64::from(segment.cases)).sum();
    // Never full. The first tree has arcs with room left only, so it is strongly feasible: everything waits.
    let unbounded = total + 1;

    let choices: usize = instance.segments.iter().map(|segment| segment.choices.len()).sum();
    let mut arcs = Vec::with_capacity(choices + segments as usize + 2 * open.len() + instance.agencies.len());
    let mut tree = vec![None; root as usize + 1];
    for (node, agency) in (agency_node..).zip(&instance.agencies) {
        // One without capacity is a leaf that nothing leads to.
        tree[node as usize] = Some(arcs.len() as u32);
        arcs.push(Arc { from: node, to: root, capacity: i64::from(agency.capacity), cost: 0 });
    }
    let mut nodes = vec![SHUT; instance.lenders as usize * instance.agencies.len()];
    let mut pairs = BTreeMap::new();
    for (node, (lender, agency)) in (segments..).zip(open) {
        nodes[lender as usize * instance.agencies.len() + agency as usize] = node;
        let limit = limits.get(&(lender, agency));
        let minimum = limit.map_or(0, |limit| i64::from(limit.cases_min));
        let beyond = limit.map_or(unbounded, |limit| i64::from(limit.cases_max)) - minimum;
        let (from, to) = (node, agency_node + agency);
        tree[node as usize] = Some(arcs.len() as u32);
        // An arc without capacity could enter the tree and have no room there.
        let minimum_arc = (minimum > 0).then_some(arcs.len() as u32);
        if minimum > 0 {
            arcs.push(Arc { from, to, capacity: minimum, cost: -bonus });
        }
        if beyond > 0 {
            arcs.push(Arc { from, to, capacity: beyond, cost: 0 });
        }
        pairs.insert((lender, agency), Pair { node, minimum: minimum_arc });
    }
    let mut layout =
        Layout { segment_arcs: Vec::with_capacity(segments as usize), pairs, nodes, agency_node };
    for (node, segment) in (0_u32..).zip(&instance.segments) {
        layout.segment_arcs.push(arcs.len() as u32);
        tree[node as usize] = Some(arcs.len() as u32);
        arcs.push(Arc { from: node, to: root, capacity: unbounded, cost: 0 });
        for choice in &segment.choices {
            let Some(to) = layout.node(instance, segment.lender, choice.agency) else { continue };
            arcs.push(Arc { from: node, to, capacity: unbounded, cost: -choice.worth });
        }
    }
    let mut flow = vec![0; arcs.len()];
    for (segment, arc) in instance.segments.iter().zip(&layout.segment_arcs) {
        flow[*arc as usize] = i64::from(segment.cases);
    }
    (Start { root, arcs, tree, flow }, layout)
}
