//! A learned row of numbers for each of many positions, such as the words of a vocabulary.

use limpid_graph::{Fault, Var};

use super::written;
use crate::describe::choices::{Choice, Setting, Value};
use crate::describe::context::Context;
use crate::describe::initializer::Initializer;
use crate::describe::layer::Layer;

/// How rows are drawn where nothing is said.
const INITIALIZER: Initializer = Initializer::Normal(1.0);

pub(super) static ROWS: &[Choice<Box<dyn Layer>>] = &[Choice {
    name: "embedding",
    aliases: &[],
    about: "a learned row of numbers for each position, such as that of a word in a vocabulary",
    example: "embedding 1000 16",
    settings: &[
        Setting::count("count", "the number of its rows"),
        Setting::count("size", "the length of a row"),
        Setting::initializer(INITIALIZER),
    ],
    make: |settings| {
        let embedding = Embedding::new(settings.count("count"), settings.count("size"));
        Ok(Box::new(embedding.init(settings.initializer("init").unwrap_or(INITIALIZER))))
    },
}];

/// A learned row of `size` numbers for each position from 0 to `count` − 1: `(batch, …)` becomes `(batch, …, size)`.
///
/// Its inputs are whole numbers, which have no derivative: it stands first in a network. A number that is no position is
/// an error of the run that meets it. Its parameter is `w`, of shape `(count, size)`.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{Affine, Embedding, Flatten, Model, Network};
///
/// let network = Network::new(3, (Embedding::new(100, 8), Flatten, Affine::to(2)));
/// assert_eq!(network.to_string(), "3, embedding 100 8, flatten, affine 2");
/// let mut model = Model::new(&network, 1)?;
/// assert_eq!(model.predict(&Tensor::from([4.0, 99.0, 0.0]))?.shape(), [2]);
/// let told = model.predict(&Tensor::from([4.0, 100.0, 0.0])).unwrap_err().to_string();
/// assert!(told.contains("100 is not a position; use a whole number from 0 to 99"), "{told}");
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embedding {
    count: usize,
    size: usize,
    initializer: Initializer,
}

impl Embedding {
    /// Rows of `size` numbers for `count` positions.
    pub fn new(count: usize, size: usize) -> Self {
        Self { count, size, initializer: INITIALIZER }
    }

    /// How its rows are initialized. The default is normal with deviation 1.
    pub fn init(self, initializer: Initializer) -> Self {
        Self { initializer, ..self }
    }
}

impl Layer for Embedding {
    fn text(&self) -> String {
        let values = [Value::Count(self.count), Value::Count(self.size), Value::Initializer(self.initializer)];
        written("embedding", &values)
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        if self.count == 0 || self.size == 0 {
            let what = format!("the layer has {} rows of {} numbers", self.count, self.size);
            let hint = "at least one row of at least one number".to_string();
            return context.builder().poison("embedding", Fault::Layer { what, hint }, &[x]);
        }
        let rows = context.parameter("w", (self.count, self.size), self.initializer);
        rows.gather(0, x)
    }
}
