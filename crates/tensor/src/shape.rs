//! The extents of a value: numbers known when the graph is described, and symbols bound when it runs.
//!
//! A graph is described once and planned for each actual size, so a dimension may be a symbol such as `batch`.
//! Flattening can multiply symbols, hence a dimension is a product: a known factor times symbols.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One extent of a [`Shape`]: a known number, a symbol, or a product of both.
///
/// ```
/// use limpid_tensor::Dim;
///
/// let batch = Dim::symbol("batch");
/// assert_eq!((batch.clone() * Dim::known(784)).to_string(), "784·batch");
/// assert_eq!(Dim::known(3) * Dim::known(4), Dim::known(12));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dim {
    factor: usize,
    /// Sorted, so that equal products compare equal. Empty when the factor is 0.
    symbols: Vec<Arc<str>>,
}

impl Dim {
    /// A number known when the graph is described.
    pub fn known(extent: usize) -> Self {
        Self { factor: extent, symbols: Vec::new() }
    }

    /// A number bound when the graph runs; equal names mean equal extents.
    pub fn symbol(name: &str) -> Self {
        Self { factor: 1, symbols: vec![Arc::from(name)] }
    }

    /// The number, if it is known.
    pub fn as_known(&self) -> Option<usize> {
        self.symbols.is_empty().then_some(self.factor)
    }

    /// The symbol's name, if the dimension is a single symbol.
    pub fn as_symbol(&self) -> Option<&Arc<str>> {
        match self.symbols.as_slice() {
            [one] if self.factor == 1 => Some(one),
            _ => None,
        }
    }

    /// The number once the symbols in it are bound; `None` if one is not, or the product overflows.
    pub fn resolve(&self, sizes: &Sizes) -> Option<usize> {
        self.symbols.iter().try_fold(self.factor, |n, symbol| n.checked_mul(sizes.get(symbol)?))
    }

    /// `self / divisor` where that is a whole dimension for every binding of the symbols.
    pub fn divided_by(&self, divisor: &Self) -> Option<Self> {
        if divisor.factor == 0 || !self.factor.is_multiple_of(divisor.factor) {
            return None;
        }
        let mut symbols = self.symbols.clone();
        for symbol in &divisor.symbols {
            let at = symbols.iter().position(|s| s == symbol)?;
            symbols.remove(at);
        }
        Some(Self { factor: self.factor / divisor.factor, symbols })
    }

    /// The symbols in it, as they come.
    pub fn symbols(&self) -> impl Iterator<Item = &Arc<str>> {
        self.symbols.iter()
    }

    /// Whether it is the number 1.
    pub fn is_one(&self) -> bool {
        self.as_known() == Some(1)
    }
}

impl std::ops::Mul for Dim {
    type Output = Self;

    fn mul(mut self, other: Self) -> Self {
        self.factor = self.factor.saturating_mul(other.factor);
        self.symbols.extend(other.symbols);
        self.symbols.sort();
        if self.factor == 0 {
            self.symbols.clear();
        }
        self
    }
}

impl From<usize> for Dim {
    fn from(extent: usize) -> Self {
        Self::known(extent)
    }
}

impl From<&str> for Dim {
    fn from(name: &str) -> Self {
        Self::symbol(name)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols = self.symbols.join("·");
        match (self.factor, symbols.is_empty()) {
            (factor, true) => write!(f, "{factor}"),
            (1, false) => f.write_str(&symbols),
            (factor, false) => write!(f, "{factor}·{symbols}"),
        }
    }
}

impl fmt::Debug for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The dimensions of a value, outermost first. Rank 0 is a single number.
///
/// ```
/// use limpid_tensor::{Dim, Shape};
///
/// let images = Shape::from(("batch", 28, 28));
/// assert_eq!(images.to_string(), "(batch, 28, 28)");
/// assert_eq!(images.count(), Dim::symbol("batch") * Dim::known(784));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(Vec<Dim>);

impl Shape {
    /// The shape of a single number.
    pub fn scalar() -> Self {
        Self(Vec::new())
    }

    /// A shape of these dimensions.
    pub fn new(dims: impl IntoIterator<Item = impl Into<Dim>>) -> Self {
        Self(dims.into_iter().map(Into::into).collect())
    }

    /// The dimensions, outermost first.
    pub fn dims(&self) -> &[Dim] {
        &self.0
    }

    /// How many axes there are.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// How many numbers a value of this shape holds.
    pub fn count(&self) -> Dim {
        self.0.iter().cloned().fold(Dim::known(1), |product, dim| product * dim)
    }

    /// The shape in numbers, once every symbol is bound; `None` if one is not, or if memory could not address as many
    /// `f64`s.
    pub fn resolve(&self, sizes: &Sizes) -> Option<Vec<usize>> {
        let shape = self.0.iter().map(|dim| dim.resolve(sizes)).collect::<Option<Vec<_>>>()?;
        count_of(&shape)?;
        Some(shape)
    }

    /// The symbols in it, as they come.
    pub fn symbols(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().flat_map(Dim::symbols)
    }

    /// The shape in numbers, if no symbol is in it.
    pub fn as_known(&self) -> Option<Vec<usize>> {
        self.resolve(&Sizes::default())
    }

    /// The shape that both broadcast to under NumPy's rule: aligned at the last axis, and where the extents differ
    /// one of them is 1. `None` where neither is.
    pub fn broadcast(&self, other: &Self) -> Option<Self> {
        let rank = self.rank().max(other.rank());
        let one = Dim::known(1);
        let at = |shape: &Self, axis: usize| {
            (axis + shape.rank()).checked_sub(rank).map_or_else(|| one.clone(), |i| shape.0[i].clone())
        };
        let join = |axis| match (at(self, axis), at(other, axis)) {
            (a, b) if a == b => Some(a),
            (a, b) if a.is_one() => Some(b),
            (a, b) if b.is_one() => Some(a),
            _ => None,
        };
        (0..rank).map(join).collect::<Option<Vec<_>>>().map(Self)
    }
}

/// How many numbers a value of this shape holds, if memory can address as many `f64`s. Extents of 0 excuse no
/// others, so that products over some of the axes never overflow.
pub(crate) fn count_of(shape: &[usize]) -> Option<usize> {
    let bytes = shape.iter().try_fold(size_of::<f64>(), |n, &extent| n.checked_mul(extent.max(1)))?;
    (bytes <= isize::MAX as usize).then(|| shape.iter().product())
}

impl From<usize> for Shape {
    fn from(extent: usize) -> Self {
        Self(vec![Dim::known(extent)])
    }
}

impl From<&str> for Shape {
    fn from(symbol: &str) -> Self {
        Self(vec![Dim::symbol(symbol)])
    }
}

impl From<Vec<Dim>> for Shape {
    fn from(dims: Vec<Dim>) -> Self {
        Self(dims)
    }
}

impl From<&[usize]> for Shape {
    fn from(extents: &[usize]) -> Self {
        Self::new(extents.iter().copied())
    }
}

impl From<()> for Shape {
    fn from((): ()) -> Self {
        Self::scalar()
    }
}

impl<D: Into<Dim>, const N: usize> From<[D; N]> for Shape {
    fn from(dims: [D; N]) -> Self {
        Self::new(dims)
    }
}

macro_rules! shape_from_tuple {
    ($($name:ident),+) => {
        impl<$($name: Into<Dim>),+> From<($($name,)+)> for Shape {
            #[allow(non_snake_case)]
            fn from(($($name,)+): ($($name,)+)) -> Self {
                Self(vec![$($name.into()),+])
            }
        }
    };
}
shape_from_tuple!(A);
shape_from_tuple!(A, B);
shape_from_tuple!(A, B, C);
shape_from_tuple!(A, B, C, D);
shape_from_tuple!(A, B, C, D, E);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dims = self.0.iter().map(ToString::to_string).collect::<Vec<_>>();
        match dims.as_slice() {
            [one] => write!(f, "({one},)"),
            many => write!(f, "({})", many.join(", ")),
        }
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What each symbol of a graph is bound to in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sizes(BTreeMap<Arc<str>, usize>);

impl Sizes {
    /// What `symbol` is bound to.
    pub fn get(&self, symbol: &str) -> Option<usize> {
        self.0.get(symbol).copied()
    }

    /// Binds `symbol`; answers the earlier binding where it differs.
    pub fn bind(&mut self, symbol: &Arc<str>, extent: usize) -> Result<(), usize> {
        match *self.0.entry(symbol.clone()).or_insert(extent) {
            bound if bound == extent => Ok(()),
            bound => Err(bound),
        }
    }
}

impl<const N: usize> From<[(&str, usize); N]> for Sizes {
    fn from(bindings: [(&str, usize); N]) -> Self {
        Self(bindings.into_iter().map(|(name, extent)| (Arc::from(name), extent)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        let table: &[(Shape, Shape, Option<Shape>)] = &[
            (Shape::from((2, 3)), Shape::from(3), Some(Shape::from((2, 3)))),
            (Shape::from(("n", 3)), Shape::from((1, 3)), Some(Shape::from(("n", 3)))),
            (Shape::from((4, 1)), Shape::from(5), Some(Shape::from((4, 5)))),
            (Shape::scalar(), Shape::from((2, 2)), Some(Shape::from((2, 2)))),
            (Shape::from((2, 3)), Shape::from(2), None),
            (Shape::from(("n", 3)), Shape::from((5, 3)), None),
        ];
        for (a, b, wanted) in table {
            assert_eq!(&a.broadcast(b), wanted, "{a} with {b}");
            assert_eq!(&b.broadcast(a), wanted, "{b} with {a}");
        }
    }

    #[test]
    fn products_of_symbols_divide_only_where_they_always_divide() {
        let flat = Dim::symbol("n") * Dim::known(12);
        assert_eq!(flat.divided_by(&Dim::known(4)), Some(Dim::symbol("n") * Dim::known(3)));
        assert_eq!(flat.divided_by(&Dim::symbol("n")), Some(Dim::known(12)));
        assert_eq!(flat.divided_by(&Dim::known(5)), None);
        assert_eq!(flat.divided_by(&Dim::symbol("m")), None);
    }
}
