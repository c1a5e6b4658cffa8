//! How good predicted numbers are.

use serde::Serialize;

/// How far predicted numbers are from the right ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Regression {
    /// The coefficient of determination R²: 1 − Σ(y − ŷ)² / Σ(y − ȳ)². 1 is perfect, 0 as good as saying the mean always.
    /// None where all right numbers are the same.
    pub r2: Option<f64>,
    /// The root of the mean squared error, in the numbers' own units.
    pub rmse: f64,
    /// The mean absolute error, in the numbers' own units.
    pub mae: f64,
}

impl Regression {
    /// Compares predicted with right numbers, as many of both; none where there are none.
    ///
    /// ```
    /// let seen = limpid_learn::Regression::of(&[1.0, 2.0, 4.0], &[1.0, 2.0, 3.0]).unwrap();
    /// assert_eq!((seen.r2, seen.mae), (Some(0.5), 1.0 / 3.0));
    /// ```
    pub fn of(predicted: &[f64], right: &[f64]) -> Option<Self> {
        if predicted.len() != right.len() || right.is_empty() {
            return None;
        }
        let count = right.len() as f64;
        let mean = right.iter().sum::<f64>() / count;
        let pairs = || predicted.iter().zip(right);
        let squares: f64 = pairs().map(|(said, right)| (right - said).powi(2)).sum();
        let spread: f64 = right.iter().map(|right| (right - mean).powi(2)).sum();
        let absolute: f64 = pairs().map(|(said, right)| (right - said).abs()).sum();
        let r2 = (spread > 0.0).then(|| 1.0 - squares / spread);
        Some(Self { r2, rmse: (squares / count).sqrt(), mae: absolute / count })
    }
}
