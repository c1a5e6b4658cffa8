//! The perceptron: numbers in, yes or no out (Rosenblatt 1958). It is an affine layer of one unit with a step function.

use crate::error::Error;

/// Answers yes if its weighted inputs and its bias add up to more than 0: w·x + b > 0.
///
/// The AND, NAND and OR gates are perceptrons that differ in nothing but their numbers. XOR is none: one perceptron
/// says yes on one side of a straight line and no on the other, and no line separates (0,1), (1,0) from (0,0), (1,1).
/// In numbers, XOR needs b ≤ 0, w₁ + b > 0 and w₂ + b > 0, which add up to w₁ + w₂ + b > −b ≥ 0: yes at (1,1) too. Two
/// layers can do it, see [`xor`]: the first draws two lines, the second selects the strip between them.
///
/// ```
/// use limpid_learn::Perceptron;
///
/// let and = Perceptron::by_threshold([0.5, 0.5], 0.7);
/// assert_eq!(and, Perceptron::and());
/// assert!(and.output(&[1.0, 1.0])?);
/// assert!(!and.output(&[0.0, 1.0])?);
/// assert_eq!(and.weighted_sum(&[0.0, 1.0])?, -0.19999999999999996);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Perceptron {
    /// The weight of each input.
    pub weights: Vec<f64>,
    /// The bias: the larger it is, the easier the answer is yes.
    pub bias: f64,
}

impl Perceptron {
    /// With these weights and this bias.
    pub fn new(weights: impl Into<Vec<f64>>, bias: f64) -> Self {
        Self { weights: weights.into(), bias }
    }

    /// Says yes if the weighted inputs are above `threshold`: the same perceptron with the bias −θ.
    ///
    /// In floating point as on paper: a difference of two numbers is above 0 exactly where the first is larger.
    pub fn by_threshold(weights: impl Into<Vec<f64>>, threshold: f64) -> Self {
        Self::new(weights, -threshold)
    }

    /// Yes if both inputs are 1.
    pub fn and() -> Self {
        Self::new([0.5, 0.5], -0.7)
    }

    /// Yes unless both inputs are 1.
    pub fn nand() -> Self {
        Self::new([-0.5, -0.5], 0.7)
    }

    /// Yes if at least one input is 1.
    pub fn or() -> Self {
        Self::new([0.5, 0.5], -0.2)
    }

    /// w·x + b, the products added one after the other and the bias last.
    ///
    /// # Errors
    /// [`Error::Data`] where there is not one input for each weight.
    pub fn weighted_sum(&self, x: &[f64]) -> Result<f64, Error> {
        if x.len() == self.weights.len() {
            return Ok(self.sum_of(x));
        }
        Err(Error::Data(format!(
            "a perceptron of {} weights was given {} inputs; give one for each weight",
            self.weights.len(),
            x.len()
        )))
    }

    /// Whether the answer is yes.
    ///
    /// # Errors
    /// As [`weighted_sum`](Perceptron::weighted_sum).
    pub fn output(&self, x: &[f64]) -> Result<bool, Error> {
        Ok(self.weighted_sum(x)? > 0.0)
    }

    fn sum_of(&self, x: &[f64]) -> f64 {
        self.weights.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + self.bias
    }

    fn fires(&self, x1: bool, x2: bool) -> bool {
        self.sum_of(&[f64::from(x1), f64::from(x2)]) > 0.0
    }
}

/// Either input but not both, by two layers of perceptrons: AND(NAND(x₁, x₂), OR(x₁, x₂)).
///
/// ```
/// use limpid_learn::xor;
///
/// assert_eq!([xor(false, false), xor(true, false), xor(false, true), xor(true, true)], [false, true, true, false]);
/// ```
pub fn xor(x1: bool, x2: bool) -> bool {
    let (not_both, either) = (Perceptron::nand().fires(x1, x2), Perceptron::or().fires(x1, x2));
    Perceptron::and().fires(not_both, either)
}
