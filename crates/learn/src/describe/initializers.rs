//! The initializers by name: a row of a table each, and their text.

use std::str::FromStr;

use crate::describe::choices::{Choice, Range, Setting};
use crate::describe::initializer::Initializer;
use crate::describe::words::{Piece, Word};
use crate::error::Error;

/// The initializers, one row each. A setting stands between parentheses.
static INITIALIZERS: &[Choice<Initializer>] = &[
    Choice {
        name: "he",
        aliases: &[],
        about: "normal with variance 2 / inputs, for ReLU and similar activations",
        example: "he",
        settings: &[],
        make: |_| Ok(Initializer::He),
    },
    Choice {
        name: "xavier",
        aliases: &["glorot"],
        about: "normal with variance 2 / (inputs + outputs), for sigmoid and tanh",
        example: "xavier",
        settings: &[],
        make: |_| Ok(Initializer::Xavier),
    },
    Choice {
        name: "normal",
        aliases: &[],
        about: "normal with this standard deviation",
        example: "normal(0.01)",
        settings: &[Setting::number("deviation", "the deviation", 0.01, Range::NotNegative).positional()],
        make: |settings| Ok(Initializer::Normal(settings.number("deviation"))),
    },
    Choice {
        name: "uniform",
        aliases: &[],
        about: "uniform between −limit and limit",
        example: "uniform(0.1)",
        settings: &[Setting::number("limit", "the limit", 0.1, Range::NotNegative).positional()],
        make: |settings| Ok(Initializer::Uniform(settings.number("limit"))),
    },
    Choice {
        name: "fan-in",
        aliases: &[],
        about: "uniform between −1 / √inputs and 1 / √inputs, biases too, as PyTorch begins",
        example: "fan-in",
        settings: &[],
        make: |_| Ok(Initializer::FanIn),
    },
    Choice {
        name: "zeros",
        aliases: &[],
        about: "all 0",
        example: "zeros",
        settings: &[],
        make: |_| Ok(Initializer::Zeros),
    },
];

/// The initializers, one row each.
pub fn initializer_choices() -> impl Iterator<Item = &'static Choice<Initializer>> {
    INITIALIZERS.iter()
}

/// An example of each: `he, xavier, normal(0.01), uniform(0.1) or zeros`.
fn examples(conjunction: &str) -> String {
    let examples: Vec<&str> = INITIALIZERS.iter().map(|row| row.example).collect();
    let (last, others) = examples.split_last().unwrap_or((&"", &[]));
    format!("{} {conjunction} {last}", others.join(", "))
}

impl FromStr for Initializer {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Initializer { found: text.to_string(), known: examples("or") };
        let (name, argument) = match text.trim().split_once('(') {
            Some((name, rest)) => (name.trim(), Some(rest.strip_suffix(')').ok_or_else(wrong)?.trim())),
            None => (text.trim(), None),
        };
        let name = name.to_ascii_lowercase();
        let row = INITIALIZERS.iter().find(|row| row.is_called(&name)).ok_or_else(wrong)?;
        let argument = argument.map(|argument| Word::of(Piece::whole(argument)));
        if argument.is_some() == row.settings.is_empty() {
            return Err(wrong());
        }
        let words = row.words(Piece::whole(row.name), argument.into_iter());
        row.of_words("initializer", words).map_err(|_| wrong())
    }
}
