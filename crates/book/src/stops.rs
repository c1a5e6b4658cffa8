//! The stops, in the order of the book.

use std::io::BufRead;

use limpid::page::{Outcome, Page};
use thiserror::Error;

use crate::examples;

/// The program of a stop.
pub type Run = fn(&mut Page<'_>) -> Outcome;

/// A stop of the book.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// Chapter and place, such as `4.4`.
    pub number: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// The rows of `docs/spec-coverage.md` that it shows.
    pub rows: &'static [&'static str],
    /// The explanation, in Markdown.
    pub words: &'static str,
    /// The name of its program: the file `crates/limpid/examples/NAME.rs`.
    pub example: &'static str,
    /// The text of that file.
    pub source: &'static str,
    /// The program itself.
    pub run: Run,
}

/// A chapter and its stops.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// Its number.
    pub number: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// Its stops, in order.
    pub stops: &'static [Stop],
}

macro_rules! stops {
    ($($number:literal $title:literal [$($row:ident)*] $example:ident)*) => {
        /// Every stop, in the order of the book.
        pub const STOPS: &[Stop] = &[$(Stop {
            number: $number,
            title: $title,
            rows: &[$(stringify!($row)),*],
            words: include_str!(concat!("../words/", $number, ".md")),
            example: stringify!($example),
            source: include_str!(concat!("../../limpid/examples/", stringify!($example), ".rs")),
            run: examples::$example::stop,
        }),*];
    };
}

stops! {
    "1.1" "Arrays" [A1 A2 A3 A4] arrays
    "1.2" "Lines" [B1] lines
    "1.3" "An image" [B2] image
    "1.4" "Five curves and some bars" [B3] curves
    "1.5" "A surface, its gradients, a path down" [B4] surface
    "2.1" "AND, NAND and OR" [C1 C2] gates
    "2.2" "XOR takes two layers" [C3] xor
    "3.1" "Activations" [D1] activations
    "3.2" "Softmax, and where it overflows" [D2 D3] softmax
    "3.3" "Why an activation must be non-linear" [D4] non_linear
    "3.4" "Which output for which problem" [D5] outputs
    "3.5" "Three layers forward" [E1] forward
    "3.6" "Handwritten digits" [F1] digits
    "3.7" "Guessing, one by one and in batches" [F3 F4] guessing
    "3.8" "NumPy's random network" [F6] numpys_net
    "3.9" "Weights as a file" [F5] save_and_load
    "3.10" "A network that NumPy trained" [F2 F7] numpys_pickle
    "4.1" "Two losses" [G1 G2] losses
    "4.2" "The loss of a batch, and how batches are drawn" [G3 G5] batches
    "4.3" "Why accuracy cannot be the loss" [G4] staircase
    "4.4" "Numerical derivatives" [H1 H2] differences
    "4.5" "The gradient" [H3 H4] gradient
    "4.6" "Gradient descent" [I1 I2] descent
    "4.7" "Saddles, local minima, plateaus" [I5] stuck
    "4.8" "The gradient of a small network" [I3 I4] net_gradient
    "4.9" "Learning to read digits" [B6 J1 J2] learning
    "4.10" "Learning with numerical gradients" [J3] numerical_learning
    "5.1" "The chain rule on a graph" [K1 K4] chain_rule
    "5.2" "Two apples" [B5 K2] apples
    "5.3" "Apples and oranges" [B5 K3] oranges
    "5.4" "Fill in the derivatives" [K5] exercise
    "5.5" "Layers, forward and backward" [L1 L2 L3] layers
    "5.6" "Networks from layers" [L4] two_layers
    "5.7" "Checking a gradient" [J4] gradient_check
    "6.1" "How weights are drawn matters" [] weight_scales
    "6.2" "Optimizers in a long valley" [] optimizers
    "6.3" "Reading without learning: nearest neighbours" [M5] neighbours
    "6.4" "The digits it still gets wrong" [] misclassified
    "6.5" "A linear support-vector machine beside the networks" [M5] support_vectors
    "6.6" "Batch norm, whatever the scale of the weights" [] batch_norm
    "7.1" "Learned by heart" [M1] overfitting
    "7.2" "What helps against over-fitting" [M1 M2 M3] regularisation
    "7.3" "A shadow behind every 5" [M3] shadow
    "7.4" "Settings by chance" [M4] search
    "7.5" "A plateau, and a gradient that vanishes" [M6] plateau
    "8.1" "A window walks over a digit" [] window
    "8.2" "How many places a window has" [] window_sizes
    "8.3" "Unfold, then multiply" [] unfold
    "8.4" "The same weights everywhere" [] same_weights
    "8.5" "Pools, and digits that move a little" [] pooling
    "8.6" "Backward through a window" [] window_backward
    "8.7" "Backward through a pool" [] pool_backward
    "8.8" "Filters before and after learning" [] filters
    "8.9" "What each layer sees" [] feature_maps
    "8.10" "Receptive fields" [] receptive_fields
}

const TITLES: [&str; 8] = [
    "Arrays and pictures",
    "The perceptron",
    "From inputs to answers",
    "Learning",
    "The computational graph",
    "Looking further",
    "Digits it has not seen",
    "Convolution",
];

/// The chapters, each with its stops.
pub fn chapters() -> impl Iterator<Item = Chapter> {
    let chapter_of = |stop: &Stop| stop.number.split('.').next().unwrap_or_default();
    let parts = STOPS.chunk_by(move |a, b| chapter_of(a) == chapter_of(b));
    parts.zip(TITLES).map(move |(stops, title)| Chapter { number: chapter_of(&stops[0]), title, stops })
}

/// There is no stop of this number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no stop `{asked}` in the book; {near}\n`limpid book` lists them all")]
pub struct UnknownStop {
    /// What was asked for.
    pub asked: String,
    /// Those that may have been meant.
    near: String,
}

/// The stop of a number such as `4.4`, or of its program's name.
///
/// # Errors
/// [`UnknownStop`], which names those that may have been meant.
pub fn find(asked: &str) -> Result<&'static Stop, UnknownStop> {
    let wanted = asked.trim();
    let found = STOPS.iter().find(|stop| stop.number == wanted || stop.example == wanted);
    found.ok_or_else(|| UnknownStop { asked: asked.to_string(), near: near(wanted) })
}

/// Asks for the derivatives of stop 5.4, one after the other, and checks the answers, a line each.
///
/// # Errors
/// Where answers cannot be read.
pub fn ask(page: &mut Page<'_>, answers: impl BufRead) -> Outcome {
    examples::exercise::ask(page, answers)
}

/// The stops of the chapter that was asked for, or those whose number or title is most alike.
fn near(asked: &str) -> String {
    let chapter = asked.split('.').next().unwrap_or_default();
    if let Some(chapter) = chapters().find(|known| known.number == chapter) {
        let numbers: Vec<&str> = chapter.stops.iter().map(|stop| stop.number).collect();
        return format!("chapter {} has {}", chapter.number, numbers.join(", "));
    }
    let likeness = |stop: &Stop| {
        let lower = asked.to_lowercase();
        let words = stop.title.split_whitespace().chain([stop.example]);
        words.map(|word| strsim::jaro_winkler(&word.to_lowercase(), &lower)).fold(0.0, f64::max)
    };
    let mut alike: Vec<(f64, &Stop)> = STOPS.iter().map(|stop| (likeness(stop), stop)).collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    let alike: Vec<String> =
        alike.iter().take(3).map(|(_, stop)| format!("{} ({})", stop.number, stop.title)).collect();
    format!("near it are {}", alike.join(", "))
}
