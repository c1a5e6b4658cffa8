//! Layers one after the other.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use limpid_graph::Var;

use crate::describe::context::Context;
use crate::describe::layer::Layer;

/// Layers in the order in which they are applied. Written as a tuple of layers, or as a vector of boxed ones.
pub struct Sequence {
    /// Shared with every sequence of the first of them.
    layers: Arc<[Box<dyn Layer>]>,
    /// How many of them are applied.
    count: usize,
}

impl Sequence {
    /// The layers.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = &dyn Layer> {
        self.layers[..self.count].iter().map(AsRef::as_ref)
    }

    /// The first `count` layers; all where there are not so many.
    pub(crate) fn first(&self, count: usize) -> Self {
        Self { layers: Arc::clone(&self.layers), count: count.min(self.count) }
    }

    /// The layers as network text.
    pub(crate) fn text(&self) -> String {
        self.layers().map(Layer::text).collect::<Vec<_>>().join(", ")
    }

    /// Describes each layer on the result of the one before, in a scope of its own: `0`, `1`, …
    ///
    /// `location` stands in messages for layers that do not know where they were constructed.
    pub(crate) fn forward<'b>(
        &self,
        x: Var<'b>,
        context: &Context<'b>,
        location: &'static Location<'static>,
    ) -> Var<'b> {
        self.layers().enumerate().fold(x, |x, (i, layer)| {
            let location = layer.location().unwrap_or(location);
            let _scope = context.builder().scope(&i.to_string(), &layer.text(), location);
            layer.forward(x, context)
        })
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.layers()).finish()
    }
}

impl From<Vec<Box<dyn Layer>>> for Sequence {
    fn from(layers: Vec<Box<dyn Layer>>) -> Self {
        Self { count: layers.len(), layers: layers.into() }
    }
}

impl<L: Layer + 'static> From<L> for Sequence {
    fn from(layer: L) -> Self {
        let layers: Vec<Box<dyn Layer>> = vec![Box::new(layer)];
        layers.into()
    }
}

macro_rules! sequence_from_tuple {
    ($($name:ident),+) => {
        impl<$($name: Layer + 'static),+> From<($($name,)+)> for Sequence {
            #[allow(non_snake_case)]
            fn from(($($name,)+): ($($name,)+)) -> Self {
                let layers: Vec<Box<dyn Layer>> = vec![$(Box::new($name)),+];
                layers.into()
            }
        }
    };
}
sequence_from_tuple!(A);
sequence_from_tuple!(A, B);
sequence_from_tuple!(A, B, C);
sequence_from_tuple!(A, B, C, D);
sequence_from_tuple!(A, B, C, D, E);
sequence_from_tuple!(A, B, C, D, E, F);
sequence_from_tuple!(A, B, C, D, E, F, G);
sequence_from_tuple!(A, B, C, D, E, F, G, H);
sequence_from_tuple!(A, B, C, D, E, F, G, H, I);
sequence_from_tuple!(A, B, C, D, E, F, G, H, I, J);
sequence_from_tuple!(A, B, C, D, E, F, G, H, I, J, K);
sequence_from_tuple!(A, B, C, D, E, F, G, H, I, J, K, L);
