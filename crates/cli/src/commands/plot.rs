//! `limpid plot`: formulas, histories and models → pictures.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use limpid::files::decode_plain_or_gzip;
use limpid::graph::Expression;
use limpid::learn::{Loss, Optimizer, optimizer, optimizer_choices, optimizer_names};
use limpid::models::{self, Samples, Saved};

use crate::arguments::{Activation, at_least_one, listed, positive};
use crate::choices::adjective;
use crate::choices::offering;
use crate::failure::Failure;
use crate::model_and_data::{EvaluationInput, ModelAndData};
use crate::output;
use crate::parse::{Limits, Numbers};
use crate::picture::{PictureOptions, SizeOption};
use crate::plots::activation::{Function, LOSSES, LossCurve};
use crate::plots::classes::Answers;
use crate::plots::descent::Walker;
use crate::plots::{Drawn, activation, classes, descent, function, history, weights};
use crate::text::counted;

/// Draw functions, losses, the path of gradient descent, a training's history, or how a model does
///
/// Pictures are drawn with characters on stdout, in colour on a terminal, or written as SVG or PNG.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  A curve with its tangent at 5:
    limpid plot function \"0.01*x^2 + 0.1*x\" --range 0,20 --tangent 5
  The way of gradient descent, as a file:
    limpid plot descent \"x0^2/20 + x1^2\" --start -7,2 --lr 0.9 --steps 30 --output way.svg
  A training, while it is remembered and afterwards:
    limpid train --epochs 3 --history history.json
    limpid plot history history.json";

#[derive(Debug, Subcommand)]
enum What {
    Activation(Activations),
    Loss(Losses),
    Function(Functions),
    Descent(Descent),
    History(History),
    Weights(Weights),
    Confusion(Confusion),
    Misclassified(Misclassified),
}

/// How the picture looks and where it goes.
#[derive(Debug, Args)]
struct SizeAndFile {
    #[command(flatten)]
    size: SizeOption,
    #[command(flatten)]
    picture: PictureOptions,
}

/// Draw activation functions as curves; softmax as bars
#[derive(Debug, Args)]
struct Activations {
    /// Names, such as sigmoid,relu,step; two take a number: "elu alpha=0.5"
    #[arg(value_name = "NAMES", value_delimiter = ',', required = true, value_parser = named_function)]
    names: Vec<Function>,
    /// Where the curves begin and end, such as -3,3
    #[arg(long, value_name = "LOW,HIGH", default_value = "-5,5", allow_hyphen_values = true)]
    range: Limits,
    /// Draw the slopes, too, dashed
    #[arg(long)]
    slope: bool,
    #[command(flatten)]
    form: SizeAndFile,
}

/// Draw the loss of one sample as a function of the network's output
#[derive(Debug, Args)]
struct Losses {
    #[arg(value_name = "NAMES", value_delimiter = ',', required = true, value_parser = named_loss)]
    #[arg(help = format!("Names: {}", LOSSES.iter().map(|loss| loss.name).collect::<Vec<_>>().join(", ")))]
    names: Vec<&'static LossCurve>,
    /// Where the curves begin and end [default: where the loss is worth seeing]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    range: Option<Limits>,
    #[command(flatten)]
    form: SizeAndFile,
}

/// Draw formulas of one variable as curves, or a formula of two variables over the plane
#[derive(Debug, Args)]
#[command(after_long_help = FUNCTION_EXAMPLES)]
struct Functions {
    /// Formula, such as "0.01*x^2 + 0.1*x"
    ///
    /// With + - * / ^, brackets, pi, e, and functions such as exp, ln, sqrt, sin, abs, max, sigmoid and relu; there is
    /// no product without *. Every other name is a variable.
    #[arg(value_name = "FORMULA", allow_hyphen_values = true)]
    formula: Expression,
    /// Further formulas, drawn beside it
    #[arg(value_name = "FORMULAS")]
    more: Vec<Expression>,
    /// Where the variables begin and end, such as 0,20
    #[arg(long, value_name = "LOW,HIGH", default_value = "-5,5", allow_hyphen_values = true)]
    range: Limits,
    /// Where the values begin and end [default: all values; near a pole, those of most of the curve]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    heights: Option<Limits>,
    /// Draw the tangents at these places, such as 5 or 5,10
    #[arg(long, value_name = "PLACES", allow_hyphen_values = true)]
    tangent: Option<Numbers>,
    /// Draw the slope of each curve, too, dashed
    #[arg(long)]
    slope: bool,
    /// How a formula of two variables is drawn [default: surface]
    #[arg(long = "as", value_enum, value_name = "HOW")]
    how: Option<function::FieldPlot>,
    #[command(flatten)]
    form: SizeAndFile,
}

const FUNCTION_EXAMPLES: &str = "\
Examples:
  limpid plot function \"sin(x)\" \"cos(x)\" --range 0,6
  limpid plot function \"0.01*x^2 + 0.1*x\" --range 0,20 --tangent 5,10
  limpid plot function \"x0^2 + x1^2\" --as surface --output bowl.svg
  limpid plot function \"x0^2 - x1^2\" --as gradient";

/// Draw the path of gradient descent, or of other optimizers, on a formula of one or two variables
///
/// The gradient is exact: the formula is a graph, and its gradient is a graph as well.
#[derive(Debug, Args)]
#[command(after_long_help = DESCENT_EXAMPLES)]
struct Descent {
    /// Formula, such as "x0^2/20 + x1^2"
    #[arg(value_name = "FORMULA", allow_hyphen_values = true)]
    formula: Expression,
    /// Where it begins: a number for each name, in the order in which they stand in the formula, such as -7,2
    #[arg(long, value_name = "NUMBERS", required = true, allow_hyphen_values = true)]
    start: Numbers,
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "sgd", hide_possible_values = true)]
    #[arg(value_parser = offering(optimizer_choices(), optimizer))]
    #[arg(help = format!("Optimizers, one or several of {}", listed(optimizer_names())))]
    optimizer: Vec<Arc<dyn Optimizer>>,
    /// How far a step goes, such as 0.9; with several optimizers, one for all or one for each, such as 0.9,0.1
    #[arg(long, visible_alias = "lr", value_name = "RATES", value_delimiter = ',', default_value = "0.1")]
    #[arg(value_parser = positive, allow_negative_numbers = true)]
    learning_rate: Vec<f64>,
    /// How many steps are taken, such as 100
    #[arg(long, value_name = "N", default_value = "30", value_parser = steps, allow_negative_numbers = true)]
    steps: usize,
    /// Go up, along the gradient
    #[arg(long)]
    ascent: bool,
    /// Part of the axes that is shown, such as -10,10 [default: what the way needs]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    range: Option<Limits>,
    #[command(flatten)]
    form: SizeAndFile,
}

const DESCENT_EXAMPLES: &str = "\
Examples:
  limpid plot descent \"x0^2/20 + x1^2\" --start -7,2 --lr 0.9
  limpid plot descent \"x0^2/20 + x1^2\" --start -7,2 --optimizer sgd,momentum,adam --lr 0.9,0.1,0.5
  limpid plot descent \"x^4 - 3*x^2 + x\" --start 2 --lr 0.02";

/// Draw a training's loss by step and accuracy by epoch
#[derive(Debug, Args)]
struct History {
    /// File of `limpid train --history`, or the output of `limpid train --format json`; - reads stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    form: SizeAndFile,
}

/// Draw the weights of each unit or filter of a model's layer: as pictures, or for a table with the names of its columns
#[derive(Debug, Args)]
struct Weights {
    /// Model file, as written by `limpid train --output`
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Layer whose weights are drawn, by its path in `limpid summary`, such as 3 [default: the first that has weights]
    #[arg(long, value_name = "PATH")]
    layer: Option<String>,
    /// Units or filters that are drawn, such as 16
    #[arg(long, value_name = "N", default_value = "50", value_parser = at_least_one, allow_negative_numbers = true)]
    most: usize,
    #[command(flatten)]
    form: SizeAndFile,
}

/// Draw the confusion matrix of a model: how often it takes each class for another
#[derive(Debug, Args)]
struct Confusion {
    #[command(flatten)]
    model_and_data: ModelAndData,
    #[command(flatten)]
    form: SizeAndFile,
}

/// Draw the samples that a model gets wrong, the most confident mistakes first
#[derive(Debug, Args)]
struct Misclassified {
    #[command(flatten)]
    model_and_data: ModelAndData,
    /// Samples that are drawn, such as 40
    #[arg(long, value_name = "N", default_value = "20", value_parser = at_least_one, allow_negative_numbers = true)]
    most: usize,
    #[command(flatten)]
    form: SizeAndFile,
}

/// Parses the name of an activation.
fn named_function(text: &str) -> Result<Function, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "step" => Ok(Function::Step),
        "softmax" => Ok(Function::Softmax),
        _ => match text.parse::<Activation>() {
            Ok(activation) => Ok(Function::Layer(activation.to_string())),
            Err(why) if why.starts_with("there are: ") => Err(why + ", step, softmax"),
            Err(why) => Err(why),
        },
    }
}

/// Parses the name of a loss.
fn named_loss(text: &str) -> Result<&'static LossCurve, String> {
    let name = text.trim().to_ascii_lowercase().replace('_', "-");
    let named = |name: &str| LOSSES.iter().find(|loss| loss.name == name);
    let all = || format!("there are: {}", LOSSES.iter().map(|loss| loss.name).collect::<Vec<_>>().join(", "));
    // A short name, such as mse, stands for what it stands for in training.
    let by_training = || match name.parse::<Loss>() {
        Ok(loss) => named(&loss.to_string()).ok_or_else(all),
        Err(limpid::learn::Error::Setting { hint, .. }) => Err(hint),
        Err(_) => Err(all()),
    };
    named(&name).map_or_else(by_training, Ok)
}

/// More steps than anyone sees.
const MOST_STEPS: usize = 100_000;

/// Parses a number of steps.
fn steps(text: &str) -> Result<usize, String> {
    let found = text.trim().parse().ok().filter(|steps| (1..=MOST_STEPS).contains(steps));
    found.ok_or_else(|| format!("expected a whole number from 1 to {MOST_STEPS}"))
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.what {
        What::Activation(of) => of.form.show(|| activation::activations(&of.names, of.range, of.slope)),
        What::Loss(of) => of.form.show(|| activation::losses(&of.names, of.range)),
        What::Function(of) => of.form.show(|| function::draw(&of.settings())),
        What::Descent(of) => of.form.show(|| descent::draw(&of.settings()?)),
        What::History(of) => of.form.show(|| of.drawn()),
        What::Weights(of) => of.form.show(|| of.drawn()),
        What::Confusion(of) => of.form.show(|| {
            let mut input = of.model_and_data.read(false)?;
            let (title, names) = (title(&of.model_and_data, &input), input.classes()?);
            classes::confusion(&Answers::of(&mut input.saved.model, &input.data)?, names.as_deref(), &title)
        }),
        What::Misclassified(of) => of.form.show(|| {
            let mut input = of.model_and_data.read(false)?;
            input.check_pictures()?;
            let (title, names) = (title(&of.model_and_data, &input), input.classes()?);
            let answers = Answers::of(&mut input.saved.model, &input.data)?;
            classes::misclassified(&answers, &input.data, names.as_deref(), &input.places, &title, of.most)
        }),
    }
}

impl SizeAndFile {
    /// Draws, where the picture can be kept, and says what is to be said.
    fn show(&self, draw: impl FnOnce() -> Result<Drawn, Failure>) -> Result<(), Failure> {
        self.picture.check()?;
        let Drawn { picture, notes } = draw()?;
        self.picture.show(picture.as_ref(), &self.size)?;
        notes.iter().for_each(|note| output::note(note));
        Ok(())
    }
}

impl Functions {
    fn settings(&self) -> function::Settings {
        function::Settings {
            formulas: [std::slice::from_ref(&self.formula), &self.more].concat(),
            range: self.range,
            heights: self.heights,
            tangents: self.tangent.clone(),
            slopes: self.slope,
            form: self.how,
        }
    }
}

impl Descent {
    fn settings(&self) -> Result<descent::Settings, Failure> {
        let rates = match &self.learning_rate[..] {
            [rate] => vec![*rate; self.optimizer.len()],
            rates => rates.to_vec(),
        };
        if rates.len() != self.optimizer.len() {
            let (rates, optimizers) = (rates.len(), counted(self.optimizer.len() as u64, "optimizer"));
            return Err(Failure::Usage(format!("--lr has {rates} rates for {optimizers}; give one, or one for each")));
        }
        let walkers = self.optimizer.iter().zip(rates);
        Ok(descent::Settings {
            formula: self.formula.clone(),
            start: self.start.clone(),
            walkers: walkers
                .map(|(optimizer, learning_rate)| Walker { optimizer: Arc::clone(optimizer), learning_rate })
                .collect(),
            steps: self.steps,
            ascends: self.ascent,
            range: self.range,
        })
    }
}

/// The largest history that is read, in bytes: some ten million steps.
const HISTORY_CAP_BYTES: u64 = 256 << 20;

impl History {
    fn drawn(&self) -> Result<Drawn, Failure> {
        let is_stdin = output::is_dash(&self.file);
        let name = if is_stdin { "stdin".to_string() } else { self.file.display().to_string() };
        let history =
            |bytes: Vec<u8>| history::History::read(&bytes).map_err(|why| Failure::Input(format!("{name}: {why}")));
        let history = match is_stdin {
            true => history(output::standard_input(HISTORY_CAP_BYTES)?),
            false => decode_plain_or_gzip(&self.file, HISTORY_CAP_BYTES, history),
        };
        Ok(history::draw(&history?, &name))
    }
}

impl Weights {
    fn drawn(&self) -> Result<Drawn, Failure> {
        let Saved { model, samples, .. } = models::load_saved(&self.model)?;
        let parameters = model.parameters()?;
        let found =
            weights::Weights::find(model.network(), &parameters, self.layer.as_deref()).map_err(
                |failure| match failure {
                    Failure::Input(told) => Failure::Input(format!("{}: {told}", self.model.display())),
                    other => other,
                },
            )?;
        match &samples {
            Some(Samples::Table(preparation)) if found.read_inputs(model.network()) => {
                weights::of_table(found.name, found.values, &weights::input_names(preparation), self.most)
            }
            _ => weights::draw(&found, self.most),
        }
    }
}

/// What a picture of a model's answers is called.
fn title(model_and_data: &ModelAndData, input: &EvaluationInput) -> String {
    let part = input.part.map(|part| format!("{} ", adjective(part))).unwrap_or_default();
    format!("{} on the {part}samples of {}", file_name(&model_and_data.model), input.name)
}

/// A file's name without its folder.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
