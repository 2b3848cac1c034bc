//! The network simplex method for flows of least cost: primal, on strongly feasible spanning trees, so that it
//! ends although many pivots move nothing.
//!
//! Own, because no crate of that kind holds: general LP solvers in Rust (`microlp`, `clarabel`) keep a basis or a
//! factorisation of the whole matrix, which for 10⁴ segments times 200 agencies does not end in time, and the
//! min-cost-flow crates that there are augment path by path.

/// A directed arc with a capacity.
#[derive(Debug, Clone, Copy)]
pub struct Arc {
    pub from: u32,
    pub to: u32,
    pub capacity: i64,
    pub cost: i64,
}

/// A network whose flow is already feasible along a spanning tree.
///
/// `tree` names, for every node but the root, the arc that leads from it to its parent. Arcs of the tree carry
/// `flow`, the others nothing. Every arc of the tree must have room left: that makes the tree strongly feasible.
pub struct Start {
    pub root: u32,
    pub arcs: Vec<Arc>,
    pub tree: Vec<Option<u32>>,
    pub flow: Vec<i64>,
}

/// A flow of least cost, with the potentials that prove it.
pub struct Solved {
    /// By arc.
    pub flow: Vec<i64>,
    /// By node: `cost + potential(from) - potential(to)` is never below 0 on an arc with room left, never above 0
    /// on an arc that carries something.
    pub potential: Vec<i64>,
    pub pivots: u64,
}

const NONE: u32 = u32::MAX;

/// Where an arc stands.
const AT_LOWER: i8 = 1;
const IN_TREE: i8 = 0;
const AT_UPPER: i8 = -1;

pub fn solve(start: Start) -> Solved {
    let mut simplex = Simplex::new(start);
    while let Some(entering) = simplex.entering() {
        simplex.pivot(entering);
    }
    let of_root = simplex.potential[simplex.root as usize];
    let potential = simplex.potential.iter().map(|potential| potential - of_root).collect();
    Solved { flow: simplex.flow, potential, pivots: simplex.pivots }
}

struct Simplex {
    arcs: Vec<Arc>,
    flow: Vec<i64>,
    state: Vec<i8>,
    potential: Vec<i64>,
    parent: Vec<u32>,
    /// The arc between a node and its parent.
    arc: Vec<u32>,
    /// That arc leads from the node to its parent.
    upward: Vec<bool>,
    /// Nodes of the subtree that begins here.
    size: Vec<u32>,
    /// Children of a node: the first, and each one's neighbours.
    child: Vec<u32>,
    next: Vec<u32>,
    before: Vec<u32>,
    /// Where the search for an entering arc goes on.
    at: usize,
    block: usize,
    root: u32,
    pivots: u64,
    stack: Vec<u32>,
}

impl Simplex {
    fn new(start: Start) -> Self {
        let Start { root, arcs, tree, flow } = start;
        let nodes = tree.len();
        // Searching is cheap beside a pivot, which may walk half the tree.
        let block = (arcs.len().isqrt() * 8).max(16);
        let mut simplex = Self {
            state: vec![AT_LOWER; arcs.len()],
            potential: vec![0; nodes],
            parent: vec![NONE; nodes],
            arc: vec![NONE; nodes],
            upward: vec![true; nodes],
            size: vec![1; nodes],
            child: vec![NONE; nodes],
            next: vec![NONE; nodes],
            before: vec![NONE; nodes],
            at: 0,
            block,
            root,
            pivots: 0,
            stack: Vec::new(),
            arcs,
            flow,
        };
        for (node, arc) in tree.iter().enumerate() {
            let Some(arc) = *arc else { continue };
            simplex.state[arc as usize] = IN_TREE;
            let parent = simplex.arcs[arc as usize].to;
            simplex.hang(node as u32, parent, arc, true);
        }
        simplex.measure(root);
        simplex
    }

    /// The best of the first block of arcs that has one by which the flow gets cheaper.
    fn entering(&mut self) -> Option<u32> {
        let arcs = self.arcs.len();
        let (mut best, mut gain) = (NONE, 0);
        let mut left_in_block = self.block;
        let mut at = self.at;
        for _ in 0..arcs {
            let state = self.state[at];
            if state != IN_TREE {
                let arc = &self.arcs[at];
                let reduced = arc.cost + self.potential[arc.from as usize] - self.potential[arc.to as usize];
                let this = -i64::from(state) * reduced;
                if this > gain {
                    gain = this;
                    best = at as u32;
                }
            }
            at += 1;
            if at == arcs {
                at = 0;
            }
            left_in_block -= 1;
            if left_in_block == 0 {
                if best != NONE {
                    break;
                }
                left_in_block = self.block;
            }
        }
        self.at = at;
        (best != NONE).then_some(best)
    }

    fn pivot(&mut self, entering: u32) {
        self.pivots += 1;
        let arc = self.arcs[entering as usize];
        let forward = self.state[entering as usize] == AT_LOWER;
        // The flow goes from `first` along the entering arc to `second`, up to where both meet, and down again.
        let (first, second) = if forward { (arc.from, arc.to) } else { (arc.to, arc.from) };
        let meet = self.meet(first, second);

        // The last arc of the cycle, from where both meet, that has the least room: it keeps the tree strongly
        // feasible.
        let (mut delta, mut leaving, mut on_first) = (arc.capacity, NONE, false);
        let mut node = first;
        while node != meet {
            let room = self.room(node, false);
            if room < delta {
                (delta, leaving, on_first) = (room, node, true);
            }
            node = self.parent[node as usize];
        }
        node = second;
        while node != meet {
            let room = self.room(node, true);
            if room <= delta {
                (delta, leaving, on_first) = (room, node, false);
            }
            node = self.parent[node as usize];
        }

        if delta > 0 {
            self.flow[entering as usize] += if forward { delta } else { -delta };
            for (mut node, up) in [(first, false), (second, true)] {
                while node != meet {
                    let along = self.upward[node as usize] == up;
                    self.flow[self.arc[node as usize] as usize] += if along { delta } else { -delta };
                    node = self.parent[node as usize];
                }
            }
        }
        if leaving == NONE {
            self.state[entering as usize] = if forward { AT_UPPER } else { AT_LOWER };
            return;
        }
        let left = self.arc[leaving as usize] as usize;
        self.state[left] = if self.flow[left] == 0 { AT_LOWER } else { AT_UPPER };
        self.state[entering as usize] = IN_TREE;
        let (inner, outer) = if on_first { (first, second) } else { (second, first) };
        self.rehang(inner, outer, entering, leaving);
    }

    /// How much more the arc above a node can carry upward, or downward.
    fn room(&self, node: u32, up: bool) -> i64 {
        let arc = self.arc[node as usize] as usize;
        if self.upward[node as usize] == up {
            self.arcs[arc].capacity - self.flow[arc]
        } else {
            self.flow[arc]
        }
    }

    fn meet(&self, mut left: u32, mut right: u32) -> u32 {
        while left != right {
            // A node's subtree is greater than that of any node in it.
            if self.size[left as usize] <= self.size[right as usize] {
                left = self.parent[left as usize];
            } else {
                right = self.parent[right as usize];
            }
        }
        left
    }

    /// Cuts the subtree of `leaving` off and hangs it, by the entering arc at `inner`, under `outer`.
    fn rehang(&mut self, inner: u32, outer: u32, entering: u32, leaving: u32) {
        let moved = self.size[leaving as usize];
        self.resize(self.parent[leaving as usize], moved, false);
        let upward = self.arcs[entering as usize].from == inner;
        let shift = {
            let cost = self.arcs[entering as usize].cost;
            let there = self.potential[outer as usize] + if upward { -cost } else { cost };
            there - self.potential[inner as usize]
        };
        // From `inner` up to `leaving`, each becomes the child of the one before it.
        let (mut node, mut parent, mut arc, mut up, mut below) = (inner, outer, entering, upward, 0);
        loop {
            let at = node as usize;
            let old = (self.parent[at], self.arc[at], self.upward[at], self.size[at]);
            self.cut(node);
            self.hang(node, parent, arc, up);
            self.size[at] = moved - below;
            if node == leaving {
                break;
            }
            (node, parent, arc, up, below) = (old.0, node, old.1, !old.2, old.3);
        }
        self.resize(outer, moved, true);
        // Potentials count from anywhere: the smaller side is moved.
        if moved as usize * 2 <= self.parent.len() {
            self.shift(inner, NONE, shift);
        } else {
            self.shift(self.root, inner, -shift);
        }
    }

    /// Adds to the sizes of a node and all above it, or takes away.
    fn resize(&mut self, mut node: u32, by: u32, more: bool) {
        while node != NONE {
            let size = &mut self.size[node as usize];
            *size = if more { *size + by } else { *size - by };
            node = self.parent[node as usize];
        }
    }

    /// Adds to the potentials of a node and all below it, without the subtree of `but`.
    fn shift(&mut self, top: u32, but: u32, by: i64) {
        if by == 0 {
            return;
        }
        let mut stack = std::mem::take(&mut self.stack);
        stack.push(top);
        while let Some(node) = stack.pop() {
            self.potential[node as usize] += by;
            let mut child = self.child[node as usize];
            while child != NONE {
                if child != but {
                    stack.push(child);
                }
                child = self.next[child as usize];
            }
        }
        self.stack = stack;
    }

    fn cut(&mut self, node: u32) {
        let (before, next) = (self.before[node as usize], self.next[node as usize]);
        if before == NONE {
            self.child[self.parent[node as usize] as usize] = next;
        } else {
            self.next[before as usize] = next;
        }
        if next != NONE {
            self.before[next as usize] = before;
        }
    }

    fn hang(&mut self, node: u32, parent: u32, arc: u32, upward: bool) {
        let first = self.child[parent as usize];
        if first != NONE {
            self.before[first as usize] = node;
        }
        self.next[node as usize] = first;
        self.before[node as usize] = NONE;
        self.child[parent as usize] = node;
        self.parent[node as usize] = parent;
        self.arc[node as usize] = arc;
        self.upward[node as usize] = upward;
    }

    /// Sizes and potentials of the first tree.
    fn measure(&mut self, root: u32) {
        let mut order = vec![root];
        let mut at = 0;
        while let Some(&node) = order.get(at) {
            at += 1;
            let mut child = self.child[node as usize];
            while child != NONE {
                // Every arc of the first tree leads upward.
                let cost = self.arcs[self.arc[child as usize] as usize].cost;
                self.potential[child as usize] = self.potential[node as usize] - cost;
                order.push(child);
                child = self.next[child as usize];
            }
        }
        for node in order.into_iter().rev().filter(|node| *node != root) {
            let size = self.size[node as usize];
            self.size[self.parent[node as usize] as usize] += size;
        }
    }
}
