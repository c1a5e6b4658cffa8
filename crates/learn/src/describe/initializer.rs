//! How parameters are initialized.

use std::fmt;

use limpid_graph::{Stream, Tensor};

/// How a parameter's numbers are drawn before the first step.
///
/// ```
/// use limpid_learn::Initializer;
///
/// assert_eq!("normal(0.01)".parse(), Ok(Initializer::Normal(0.01)));
/// assert_eq!(Initializer::He.to_string(), "he");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initializer {
    /// All 0.
    Zeros,
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// Uniform between −limit and limit.
    Uniform(f64),
    /// Normal with variance 2 / (inputs + outputs), for sigmoid and tanh (Glorot & Bengio 2010, eq. 12).
    Xavier,
    /// Uniform between −1 / √inputs and 1 / √inputs, biases too, as PyTorch begins.
    FanIn,
    /// Normal with variance 2 / inputs, for ReLU and similar activations (He et al. 2015, eq. 10).
    He,
}

impl Initializer {
    /// Draws a value of `shape`, `(inputs, outputs)` for a weight, for the parameter `name`. The same seed and name
    /// draw the same numbers, whatever other parameters there are.
    pub fn draw(self, shape: &[usize], seed: u64, name: &str) -> Tensor {
        let fans = [shape.first(), shape.last()].map(|extent| extent.copied().unwrap_or(1));
        self.draw_weights(shape, fans, seed, name)
    }

    /// The same of a weight that computes an output from `inputs` numbers and lets each number go to `outputs`.
    pub(crate) fn draw_weights(self, shape: &[usize], fans: [usize; 2], seed: u64, name: &str) -> Tensor {
        let stream = Stream::new(seed, name);
        let [inputs, outputs] = fans.map(|fan| fan.max(1) as f64);
        let number = |i: u64| match self {
            Self::Zeros => 0.0,
            Self::Normal(deviation) => deviation * stream.normal(0, i),
            Self::Uniform(limit) => limit * (2.0 * stream.uniform(0, i) - 1.0),
            Self::FanIn => (2.0 * stream.uniform(0, i) - 1.0) / libm::sqrt(inputs),
            Self::Xavier => libm::sqrt(2.0 / (inputs + outputs)) * stream.normal(0, i),
            Self::He => libm::sqrt(2.0 / inputs) * stream.normal(0, i),
        };
        let count: usize = shape.iter().product();
        let values: Vec<f64> = (0..count as u64).map(number).collect();
        Tensor::from(values).reshaped(shape).unwrap_or_else(|_| unreachable!("as many numbers as the shape holds"))
    }
}

impl fmt::Display for Initializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zeros => f.write_str("zeros"),
            Self::Normal(deviation) => write!(f, "normal({deviation})"),
            Self::Uniform(limit) => write!(f, "uniform({limit})"),
            Self::FanIn => f.write_str("fan-in"),
            Self::Xavier => f.write_str("xavier"),
            Self::He => f.write_str("he"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(initializer: Initializer) -> f64 {
        let values = initializer.draw(&[300, 100], 1, "0/w").to_f64();
        (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt()
    }

    #[test]
    fn each_initialiser_has_its_deviation() {
        let table = [
            (Initializer::Zeros, 0.0),
            (Initializer::Normal(0.01), 0.01),
            (Initializer::Uniform(0.3), 0.3 / 3f64.sqrt()),
            (Initializer::FanIn, (1.0 / 900.0f64).sqrt()),
            (Initializer::Xavier, (2.0 / 400.0f64).sqrt()),
            (Initializer::He, (2.0 / 300.0f64).sqrt()),
        ];
        for (initializer, wanted) in table {
            assert!((deviation(initializer) - wanted).abs() <= 0.02 * wanted, "{initializer}");
        }
    }

    #[test]
    fn text_and_initialiser_are_each_others_inverse() {
        for text in ["zeros", "normal(0.01)", "uniform(0.5)", "xavier", "he", "fan-in"] {
            assert_eq!(text.parse::<Initializer>().unwrap().to_string(), text);
        }
        for wrong in ["", "hee", "normal", "normal()", "normal(x", "normal(-1)", "normal(nan)", "he(2)"] {
            assert!(wrong.parse::<Initializer>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_parameter_draws_the_same_whatever_stands_beside_it() {
        assert_eq!(Initializer::He.draw(&[4, 2], 3, "1/w"), Initializer::He.draw(&[4, 2], 3, "1/w"));
        assert_ne!(Initializer::He.draw(&[4, 2], 3, "1/w"), Initializer::He.draw(&[4, 2], 3, "2/w"));
        assert_ne!(Initializer::He.draw(&[4, 2], 3, "1/w"), Initializer::He.draw(&[4, 2], 4, "1/w"));
    }
}
