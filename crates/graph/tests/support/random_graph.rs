//! Random graphs over all classes of ops, with values to feed them: for claims about every graph.
//!
//! Extents are small and awkward (0, 1, primes) and some are symbols; values are few-digit numbers of both signs, so
//! that equal numbers, zeros, infinities and what is no number all come up.

use limpid_graph::op::{Class, Layout, Monoid};
use limpid_graph::{
    Axes, Builder, Dim, Formula, FormulaBody, Graph, MapOp, Shape, Sizes, Sliding, Stream, Tensor, Var,
};

use super::Feeds;
use super::draws::Draws;

/// Which graphs are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Any op, any values.
    Wild,
    /// Any op, and the derivatives of what it computes.
    WildWithGradient,
    /// Only ops whose value moves little when their arguments do, with values near 1: for comparing precisions.
    Gentle,
}

/// A graph and a value for each of its leaves.
pub(crate) struct RandomGraph {
    pub(crate) graph: Graph,
    pub(crate) feeds: Feeds,
}

const MOST_NUMBERS: usize = 2_000;
const MOST_AXES: usize = 5;
const GENTLE: &[MapOp] = &[
    MapOp::Add,
    MapOp::Subtract,
    MapOp::Multiply,
    MapOp::Negate,
    MapOp::Square,
    MapOp::Abs,
    MapOp::Maximum,
    MapOp::Minimum,
    MapOp::Identity,
    MapOp::Sigmoid,
    MapOp::Tanh,
    MapOp::Relu,
    MapOp::Erf,
    MapOp::Gelu,
    MapOp::Softplus,
];

/// The graph of this seed.
pub(crate) fn random_graph(seed: u64, kind: Kind) -> RandomGraph {
    let b = Builder::new();
    let draws = Draws::new(seed, "random graph");
    let sizes = Sizes::from([("batch", draws.pick(&[0, 1, 2, 3, 5])), ("time", draws.pick(&[1, 2, 7]))]);
    let mut growing = Growing { b: &b, draws, kind, sizes, pool: Vec::new(), feeds: Vec::new() };
    // Says what each symbol is, whatever else is drawn.
    let extents = growing.fed("extents", Shape::from(("batch", "time")));
    growing.pool.push(extents);
    for _ in 0..2 + growing.draws.below(3) {
        let shape = growing.shape();
        let leaf = growing.leaf(shape);
        growing.pool.push(leaf);
    }
    for _ in 0..3 + growing.draws.below(12) {
        if let Some(next) = growing.op() {
            growing.keep(next);
        }
    }
    let graph = growing.finish();
    RandomGraph { graph, feeds: growing.feeds }
}

struct Growing<'b> {
    b: &'b Builder,
    draws: Draws,
    kind: Kind,
    sizes: Sizes,
    pool: Vec<Var<'b>>,
    feeds: Feeds,
}

impl<'b> Growing<'b> {
    // ---- leaves ---------------------------------------------------------------------------------------------------

    fn dim(&self) -> Dim {
        self.dim_of(&[2, 3, 5, 7])
    }

    fn dim_of(&self, usual: &[usize]) -> Dim {
        match self.draws.below(10) {
            0 => Dim::symbol("batch"),
            1 => Dim::symbol("time"),
            2 => Dim::known(if self.kind == Kind::Gentle { 4 } else { 0 }),
            3 | 4 => Dim::known(1),
            _ => Dim::known(self.draws.pick(usual)),
        }
    }

    fn shape(&self) -> Shape {
        let rank = self.draws.below(MOST_AXES + 1);
        // Of many axes, short ones: few graphs would have room for the value otherwise.
        let usual: &[usize] = if rank > 3 { &[2, 3] } else { &[2, 3, 5, 7] };
        let mut dims: Vec<Dim> = (0..rank).map(|_| self.dim_of(usual)).collect();
        // Rows that end in the middle of a vector, behind its first.
        if let Some(last) = dims.last_mut().filter(|_| rank <= 3 && self.draws.once_in(8)) {
            *last = Dim::known(self.draws.pick(&[9, 17]));
        }
        Shape::from(dims)
    }

    fn leaf(&mut self, shape: Shape) -> Var<'b> {
        match self.draws.below(6) {
            0 if shape.as_known().is_some() => {
                return self.b.constant_tensor(self.value(&shape.as_known().unwrap_or_default()));
            }
            1 => {
                let special = self.draws.pick(&[0.0, -0.0, 1.0, 2.0, 0.5, -1.5]);
                return self.b.constant(special).broadcast_to(shape);
            }
            _ => {}
        }
        self.fed(&format!("leaf {}", self.feeds.len()), shape)
    }

    fn fed(&mut self, name: &str, shape: Shape) -> Var<'b> {
        let value = self.value(&shape.resolve(&self.sizes).unwrap());
        self.feeds.push((name.to_string(), value));
        match self.draws.below(3) {
            0 => self.b.input(name, shape),
            1 => self.b.parameter(name, shape),
            _ => self.b.state(name, shape),
        }
    }

    /// An input that is the same in either precision.
    fn single(&mut self, extents: &[usize]) -> Var<'b> {
        let name = format!("leaf {}", self.feeds.len());
        self.feeds.push((name.clone(), self.value(extents).to_f32_tensor()));
        self.b.input(&name, Shape::from(extents))
    }

    fn value(&self, extents: &[usize]) -> Tensor {
        let smooth = self.draws.tensor(extents, -1.5, 1.5);
        if self.kind == Kind::Gentle {
            return smooth;
        }
        match self.draws.below(4) {
            0 => Tensor::new(extents, (0..smooth.len()).map(|_| self.draws.below(256) as u8).collect()).unwrap(),
            1 => {
                let few = [-2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 3.0, f64::INFINITY];
                Tensor::new(extents, (0..smooth.len()).map(|_| self.draws.pick(&few)).collect::<Vec<_>>()).unwrap()
            }
            2 => smooth.to_f32_tensor(),
            _ => smooth,
        }
    }

    /// Whole numbers below `bound`, fed or worked out from other values.
    fn positions(&mut self, bound: usize) -> Var<'b> {
        let extents: Vec<usize> = (0..self.draws.below(3)).map(|_| self.draws.pick(&[0, 1, 2, 3])).collect();
        let x = self.any();
        let shape = x.shape().resolve(&self.sizes).unwrap();
        let axis = shape.iter().position(|&extent| (1..=bound).contains(&extent));
        if let Some(axis) = axis.filter(|_| self.draws.once_in(2)) {
            // A place moves far where rounding decides between two values: to compare precisions, of fed ones only.
            let x = if self.kind == Kind::Gentle { self.single(&shape) } else { x };
            return x.stop_gradient().argmax(axis as isize);
        }
        let value = self.draws.positions(&extents, bound);
        if self.draws.once_in(3) {
            return self.b.constant_tensor(value);
        }
        let name = format!("positions {}", self.feeds.len());
        self.feeds.push((name.clone(), value));
        self.b.input(&name, Shape::from(&*extents))
    }

    // ---- ops ------------------------------------------------------------------------------------------------------

    fn any(&self) -> Var<'b> {
        self.draws.pick(&self.pool)
    }

    /// A value with at least one axis, and one of its axes.
    fn any_axis(&self) -> Option<(Var<'b>, usize)> {
        let x = self.any();
        (x.rank() > 0).then(|| (x, self.draws.below(x.rank())))
    }

    fn extent(&self, x: Var<'b>, axis: usize) -> usize {
        x.shape().dims()[axis].resolve(&self.sizes).unwrap()
    }

    fn keep(&mut self, next: Var<'b>) {
        let count: usize = next.shape().resolve(&self.sizes).map_or(usize::MAX, |shape| shape.iter().product());
        if count <= MOST_NUMBERS && next.rank() <= MOST_AXES {
            let named = next.name().is_none() && self.draws.once_in(8);
            self.pool.push(if named { next.named(&format!("value {}", self.pool.len())) } else { next });
        }
    }

    fn op(&mut self) -> Option<Var<'b>> {
        let class = match self.draws.below(17) {
            0..6 => Class::Map,
            6 | 7 => Class::Reduce,
            8 | 9 => Class::Contract,
            10..13 => Class::Layout,
            13 => Class::Index,
            14 => Class::Window,
            15 => Class::Random,
            _ => return self.composition(),
        };
        match class {
            Class::Leaf => Some(self.leaf(self.shape())),
            Class::Map => Some(self.map()),
            Class::Reduce => Some(self.reduce()),
            Class::Contract => self.contract(),
            Class::Layout => self.layout(),
            Class::Index => self.index(),
            Class::Window => self.windows(),
            Class::Random => Some(self.uniform()),
        }
    }

    /// One of the pool that broadcasts with all of `others`, or a number.
    fn partner(&self, others: &[Var<'b>]) -> Var<'b> {
        let joined = others.iter().try_fold(Shape::scalar(), |joined, x| joined.broadcast(&x.shape()));
        let fits = |x: &Var<'b>| joined.as_ref().is_some_and(|joined| joined.broadcast(&x.shape()).is_some());
        (0..4)
            .map(|_| self.any())
            .find(fits)
            .unwrap_or_else(|| self.b.constant(self.draws.pick(&[0.0, -0.0, 0.5, 1.0, 2.0])))
    }

    fn map(&self) -> Var<'b> {
        if self.kind != Kind::Gentle && self.draws.once_in(8) {
            let damped =
                Formula::new("damped", |[x, y]: [FormulaBody; 2]| (x.clone() * y).relu() - (-x.abs()).exp() / -0.0);
            let x = self.any();
            return damped.apply([x, self.partner(&[x])]);
        }
        let op = self.draws.pick(if self.kind == Kind::Gentle { GENTLE } else { MapOp::ALL });
        let mut arguments = vec![self.any()];
        while arguments.len() < op.info().arguments.len() {
            arguments.push(self.partner(&arguments));
        }
        self.b.map(op, &arguments)
    }

    fn reduce(&self) -> Var<'b> {
        let x = self.any();
        let axes = (0..x.rank() as isize).filter(|_| self.draws.once_in(2)).collect();
        let (axes, keep) = (Axes::Listed(axes), self.draws.once_in(2));
        match (self.draws.pick(Monoid::ALL), keep) {
            (Monoid::Sum, false) if self.kind == Kind::Gentle => x.mean(axes),
            (monoid, keep) => x.reduce(monoid, axes, keep),
        }
    }

    fn contract(&mut self) -> Option<Var<'b>> {
        let (x, _) = self.any_axis()?;
        let inner = x.shape().dims().last()?.clone();
        let declared = |dim: &Dim| dim.as_known().is_some() || dim.as_symbol().is_some();
        x.shape().dims().iter().all(declared).then_some(())?;
        let right = match self.draws.below(4) {
            0 => Shape::new([inner]),
            1 if x.rank() > 2 => {
                let lead = x.shape().dims()[..x.rank() - 2].to_vec();
                Shape::new(lead.into_iter().chain([inner, self.dim()]))
            }
            2 => Shape::new([Dim::known(self.draws.pick(&[1, 2])), inner, self.dim()]),
            _ => Shape::new([inner, self.dim()]),
        };
        let leads = |rank: usize, shape: &Shape| Shape::new(shape.dims()[..rank.saturating_sub(2)].to_vec());
        leads(x.rank(), &x.shape()).broadcast(&leads(right.rank(), &right))?;
        let right = self.leaf(right);
        let product = x.matmul(right);
        Some(if self.kind == Kind::Gentle { product.tanh() } else { product })
    }

    fn layout(&self) -> Option<Var<'b>> {
        let (x, axis) = self.any_axis()?;
        let known = x.shape().dims()[axis].as_known();
        let examples = x.shape().as_known().map(|shape| Layout::examples(&shape)).unwrap_or_default();
        Some(match (self.draws.below(10), known) {
            (9, _) if !examples.is_empty() => x.arrange(examples[self.draws.below(examples.len())].clone()),
            (0, _) => x.flatten(axis),
            (1, _) => x.flatten(0).reshape(x.shape()),
            (2, Some(extent)) if extent % 2 == 0 => {
                let mut dims = x.shape().dims().to_vec();
                dims[axis] = Dim::known(extent / 2);
                dims.insert(axis, Dim::known(2));
                x.reshape(Shape::from(dims))
            }
            (3 | 2, _) => match x.rank() {
                2 => x.permute([1, 0]),
                3 => self.draws.pick(&[x.permute([2, 0, 1]), x.permute([0, 2, 1]), x.permute([1, 2, 0])]),
                4 => self.draws.pick(&[x.permute([2, 0, 3, 1]), x.permute([3, 2, 1, 0]), x.permute([0, 2, 3, 1])]),
                5 => self.draws.pick(&[x.permute([4, 0, 2, 1, 3]), x.permute([0, 2, 1, 3, 4])]),
                _ => x.permute([0]),
            },
            (4, _) if x.rank() > 1 => x.transpose(),
            (4 | 5, _) => x.broadcast_to(Shape::new([self.dim()].into_iter().chain(x.shape().dims().iter().cloned()))),
            (6, Some(extent)) => {
                let start = self.draws.below(extent + 1);
                x.slice(axis as isize, start..start + self.draws.below(extent - start + 1))
            }
            (7, Some(_)) => x.pad(axis as isize, self.draws.below(3), self.draws.below(3)),
            (8, Some(extent)) => x.concat([x.slice(axis as isize, 0..extent / 2), x], axis as isize),
            _ => x.reshape(Shape::new([Dim::known(1)].into_iter().chain(x.shape().dims().iter().cloned()))),
        })
    }

    fn index(&mut self) -> Option<Var<'b>> {
        let (x, axis) = self.any_axis()?;
        let extent = self.extent(x, axis);
        match self.draws.below(3) {
            0 if extent > 0 => {
                let positions = self.positions(extent);
                Some(x.gather(axis as isize, positions))
            }
            1 => Some(self.positions(4).one_hot(4)),
            2 if self.kind != Kind::Gentle => Some(x.stop_gradient().argmax(axis as isize)),
            _ => None,
        }
    }

    /// A window along one axis, or along two: what it sees, and now and then what is added up from that.
    fn windows(&mut self) -> Option<Var<'b>> {
        let (x, axis) = self.any_axis()?;
        if self.draws.once_in(2) {
            return self.convolution();
        }
        let sliding = || {
            let window = Sliding::new(self.draws.pick(&[1, 2, 3])).stride(self.draws.pick(&[1, 1, 2, 3]));
            window.dilation(self.draws.pick(&[1, 1, 2])).pad(self.draws.below(3), self.draws.below(3))
        };
        let fits = |axis: usize, sliding: &Sliding| sliding.places(x.shape().dims()[axis].as_known()?);
        let first = sliding();
        fits(axis, &first)?;
        let extent = |axis: usize| self.extent(x, axis);
        let (second, next) = (sliding(), axis + 1);
        let is_pair = next < x.rank() && x.rank() + 2 <= MOST_AXES && fits(next, &second).is_some();
        let is_folded = self.draws.once_in(3);
        Some(if is_pair {
            let along = [(axis as isize, first), (next as isize, second)];
            let seen = x.unfold(along);
            if is_folded { seen.relu().fold(along, [extent(axis), extent(next)]) } else { seen }
        } else {
            let seen = x.unfold([(axis as isize, first)]);
            if is_folded { seen.relu().fold([(axis as isize, first)], [extent(axis)]) } else { seen }
        })
    }

    /// Draws by a step that is written, fed, or, where rounding may decide it, worked out.
    fn uniform(&mut self) -> Var<'b> {
        let stream = Stream::new(self.draws.below(3) as u64, "random graph");
        let mut step = vec![self.step()];
        if self.draws.once_in(3) {
            step.push(self.step());
        }
        // Of the shape of what it meets, or of any.
        let x = self.any();
        if self.draws.once_in(2) {
            let drawn = self.b.uniform(stream, &step, x.shape());
            return if self.draws.once_in(2) { x * drawn.greater_equal(0.5) } else { drawn };
        }
        self.b.uniform(stream, &step, self.shape())
    }

    fn step(&mut self) -> Var<'b> {
        let single = self.pool.iter().copied().filter(|x| x.rank() == 0).collect::<Vec<_>>();
        if self.kind != Kind::Gentle && !single.is_empty() && self.draws.once_in(3) {
            return self.draws.pick(&single);
        }
        let number = self.draws.pick(&[0.0, 1.0, 2.0, 16_777_215.0]);
        if self.draws.once_in(2) {
            return self.b.constant(number);
        }
        let name = format!("step {}", self.feeds.len());
        self.feeds.push((name.clone(), Tensor::scalar(number)));
        self.b.input(&name, Shape::scalar())
    }

    /// A convolution of samples, or its transpose.
    fn convolution(&mut self) -> Option<Var<'b>> {
        let known = |x: &Var<'b>| x.shape().dims()[1..].iter().all(|dim| dim.as_known().is_some());
        let x = (0..4).map(|_| self.any()).find(|x| x.rank() == 4 && known(x)).unwrap_or_else(|| {
            let images = Shape::from(("batch", self.draws.pick(&[1, 2, 3]), self.draws.pick(&[3, 5]), 4));
            self.leaf(images)
        });
        let [channels, height, width] = [1, 2, 3].map(|axis| self.extent(x, axis));
        // Often the commonest windows, which have an arithmetic of their own.
        let are_common = self.draws.once_in(3);
        let windows = [0; 2].map(|_| {
            let window = match are_common {
                true => Sliding::new(3),
                false => {
                    let window = Sliding::new(self.draws.pick(&[1, 2, 3])).stride(self.draws.pick(&[1, 1, 2]));
                    window.dilation(self.draws.pick(&[1, 1, 2]))
                }
            };
            window.pad(self.draws.below(3), self.draws.below(3))
        });
        windows[0].places(height).and(windows[1].places(width))?;
        let filters = self.draws.pick(&[1, 2, 3, 17]);
        let size = windows.map(|window| window.size());
        let kernels = self.leaf(Shape::from((filters, channels, size[0], size[1])));
        let filtered = x.convolve(kernels, windows, 1);
        let filtered = if self.kind == Kind::Gentle { filtered.tanh() } else { filtered };
        Some(match self.draws.below(4) {
            0 => filtered.convolve_transposed(kernels, windows, [height, width], 1),
            1 => self.pooled(filtered),
            _ => filtered,
        })
    }

    /// The largest of each two by two pixels, where these cover all.
    fn pooled(&self, x: Var<'b>) -> Var<'b> {
        let dims = x.shape().dims().to_vec();
        let halves = dims[2..].iter().map(|dim| dim.divided_by(&Dim::known(2))).collect::<Option<Vec<_>>>();
        let Some([down, across]) = halves.as_deref().map(|halves| [halves[0].clone(), halves[1].clone()]) else {
            return x;
        };
        let two = Dim::known(2);
        x.reshape(Shape::new([dims[0].clone(), dims[1].clone(), down, two.clone(), across, two])).max([3, 5])
    }

    fn composition(&self) -> Option<Var<'b>> {
        let (x, axis) = self.any_axis()?;
        let axis = axis as isize;
        Some(match self.draws.below(5) {
            0 => x.softmax(axis),
            1 => x.log_softmax(axis),
            2 => x.mean(axis),
            3 => x.softmax_cross_entropy(x.stop_gradient()),
            _ => x.half_sum_of_squares(self.b.constant(0.5)),
        })
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    fn finish(&self) -> Graph {
        let count = 1 + self.draws.below(3);
        let mut outputs: Vec<_> = self.pool.iter().rev().take(count).copied().collect();
        if self.kind == Kind::WildWithGradient {
            let loss = outputs.iter().fold(self.b.constant(0.0), |loss, x| loss + x.sum_all());
            let leaves: Vec<_> = self.pool.iter().filter(|x| x.name().is_some()).copied().collect();
            outputs.push(loss);
            outputs.extend(self.b.grad(loss, &leaves));
        }
        for target in self.b.parameters().into_iter().filter(|_| self.draws.once_in(2)) {
            self.b.assign(target, target * 0.5);
        }
        self.b.finish(outputs).unwrap_or_else(|error| panic!("{error}"))
    }
}
