//! What each class says of its axes is what its values show: which numbers of an output depend on which of the inputs.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::collections::BTreeSet;

use limpid_graph::op::{AxisLink, AxisMap, IndexBox, Layout, Window};
use limpid_graph::{Builder, Graph, Index, NodeId, Op, Shape, Tensor};

use crate::support::draws::Draws;
use crate::support::random_graph::{Kind, random_graph};
use crate::support::{Feeds, same_bits, values};

/// An op of a random graph, alone: its inputs are fed.
struct Alone {
    graph: Graph,
    op: Op,
    inputs: Vec<Vec<usize>>,
    output: Vec<usize>,
    /// What the graph's assignments are computed from.
    others: Feeds,
}

/// The ops of a random graph that are small enough to look at each number, each once.
fn ops(seed: u64) -> Vec<Alone> {
    let drawn = random_graph(seed, Kind::Wild);
    let Ok(run) = values::<f64>(&drawn.graph, &drawn.feeds) else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let mut ops = Vec::new();
    for (id, node) in drawn.graph.nodes().filter(|(_, node)| !node.inputs.is_empty()) {
        let inputs: Vec<Vec<usize>> = node.inputs.iter().map(|&input| run.shape(input).to_vec()).collect();
        let (output, count) = (run.shape(id).to_vec(), |shape: &[usize]| shape.iter().product::<usize>());
        let is_small = count(&output) <= 120 && inputs.iter().all(|shape| count(shape) <= 120);
        if count(&output) == 0 || !is_small || !seen.insert(format!("{:?} {inputs:?} {output:?}", node.op)) {
            continue;
        }
        let b = Builder::resume(&drawn.graph);
        let name = |i: usize| format!("input {i}");
        let fed: Vec<_> =
            inputs.iter().enumerate().map(|(i, shape)| b.input(&name(i), Shape::from(&**shape))).collect();
        let target = Shape::from(&*output);
        let again = match &node.op {
            Op::Layout(Layout::Reshape(_)) => fed[0].reshape(target),
            Op::Layout(Layout::Broadcast(_)) => fed[0].broadcast_to(target),
            Op::Index(Index::ScatterAdd { .. }) if node.shape.as_known().is_none() => continue,
            _ => b.again(b.var(id), &fed),
        };
        let graph = b.finish([again]).unwrap().simplified().unwrap();
        let op = node.op.clone();
        ops.push(Alone { graph, op, inputs, output, others: drawn.feeds.clone() });
    }
    ops
}

impl Alone {
    fn axes(&self) -> Vec<AxisMap> {
        self.op.axes(&self.inputs.iter().map(Vec::as_slice).collect::<Vec<_>>(), &self.output)
    }

    /// How many positions the last input may name, if it names positions.
    fn positions(&self) -> Option<usize> {
        match &self.op {
            Op::Index(Index::Gather { axis }) => Some(self.inputs[0][*axis]),
            Op::Index(Index::ScatterAdd { axis, .. }) => Some(self.output[*axis]),
            Op::Index(Index::OneHot { classes }) => Some(*classes),
            _ => None,
        }
    }

    fn run(&self, feeds: &[Tensor]) -> Vec<f64> {
        let own = feeds.iter().enumerate().map(|(i, value)| (format!("input {i}"), value.clone()));
        let feeds: Feeds = own.chain(self.others.iter().cloned()).collect();
        values::<f64>(&self.graph, &feeds).unwrap().numbers(self.graph.outputs()[0]).into_owned()
    }

    /// For each input, for each of its elements, the elements of the output that change with it.
    fn dependence(&self, draws: &Draws) -> Vec<Vec<BTreeSet<usize>>> {
        let positions = self.positions();
        let is_position = |i: usize| positions.filter(|_| i + 1 == self.inputs.len());
        let feed = |i: usize| match is_position(i) {
            Some(bound) => draws.positions(&self.inputs[i], bound),
            None => draws.tensor(&self.inputs[i], -1.5, 1.5),
        };
        let feeds: Vec<Tensor> = (0..self.inputs.len()).map(feed).collect();
        let before = self.run(&feeds);
        let changed = |i: usize, element: usize, number: f64| {
            let mut feeds = feeds.clone();
            let mut numbers = feeds[i].to_f64();
            numbers[element] = number;
            feeds[i] = Tensor::new(&*self.inputs[i], numbers).unwrap();
            let differs = |(_, (a, b)): &(usize, (f64, &f64))| !same_bits(*a, **b);
            let now = self.run(&feeds);
            now.into_iter().zip(&before).enumerate().filter(differs).map(|(at, _)| at).collect::<BTreeSet<_>>()
        };
        let of = |i: usize| {
            let numbers: Vec<f64> = match is_position(i) {
                Some(bound) => (0..bound).map(|position| position as f64).collect(),
                None => vec![f64::NAN, -1e9, 1e9],
            };
            let element = |e: usize| numbers.iter().flat_map(|&number| changed(i, e, number)).collect();
            (0..feeds[i].len()).map(element).collect()
        };
        (0..self.inputs.len()).map(of).collect()
    }
}

fn index_of(shape: &[usize], element: usize) -> Vec<usize> {
    IndexBox::of_element(shape, element).ranges().iter().map(|range| range.start).collect()
}

fn contains(part: &IndexBox, index: &[usize]) -> bool {
    part.ranges().iter().zip(index).all(|(range, i)| range.contains(i))
}

/// The smallest box around elements.
fn hull(shape: &[usize], elements: impl IntoIterator<Item = usize>) -> Option<IndexBox> {
    elements.into_iter().map(|element| IndexBox::of_element(shape, element)).reduce(|a, b| a.union(&b))
}

fn random_part(draws: &Draws, shape: &[usize]) -> IndexBox {
    IndexBox::new(shape.iter().map(|&extent| {
        let start = draws.below(extent);
        start..start + 1 + draws.below(extent - start)
    }))
}

fn elements(shape: &[usize], part: &IndexBox) -> Vec<usize> {
    (0..shape.iter().product()).filter(|&element| contains(part, &index_of(shape, element))).collect()
}

#[test]
fn each_axis_is_in_one_link_and_axes_that_are_the_same_are_equally_long() {
    for seed in 0..2_000 {
        for alone in ops(seed) {
            let maps = alone.axes();
            assert_eq!(maps.len(), alone.inputs.len(), "{:?}", alone.op);
            for (map, input) in maps.iter().zip(&alone.inputs) {
                let (mut from, mut to) = (Vec::new(), Vec::new());
                for link in map.links() {
                    let (inputs, outputs) = ends(link);
                    from.extend(inputs);
                    to.extend(outputs);
                }
                from.sort_unstable();
                to.sort_unstable();
                assert!(from.iter().copied().eq(0..input.len()), "{:?} {input:?}: {map:?}", alone.op);
                assert!(to.iter().copied().eq(0..alone.output.len()), "{:?} {input:?}: {map:?}", alone.op);
            }
        }
    }
}

/// The axes that a link speaks of.
fn ends(link: &AxisLink) -> (Vec<usize>, Vec<usize>) {
    match link.clone() {
        AxisLink::Same { input, output, .. } => (vec![input], vec![output]),
        AxisLink::Folded { input, output } => (vec![input], output.into_iter().collect()),
        AxisLink::Contracted { input } => (vec![input], vec![]),
        AxisLink::New { input, output } => (input.into_iter().collect(), vec![output]),
        AxisLink::Windowed { input, output, within, .. } => (vec![input], [output].into_iter().chain(within).collect()),
        AxisLink::Overlapped { input, within, output, .. } => (vec![input, within], vec![output]),
        AxisLink::Regrouped { inputs, outputs } | AxisLink::Indexed { inputs, outputs } => {
            (inputs.collect(), outputs.collect())
        }
    }
}

#[test]
fn what_a_part_needs_and_what_it_reaches_is_what_changed_numbers_show() {
    let (mut exact, mut classes) = (0, BTreeSet::new());
    for seed in 0..1_000 {
        let draws = Draws::new(seed, "axes");
        for alone in ops(seed) {
            let dependence = alone.dependence(&draws);
            // Some functions of single numbers ignore an argument, here or there; of one position there is no other.
            let sees_all = match &alone.op {
                Op::Map(_) | Op::Formula(_) => false,
                Op::Index(Index::ArgMax { .. }) => alone.axes()[0].folded() > 1,
                _ => alone.positions() != Some(1),
            };
            for (i, (map, of_input)) in alone.axes().iter().zip(&dependence).enumerate() {
                let says = || format!("{:?}, input {i} of {:?}, output {:?}", alone.op, alone.inputs, alone.output);
                classes.insert(alone.op.name().to_string());
                for _ in 0..3 {
                    let part = random_part(&draws, &alone.output);
                    let wanted: BTreeSet<usize> = elements(&alone.output, &part).into_iter().collect();
                    let read = (0..of_input.len()).filter(|&e| !of_input[e].is_disjoint(&wanted));
                    let needed = map.needs(&part);
                    let shown = hull(&alone.inputs[i], read);
                    assert_covers(&needed, shown.as_ref(), &says);
                    if sees_all && map.is_exact() {
                        assert_eq!(
                            Some(&needed).filter(|part| !part.is_empty()),
                            shown.as_ref(),
                            "{}: {part:?}",
                            says()
                        );
                        exact += 1;
                    }
                }
                for (element, changed) in of_input.iter().enumerate() {
                    let reached = map.reaches(&IndexBox::of_element(&alone.inputs[i], element));
                    let shown = hull(&alone.output, changed.iter().copied());
                    assert_covers(&reached, shown.as_ref(), &says);
                    if sees_all && map.is_exact() {
                        assert_eq!(
                            Some(&reached).filter(|part| !part.is_empty()),
                            shown.as_ref(),
                            "{}: {element}",
                            says()
                        );
                    }
                }
            }
        }
    }
    assert!(exact > 2_000, "{exact}");
    let all = [
        "sum",
        "max",
        "matmul",
        "reshape",
        "permute",
        "broadcast",
        "slice",
        "pad",
        "concat",
        "gather",
        "one_hot",
        "argmax",
    ];
    assert!(all.iter().all(|class| classes.contains(*class)), "{classes:?}");
}

fn assert_covers(part: &IndexBox, shown: Option<&IndexBox>, says: &impl Fn() -> String) {
    if let Some(shown) = shown {
        assert_eq!(part, &part.union(shown), "{}: {shown:?} is not in {part:?}", says());
    }
}

#[test]
fn an_element_needs_another_where_that_one_reaches_it() {
    for seed in 0..500 {
        for alone in ops(seed) {
            for (map, shape) in alone.axes().iter().zip(&alone.inputs) {
                assert_transposed(map, shape, &alone.output, &format!("{:?} of {:?}", alone.op, alone.inputs));
            }
        }
    }
}

fn assert_transposed(map: &AxisMap, input: &[usize], output: &[usize], name: &str) {
    let count = |shape: &[usize]| shape.iter().product::<usize>();
    // The places and the positions within a window at which a number is seen are no box: the box around them has more.
    let is_window = |link: &AxisLink| matches!(link, AxisLink::Windowed { .. } | AxisLink::Overlapped { .. });
    let is_box = !map.links().iter().any(is_window);
    // Of unfolding, what one number of the result needs is exact; of folding, what one number of the input reaches.
    let folds = map.links().iter().any(|link| matches!(link, AxisLink::Overlapped { .. }));
    let covers = |needs: bool, reaches: bool| if folds { needs || !reaches } else { reaches || !needs };
    for from in 0..count(input) {
        let reached = map.reaches(&IndexBox::of_element(input, from));
        for to in 0..count(output) {
            let needed = map.needs(&IndexBox::of_element(output, to));
            let needs = contains(&needed, &index_of(input, from));
            let reaches = contains(&reached, &index_of(output, to));
            assert!(
                if is_box { needs == reaches } else { covers(needs, reaches) },
                "{name}: {from} and {to}: {needs} and {reaches}"
            );
        }
    }
}

#[test]
fn a_window_reads_the_positions_that_its_size_stride_dilation_and_padding_say() {
    let (mut maps, mut exact) = (0, 0);
    for extent in 1..8usize {
        for (size, stride, dilation) in [(1, 1, 1), (2, 1, 1), (3, 1, 1), (3, 2, 1), (2, 1, 2), (3, 2, 2), (1, 3, 1)] {
            for (before, after) in [(0, 0), (1, 0), (0, 2), (2, 2)] {
                let span = (size - 1) * dilation + 1;
                let Some(room) = (extent + before + after).checked_sub(span) else { continue };
                let places = room / stride + 1;
                let window = Window { size, stride, dilation, before };
                let name = format!("{window:?} over {extent}");
                let reads = |place: usize, k: usize| {
                    (place * stride + k * dilation).checked_sub(before).filter(|&position| position < extent)
                };
                // With the positions within the window as an axis: an unfolding. And folded: a pooling.
                let unfolded = [AxisLink::Windowed { input: 0, output: 0, within: Some(1), window }];
                let pooled = [AxisLink::Windowed { input: 0, output: 0, within: None, window }];
                for (links, output) in [(unfolded, vec![places, size]), (pooled, vec![places])] {
                    let map = AxisMap::new(&[extent], &output, links);
                    let all: Vec<usize> = (0..output.iter().product()).collect();
                    let of = |element: usize| -> BTreeSet<usize> {
                        let index = index_of(&output, element);
                        let within = index.get(1).map_or(0..size, |&k| k..k + 1);
                        within.filter_map(|k| reads(index[0], k)).collect()
                    };
                    for (first, last) in all.iter().flat_map(|&a| all.iter().map(move |&b| (a, b))) {
                        let part = IndexBox::of_element(&output, first).union(&IndexBox::of_element(&output, last));
                        let shown = hull(&[extent], elements(&output, &part).into_iter().flat_map(of));
                        let needed = map.needs(&part);
                        assert_covers(&needed, shown.as_ref(), &|| name.clone());
                        if map.is_exact() {
                            assert_eq!(Some(needed).filter(|part| !part.is_empty()), shown, "{name} {part:?}");
                            exact += 1;
                        }
                    }
                    for (first, last) in (0..extent).flat_map(|a| (a..extent).map(move |b| (a, b))) {
                        let reached = map.reaches(&IndexBox::new(std::iter::once(first..last + 1)));
                        let shown = all.iter().copied().filter(|&e| of(e).range(first..=last).next().is_some());
                        assert_covers(&reached, hull(&output, shown).as_ref(), &|| name.clone());
                    }
                    maps += 1;
                }
                // Backwards: what a part needs is what it reached, and the other way round.
                let forward = AxisMap::new(
                    &[extent],
                    &[places, size],
                    [AxisLink::Windowed { input: 0, output: 0, within: Some(1), window }],
                );
                let backward = AxisMap::new(
                    &[places, size],
                    &[extent],
                    [AxisLink::Overlapped { input: 0, within: 1, output: 0, window }],
                );
                for element in 0..places * size {
                    let part = IndexBox::of_element(&[places, size], element);
                    assert_eq!(backward.reaches(&part), forward.needs(&part), "{name} {element}");
                }
                for position in 0..extent {
                    let part = IndexBox::of_element(&[extent], position);
                    assert_eq!(backward.needs(&part), forward.reaches(&part), "{name} {position}");
                }
            }
        }
    }
    assert!(maps > 200 && exact > 5_000, "{maps}, {exact}");
}

#[test]
fn axes_that_are_merged_and_split_need_the_box_around_the_same_numbers() {
    let shapes: [&[usize]; 12] = [
        &[24],
        &[2, 12],
        &[12, 2],
        &[4, 6],
        &[6, 4],
        &[2, 3, 4],
        &[4, 3, 2],
        &[1, 24],
        &[24, 1],
        &[2, 1, 12],
        &[1, 2, 3, 4, 1],
        &[3, 8],
    ];
    for (from, to) in shapes.iter().flat_map(|&from| shapes.map(|to| (from, to))) {
        let reshape = Op::Layout(Layout::Reshape(Shape::from(to)));
        let [map] = <[AxisMap; 1]>::try_from(reshape.axes(&[from], to)).unwrap();
        for (first, last) in (0..24).flat_map(|a| (0..24).map(move |b| (a, b))) {
            let part = IndexBox::of_element(to, first).union(&IndexBox::of_element(to, last));
            let (needed, shown) = (map.needs(&part), hull(from, elements(to, &part)).unwrap());
            assert_covers(&needed, Some(&shown), &|| format!("{from:?} to {to:?}"));
            assert!(!map.is_exact() || needed == shown, "{from:?} to {to:?}, {part:?}: {needed:?}, not {shown:?}");
        }
    }
}

/// A part of each node of a graph, from the parts that it needs, has the bits of the whole.
#[test]
fn a_part_that_is_computed_again_has_the_bits_of_the_whole() {
    for seed in 0..2_000 {
        let drawn = random_graph(seed, Kind::Wild);
        let draws = Draws::new(seed, "parts");
        let Ok(run) = values::<f64>(&drawn.graph, &drawn.feeds) else { continue };
        for (id, node) in drawn.graph.nodes().filter(|(_, node)| !node.inputs.is_empty()) {
            let shape = run.shape(id);
            if shape.contains(&0) {
                continue;
            }
            let inputs: Vec<&[usize]> = node.inputs.iter().map(|&input| run.shape(input)).collect();
            let maps = node.op.axes(&inputs, shape);
            let mut part = random_part(&draws, shape);
            for link in maps.iter().flat_map(AxisMap::links) {
                // An axis that is indexed, and the classes of a one-hot, are computed whole.
                if let AxisLink::Indexed { outputs, .. } = link {
                    part = IndexBox::new(
                        part.ranges()
                            .iter()
                            .enumerate()
                            .map(|(axis, range)| if outputs.contains(&axis) { 0..shape[axis] } else { range.clone() }),
                    );
                }
            }
            if matches!(node.op, Op::Index(Index::OneHot { .. })) {
                let last = shape.len() - 1;
                part = IndexBox::new(part.ranges()[..last].iter().cloned().chain(std::iter::once(0..shape[last])));
            }
            let cut = |of: NodeId, part: &IndexBox| -> Vec<f64> {
                let numbers = run.numbers(of);
                elements(run.shape(of), part).into_iter().map(|element| numbers[element]).collect()
            };
            let needed: Vec<IndexBox> = maps.iter().map(|map| map.needs(&part)).collect();
            let numbers: Vec<Vec<f64>> =
                node.inputs.iter().zip(&needed).map(|(&input, part)| cut(input, part)).collect();
            let inputs: Vec<(&IndexBox, &[f64])> = needed.iter().zip(numbers.iter().map(Vec::as_slice)).collect();
            let found = run.value_of_part(id, &part, &inputs).unwrap();
            let wanted = cut(id, &part);
            let same = found.len() == wanted.len() && found.iter().zip(&wanted).all(|(a, b)| same_bits(*a, *b));
            assert!(same, "graph {seed}, {:?} {part:?}: {found:?} is not {wanted:?}", node.op);
        }
    }
}
