//! Describe: formulas as text, `0.01*x^2 + 0.1*x`.
//!
//! ```text
//! sum      = product { ("+" | "-") product }
//! product  = prefix { ("*" | "/") prefix }
//! prefix   = ("-" | "+") prefix | power
//! power    = operand [ "^" prefix ]                 so 2^3^2 = 2^(3^2), and -x^2 = -(x^2)
//! operand  = number | name | function "(" sum { "," sum } ")" | "(" sum ")"
//! ```
//!
//! The functions are the rows of the [Map table](limpid_graph::map), by the name of the row, or by what its formula calls it:
//! `maximum(x, y)` or `max(x, y)`. `pi` (also `π`) and `e` are numbers; every other name is free. The signs `×`, `·`,
//! `÷` and `−` mean what they look like. Nothing is multiplied without a `*`.

mod fault;
mod function;
mod lexer;
mod parser;
mod width;

use std::fmt;
use std::str::FromStr;

pub use fault::{ExpressionError, ExpressionFault};
use limpid_graph::{Builder, Fault, MapOp, Var};

/// A formula over named numbers, read from text, to be described in a [`Builder`].
///
/// `x^2` is x·x, to the last digit, and `e^x` is `exp(x)`; other powers are `pow`. `Display` writes a text that reads
/// back as the same expression, unless its brackets and spaces make it longer or deeper than what is read.
///
/// ```
/// use limpid_expression::Expression;
/// use limpid_graph::Builder;
///
/// let formula: Expression = "(x + y)^2".parse()?;
/// assert_eq!(formula.names(), ["x", "y"]);
/// let b = Builder::new();
/// let z = formula.build(&b).named("z");
/// let graph = b.finish([z])?;
/// let trace = graph.trace(&[3.0.into(), 4.0.into()])?;
/// assert_eq!((trace.value("z")?.item(), trace.derivative("x")?.item()), (Some(49.0), Some(14.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    names: Vec<String>,
    steps: Vec<Step>,
}

/// A step of computing an expression on a stack. A list has no depth, so nothing that walks it can run out of stack.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Number(f64),
    Constant(Constant),
    /// The i-th free name.
    Name(usize),
    /// Takes as many values as the row has arguments, leaves one.
    Apply(MapOp),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Constant {
    Pi,
    E,
}

impl Constant {
    fn named(name: &str) -> Option<Self> {
        match name {
            "pi" | "π" => Some(Self::Pi),
            "e" => Some(Self::E),
            _ => None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Pi => "pi",
            Self::E => "e",
        }
    }

    fn value(self) -> f64 {
        match self {
            Self::Pi => std::f64::consts::PI,
            Self::E => std::f64::consts::E,
        }
    }
}

impl Expression {
    /// The free names, in the order of their first appearance.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Describes the expression over single numbers that are fed: an input for each free name.
    ///
    /// What is computed on the way is called `t`, or `t1`, `t2`, … where that happens more than once; the result has no
    /// name yet. A name that the builder has already as an input is a mistake, reported by [`Builder::finish`].
    #[track_caller]
    pub fn build<'b>(&self, builder: &'b Builder) -> Var<'b> {
        let inputs: Vec<_> = self.names.iter().map(|name| builder.scalar(name)).collect();
        let (result, on_the_way) = self.walk(builder, &inputs);
        let mut names = (1..).map(|i| format!("t{i}")).filter(|name| !builder.has(name));
        match &on_the_way[..] {
            &[only] if !builder.has("t") => {
                only.named("t");
            }
            several => several.iter().zip(&mut names).for_each(|(var, name)| {
                var.named(&name);
            }),
        }
        result
    }

    /// Describes the expression over values that there are already, one for each free name, in the order of
    /// [`names`](Expression::names), broadcast against each other: a curve is the expression applied to an array.
    ///
    /// Another number of values than of names is a mistake in the description.
    ///
    /// ```
    /// use limpid_expression::Expression;
    /// use limpid_graph::Builder;
    ///
    /// let formula: Expression = "0.01*x^2 + 0.1*x".parse()?;
    /// let b = Builder::new();
    /// let curve = formula.apply(&b, &[b.input("x", "points")]);
    /// let graph = b.finish([curve])?;
    /// let values = graph.run(&[("x", &[0.0, 5.0, 10.0].into())])?;
    /// assert_eq!(values[0].to_f64(), [0.0, 0.75, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn apply<'b>(&self, builder: &'b Builder, values: &[Var<'b>]) -> Var<'b> {
        if let Some(poisoned) = builder.spoiled("expression", values) {
            return poisoned;
        }
        if values.len() != self.names.len() {
            let fault = Fault::Arity { wanted: self.names.len(), found: values.len() };
            return builder.poison("expression", fault, values);
        }
        self.walk(builder, values).0
    }

    /// The result, and what is computed on the way there.
    #[track_caller]
    fn walk<'b>(&self, builder: &'b Builder, values: &[Var<'b>]) -> (Var<'b>, Vec<Var<'b>>) {
        let (mut stack, mut computed) = (Vec::new(), Vec::new());
        // A loop, not closures: a closure would hide the user's line.
        for step in &self.steps {
            let next = match *step {
                Step::Number(number) => builder.constant(number),
                Step::Constant(constant) => builder.constant(constant.value()),
                Step::Name(i) => values[i],
                Step::Apply(op) => {
                    let arguments = stack.split_off(stack.len() - op.info().arguments.len());
                    let result = builder.map(op, &arguments);
                    computed.push(result);
                    result
                }
            };
            stack.push(next);
        }
        computed.pop();
        (stack.pop().unwrap_or_else(|| unreachable!("the parser accepts no empty expression")), computed)
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        parser::parse(text)
    }
}

// How tightly what stands in a text holds together.
const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const PREFIX: u8 = 3;
const POWER: u8 = 4;
const OPERAND: u8 = 5;

/// A part's text and how tightly it holds together.
struct Part {
    text: String,
    tightness: u8,
}

impl Part {
    fn number(number: f64) -> Self {
        let plain = number.to_string();
        let text = if plain.len() > 12 { format!("{number:e}") } else { plain };
        Self { text, tightness: if number.is_sign_negative() { PREFIX } else { OPERAND } }
    }

    /// In brackets where it holds together less than its place asks.
    fn at_least(self, tightness: u8) -> String {
        if self.tightness >= tightness { self.text } else { format!("({})", self.text) }
    }

    /// As the right-hand side of an operator: a sign directly behind an operator is hard to read.
    fn behind(self, tightness: u8) -> String {
        if self.tightness == PREFIX { self.at_least(OPERAND) } else { self.at_least(tightness) }
    }

    fn applied(op: MapOp, mut arguments: Vec<Self>) -> Self {
        // Written as a power, these would be read back as a square and as an exponential.
        let is_other = matches!(&arguments[..], [base, exponent] if base.text == "e" || exponent.text == "2");
        let infix = match op {
            MapOp::Add => Some((" + ", SUM)),
            MapOp::Subtract => Some((" - ", SUM)),
            MapOp::Multiply => Some((" * ", PRODUCT)),
            MapOp::Divide => Some((" / ", PRODUCT)),
            MapOp::Pow if !is_other => Some(("^", POWER)),
            _ => None,
        };
        match (op, infix, arguments.pop(), arguments.pop()) {
            (MapOp::Pow, Some((sign, tightness)), Some(exponent), Some(base)) => {
                Self { text: format!("{}{sign}{}", base.at_least(OPERAND), exponent.behind(POWER)), tightness }
            }
            (_, Some((sign, tightness)), Some(right), Some(left)) => {
                Self { text: format!("{}{sign}{}", left.at_least(tightness), right.behind(tightness + 1)), tightness }
            }
            (MapOp::Square, _, Some(base), _) if base.text != "e" => {
                Self { text: format!("{}^2", base.at_least(OPERAND)), tightness: POWER }
            }
            // A number with a sign is a number of its own.
            (MapOp::Negate, _, Some(of), _) if of.text.parse::<f64>().is_err() => {
                Self { text: format!("-{}", of.at_least(POWER)), tightness: PREFIX }
            }
            (_, _, last, before) => {
                let rest = arguments.into_iter().chain(before).chain(last);
                let arguments: Vec<String> = rest.map(|part| part.text).collect();
                Self { text: format!("{}({})", op.info().name, arguments.join(", ")), tightness: OPERAND }
            }
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stack: Vec<Part> = Vec::new();
        for step in &self.steps {
            let part = match *step {
                Step::Number(number) => Part::number(number),
                Step::Constant(constant) => Part { text: constant.text().to_string(), tightness: OPERAND },
                Step::Name(i) => Part { text: self.names[i].clone(), tightness: OPERAND },
                Step::Apply(op) => {
                    let arguments = stack.split_off(stack.len() - op.info().arguments.len());
                    Part::applied(op, arguments)
                }
            };
            stack.push(part);
        }
        stack.iter().try_for_each(|part| f.write_str(&part.text))
    }
}
