//! Numerical derivatives: difference quotients, the numerical gradient, gradient descent and ascent.
//!
//! These functions only evaluate a function: they move one number a little and evaluate again. That is slow, since a
//! gradient takes two evaluations for each number, and simple enough to check back-propagation with.
//!
//! # What a gradient says and what it does not say
//!
//! The gradient points where the function *grows* fastest. [`gradient_descent`] goes against it, to make the function
//! small; [`gradient_ascent`] goes along it. Neither has to lead straight to the minimum or the maximum: in a long
//! valley the gradient points up the nearer wall. And a gradient of 0 does not mean a minimum: it is 0 at a maximum, at
//! a minimum that is only local, and at a saddle point, which is a minimum along one direction and a maximum along
//! another.
//!
//! ```
//! use limpid_graph::Tensor;
//! use limpid_learn::numeric::{H, gradient_descent, numerical_gradient};
//!
//! // The saddle x0² − x1²: no slope at its middle, though every step along x1 leads further down.
//! let saddle = |x: &[f64]| x[0] * x[0] - x[1] * x[1];
//! assert_eq!(numerical_gradient(saddle, &Tensor::from([0.0, 0.0]), H)?, Tensor::from([0.0, 0.0]));
//! let stuck = gradient_descent(saddle, &Tensor::from([1.0, 0.0]), 0.1, 100)?;
//! assert!(saddle(&stuck.end().to_f64()).abs() < 1e-15);
//! let free = gradient_descent(saddle, &Tensor::from([1.0, 1e-6]), 0.1, 100)?;
//! assert!(saddle(&free.end().to_f64()) < -1000.0);
//! # Ok::<(), limpid_learn::Error>(())
//! ```
//!
//! A plateau and vanishing gradients are not the same thing. On a *plateau* the function itself is flat over a whole
//! region, and small steps there change nothing. *Vanishing gradients* come from the chain rule: each layer multiplies
//! the derivative that it passes back by its own slope, which is at most ¼ for a sigmoid. So the first layers of a deep
//! network get almost nothing, although the loss does depend on them, while the last layers learn.

use limpid_graph::Tensor;

use crate::error::Error;
use crate::train::options::checked_learning_rate;

/// The step `h` of a central difference that suits `f64` near 1: small enough for the curve to be nearly straight,
/// large enough to be safe from rounding.
pub const H: f64 = 1e-4;

/// Forward difference, the slope of `f` at `x` from a step ahead: (f(x + h) − f(x)) / h.
///
/// The error shrinks with h, and is that of the chord against the tangent; [`central_difference`] is better by an
/// order. A tiny `h` is no help: where x + h rounds to x, the answer is 0.
///
/// ```
/// use limpid_learn::numeric::forward_difference;
///
/// let square = |x: f64| x * x;
/// assert!((forward_difference(square, 2.0, 1e-4)? - 4.0).abs() < 2e-4);
/// assert_eq!(forward_difference(square, 2.0, 1e-30)?, 0.0);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Setting`] where `h` is not above 0, or `h` or `x` is not finite.
pub fn forward_difference(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> Result<f64, Error> {
    let (x, h) = (checked_point(x)?, checked_step(h)?);
    Ok((f(x + h) - f(x)) / h)
}

/// [`forward_difference`] in 32-bit floats, to which `h` is rounded first.
///
/// ```
/// use limpid_learn::numeric::forward_difference_f32;
///
/// let error = forward_difference_f32(|x| x * x, 2.0, 1e-50).unwrap_err();
/// assert!(error.to_string().contains("1e-50, which is 0 as f32"));
/// ```
///
/// # Errors
/// [`Error::Setting`] where `h` is not above 0 as f32 (1e−50 is not), or `h` or `x` is not finite.
pub fn forward_difference_f32(mut f: impl FnMut(f32) -> f32, x: f32, h: f64) -> Result<f32, Error> {
    checked_point(f64::from(x))?;
    let rounded = checked_step(h)? as f32;
    if rounded == 0.0 || rounded.is_infinite() {
        return Err(step_error(format!("{h:e}, which is {rounded} as f32")));
    }
    Ok((f(x + rounded) - f(x)) / rounded)
}

/// Central difference, the slope of `f` at `x` from a step to each side: (f(x + h) − f(x − h)) / (2h).
///
/// Its error shrinks with h². The sum is evaluated as written, without fused multiply-add.
///
/// ```
/// use limpid_learn::numeric::{H, central_difference};
///
/// let f = |x: f64| 0.01 * (x * x) + 0.1 * x;
/// assert_eq!(central_difference(f, 5.0, H)?, 0.1999999999990898);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Setting`] where `h` is not above 0, or `h` or `x` is not finite.
pub fn central_difference(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> Result<f64, Error> {
    let (x, h) = (checked_point(x)?, checked_step(h)?);
    Ok(quotient(f(x + h), f(x - h), h))
}

/// The one place where a central difference is divided out.
pub(crate) fn quotient(ahead: f64, behind: f64, h: f64) -> f64 {
    (ahead - behind) / (2.0 * h)
}

/// Gradient of `f` at `x`: the central difference along each number of an array of any shape.
///
/// `f` is given the numbers row by row. Each in turn is set to itself + h, then to itself − h, then back to what it
/// was; the answer has the shape of `x`.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::numeric::{H, numerical_gradient};
///
/// let f = |x: &[f64]| x[0] * x[0] + x[1] * x[1];
/// let gradient = numerical_gradient(f, &Tensor::from([3.0, 4.0]), H)?;
/// assert_eq!(gradient, Tensor::from([6.00000000000378, 7.999999999999119]));
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Setting`] where `h` is not above 0, or `h` or a number of `x` is not finite.
pub fn numerical_gradient(mut f: impl FnMut(&[f64]) -> f64, x: &Tensor, h: f64) -> Result<Tensor, Error> {
    let mut point = x.to_f64();
    point.iter().try_for_each(|&number| checked_point(number).map(drop))?;
    let h = checked_step(h)?;
    shaped_like(x, gradient_at(&mut f, &mut point, h))
}

/// The whole gradient at `point`, which is as it was afterwards.
fn gradient_at(f: &mut impl FnMut(&[f64]) -> f64, point: &mut [f64], h: f64) -> Vec<f64> {
    let count = point.len();
    let along = |i: usize| {
        let saved = point[i];
        point[i] = saved + h;
        let ahead = f(point);
        point[i] = saved - h;
        let behind = f(point);
        point[i] = saved;
        quotient(ahead, behind, h)
    };
    (0..count).map(along).collect()
}

/// The path of gradient descent or ascent.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    points: Vec<Tensor>,
}

impl Path {
    /// Every point, from the start to the end: one more than there were steps.
    pub fn points(&self) -> &[Tensor] {
        &self.points
    }

    /// The last point.
    pub fn end(&self) -> &Tensor {
        // A path begins with its start.
        &self.points[self.points.len() - 1]
    }
}

/// Goes `steps` times against the numerical gradient of `f`, to make it small: x ← x − η·∇f(x), with h = [`H`].
///
/// The whole gradient is taken before any number moves. A learning rate that is too large throws the point far away, one
/// that is too small leaves it where it was; neither is an error. A point that has left the finite numbers stays there.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::numeric::gradient_descent;
///
/// let bowl = |x: &[f64]| x[0] * x[0] + x[1] * x[1];
/// let path = gradient_descent(bowl, &Tensor::from([-3.0, 4.0]), 0.1, 100)?;
/// assert!(path.end().to_f64().iter().all(|x| x.abs() < 1e-9));
/// assert_eq!(path.points().len(), 101);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Setting`] where the learning rate is not a finite number above 0, or a number of the start is not finite.
pub fn gradient_descent(
    f: impl FnMut(&[f64]) -> f64,
    start: &Tensor,
    learning_rate: f64,
    steps: usize,
) -> Result<Path, Error> {
    follow(f, start, learning_rate, steps, |x, step| *x -= step)
}

/// Goes `steps` times along the numerical gradient of `f`, to make it large: x ← x + η·∇f(x). Otherwise as
/// [`gradient_descent`].
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::numeric::gradient_ascent;
///
/// let hill = |x: &[f64]| -(x[0] - 2.0) * (x[0] - 2.0);
/// let path = gradient_ascent(hill, &Tensor::from([0.0]), 0.1, 100)?;
/// assert!((path.end().to_f64()[0] - 2.0).abs() < 1e-8);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// # Errors
/// As [`gradient_descent`].
pub fn gradient_ascent(
    f: impl FnMut(&[f64]) -> f64,
    start: &Tensor,
    learning_rate: f64,
    steps: usize,
) -> Result<Path, Error> {
    follow(f, start, learning_rate, steps, |x, step| *x += step)
}

fn follow(
    mut f: impl FnMut(&[f64]) -> f64,
    start: &Tensor,
    learning_rate: f64,
    steps: usize,
    mut go: impl FnMut(&mut f64, f64),
) -> Result<Path, Error> {
    let learning_rate = checked_learning_rate(learning_rate)?;
    let mut point = start.to_f64();
    point.iter().try_for_each(|&number| checked_point(number).map(drop))?;
    let mut points = vec![start.to_f64_tensor()];
    for _ in 0..steps {
        let gradient = gradient_at(&mut f, &mut point, H);
        point.iter_mut().zip(gradient).for_each(|(x, slope)| go(x, learning_rate * slope));
        points.push(shaped_like(start, point.clone())?);
    }
    Ok(Path { points })
}

pub(crate) fn shaped_like(x: &Tensor, numbers: Vec<f64>) -> Result<Tensor, Error> {
    Tensor::new(x.shape(), numbers).map_err(|error| Error::Data(error.to_string()))
}

fn checked_point(x: f64) -> Result<f64, Error> {
    let hint = || "use a finite number".to_string();
    if x.is_finite() { Ok(x) } else { Err(Error::Setting { name: "the point", found: x.to_string(), hint: hint() }) }
}

pub(crate) fn checked_step(h: f64) -> Result<f64, Error> {
    if h.is_finite() && h > 0.0 { Ok(h) } else { Err(step_error(h.to_string())) }
}

fn step_error(found: String) -> Error {
    Error::Setting { name: "the step h", found, hint: "use a small number above 0, such as 1e-4".to_string() }
}
