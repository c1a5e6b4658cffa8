//! `limpid graph`: a formula or a network, its loss, gradient or training step → a picture, a listing, DOT or JSON.

use std::io::{self, BufRead, IsTerminal};

use clap::{Args, ValueEnum};
use limpid::draw::{GraphPicture, Step};
use limpid::graph::show::{Drawing, Numbers};
use limpid::graph::{Builder, Expression, Graph, Tensor};
use limpid::learn::step::{GraphKind, sample_loss};
use limpid::learn::{Dataset, Model};

use limpid::predictions::argmax;

use crate::arguments::{DataOptions, OptimizerOptions, PartOption, listed};
use crate::choices::{GRAPH_KINDS, one_of};
use crate::chosen_samples::{ChosenSamples, NotChosen, Wanted};
use crate::failure::Failure;
use crate::network_or_model::{GraphInput, GraphInputArgument, NetworkOrModel};
use crate::parse::{Assignments, example};
use crate::picture::{PictureOptions, colours, columns, names_picture};
use crate::{output, text};

/// Draw or print a formula, or a network with its loss, gradient or training step, as a graph
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: GraphInputArgument,

    /// Values of a formula's variables, such as x=3,y=4; the graph then shows values and derivatives
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true)]
    at: Option<Assignments>,

    /// Graph to show: the network, or with its loss, gradient or training step [default: network]
    #[arg(long, value_name = "STAGE", value_parser = one_of(GRAPH_KINDS))]
    stage: Option<GraphKind>,

    #[command(flatten)]
    optimizer: OptimizerOptions,

    /// Simplify the graph as before a run: common parts are computed once, constants are folded, unused nodes removed
    #[arg(long)]
    simplified: bool,

    #[command(flatten)]
    sample: SampleOptions,
    #[command(flatten)]
    look: LookOptions,

    /// Format of the graph [default: picture for a formula, with --values, --step, --unfold or --open, and for an .svg
    /// or .png; else text]
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Output", hide_possible_values = false)]
    format: Option<GraphFormat>,

    #[command(flatten)]
    picture: PictureOptions,
}

/// Which sample's numbers a network's graph has.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
struct SampleOptions {
    /// Draw a network's loss with the values and derivatives of this sample, counted from 0, such as 7
    #[arg(long, value_name = "SAMPLE", conflicts_with_all = ["at", "stage"], allow_negative_numbers = true)]
    #[arg(value_parser = sample, help_heading = "Data")]
    values: Option<usize>,
    #[command(flatten)]
    part: PartOption,
    #[command(flatten)]
    data: DataOptions,
}

/// How a picture of a graph looks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Picture")]
struct LookOptions {
    /// Unfold the boxes of these layers, such as 0,loss, or all
    #[arg(long, value_name = "PATHS|all", value_delimiter = ',', help_heading = "Picture")]
    unfold: Vec<String>,
    /// Go forward and backward through the graph; in a terminal Enter shows the next step
    #[arg(long, conflicts_with_all = ["output", "open"], help_heading = "Picture")]
    step: bool,
    /// Significant digits of numbers, from 1 to 17, which shows all [default: 6, and all of whole numbers]
    #[arg(long, value_name = "N", value_parser = digits, allow_negative_numbers = true, help_heading = "Picture")]
    digits: Option<usize>,
    /// Draw also nodes that only pass numbers on, and derivatives of constants
    #[arg(long, help_heading = "Picture")]
    everything: bool,
}

/// The form of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// A picture: characters on stdout, or an .svg or .png file
    Picture,
    /// A listing, a node a line
    Text,
    /// For Graphviz
    Dot,
    /// One JSON object, for programs
    Json,
}

const EXAMPLES: &str = "\
Above a line stands the value that it carries, below it the derivative of the result with respect to that value.

Examples:
  A formula with its values and derivatives, forward and back step by step:
    limpid graph \"(x+y)^2\" --at x=3,y=4 --step
  A saved model with what it makes of the test digit 7, its first layer unfolded:
    limpid graph digits.safetensors --values 7 --unfold 0 --output seven.svg
  A small network as a listing, with its training step:
    limpid graph \"2, affine 3, relu, affine 2\" --stage step --simplified
  A picture of a gradient, with Graphviz:
    limpid graph \"2, affine 3\" --stage gradient --format dot | dot -Tsvg > gradient.svg
  The loss of a saved model, for a program:
    limpid graph digits.safetensors --stage loss --format json --output loss.json";

/// Parses the place of a sample.
fn sample(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| "expected the place of a sample, a whole number from 0".to_string())
}

/// Parses a number of digits.
fn digits(text: &str) -> Result<usize, String> {
    let found = text.trim().parse().ok().filter(|digits| (1..=17).contains(digits));
    found.ok_or_else(|| "expected a whole number from 1 to 17".to_string())
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let recipe = arguments.optimizer.recipe()?;
    let input = arguments.input.read(arguments.at.is_some())?;
    let form = arguments.form(&input)?;
    match (form, arguments.look_flag()) {
        (GraphFormat::Picture, _) => arguments.picture.check()?,
        (_, Some(flag)) => return Err(Failure::Usage(format!("{flag} is for pictures; use --format picture"))),
        (_, None) => {}
    }
    let drawing = match &input {
        GraphInput::Formula(formula) => arguments.formula(formula)?,
        GraphInput::Network(input) => match arguments.sample.values {
            Some(row) => arguments.sample.drawing(row, input)?,
            None => {
                let stage = arguments.stage.unwrap_or(GraphKind::Network);
                let shape = input.sample_shape()?;
                let graph = stage.graph(&input.network, shape, &input.loss, &recipe)?;
                simplified(graph, arguments.simplified)?.show()
            }
        },
    };
    let path = arguments.picture.output.as_deref();
    match form {
        GraphFormat::Picture => arguments.draw(&drawing),
        GraphFormat::Text => output::result_to(path, &drawing.to_string()),
        GraphFormat::Dot => output::result_to(path, &drawing.dot()),
        GraphFormat::Json => output::result_to(path, &(drawing.json() + "\n")),
    }
}

fn simplified(graph: Graph, wanted: bool) -> Result<Graph, Failure> {
    Ok(if wanted { graph.simplified()? } else { graph })
}

impl Arguments {
    fn form(&self, input: &GraphInput) -> Result<GraphFormat, Failure> {
        let names_picture = self.picture.file().is_some_and(names_picture);
        let looks = self.sample.values.is_some() || self.look.step || self.picture.open || !self.look.unfold.is_empty();
        match self.format {
            Some(form) if form != GraphFormat::Picture && names_picture => {
                let hint = "use --format picture, or another name";
                Err(Failure::Usage(format!("a file named .svg or .png holds a picture; {hint}")))
            }
            Some(form) => Ok(form),
            None if names_picture => Ok(GraphFormat::Picture),
            None if self.picture.file().is_some() && !looks => Ok(GraphFormat::Text),
            None if looks || matches!(input, GraphInput::Formula(_)) => Ok(GraphFormat::Picture),
            None => Ok(GraphFormat::Text),
        }
    }

    /// The first flag that was typed and changes nothing but a picture.
    fn look_flag(&self) -> Option<&'static str> {
        let flags = [
            ("--step", self.look.step),
            ("--open", self.picture.open),
            ("--unfold", !self.look.unfold.is_empty()),
            ("--digits", self.look.digits.is_some()),
            ("--everything", self.look.everything),
            ("--theme", self.picture.theme.is_some()),
        ];
        flags.into_iter().find(|(_, is_typed)| *is_typed).map(|(flag, _)| flag)
    }

    fn formula(&self, formula: &Expression) -> Result<Drawing, Failure> {
        let refused = [("--stage", self.stage.is_some()), ("--values", self.sample.values.is_some())];
        if let Some((flag, _)) = refused.iter().find(|(_, is_there)| *is_there) {
            let hint = if formula.names().is_empty() {
                String::new()
            } else {
                format!("; use --at {}", example(formula.names()))
            };
            return Err(Failure::Usage(format!("{flag} is for networks, and {formula} is a formula{hint}")));
        }
        let b = Builder::new();
        let result = formula.build(&b);
        // A formula that is a name alone has its name.
        if result.name().is_none() {
            let free =
                ["z", "f", "result", "answer"].into_iter().find(|name| !formula.names().iter().any(|n| n == name));
            result.named(free.unwrap_or("the result"));
        }
        let graph = simplified(b.finish([result])?, self.simplified)?;
        let values = match &self.at {
            Some(at) => at.of(formula.names()).map_err(Failure::Usage)?,
            None if formula.names().is_empty() => Vec::new(),
            None => return Ok(graph.show()),
        };
        let feeds: Vec<Tensor> = values.into_iter().map(Tensor::from).collect();
        let drawing = graph.trace(&feeds)?.show();
        say_not_a_number(&drawing);
        Ok(drawing)
    }

    fn draw(&self, drawing: &Drawing) -> Result<(), Failure> {
        let picture = self.look.picture(drawing)?;
        if self.look.step {
            return walk(drawing, &picture);
        }
        self.picture.show_either(|| picture.scene(), || picture.terminal(columns(), colours()))
    }
}

impl LookOptions {
    fn picture<'d>(&self, drawing: &'d Drawing) -> Result<GraphPicture<'d>, Failure> {
        let mut picture = GraphPicture::new(drawing);
        for path in &self.unfold {
            let path = path.trim();
            let folded = picture.folded();
            let is_opened =
                drawing.nodes.iter().any(|node| node.path == path || node.path.starts_with(&format!("{path}/")));
            picture = match path {
                "all" => picture.open_all(),
                _ if is_opened && !path.is_empty() => picture.open(path),
                _ if folded.is_empty() => {
                    return Err(Failure::Usage(format!("there is no box `{path}` to unfold: nothing is folded")));
                }
                _ => {
                    let boxes = listed(folded.iter());
                    return Err(Failure::Usage(format!("there is no box `{path}` to unfold; use {boxes} or all")));
                }
            };
        }
        let picture = self.digits.map_or(picture.clone(), |digits| picture.digits(digits));
        Ok(if self.everything { picture.everything() } else { picture })
    }
}

/// Says where a formula's value is not a number: its derivatives say nothing there, whatever they are.
fn say_not_a_number(drawing: &Drawing) {
    let is_nan = |numbers: &Option<Numbers>| numbers.as_ref().is_some_and(|n| n.first.iter().any(|x| x.is_nan()));
    if let Some((id, node)) = drawing.nodes.iter().enumerate().find(|(_, node)| is_nan(&node.value)) {
        let name = node.name.clone().unwrap_or_else(|| format!("%{id}"));
        let formula = node.formula.as_ref().map(|formula| format!(" = {formula}")).unwrap_or_default();
        output::note(&format!(
            "{name}{formula} is not a number (NaN) for these values: it has no real value there, and the derivatives mean \
             nothing"
        ));
    }
}

/// Shows the steps forward through a graph and back, each when Enter is pressed; one after the other where nobody can.
fn walk(drawing: &Drawing, picture: &GraphPicture<'_>) -> Result<(), Failure> {
    let is_watched = io::stdin().is_terminal() && io::stdout().is_terminal();
    let steps = picture.steps();
    for (i, &step) in steps.iter().enumerate() {
        let said = format!("step {} of {}, {}", i + 1, steps.len(), said(drawing, picture, step));
        let shown = picture.clone().at(step).terminal(columns(), colours());
        output::result(&format!("{said}\n\n{}\n\n", shown.trim_end()))?;
        if is_watched && i + 1 < steps.len() {
            output::note("Enter for the next step, q and Enter to end");
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line);
            if read.is_ok_and(|bytes| bytes == 0) || line.trim() == "q" {
                break;
            }
        }
    }
    Ok(())
}

/// A step in words.
fn said(drawing: &Drawing, picture: &GraphPicture<'_>, step: Step) -> String {
    let label =
        |id: usize| drawing.nodes.get(id).and_then(|node| node.name.clone()).unwrap_or_else(|| format!("%{id}"));
    let number = |numbers: &Option<Numbers>| {
        numbers.as_ref().map(|numbers| format!(" = {}", picture.written(numbers))).unwrap_or_default()
    };
    match step {
        Step::Forward(id) => {
            let Some(node) = drawing.nodes.get(id) else { return String::new() };
            let formula = node.formula.as_ref().map(|formula| format!(" = {formula}")).unwrap_or_default();
            format!("forward: {}{formula}{}", label(id), number(&node.value))
        }
        Step::Backward(id) => {
            let Some(node) = drawing.nodes.get(id) else { return String::new() };
            let of = drawing.outputs.first().map_or_else(String::new, |&output| label(output));
            format!("back: d {of} / d {}{}", label(id), number(&node.derivative))
        }
    }
}

impl SampleOptions {
    /// The loss of a sample, with every value and derivative.
    fn drawing(&self, row: usize, input: &NetworkOrModel) -> Result<Drawing, Failure> {
        let wanted = Wanted { part: self.part.part, start: row, count: 1 };
        let chosen = ChosenSamples::read(input, &self.data, &wanted).map_err(|error| about_values(row, error))?;
        let sample = &chosen.data;
        let parameters = match &input.model {
            Some(model) => model.variables()?,
            None => Model::new(&input.network, 1)?.variables()?,
        };
        let graph = sample_loss(&input.network, &input.loss, sample.targets().shape().get(1..).unwrap_or_default())?;
        let feeds =
            graph.fed().map(|(_, node)| fed(node.name.as_deref().unwrap_or_default(), sample, &parameters, input));
        let trace = graph.trace(&feeds.collect::<Result<Vec<_>, _>>()?)?;
        say(row, &chosen, input, &trace)?;
        Ok(trace.show())
    }
}

/// Names the flag that asks for a sample.
fn about_values(row: usize, error: NotChosen) -> Failure {
    match error {
        NotChosen::OutOfRange(why) => Failure::Usage(format!("--values {row}: {why}")),
        NotChosen::Other(failure) => failure,
    }
}

/// What the sample is, and what the network makes of it.
fn say(
    row: usize,
    chosen: &ChosenSamples,
    input: &NetworkOrModel,
    trace: &limpid::graph::Trace,
) -> Result<(), Failure> {
    let classes: Option<Vec<String>> = match (&chosen.named, &input.samples) {
        (Some(named), _) => Some(named.class_names()),
        (None, samples) => samples.as_ref().and_then(limpid::models::Samples::classes),
    };
    chosen.notes.iter().for_each(|note| output::note(note));
    let (targets, scores) = (chosen.data.targets().to_f64(), trace.value("scores")?.to_f64());
    let loss = trace.value("loss")?.item().map_or_else(String::new, text::loss);
    let what = match classes {
        Some(classes) => {
            let right = if targets.len() == 1 { targets[0] as usize } else { argmax(&targets) };
            let [right, said] = [right, argmax(&scores)].map(|class| classes.get(class).map_or("none", String::as_str));
            format!("is of class {right}; the network says {said}")
        }
        None => {
            let [right, said] = [&targets, &scores].map(|numbers| numbers.first().copied().unwrap_or(f64::NAN));
            format!("has the target {}; the network says {}", text::figures(right), text::figures(said))
        }
    };
    let place = chosen.place().map(|place| format!(" ({place})")).unwrap_or_default();
    output::note(&format!("{}sample {row} of {}{place} {what}; loss {loss}", chosen.part, chosen.name));
    Ok(())
}

/// What a leaf of a sample's loss is fed.
fn fed(
    name: &str,
    sample: &Dataset,
    parameters: &[(String, Tensor)],
    input: &NetworkOrModel,
) -> Result<Tensor, Failure> {
    let found = match name {
        "x" => {
            let shape: Vec<usize> = std::iter::once(1).chain(input.network.input().iter().copied()).collect();
            let numbers = sample.inputs().to_f64();
            let numbers = numbers.into_iter().map(|x| sample.divisor().map_or(x, |divisor| x / divisor));
            Tensor::new(shape, numbers.collect::<Vec<_>>()).map_err(|error| Failure::Input(error.to_string()))?
        }
        "t" => sample.targets().to_f64_tensor(),
        _ => match parameters.iter().find(|(own, _)| own == name) {
            Some((_, value)) => value.clone(),
            None => return Err(Failure::Input(format!("the network is fed `{name}`, which is not a parameter"))),
        },
    };
    Ok(found)
}
