//! Where everything stands: blocks in ranks from left to right, few lines crossing, lines as straight as they can be.
//!
//! The method is that of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System
//! Structures" (1981): ranks, an order within each rank by barycentres, coordinates. A line that passes a rank has a
//! place of its own there, and all lines of one value share it. A block brings the place for the labels of its lines
//! with it, so that no label can meet another or a block.

use std::cmp::Ordering;

/// What is placed: a node and, to the right of it, the labels of the lines that leave it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) height: f64,
    /// Where lines come in, from the top.
    pub(crate) ins: Vec<f64>,
    /// Where lines leave, from the top.
    pub(crate) outs: Vec<f64>,
}

/// A line from one block to others behind it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The block, and which of its `outs`.
    pub(crate) from: (usize, usize),
    /// Blocks, and which of their `ins`.
    pub(crate) to: Vec<(usize, usize)>,
}

/// What is kept free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spacing {
    /// Between neighbours in a rank.
    pub(crate) between: f64,
    /// The height of a line that passes by.
    pub(crate) passing: f64,
    /// Whether every place is a whole number.
    pub(crate) whole: bool,
}

/// The ranks and heights that were found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// The blocks of each rank, from top to bottom.
    pub(crate) ranks: Vec<Vec<usize>>,
    /// The upper edge of each block.
    pub(crate) tops: Vec<f64>,
    /// Behind each rank, the lines on their way to the next.
    pub(crate) hops: Vec<Vec<Hop>>,
    pub(crate) height: f64,
}

/// A line on its way from a rank to the next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hop {
    pub(crate) line: usize,
    /// Where it leaves its rank.
    pub(crate) y: f64,
    /// Where it arrives, and at which block; it passes by where there is none.
    pub(crate) ends: Vec<(f64, Option<usize>)>,
}

/// Places blocks, given in an order in which every line leads forward.
pub(crate) fn layout(blocks: &[Block], lines: &[Line], spacing: Spacing) -> Layout {
    let mut net = Net::new(blocks, lines, spacing);
    net.reduce_crossings();
    net.place();
    net.finished(blocks.len())
}

/// Blocks and passing lines in their ranks. An item below `blocks.len()` is a block, the others are passing lines.
struct Net {
    ranks: Vec<Vec<usize>>,
    position: Vec<usize>,
    heights: Vec<f64>,
    tops: Vec<f64>,
    is_passing: Vec<bool>,
    /// Between each rank and the next.
    links: Vec<Vec<Link>>,
    /// The links of each item, backwards and forwards: their rank and place in `links`.
    before: Vec<Vec<(usize, usize)>>,
    behind: Vec<Vec<(usize, usize)>>,
    spacing: Spacing,
}

/// A straight piece between neighbouring ranks.
#[derive(Clone, Copy, Debug)]
struct Link {
    line: usize,
    left: End,
    right: End,
}

#[derive(Clone, Copy, Debug)]
struct End {
    item: usize,
    /// Which of the item's lines, on that side.
    port: usize,
    /// From the item's upper edge.
    offset: f64,
}

impl Net {
    fn new(blocks: &[Block], lines: &[Line], spacing: Spacing) -> Self {
        let rank = ranked(blocks.len(), lines);
        let depth = rank.iter().max().map_or(0, |&last| last + 1);
        let mut net = Self {
            ranks: vec![Vec::new(); depth],
            position: Vec::new(),
            heights: blocks.iter().map(|block| block.height).collect(),
            tops: Vec::new(),
            is_passing: vec![false; blocks.len()],
            links: vec![Vec::new(); depth],
            before: Vec::new(),
            behind: Vec::new(),
            spacing,
        };
        rank.iter().enumerate().for_each(|(block, &rank)| net.ranks[rank].push(block));
        for (at, line) in lines.iter().enumerate() {
            net.lay(at, line, blocks, &rank);
        }
        let items = net.heights.len();
        (net.position, net.tops) = (vec![0; items], vec![0.0; items]);
        (net.before, net.behind) = (vec![Vec::new(); items], vec![Vec::new(); items]);
        for (rank, links) in net.links.iter().enumerate() {
            for (at, link) in links.iter().enumerate() {
                net.behind[link.left.item].push((rank, at));
                net.before[link.right.item].push((rank, at));
            }
        }
        (0..depth).for_each(|rank| net.number(rank));
        net
    }

    /// Cuts a line into links from rank to rank.
    fn lay(&mut self, at: usize, line: &Line, blocks: &[Block], rank: &[usize]) {
        let (source, port) = line.from;
        let mut left = End { item: source, port, offset: blocks[source].outs[port] };
        let Some(last) = line.to.iter().map(|&(block, _)| rank[block]).max() else { return };
        for here in rank[source] + 1..=last {
            for &(block, port) in line.to.iter().filter(|&&(block, _)| rank[block] == here) {
                let right = End { item: block, port, offset: blocks[block].ins[port] };
                self.links[here - 1].push(Link { line: at, left, right });
            }
            if here < last {
                let right = End { item: self.heights.len(), port: 0, offset: (self.spacing.passing / 2.0).floor() };
                self.heights.push(self.spacing.passing);
                self.is_passing.push(true);
                self.ranks[here].push(right.item);
                self.links[here - 1].push(Link { line: at, left, right });
                left = right;
            }
        }
    }

    fn number(&mut self, rank: usize) {
        for (place, &item) in self.ranks[rank].iter().enumerate() {
            self.position[item] = place;
        }
    }

    // ---- the order within ranks -----------------------------------------------------------------------------------

    /// Sweeps there and back, each rank sorted by the barycentres of what it is linked with, and keeps the best order.
    fn reduce_crossings(&mut self) {
        // The lines that pass come last in the description; where they come from says more.
        (1..self.ranks.len()).for_each(|rank| self.sort(rank, true));
        let mut best = (self.crossings(), self.ranks.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            match sweep % 2 {
                0 => (0..self.ranks.len().saturating_sub(1)).rev().for_each(|rank| self.sort(rank, false)),
                _ => (1..self.ranks.len()).for_each(|rank| self.sort(rank, true)),
            }
            self.exchange();
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.ranks.clone());
            }
        }
        self.ranks = best.1;
        (0..self.ranks.len()).for_each(|rank| self.number(rank));
    }

    fn sort(&mut self, rank: usize, by_left: bool) {
        let centre = |item: usize| {
            let links = if by_left { &self.before[item] } else { &self.behind[item] };
            let place = |&(rank, at): &(usize, usize)| {
                let link = &self.links[rank][at];
                let end = if by_left { link.left } else { link.right };
                self.position[end.item] as f64 + end.offset / self.heights[end.item].max(1.0)
            };
            let sum: f64 = links.iter().map(place).sum();
            (!links.is_empty()).then(|| sum / links.len() as f64)
        };
        // What is linked with nothing on that side stays beside the neighbour above it.
        let mut keyed: Vec<(f64, usize)> = Vec::new();
        for &item in &self.ranks[rank] {
            let above = keyed.last().map_or(f64::NEG_INFINITY, |&(key, _)| key);
            keyed.push((centre(item).unwrap_or(above), item));
        }
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.ranks[rank] = keyed.into_iter().map(|(_, item)| item).collect();
        self.number(rank);
    }

    /// Exchanges neighbours wherever fewer lines cross then.
    fn exchange(&mut self) {
        for _ in 0..ROUNDS {
            let mut changed = false;
            for rank in 0..self.ranks.len() {
                for place in 1..self.ranks[rank].len() {
                    let (upper, lower) = (self.ranks[rank][place - 1], self.ranks[rank][place]);
                    if self.crossings_of(lower, upper) < self.crossings_of(upper, lower) {
                        self.ranks[rank].swap(place - 1, place);
                        (self.position[upper], self.position[lower]) = (place, place - 1);
                        changed = true;
                    }
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// How often the links of two neighbours cross, the one above the other.
    fn crossings_of(&self, upper: usize, lower: usize) -> usize {
        let side = |links: &[Vec<(usize, usize)>], left: bool| {
            let far = |&(rank, at): &(usize, usize)| {
                let link = &self.links[rank][at];
                let end = if left { link.left } else { link.right };
                (self.position[end.item], end.port)
            };
            let of_lower: Vec<_> = links[lower].iter().map(far).collect();
            let crossing = |a: (usize, usize)| of_lower.iter().filter(|&&b| b < a).count();
            links[upper].iter().map(|link| crossing(far(link))).sum::<usize>()
        };
        side(&self.before, true) + side(&self.behind, false)
    }

    fn crossings(&self) -> usize {
        let mut crossings = 0;
        for links in &self.links {
            let place = |end: End| (self.position[end.item], end.port);
            let mut pairs: Vec<_> = links.iter().map(|link| (place(link.left), place(link.right))).collect();
            pairs.sort_unstable();
            let mut ends: Vec<(usize, usize)> = Vec::new();
            for (_, end) in pairs {
                let at = ends.partition_point(|&other| other <= end);
                crossings += ends.len() - at;
                ends.insert(at, end);
            }
        }
        crossings
    }

    // ---- places ---------------------------------------------------------------------------------------------------

    fn place(&mut self) {
        for rank in 0..self.ranks.len() {
            let count = self.ranks[rank].len();
            self.settle(rank, &vec![(0.0, 1.0); count]);
        }
        for sweep in 0..SETTLINGS {
            let there = sweep % 2 == 0;
            for step in 0..self.ranks.len() {
                let rank = if there { step } else { self.ranks.len() - 1 - step };
                let wishes: Vec<_> = self.ranks[rank].iter().map(|&item| self.wish(item)).collect();
                self.settle(rank, &wishes);
            }
        }
        for rank in 1..self.ranks.len() {
            let wishes: Vec<_> = self.ranks[rank].iter().map(|&item| self.straight(item)).collect();
            self.settle(rank, &wishes);
        }
        let least = self.tops.iter().copied().fold(f64::INFINITY, f64::min);
        self.tops.iter_mut().for_each(|top| *top -= least);
    }

    /// Where an item's links would be level, and how much that counts.
    fn wish(&self, item: usize) -> (f64, f64) {
        let (mut sum, mut weight) = (0.0, 0.0);
        let mut add = |own: End, other: End| {
            let counts = match (self.is_passing[own.item], self.is_passing[other.item]) {
                (true, true) => 8.0,
                (false, false) => 1.0,
                _ => 2.0,
            };
            sum += counts * (self.tops[other.item] + other.offset - own.offset);
            weight += counts;
        };
        self.before[item].iter().for_each(|&(rank, at)| add(self.links[rank][at].right, self.links[rank][at].left));
        self.behind[item].iter().for_each(|&(rank, at)| add(self.links[rank][at].left, self.links[rank][at].right));
        if weight > 0.0 { (sum / weight, weight) } else { (self.tops[item], 0.01) }
    }

    /// Level with the one that it comes from, for an item with one; else where it is.
    fn straight(&self, item: usize) -> (f64, f64) {
        match self.before[item][..] {
            [(rank, at)] => {
                let Link { left, right, .. } = self.links[rank][at];
                (self.tops[left.item] + left.offset - right.offset, 1e6)
            }
            _ => (self.tops[item], 1.0),
        }
    }

    /// Gives the items of a rank the tops nearest to their wishes that keep their order and their distance: least
    /// squares by pooling adjacent violators (Kruskal 1964, "Nonmetric multidimensional scaling").
    fn settle(&mut self, rank: usize, wishes: &[(f64, f64)]) {
        let mut pools: Vec<(f64, f64, usize)> = Vec::new();
        let mut offsets = Vec::new();
        let mut offset = 0.0;
        for (&item, &(wish, weight)) in self.ranks[rank].iter().zip(wishes) {
            offsets.push(offset);
            pools.push((wish - offset, weight, 1));
            offset += self.heights[item] + self.spacing.between;
            while let [.., (a, a_weight, a_count), (b, b_weight, b_count)] = pools[..] {
                if a <= b {
                    break;
                }
                pools.truncate(pools.len() - 2);
                let weight = a_weight + b_weight;
                pools.push(((a * a_weight + b * b_weight) / weight, weight, a_count + b_count));
            }
        }
        let levels = pools.iter().flat_map(|&(level, _, count)| std::iter::repeat_n(level, count));
        for ((&item, level), offset) in self.ranks[rank].iter().zip(levels).zip(offsets) {
            let level = if self.spacing.whole { level.round() } else { level };
            self.tops[item] = level + offset;
        }
    }

    fn finished(self, blocks: usize) -> Layout {
        let y = |end: End| self.tops[end.item] + end.offset;
        let hops = self.links.iter().map(|links| {
            let mut hops: Vec<Hop> = Vec::new();
            for link in links {
                let end = (y(link.right), (!self.is_passing[link.right.item]).then_some(link.right.item));
                // The links of a line stand one after the other.
                match hops.last_mut().filter(|hop| hop.line == link.line) {
                    Some(hop) => hop.ends.push(end),
                    None => hops.push(Hop { line: link.line, y: y(link.left), ends: vec![end] }),
                }
            }
            hops.iter_mut().for_each(|hop| hop.ends.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal)));
            hops
        });
        let bottom = |item: usize| self.tops[item] + self.heights[item];
        Layout {
            height: (0..self.heights.len()).map(bottom).fold(0.0, f64::max),
            hops: hops.collect(),
            ranks: self.ranks.iter().map(|rank| rank.iter().copied().filter(|&item| item < blocks).collect()).collect(),
            tops: self.tops[..blocks].to_vec(),
        }
    }
}

/// How often the order is tried from the other side.
const SWEEPS: usize = 16;
/// How often neighbours are exchanged in a sweep.
const ROUNDS: usize = 4;
/// How often the places are settled.
const SETTLINGS: usize = 40;

/// The rank of each block: as far to the left as it can be, and what needs nothing just before its first use.
fn ranked(blocks: usize, lines: &[Line]) -> Vec<usize> {
    let mut rank = vec![0; blocks];
    let mut has_input = vec![false; blocks];
    let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); blocks];
    for (at, line) in lines.iter().enumerate() {
        leaving[line.from.0].push(at);
        line.to.iter().for_each(|&(block, _)| has_input[block] = true);
    }
    for block in 0..blocks {
        for &(user, _) in leaving[block].iter().flat_map(|&line| &lines[line].to) {
            rank[user] = rank[user].max(rank[block] + 1);
        }
    }
    for block in (0..blocks).filter(|&block| !has_input[block]) {
        let users = leaving[block].iter().flat_map(|&line| &lines[line].to);
        rank[block] = users.map(|&(user, _)| rank[user] - 1).min().unwrap_or(0);
    }
    rank
}
