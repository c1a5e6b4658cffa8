//! Binding: where a run finds the value of each leaf, and which plan fits what it found.

use std::collections::HashMap;

use limpid_graph::{Graph, Leaf, Node, NodeId, Op, Tensor};

use super::SessionError;
use crate::kernels::Supported;
use crate::plan::{Limits, Plan, Storage, Stored};
use crate::run::{Base, Runner, storage};
use crate::sparsity;
use crate::store::Store;

/// A graph, and a plan with its memory for each set of sizes that it was run at.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) graph: Graph,
    pub(super) leaves: Vec<LeafOf>,
    /// The number of each node among the leaves.
    pub(super) leaf_of: Vec<Option<usize>>,
    pub(super) runners: Vec<(Vec<Found>, Runner)>,
    /// The runner of the last run: most likely the next one's too.
    pub(super) last: usize,
    /// What each leaf is bound to in the run under way, and its address where it is in the padded layout.
    pub(super) bound: Vec<Source>,
    pub(super) addresses: Vec<Option<(Base, bool)>>,
}

/// A leaf that is fed, or kept.
#[derive(Debug)]
pub(super) struct LeafOf {
    pub(super) id: NodeId,
    pub(super) name: Option<String>,
    /// Whether it is learned or kept from run to run, and not a run's input.
    pub(super) lasts: bool,
}

/// The value of a leaf in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) shape: Vec<usize>,
    pub(super) storage: Storage,
}

/// Where a run finds a leaf's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Missing,
    /// The feed of this number.
    Fed(usize),
    /// The kept value of this number.
    Variable(usize),
}

impl Prepared {
    /// A graph that has not run yet.
    pub(super) fn new(graph: Graph) -> Self {
        let leaf = |(id, node): (NodeId, &Node)| LeafOf {
            id,
            name: node.name.as_deref().map(str::to_string),
            lasts: matches!(node.op, Op::Leaf(Leaf::Parameter | Leaf::State)),
        };
        let leaves: Vec<LeafOf> = graph.fed().map(leaf).collect();
        let mut leaf_of = vec![None; graph.nodes().len()];
        leaves.iter().enumerate().for_each(|(at, leaf)| leaf_of[leaf.id.index()] = Some(at));
        let (bound, addresses) = (vec![Source::Missing; leaves.len()], vec![None; leaves.len()]);
        Self { graph, leaves, leaf_of, runners: Vec::new(), last: 0, bound, addresses }
    }

    /// Says where each leaf's value is; false where one is missing, or a feed means no leaf.
    pub(super) fn bind(&mut self, kept: &mut Store, feeds: &[(&str, &Tensor)]) -> bool {
        let mut matched = 0;
        for (leaf, bound) in self.leaves.iter().zip(&mut self.bound) {
            let name = leaf.name.as_deref().unwrap_or_default();
            let fed = feeds.iter().position(|(fed, _)| *fed == name);
            *bound = match (fed, *bound) {
                (Some(feed), _) => {
                    matched += 1;
                    Source::Fed(feed)
                }
                // Numbers of kept values stay.
                (None, Source::Variable(number)) => Source::Variable(number),
                (None, _) => kept.find(name).map_or(Source::Missing, Source::Variable),
            };
            if let (true, Source::Variable(number)) = (leaf.lasts, *bound) {
                kept.pad(number);
            }
        }
        matched == feeds.len() && !self.bound.contains(&Source::Missing)
    }

    /// Finds the runner for what is bound; false where there is none yet.
    pub(super) fn find_runner(&mut self, kept: &Store, feeds: &[(&str, &Tensor)]) -> bool {
        let (bound, runners) = (&self.bound, &self.runners);
        let fits = |&at: &usize| {
            let founds = runners.get(at).map_or(&[][..], |(founds, _)| founds);
            founds.len() == bound.len()
                && at < runners.len()
                && founds.iter().zip(bound).all(|(found, &source)| {
                    let (shape, storage) = seen(kept, feeds, source);
                    found.shape == shape && found.storage == storage
                })
        };
        let found = std::iter::once(self.last).chain(0..runners.len()).find(fits);
        self.last = found.unwrap_or(self.last);
        found.is_some()
    }

    /// Makes a runner for what is bound, or says what is wrong with it.
    pub(super) fn add_runner(
        &mut self,
        kept: &Store,
        feeds: &[(&str, &Tensor)],
        (level, limits, threads): (Supported, &Limits, usize),
    ) -> Result<(), SessionError> {
        let Self { graph, leaves, leaf_of, runners, last, bound, .. } = self;
        let all = all_feeds(graph, kept, feeds)?;
        let sizes = graph.sizes(&all)?;
        let of_leaf: HashMap<NodeId, &Tensor> = all.iter().copied().collect();
        if let Some((id, _)) = graph.fed().find(|(id, _)| !of_leaf.contains_key(id)) {
            return Err(graph.not_fed(id).into());
        }
        let stored = |id: NodeId| {
            let Some(at) = leaf_of[id.index()] else { return Stored::default() };
            let (_, storage) = seen(kept, feeds, bound[at]);
            let tensor = of_leaf.get(&id).copied();
            let mostly_zeros = !leaves[at].lasts && tensor.is_some_and(sparsity::are_most_zeros);
            Stored { storage, mostly_zeros }
        };
        let founds = bound.iter().map(|&source| {
            let (shape, storage) = seen(kept, feeds, source);
            Found { shape: shape.to_vec(), storage }
        });
        let founds = founds.collect();
        let plan = Plan::with(graph, &sizes, (*level, limits), stored)?;
        runners.push((founds, Runner::new(graph, plan, level, threads)?));
        *last = runners.len() - 1;
        Ok(())
    }
}

/// The shape and storage of a leaf's value.
pub(super) fn seen<'s>(kept: &'s Store, feeds: &'s [(&str, &Tensor)], source: Source) -> (&'s [usize], Storage) {
    match source {
        Source::Missing => (&[], Storage::Floats),
        Source::Fed(feed) => (feeds[feed].1.shape(), storage(feeds[feed].1)),
        Source::Variable(number) => (kept.shape(number), kept.as_set(number).map_or(Storage::Padded, storage)),
    }
}

/// What is fed, and what is kept for the leaves that are not.
pub(super) fn all_feeds<'t>(
    graph: &Graph,
    kept: &'t Store,
    feeds: &[(&str, &'t Tensor)],
) -> Result<Vec<(NodeId, &'t Tensor)>, SessionError> {
    let mut all = graph.named_feeds(feeds)?;
    let is_fed = |node: &Node| feeds.iter().any(|&(name, _)| node.name.as_deref() == Some(name));
    let from_kept = |(id, node): (NodeId, &Node)| match is_fed(node) {
        true => None,
        false => Some((id, kept.get(kept.find(node.name.as_deref()?)?))),
    };
    all.extend(graph.fed().filter_map(from_kept));
    Ok(all)
}
