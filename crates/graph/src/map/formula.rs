//! A user's own Map op: an expression over the table's rows, as data, with a derived gradient.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::Arc;

use super::{Gradient, Lane, MapOp};
use crate::builder::Var;
use crate::mistake::Fault;

/// An expression of single numbers. Every row of the table is a method of it, and arithmetic is written as usual.
#[derive(Clone, Debug)]
pub enum FormulaBody {
    /// The i-th argument.
    Argument(usize),
    /// A number.
    Number(f64),
    /// A row of the table, applied.
    Apply(MapOp, Vec<FormulaBody>),
}

/// A Map op of a user's own: a name and an expression. Its gradient follows from the rows that it is made of, or is
/// [given](Formula::with_gradient).
///
/// It is one node of the graph, is run by the engine at the speed of the table's own rows, and is data: it can be
/// printed, compared and exported.
///
/// ```
/// use limpid_graph::{Builder, Formula};
///
/// let swish = Formula::new("swish", |[x]| x.clone() * x.sigmoid());
/// assert_eq!(swish.to_string(), "swish(a) = a * (1 / (1 + exp(-a)))");
///
/// let b = Builder::new();
/// let x = b.input("x", 3);
/// let y = swish.apply([x]).named("y");
/// let slope = b.grad(y.sum_all(), &[x])[0].named("slope");
/// let graph = b.finish([y, slope])?;
/// let values = graph.run(&[("x", &[-1.0, 0.0, 2.0].into())])?;
/// assert_eq!(values[1].to_f64()[1], 0.5);
/// # Ok::<(), limpid_graph::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Formula(Arc<Parts>);

#[derive(PartialEq)]
struct Parts {
    name: String,
    arity: usize,
    body: FormulaBody,
    /// For each argument, what reaches it of the upstream derivative, which is the last argument of these expressions.
    /// None where it follows from the body.
    gradient: Option<Vec<FormulaBody>>,
}

impl Formula {
    /// Makes an op of `N` arguments from the expression that `body` writes over them.
    pub fn new<const N: usize>(name: &str, body: impl FnOnce([FormulaBody; N]) -> FormulaBody) -> Self {
        let body = body(std::array::from_fn(FormulaBody::Argument));
        Self(Arc::new(Parts { name: name.to_string(), arity: N, body, gradient: None }))
    }

    /// The same op with a gradient of its own, in place of the one that follows from its body. `gradient` is given the
    /// arguments and the upstream derivative, and answers what reaches each argument. It must be given for as many
    /// arguments as the formula takes; another number is a mistake in the description, where the formula is applied.
    ///
    /// A step that learns, by the straight-through estimator (Bengio, Léonard, Courville 2013, arXiv:1308.3432): its own
    /// derivative is 0 everywhere, so the derivative of a straight line between −1 and 1 is taken instead.
    ///
    /// ```
    /// use limpid_graph::{Builder, FormulaBody, Formula};
    ///
    /// let binary = Formula::new("binary", |[x]| x.step()).with_gradient(|[x], up| [up * x.abs().less(FormulaBody::from(1.0))]);
    ///
    /// let b = Builder::new();
    /// let x = b.input("x", 3);
    /// let y = binary.apply([x]).named("y");
    /// let slope = b.grad(y.sum_all(), &[x])[0].named("slope");
    /// let values = b.finish([y, slope])?.run(&[("x", &[-2.0, -0.5, 0.5].into())])?;
    /// assert_eq!(values[0].to_f64(), [0.0, 0.0, 1.0]);
    /// assert_eq!(values[1].to_f64(), [0.0, 1.0, 1.0]);
    /// # Ok::<(), limpid_graph::Error>(())
    /// ```
    #[must_use]
    pub fn with_gradient<const N: usize>(
        self,
        gradient: impl FnOnce([FormulaBody; N], FormulaBody) -> [FormulaBody; N],
    ) -> Self {
        let gradient = gradient(std::array::from_fn(FormulaBody::Argument), FormulaBody::Argument(N));
        let Parts { name, arity, body, .. } = &*self.0;
        let (name, body) = (name.clone(), body.clone());
        Self(Arc::new(Parts { name, arity: *arity, body, gradient: Some(gradient.into()) }))
    }

    /// The op's name in listings.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// How many arguments it takes.
    pub fn arity(&self) -> usize {
        self.0.arity
    }

    /// What it computes.
    pub fn body(&self) -> &FormulaBody {
        &self.0.body
    }

    /// The op applied to `arguments`, broadcast against each other, as one node of the graph.
    ///
    /// It does not compile where `N` is 0: a formula without arguments belongs to no builder. Another number of
    /// arguments than the formula takes is a mistake in the description.
    #[track_caller]
    pub fn apply<'b, const N: usize>(&self, arguments: [Var<'b>; N]) -> Var<'b> {
        const { assert!(N > 0, "a formula is applied to at least one value") };
        arguments[0].builder().formula(self, &arguments)
    }

    /// Whether the body names only arguments that there are, and gives each row as many as it takes.
    pub(crate) fn checked(&self) -> Result<(), Fault> {
        let Parts { arity, body, gradient, .. } = &*self.0;
        check(body, *arity)?;
        let Some(gradient) = gradient else { return Ok(()) };
        if gradient.len() != *arity {
            return Err(Fault::FormulaGradient { arity: *arity, found: gradient.len() });
        }
        gradient.iter().try_for_each(|of_one| check(of_one, arity + 1))
    }

    /// What reaches argument `which` of the upstream derivative `up`.
    ///
    /// The body is written out over stand-ins of the arguments, so that the walk back ends there: an argument may be
    /// given twice, or depend on another one.
    pub(crate) fn gradient<'b>(&self, arguments: &[Var<'b>], up: Var<'b>, which: usize) -> Gradient<'b> {
        if let Some(gradient) = &self.0.gradient {
            return match &gradient[which] {
                FormulaBody::Number(0.0) => Gradient::Zero,
                own => expand(own, &[arguments, &[up]].concat()).broadcast_to(up.shape()).into(),
            };
        }
        let stand_ins: Vec<_> = arguments.iter().map(|argument| argument.identity()).collect();
        let body = expand(&self.0.body, &stand_ins).broadcast_to(up.shape());
        up.builder().vjp(&[body], &[up], &[stand_ins[which]])[0].into()
    }

    /// The value at each position of the arguments.
    pub fn values<L: Lane>(&self, arguments: &[&[L]]) -> Vec<L> {
        let count = arguments.first().map_or(0, |a| a.len());
        evaluate(&self.0.body, arguments, count, &mut |_, _| {})
    }

    /// The values whose signs say on which side of their kinks the rows in it are, one row after the other.
    pub fn kinks<L: Lane>(&self, arguments: &[&[L]]) -> Vec<L> {
        let count = arguments.first().map_or(0, |a| a.len());
        let mut sides = Vec::new();
        let mut note = |op: MapOp, inner: &[&[L]]| sides.extend(op.kinks(inner).unwrap_or_default());
        evaluate(&self.0.body, arguments, count, &mut note);
        sides
    }
}

fn check(body: &FormulaBody, arity: usize) -> Result<(), Fault> {
    match body {
        &FormulaBody::Argument(argument) if argument >= arity => Err(Fault::FormulaArgument { argument, arity }),
        FormulaBody::Argument(_) | FormulaBody::Number(_) => Ok(()),
        FormulaBody::Apply(op, inner) if inner.len() != op.info().arguments.len() => {
            let (row, wanted) = (op.info().name, op.info().arguments.len());
            Err(Fault::FormulaRow { row, wanted, found: inner.len() })
        }
        FormulaBody::Apply(_, inner) => inner.iter().try_for_each(|e| check(e, arity)),
    }
}

fn expand<'b>(body: &FormulaBody, arguments: &[Var<'b>]) -> Var<'b> {
    let builder = arguments[0].builder();
    match body {
        FormulaBody::Argument(i) => arguments[*i],
        FormulaBody::Number(number) => builder.constant(*number),
        FormulaBody::Apply(op, inner) => {
            let inner: Vec<_> = inner.iter().map(|e| expand(e, arguments)).collect();
            builder.map(*op, &inner)
        }
    }
}

/// Computes the body at each position; `note` sees each row in it with its arguments.
fn evaluate<L: Lane>(
    body: &FormulaBody,
    arguments: &[&[L]],
    count: usize,
    note: &mut impl FnMut(MapOp, &[&[L]]),
) -> Vec<L> {
    match body {
        FormulaBody::Argument(i) => arguments[*i].to_vec(),
        FormulaBody::Number(number) => vec![L::of(*number); count],
        FormulaBody::Apply(op, inner) => {
            let inner: Vec<_> = inner.iter().map(|e| evaluate(e, arguments, count, note)).collect();
            let inner: Vec<&[L]> = inner.iter().map(Vec::as_slice).collect();
            note(*op, &inner);
            op.values(&inner)
        }
    }
}

/// Expressions are equal where they compute the same bits: 0 and −0 are different numbers.
impl PartialEq for FormulaBody {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Argument(a), Self::Argument(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a.to_bits() == b.to_bits(),
            (Self::Apply(a, inner), Self::Apply(b, other_inner)) => a == b && inner == other_inner,
            _ => false,
        }
    }
}

impl From<f64> for FormulaBody {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

macro_rules! expr_operator {
    ($($Trait:ident, $method:ident, $row:ident);*) => {$(
        impl<T: Into<FormulaBody>> $Trait<T> for FormulaBody {
            type Output = FormulaBody;

            fn $method(self, other: T) -> FormulaBody {
                FormulaBody::$row(self, other)
            }
        }
        impl $Trait<FormulaBody> for f64 {
            type Output = FormulaBody;

            fn $method(self, other: FormulaBody) -> FormulaBody {
                FormulaBody::Number(self).$row(other)
            }
        }
    )*};
}
expr_operator!(Add, add, add; Sub, sub, subtract; Mul, mul, multiply; Div, div, divide);

impl Neg for FormulaBody {
    type Output = Self;

    fn neg(self) -> Self {
        self.negate()
    }
}

impl fmt::Display for FormulaBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(i) => write!(f, "{}", char::from(b'a' + (*i % 26) as u8)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Apply(op, inner) => {
                let inner: Vec<String> = inner.iter().map(bracketed).collect();
                f.write_str(&op.info().formula_of(&inner))
            }
        }
    }
}

fn bracketed(inner: &FormulaBody) -> String {
    match inner {
        FormulaBody::Apply(..) => format!("({inner})"),
        FormulaBody::Number(number) if number.is_sign_negative() => format!("({inner})"),
        _ => inner.to_string(),
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = (0..self.arity()).map(|i| FormulaBody::Argument(i).to_string()).collect();
        write!(f, "{}({}) = {}", self.name(), names.join(", "), self.body())
    }
}

impl fmt::Debug for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
