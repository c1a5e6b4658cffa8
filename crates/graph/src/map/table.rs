//! **The table of Map ops**: functions of single numbers, one row each.
//!
//! A row is everything that limpid knows of the op. From it come the method on [`Var`] and on [`FormulaBody`], the value in
//! every precision, the gradient, the formula that is shown, the documentation and the tests. To add an op, add a row.
//!
//! | column | what it says |
//! |---|---|
//! | `Name => method(arguments) -> result` | the op, the method that makes it, and the names that the columns use |
//! | `value` | the result, over any [`Lane`] `L` |
//! | `gradient(up)` | for each argument, what reaches it of the upstream derivative `up`: mathematics over `Var`s, from the arguments or from the result, whichever is cheaper; or [`Zero`] where the function is piecewise constant in that argument |
//! | `kink` | (only where there is one) the op is not smooth where this expression is 0 |
//! | `formula` | how it is printed |
//! | `onnx` | the operator that ONNX has for it |
//! | `ulp` | how far the `f64` and `f32` values may be from the true one, in units in the last place |
//! | `probes` | points, away from kinks, at which the gradient is checked |

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::Gradient::{self, Zero};
use super::macros::map_ops;
use super::{FormulaBody, Lane, MapInfo};
use crate::builder::{Operand, Var};

/// The λ and the α of SELU, which solve the equations of Klambauer et al. 2017.
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

map_ops! {
    // ---- arithmetic -------------------------------------------------------------------------------------------

    /// Sum of two numbers; also `x + y`.
    Add => add(x, y) -> z {
        value = x + y;
        gradient(up) = [up, up];
        formula = "{x} + {y}";
        onnx = Some("Add");
        ulp = 0.5;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// Difference of two numbers; also `x - y`.
    Subtract => subtract(x, y) -> z {
        value = x - y;
        gradient(up) = [up, -up];
        formula = "{x} - {y}";
        onnx = Some("Sub");
        ulp = 0.5;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// Product of two numbers, element by element (not the matrix product, which is
    /// [`matmul`](crate::Var::matmul)); also `x * y`. Each factor receives the upstream derivative times the *other*.
    Multiply => multiply(x, y) -> z {
        value = x * y;
        gradient(up) = [up * y, up * x];
        formula = "{x} * {y}";
        onnx = Some("Mul");
        ulp = 0.5;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// Quotient of two numbers; also `x / y`.
    Divide => divide(x, y) -> z {
        value = x / y;
        gradient(up) = [up / y, -(up * z / y)];
        formula = "{x} / {y}";
        onnx = Some("Div");
        ulp = 0.5;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// The number with the other sign; also `-x`.
    Negate => negate(x) -> y {
        value = -x;
        gradient(up) = [-up];
        formula = "-{x}";
        onnx = Some("Neg");
        ulp = 0.0;
        probes = [[0.7], [-2.0]];
    }

    // ---- powers, exponentials, logarithms ---------------------------------------------------------------------

    /// e to the power x.
    Exp => exp(x) -> y {
        value = x.exp();
        gradient(up) = [up * y];
        formula = "exp({x})";
        onnx = Some("Exp");
        ulp = 1.0;
        probes = [[-2.0], [0.0], [1.5]];
    }
    /// e to the power x, less 1, without cancellation near 0.
    ExpM1 => exp_m1(x) -> y {
        value = x.exp_m1();
        gradient(up) = [up * (y + 1.0)];
        formula = "exp({x}) - 1";
        onnx = None;
        ulp = 1.0;
        probes = [[-2.0], [0.001], [1.5]];
    }
    /// Natural logarithm.
    Ln => ln(x) -> y {
        value = x.ln();
        gradient(up) = [up / x];
        formula = "ln({x})";
        onnx = Some("Log");
        ulp = 1.0;
        probes = [[0.3], [1.0], [7.0]];
    }
    /// Natural logarithm of 1 + x, without cancellation near 0.
    Ln1P => ln_1p(x) -> y {
        value = x.ln_1p();
        gradient(up) = [up / (x + 1.0)];
        formula = "ln(1 + {x})";
        onnx = None;
        ulp = 1.0;
        probes = [[-0.5], [0.001], [4.0]];
    }
    /// Square root.
    Sqrt => sqrt(x) -> y {
        value = x.sqrt();
        gradient(up) = [up * 0.5 / y];
        formula = "sqrt({x})";
        onnx = Some("Sqrt");
        ulp = 0.5;
        probes = [[0.25], [2.0]];
    }
    /// x times itself.
    Square => square(x) -> y {
        value = x * x;
        gradient(up) = [up * (2.0 * x)];
        formula = "{x}^2";
        onnx = None;
        ulp = 0.5;
        probes = [[-1.5], [0.0], [3.0]];
    }
    /// x to the power of `exponent`. The derivative along the exponent is taken as 0 where x is 0; below 0 it is none (NaN).
    Pow => pow(x, exponent) -> y {
        value = x.pow(exponent);
        gradient(up) = [
            exponent.equal(0.0).select(0.0, up * exponent * x.pow(exponent - 1.0)),
            x.equal(0.0).select(0.0, up * y * x.equal(0.0).select(1.0, x).ln())
        ];
        formula = "{x}^{exponent}";
        onnx = Some("Pow");
        ulp = 1.0;
        probes = [[0.7, 2.5], [3.0, -1.2], [2.0, 3.0]];
    }

    // ---- angles -----------------------------------------------------------------------------------------------

    /// Sine of an angle in radians.
    Sin => sin(x) -> y {
        value = x.sin();
        gradient(up) = [up * x.cos()];
        formula = "sin({x})";
        onnx = Some("Sin");
        ulp = 1.0;
        probes = [[-2.0], [0.0], [7.5]];
    }
    /// Cosine of an angle in radians.
    Cos => cos(x) -> y {
        value = x.cos();
        gradient(up) = [up * -x.sin()];
        formula = "cos({x})";
        onnx = Some("Cos");
        ulp = 1.0;
        probes = [[-2.0], [0.0], [7.5]];
    }

    // ---- parts and choices ------------------------------------------------------------------------------------

    /// Distance from 0. Its derivative at 0 is taken as 0.
    Abs => abs(x) -> y {
        value = x.abs();
        gradient(up) = [up * x.sign()];
        kink = x;
        formula = "|{x}|";
        onnx = Some("Abs");
        ulp = 0.0;
        probes = [[-1.5], [0.8]];
    }
    /// −1, 0 or 1 as x is negative, zero or positive.
    Sign => sign(x) -> y {
        value = L::select(L::of(0.0).less(x), L::of(1.0), L::select(x.less(L::of(0.0)), L::of(-1.0), x));
        gradient(up) = [Zero];
        kink = x;
        formula = "sign({x})";
        onnx = Some("Sign");
        ulp = 0.0;
        probes = [[-1.5], [0.8]];
    }
    /// 1 where x is positive, 0 elsewhere: step(0) = 0.
    Step => step(x) -> y {
        value = L::indicator(L::of(0.0).less(x));
        gradient(up) = [Zero];
        kink = x;
        formula = "step({x})";
        onnx = None;
        ulp = 0.0;
        probes = [[-1.5], [0.8]];
    }
    /// The larger of two numbers; not a number where either is not. Equal numbers share the derivative.
    Maximum => maximum(x, y) -> z {
        value = L::select(y.at_most(x), x, L::select(x.equal(x), y, x));
        gradient(up) = [
            up * (x.greater(y) + 0.5 * x.equal(y)),
            up * (y.greater(x) + 0.5 * x.equal(y))
        ];
        kink = x - y;
        formula = "max({x}, {y})";
        onnx = Some("Max");
        ulp = 0.0;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// The smaller of two numbers; not a number where either is not. Equal numbers share the derivative.
    Minimum => minimum(x, y) -> z {
        value = L::select(x.at_most(y), x, L::select(x.equal(x), y, x));
        gradient(up) = [
            up * (x.less(y) + 0.5 * x.equal(y)),
            up * (y.less(x) + 0.5 * x.equal(y))
        ];
        kink = x - y;
        formula = "min({x}, {y})";
        onnx = Some("Min");
        ulp = 0.0;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// 1 where x > y, 0 elsewhere.
    Greater => greater(x, y) -> z {
        value = L::indicator(y.less(x));
        gradient(up) = [Zero, Zero];
        kink = x - y;
        formula = "{x} > {y}";
        onnx = Some("Greater");
        ulp = 0.0;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// 1 where x ≥ y, 0 elsewhere.
    GreaterEqual => greater_equal(x, y) -> z {
        value = L::indicator(y.at_most(x));
        gradient(up) = [Zero, Zero];
        kink = x - y;
        formula = "{x} >= {y}";
        onnx = Some("GreaterOrEqual");
        ulp = 0.0;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// 1 where x < y, 0 elsewhere.
    Less => less(x, y) -> z {
        value = L::indicator(x.less(y));
        gradient(up) = [Zero, Zero];
        kink = x - y;
        formula = "{x} < {y}";
        onnx = Some("Less");
        ulp = 0.0;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// 1 where x ≤ y, 0 elsewhere.
    LessEqual => less_equal(x, y) -> z {
        value = L::indicator(x.at_most(y));
        gradient(up) = [Zero, Zero];
        kink = x - y;
        formula = "{x} <= {y}";
        onnx = Some("LessOrEqual");
        ulp = 0.0;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// 1 where the numbers are equal, 0 elsewhere.
    Equal => equal(x, y) -> z {
        value = L::indicator(x.equal(y));
        gradient(up) = [Zero, Zero];
        kink = x - y;
        formula = "{x} == {y}";
        onnx = Some("Equal");
        ulp = 0.0;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// 1 where the numbers differ, 0 elsewhere.
    NotEqual => not_equal(x, y) -> z {
        value = L::select(x.equal(y), L::of(0.0), L::of(1.0));
        gradient(up) = [Zero, Zero];
        kink = x - y;
        formula = "{x} != {y}";
        onnx = None;
        ulp = 0.0;
        probes = [[0.7, -1.3], [3.0, 4.0]];
    }
    /// `yes` where the condition is not 0, `no` elsewhere: `condition.select(yes, no)`, NumPy's `where`.
    Select => select(condition, yes, no) -> z {
        value = L::select(condition.equal(L::of(0.0)), no, yes);
        gradient(up) = [Zero, condition.select(up, 0.0), condition.select(0.0, up)];
        kink = condition;
        formula = "where({condition}, {yes}, {no})";
        onnx = Some("Where");
        ulp = 0.0;
        probes = [[1.0, 0.7, -1.3], [0.0, 3.0, 4.0]];
    }

    // ---- activations ------------------------------------------------------------------------------------------

    /// x itself: the output activation of a regression.
    Identity => identity(x) -> y {
        value = x;
        gradient(up) = [up];
        formula = "{x}";
        onnx = Some("Identity");
        ulp = 0.0;
        probes = [[-1.5], [0.8]];
    }
    /// x itself, held constant in every derivative.
    StopGradient => stop_gradient(x) -> y {
        value = x;
        gradient(up) = [Zero];
        formula = "stop_gradient({x})";
        onnx = None;
        ulp = 0.0;
        probes = [];
    }
    /// Logistic sigmoid, 1 / (1 + e⁻ˣ); its derivative needs only its output.
    Sigmoid => sigmoid(x) -> y {
        value = L::of(1.0) / (L::of(1.0) + (-x).exp());
        gradient(up) = [up * (1.0 - y) * y];
        formula = "1 / (1 + exp(-{x}))";
        onnx = Some("Sigmoid");
        ulp = 4.0;
        probes = [[-3.0], [0.0], [2.5]];
    }
    /// Hyperbolic tangent.
    Tanh => tanh(x) -> y {
        value = x.tanh();
        gradient(up) = [up * (1.0 - y * y)];
        formula = "tanh({x})";
        onnx = Some("Tanh");
        ulp = 2.0;
        probes = [[-1.5], [0.0], [0.8]];
    }
    /// Rectified linear unit, max(x, 0); its derivative at 0 is taken as 0. What is not a number stays so.
    Relu => relu(x) -> y {
        value = L::select(x.at_most(L::of(0.0)), L::of(0.0), x);
        gradient(up) = [x.step().select(up, 0.0)];
        kink = x;
        formula = "max({x}, 0)";
        onnx = Some("Relu");
        ulp = 0.0;
        probes = [[-1.5], [0.8]];
    }
    /// Leaky rectified linear unit: x where positive, `slope`·x elsewhere.
    LeakyRelu => leaky_relu(x, slope) -> y {
        value = L::select(L::of(0.0).less(x), x, slope * x);
        gradient(up) = [x.step().select(up, up * slope), x.step().select(0.0, up * x)];
        kink = x;
        formula = "where({x} > 0, {x}, {slope} * {x})";
        onnx = Some("LeakyRelu");
        ulp = 0.5;
        probes = [[-1.5, 0.01], [0.8, 0.3]];
    }
    /// Exponential linear unit: x where positive, `alpha`·(eˣ − 1) elsewhere (Clevert et al. 2015).
    Elu => elu(x, alpha) -> y {
        value = L::select(L::of(0.0).less(x), x, alpha * x.exp_m1());
        gradient(up) = [x.step().select(up, up * (y + alpha)), x.step().select(0.0, up * x.exp_m1())];
        kink = x;
        formula = "where({x} > 0, {x}, {alpha} * (exp({x}) - 1))";
        onnx = Some("Elu");
        ulp = 2.0;
        probes = [[-1.5, 1.0], [0.8, 0.5], [-0.2, 0.7]];
    }
    /// Gauss error function.
    Erf => erf(x) -> y {
        value = x.erf();
        gradient(up) = [up * (FRAC_2_SQRT_PI * (-x.square()).exp())];
        formula = "erf({x})";
        onnx = Some("Erf");
        ulp = 2.0;
        probes = [[-1.5], [0.1], [0.8]];
    }
    /// Gaussian error linear unit, x·Φ(x) with the exact normal distribution (Hendrycks & Gimpel 2016). Below −1, where
    /// it vanishes, its error is relative to x, not to the result.
    Gelu => gelu(x) -> y {
        value = L::of(0.5) * x * (L::of(1.0) + (x * L::of(FRAC_1_SQRT_2)).erf());
        gradient(up) = [up * (0.5 * (1.0 + (x * FRAC_1_SQRT_2).erf())
            + x * (-0.5 * x.square()).exp() * (0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI))];
        formula = "0.5 * {x} * (1 + erf({x} / sqrt(2)))";
        onnx = Some("Gelu");
        ulp = 8.0;
        probes = [[-1.5], [0.1], [0.8]];
    }
    /// Sigmoid linear unit, also called swish: x·σ(x) (Elfwing et al. 2018).
    Silu => silu(x) -> y {
        value = x / (L::of(1.0) + (-x).exp());
        gradient(up) = [up * (x.sigmoid() + y * (1.0 - x.sigmoid()))];
        formula = "{x} / (1 + exp(-{x}))";
        onnx = Some("Swish");
        ulp = 4.0;
        probes = [[-1.5], [0.1], [3.0]];
    }
    /// Scaled exponential linear unit: λ·x where positive, λα·(eˣ − 1) elsewhere, whose λ and α let numbers with mean 0 and
    /// variance 1 keep them from layer to layer (Klambauer et al. 2017).
    Selu => selu(x) -> y {
        value = L::select(L::of(0.0).less(x), L::of(SELU_SCALE) * x, L::of(SELU_SCALE * SELU_ALPHA) * x.exp_m1());
        gradient(up) = [x.step().select(up * SELU_SCALE, up * (y + SELU_SCALE * SELU_ALPHA))];
        kink = x;
        formula = "1.0507 * where({x} > 0, {x}, 1.6733 * (exp({x}) - 1))";
        onnx = Some("Selu");
        ulp = 2.0;
        probes = [[-1.5], [0.8], [-0.2]];
    }
    /// x·tanh(ln(1 + eˣ)), a smooth relative of swish (Misra 2019).
    Mish => mish(x) -> y {
        // tanh(ln(1 + u)) is (u² + 2u) / (u² + 2u + 2); written by e^−|x|, it does not overflow.
        value = {
            let small = (-x.abs()).exp();
            let above = L::of(1.0) + L::of(2.0) * small;
            let below = small * (small + L::of(2.0));
            L::select(
                x.less(L::of(0.0)),
                x * (below / (below + L::of(2.0))),
                x * (above / (above + L::of(2.0) * (small * small)))
            )
        };
        gradient(up) = [up * (x.softplus().tanh() + x * x.sigmoid() * (1.0 - x.softplus().tanh().square()))];
        formula = "{x} * tanh(ln(1 + exp({x})))";
        onnx = Some("Mish");
        ulp = 4.0;
        probes = [[-1.5], [0.1], [3.0]];
    }
    /// x·min(max(x + 3, 0), 6) / 6, swish of straight pieces (Howard et al. 2019). Its derivative at −3 and 3 is that of the
    /// piece between.
    HardSwish => hard_swish(x) -> y {
        value = L::select(
            x.at_most(L::of(-3.0)),
            L::of(0.0),
            L::select(L::of(3.0).at_most(x), x, x * (x + L::of(3.0)) / L::of(6.0))
        );
        gradient(up) = [x.less(-3.0).select(0.0, x.greater(3.0).select(up, up * (x / 3.0 + 0.5)))];
        kink = x * x - L::of(9.0);
        formula = "{x} * min(max({x} + 3, 0), 6) / 6";
        onnx = Some("HardSwish");
        ulp = 2.0;
        probes = [[-4.0], [-1.5], [0.8], [5.0]];
    }
    /// ln(1 + eˣ), the smooth relative of ReLU; its derivative is the sigmoid.
    Softplus => softplus(x) -> y {
        value = L::select(x.at_most(L::of(0.0)), L::of(0.0), x) + (-x.abs()).exp().ln_1p();
        gradient(up) = [up * x.sigmoid()];
        formula = "ln(1 + exp({x}))";
        onnx = Some("Softplus");
        ulp = 4.0;
        probes = [[-30.0], [0.1], [2.0]];
    }
}
