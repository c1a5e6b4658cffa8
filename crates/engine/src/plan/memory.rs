//! Memory: an offset in one arena for each value, from its first to its last use.
//!
//! A pure function of those intervals: values are placed in the order of their first use, each in the lowest gap that
//! no value of the same time touches.

use limpid_graph::{Graph, Index, Leaf, NodeId, Op};

use super::group::storage;
use super::{Place, Plan, Step, Work};

/// Values begin at multiples of this many numbers: a cache line.
const ALIGNMENT: usize = 16;

#[derive(Clone, Copy, Debug)]
struct Life {
    id: NodeId,
    len: usize,
    first: usize,
    last: usize,
}

/// Fills in `places`; answers a plan with everything that concerns memory.
pub(super) fn place(
    graph: &Graph,
    shapes: &[Vec<usize>],
    steps: &[Step],
    written: &[bool],
    places: &mut [Option<Place>],
) -> Plan {
    let lives = lives(graph, shapes, steps, written);
    let mut placed: Vec<(Life, usize)> = Vec::with_capacity(lives.len());
    let mut arena = 0;
    for life in &lives {
        let mut busy: Vec<(usize, usize)> = placed
            .iter()
            .filter(|(other, _)| other.first <= life.last && life.first <= other.last)
            .map(|(other, offset)| (*offset, offset + other.len))
            .collect();
        busy.sort_unstable();
        let mut offset = 0;
        for (start, end) in busy {
            if offset + life.len <= start {
                break;
            }
            offset = offset.max(end.next_multiple_of(ALIGNMENT));
        }
        placed.push((*life, offset));
        arena = arena.max(offset + life.len);
    }
    debug_assert!(no_live_values_overlap(&placed), "the plan puts a value over one that is live");
    let mut converted = Vec::new();
    for &(Life { id, len, .. }, offset) in &placed {
        let place = Place::Arena { offset, len };
        match graph.node(id).op {
            // Where the leaf is stored as floats it is read from there; else it is converted to this place.
            Op::Leaf(_) => converted.push((id, place)),
            _ => places[id.index()] = Some(place),
        }
    }
    for (id, node) in graph.nodes() {
        if matches!(node.op, Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State)) {
            places[id.index()] = Some(Place::Fed(id));
        }
    }
    for (id, _) in graph.nodes() {
        places[id.index()] = places[storage(graph, id).index()];
    }
    let unshared = lives.iter().map(|life| life.len).sum();
    let (steps, places, shapes, constants) = Default::default();
    Plan { steps, places, shapes, constants, converted, arena, unshared, scratch: 0 }
}

/// When each value in memory is first written and last read. What a run answers or assigns lives to its end.
fn lives(graph: &Graph, shapes: &[Vec<usize>], steps: &[Step], written: &[bool]) -> Vec<Life> {
    let len = |id: NodeId| shapes[id.index()].iter().product();
    let mut lives: Vec<Option<Life>> = vec![None; shapes.len()];
    // Data sets that are only gathered from are read as they are stored, whatever that is.
    let gathered = |step: &Step| matches!(step.work, Work::Index(Index::Gather { .. }));
    let mut read_as_floats = vec![false; shapes.len()];
    for step in steps {
        let from = usize::from(gathered(step));
        step.inputs[from..].iter().for_each(|&id| read_as_floats[storage(graph, id).index()] = true);
    }
    let ends = || graph.assignments().iter().map(|assignment| assignment.value).chain(graph.outputs().iter().copied());
    ends().for_each(|id| read_as_floats[storage(graph, id).index()] = true);
    for (id, node) in graph.nodes() {
        if written[id.index()]
            && read_as_floats[id.index()]
            && matches!(node.op, Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State))
        {
            lives[id.index()] = Some(Life { id, len: len(id), first: 0, last: 0 });
        }
    }
    for (at, step) in steps.iter().enumerate() {
        for &id in &step.writes {
            lives[id.index()] = Some(Life { id, len: len(id), first: at, last: at });
        }
        for &id in &step.reads {
            if let Some(life) = &mut lives[id.index()] {
                life.last = life.last.max(at);
            }
        }
    }
    for end in ends() {
        if let Some(life) = &mut lives[storage(graph, end).index()] {
            life.last = steps.len();
        }
    }
    let mut lives: Vec<Life> = lives.into_iter().flatten().collect();
    lives.sort_by_key(|life| (life.first, std::cmp::Reverse(life.len), life.id));
    lives
}

/// Whether any two values that are needed at the same time have ranges of their own.
fn no_live_values_overlap(placed: &[(Life, usize)]) -> bool {
    let at_once = |a: &Life, b: &Life| a.first <= b.last && b.first <= a.last;
    let apart = |(a, from): &(Life, usize), (b, at): &(Life, usize)| from + a.len <= *at || at + b.len <= *from;
    placed.iter().enumerate().all(|(i, a)| placed[..i].iter().all(|b| !at_once(&a.0, &b.0) || apart(a, b)))
}
