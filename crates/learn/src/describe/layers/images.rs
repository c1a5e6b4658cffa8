//! What layers of images `(batch, channels, height, width)` share: windows that slide along height and width.

use limpid_graph::{Dim, Fault, Shape, Sliding, Var};

use crate::describe::choices::Padding;
use crate::describe::context::Context;

/// What is known of images before a run.
pub(super) struct Images {
    pub(super) batch: Dim,
    pub(super) channels: usize,
    /// Height and width.
    pub(super) extents: [usize; 2],
}

impl Images {
    /// Of what a layer is given; nothing, and a mistake is noted, where these are no images.
    pub(super) fn of<'b>(x: Var<'b>, layer: &str, context: &Context<'b>) -> Option<Self> {
        if x.is_poisoned() {
            return None;
        }
        let shape = x.shape();
        if let [batch, channels, height, width] = shape.dims()
            && let (Some(channels), Some(height), Some(width)) =
                (channels.as_known(), height.as_known(), width.as_known())
            && channels * height * width > 0
        {
            return Some(Self { batch: batch.clone(), channels, extents: [height, width] });
        }
        let what = format!("the layer takes images (batch, channels, height, width), but is given {shape}");
        let hint = "a network that begins with the extents of an image, such as `1x28x28`".to_string();
        context.builder().poison(layer, Fault::Layer { what, hint }, &[x]);
        None
    }

    /// The shape of as many images with these channels and extents.
    pub(super) fn shape(&self, channels: usize, [height, width]: [usize; 2]) -> Shape {
        Shape::new([self.batch.clone(), channels.into(), height.into(), width.into()])
    }

    /// The windows that slide along height and width, and at how many places they stop; or what is wrong with them.
    pub(super) fn windows(&self, window: &Window) -> Result<([Sliding; 2], [usize; 2]), Fault> {
        let slidings = [0, 1].map(|axis| window.along(axis, self.extents[axis]));
        let places = [0, 1].map(|axis| slidings[axis].places(self.extents[axis]));
        if let [Some(down), Some(across)] = places {
            return Ok((slidings, [down, across]));
        }
        if window.stride.contains(&0) || window.dilation.contains(&0) || window.size.contains(&0) {
            let Window { noun, .. } = window;
            let what = format!("a {noun}, a stride or a dilation is 0");
            return Err(Fault::Layer { what, hint: "1 or more for each".to_string() });
        }
        let padded = [0, 1].map(|axis| slidings[axis].padded(self.extents[axis]));
        let reach = slidings.map(|sliding| sliding.reach());
        let Window { noun, size, dilation, .. } = window;
        let dilated = if *dilation == [1, 1] { String::new() } else { format!(", which reaches over {},", by(reach)) };
        let what = format!("a {noun} of {}{dilated} is larger than its padded input of {}", by(*size), by(padded));
        let needed = [0, 1].map(|axis| reach[axis].saturating_sub(self.extents[axis]).div_ceil(2));
        let pad = if needed[0] == needed[1] { needed[0].to_string() } else { by(needed) };
        let hint = format!("a {noun} that reaches over at most {}, or pad={pad} or more", by(padded));
        Err(Fault::Layer { what, hint })
    }
}

/// A window as a layer describes it: in height and in width.
pub(super) struct Window {
    /// `kernel` or `window`.
    pub(super) noun: &'static str,
    pub(super) size: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) dilation: [usize; 2],
    pub(super) padding: Padding,
}

impl Window {
    /// That of a pool, which moves as far as it is large where no stride is said.
    pub(super) fn of_pool(size: [usize; 2], stride: Option<[usize; 2]>, padding: Padding) -> Self {
        Self { noun: "window", size, stride: stride.unwrap_or(size), dilation: [1, 1], padding }
    }

    fn along(&self, axis: usize, extent: usize) -> Sliding {
        let [before, after] = self.around(axis, extent);
        self.unpadded(axis).pad(before, after)
    }

    fn unpadded(&self, axis: usize) -> Sliding {
        Sliding::new(self.size[axis]).stride(self.stride[axis]).dilation(self.dilation[axis])
    }

    /// How many positions stand before an axis of `extent`, and behind it.
    pub(super) fn around(&self, axis: usize, extent: usize) -> [usize; 2] {
        match self.padding {
            Padding::Each(each) => [each[axis]; 2],
            Padding::Same => {
                let stride = self.stride[axis].max(1);
                let last = (extent.div_ceil(stride) - 1).saturating_mul(stride);
                let around = last.saturating_add(self.unpadded(axis).reach()).saturating_sub(extent);
                [around / 2, around - around / 2]
            }
        }
    }
}

/// Height by width.
pub(super) fn by([height, width]: [usize; 2]) -> String {
    format!("{height}x{width}")
}
