//! Reading the test images: many a call (W5) and one (W6). A caller has them as `f32`, divided already.

use std::hint::black_box;

use limpid::engine::{Program, Session};
use limpid::graph::{Sizes, Tensor};
use limpid::learn::{Mode, Network};

use super::training::flops;
use super::{Bench, Row, answered, measure};
use crate::failure::Failure;

const NETWORK: &str = "784, affine 50 init=xavier, sigmoid, affine 100 init=xavier, sigmoid, affine 10, softmax";
/// How many images a call reads.
const BATCHES: [usize; 2] = [100, 2000];

/// A network that is asked.
struct Inference {
    session: Session,
    program: Program,
}

impl Inference {
    /// The network, and the operations of a call for `batch` images.
    fn new(bench: &Bench, batch: usize) -> Result<(Self, u64), Failure> {
        let network: Network = NETWORK.parse()?;
        let graph = network.graph(Mode::Inference)?.simplified()?;
        let flops = flops(&graph, &Sizes::from([("batch", batch)]))?;
        let mut session = bench.session(&network, 1)?;
        Ok((Self { program: session.load(graph), session }, flops))
    }

    /// One call: all that the clock sees.
    fn ask(&mut self, images: &Tensor) -> Result<(), Failure> {
        black_box(answered(self.session.step(self.program, &[("x", images)]))?.floats(0));
        Ok(())
    }
}

impl Bench {
    /// The test images, so many at a time.
    fn images(&self, batch: usize) -> Result<Vec<Tensor>, Failure> {
        let test = &self.data()?.test;
        let size: usize = test.shape().iter().skip(1).product();
        let numbers = test.inputs_as_f32();
        let whole = |numbers: &[f32]| Tensor::new([numbers.len() / size, size], numbers.to_vec());
        let images: Result<Vec<Tensor>, _> = numbers.chunks(batch * size).map(whole).collect();
        images.map_err(|error| Failure::Limpid(error.into()))
    }

    /// Images a second.
    pub(super) fn throughput(&self) -> Result<Vec<Row>, Failure> {
        let row = |batch: usize| {
            let (images, (mut network, flops)) = (self.images(batch)?, Inference::new(self, batch)?);
            let count = self.data()?.test.len();
            let mut all =
                |times: usize| (0..times).try_for_each(|_| images.iter().try_for_each(|images| network.ask(images)));
            let spread = measure::rate(&self.settings, 20, &mut all)?.scaled(count as f64);
            let row = Row::new(format!("W5/b{batch}"), self.settings.threads, spread, "images/s");
            Ok(row.with_floor(flops, batch as f64 * self.peak() / flops as f64))
        };
        BATCHES.into_iter().map(row).collect()
    }

    /// Microseconds a call.
    pub(super) fn latency(&self) -> Result<Vec<Row>, Failure> {
        let (images, (mut network, flops)) = (self.images(1)?, Inference::new(self, 1)?);
        let (half, most) = measure::latency(&self.settings, |call| network.ask(&images[call % images.len()]))?;
        let floor = 1e6 * flops as f64 / self.peak();
        let row = |name, spread| Row::new(name, self.settings.threads, spread, "µs").with_floor(flops, floor);
        Ok(vec![row("W6/p50", half), row("W6/p99", most)])
    }
}
