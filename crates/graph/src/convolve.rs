//! Convolution as a composition: unfold, and a matrix product.
//!
//! ```text
//! images (n, c, h, w) ─► (n, h, w, c) ─ unfold ─► (n, y, x, kh, kw, c) ─► (n·y·x, kh·kw·c) · (kh·kw·c, o) ─► (n, o, y, x)
//! ```
//!
//! Written this way a product's left operand is a reshaped unfolding, and its gradient with respect to the images a fold:
//! an engine can recognize both, and make the product without writing the windows out.

use limpid_tensor::{Dim, Shape};

use crate::builder::Var;
use crate::mistake::Fault;
use crate::op::Sliding;

impl Var<'_> {
    /// The convolution of these images `(n, channels, height, width)` with kernels `(filters, channels / groups, kernel
    /// height, kernel width)`: `(n, filters, places, places)`. As everywhere in deep learning the kernels are not mirrored
    /// (Goodfellow, Bengio, Courville, Deep Learning, 2016, section 9.1). `windows` slide along height and width and have
    /// the kernels' sizes. The channels and the filters are divided into `groups`, and each group of filters sees its own.
    ///
    /// ```
    /// use limpid_graph::{Builder, Shape, Sliding};
    ///
    /// let b = Builder::new();
    /// let (x, w) = (b.input("x", ("batch", 1, 28, 28)), b.parameter("w", (30, 1, 5, 5)));
    /// let y = x.convolve(w, [Sliding::new(5); 2], 1);
    /// assert_eq!(y.shape(), Shape::from(("batch", 30, 24, 24)));
    /// # b.finish([y])?;
    /// # Ok::<(), limpid_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn convolve(self, kernels: Self, windows: [Sliding; 2], groups: usize) -> Self {
        if let Some(poisoned) = self.builder().spoiled("convolve", &[self, kernels]) {
            return poisoned;
        }
        let (images, of_kernels) = (self.shape(), kernels.shape());
        let ([n, channels, height, width], Some(&[filters, own, down, across])) =
            (images.dims(), of_kernels.as_known().as_deref())
        else {
            return self.not_convolved(
                "convolve",
                kernels,
                "images and kernels have four axes, the kernels' all known",
            );
        };
        if groups == 0 || *channels != Dim::known(own * groups) || !filters.is_multiple_of(groups) {
            let hint =
                format!("kernels of shape (filters, {channels} / groups, height, width), the groups dividing both");
            return self.not_convolved("convolve", kernels, &hint);
        }
        if [down, across] != windows.map(|window| window.size()) {
            return self.not_convolved("convolve", kernels, "windows as large as the kernels");
        }
        let (of_one, of_group) = (down * across * own, filters / groups);
        let dims = |dims: &[&Dim]| Shape::new(dims.iter().map(|&dim| dim.clone()));
        let [known_groups, known_own, of_one, of_group, filters] =
            [groups, own, of_one, of_group, filters].map(Dim::known);
        if groups == 1 {
            let seen = self.permute([0, 2, 3, 1]).unfold([(1, windows[0]), (2, windows[1])]);
            let of_seen = seen.shape();
            let [_, y, x, ..] = of_seen.dims() else { return seen };
            let rows = n.clone() * y.clone() * x.clone();
            let matrix = kernels.permute([2, 3, 1, 0]).reshape(dims(&[&of_one, &filters]));
            let product = seen.reshape(dims(&[&rows, &of_one])).matmul(matrix);
            return product.reshape(dims(&[n, y, x, &filters])).permute([0, 3, 1, 2]);
        }
        let grouped = self.reshape(dims(&[n, &known_groups, &known_own, height, width])).permute([1, 0, 3, 4, 2]);
        let seen = grouped.unfold([(2, windows[0]), (3, windows[1])]);
        let of_seen = seen.shape();
        let [_, _, y, x, ..] = of_seen.dims() else { return seen };
        let rows = n.clone() * y.clone() * x.clone();
        let [down, across] = [down, across].map(Dim::known);
        let matrices = kernels.reshape(dims(&[&known_groups, &of_group, &known_own, &down, &across]));
        let matrices = matrices.permute([0, 3, 4, 2, 1]).reshape(dims(&[&known_groups, &of_one, &of_group]));
        let product = seen.reshape(dims(&[&known_groups, &rows, &of_one])).matmul(matrices);
        let product = product.reshape(dims(&[&known_groups, n, y, x, &of_group])).permute([1, 0, 4, 2, 3]);
        product.reshape(dims(&[n, &filters, y, x]))
    }

    /// The transposed convolution: what [`convolve`](Var::convolve) does with images of `(n, filters, height, width)`,
    /// backwards. These images `(n, channels, places, places)` and kernels `(channels, filters / groups, kernel height,
    /// kernel width)` give images of `extents`, along which the windows stop at as many places. Each group of channels goes
    /// into its own group of filters.
    ///
    /// ```
    /// use limpid_graph::{Builder, Shape, Sliding};
    ///
    /// let b = Builder::new();
    /// let (x, w) = (b.input("x", ("batch", 16, 7, 7)), b.parameter("w", (16, 8, 2, 2)));
    /// let y = x.convolve_transposed(w, [Sliding::new(2).stride(2); 2], [14, 14], 1);
    /// assert_eq!(y.shape(), Shape::from(("batch", 8, 14, 14)));
    /// # b.finish([y])?;
    /// # Ok::<(), limpid_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn convolve_transposed(self, kernels: Self, windows: [Sliding; 2], extents: [usize; 2], groups: usize) -> Self {
        if let Some(poisoned) = self.builder().spoiled("convolve_transposed", &[self, kernels]) {
            return poisoned;
        }
        let (images, of_kernels) = (self.shape(), kernels.shape());
        let ([n, channels, y, x], Some(&[own, of_group, down, across])) =
            (images.dims(), of_kernels.as_known().as_deref())
        else {
            let hint = "images and kernels have four axes, the kernels' all known";
            return self.not_convolved("convolve_transposed", kernels, hint);
        };
        let is_grouped = groups > 0 && own.is_multiple_of(groups);
        if !is_grouped || *channels != Dim::known(own) || [down, across] != windows.map(|window| window.size()) {
            let hint = format!(
                "kernels of shape ({channels}, filters / groups, height, width), groups that divide the channels, and \
                 windows as large as the kernels"
            );
            return self.not_convolved("convolve_transposed", kernels, &hint);
        }
        let rows = n.clone() * y.clone() * x.clone();
        let dims = |dims: &[&Dim]| Shape::new(dims.iter().map(|&dim| dim.clone()));
        if groups > 1 {
            let (g, of_one) = (Dim::known(groups), Dim::known(own / groups));
            let pixels = self.reshape(dims(&[n, &g, &of_one, y, x])).permute([1, 0, 3, 4, 2]);
            let matrices = kernels.reshape(Shape::from(&[groups, own / groups, of_group, down, across][..]));
            let matrices = matrices.permute([0, 1, 3, 4, 2]);
            let matrices = matrices.reshape(Shape::from((groups, own / groups, down * across * of_group)));
            let seen = pixels.reshape(dims(&[&g, &rows, &of_one])).matmul(matrices);
            let [down, across, of_group] = [down, across, of_group].map(Dim::known);
            let seen = seen.reshape(dims(&[&g, n, y, x, &down, &across, &of_group]));
            let made = seen.fold([(2, windows[0]), (3, windows[1])], extents).permute([1, 0, 4, 2, 3]);
            let [height, width] = extents.map(Dim::known);
            return made.reshape(dims(&[n, &(g * of_group), &height, &width]));
        }
        let filters = of_group;
        let pixels = self.permute([0, 2, 3, 1]).reshape(Shape::new([rows, channels.clone()]));
        let matrix = kernels.permute([0, 2, 3, 1]).reshape(Shape::from((own, down * across * filters)));
        let [down, across, filters] = [down, across, filters].map(Dim::known);
        let seen = pixels.matmul(matrix).reshape(dims(&[n, y, x, &down, &across, &filters]));
        seen.fold([(1, windows[0]), (2, windows[1])], extents).permute([0, 3, 1, 2])
    }

    #[track_caller]
    fn not_convolved(self, op: &str, kernels: Self, hint: &str) -> Self {
        let what = "the kernels do not fit the images".to_string();
        self.builder().poison(op, Fault::Layer { what, hint: hint.to_string() }, &[self, kernels])
    }
}
