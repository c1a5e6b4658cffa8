//! Whatever formula is typed, over whatever range: a picture or a message, never a crash.

use limpid::graph::{Expression, Stream};
use limpid::learn::{optimizer, optimizer_names};

use super::descent::Walker;
use super::function::FieldPlot;
use super::{Drawn, descent, function};
use crate::failure::Failure;
use crate::parse::{Limits, Numbers};

/// Numbers drawn one after the other.
struct Draws {
    stream: Stream,
    at: u64,
}

impl Draws {
    fn unit(&mut self) -> f64 {
        self.at += 1;
        self.stream.uniform(0, self.at)
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count - 1)
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// A number of any size.
    fn number(&mut self) -> f64 {
        let sign = if self.below(2) == 0 { 1.0 } else { -1.0 };
        match self.below(6) {
            0 => sign * 10f64.powf(600.0 * self.unit() - 300.0),
            1 => 0.0,
            _ => sign * 10.0 * self.unit(),
        }
    }

    /// A formula of up to so many levels.
    fn formula(&mut self, levels: usize, names: &[&str]) -> String {
        if levels == 0 || self.below(6) == 0 {
            let leaves = ["0", "1", "2", "0.5", "1e300", "1e-300", "pi", "e"];
            return if self.below(3) > 0 { self.pick(names) } else { self.pick(&leaves) }.to_string();
        }
        let first = self.formula(levels - 1, names);
        match self.below(5) {
            0 => {
                let of_one = [
                    "exp",
                    "ln",
                    "sqrt",
                    "sin",
                    "cos",
                    "tanh",
                    "abs",
                    "sign",
                    "step",
                    "relu",
                    "sigmoid",
                    "erf",
                    "gelu",
                    "silu",
                    "softplus",
                    "square",
                    "ln_1p",
                    "exp_m1",
                    "negate",
                    "identity",
                    "stop_gradient",
                ];
                format!("{}({first})", self.pick(&of_one))
            }
            1 => format!("-{first}"),
            2 => format!("{}({first}, {})", self.pick(&["max", "min", "pow"]), self.formula(levels - 1, names)),
            _ => format!("({first}) {} ({})", self.pick(&["+", "-", "*", "/", "^"]), self.formula(levels - 1, names)),
        }
    }

    /// A formula as somebody may mistype it.
    fn typed(&mut self, names: &[&str]) -> String {
        let levels = self.below(5);
        let mut text: Vec<char> = self.formula(levels, names).chars().collect();
        if self.below(4) == 0 {
            let at = self.below(text.len());
            let odd: Vec<char> = "+-*/^(),.x1e πß数\u{301}\t".chars().collect();
            text[at] = odd[self.below(odd.len())];
        }
        text.into_iter().collect()
    }

    fn range(&mut self) -> String {
        let (low, high) = (self.number(), self.number());
        match self.below(8) {
            0 => format!("{low}"),
            1 => format!("{high},{low},"),
            _ => format!("{:e},{:e}", low.min(high), low.max(high)),
        }
    }
}

/// What `plot function` or `plot descent` would do with words that somebody typed.
fn plotted(draws: &mut Draws) -> Option<Result<Drawn, Failure>> {
    let names: &[&str] = if draws.below(2) == 0 { &["x"] } else { &["x0", "x1"] };
    let formula: Result<Expression, _> = draws.typed(names).parse();
    let range: Result<Limits, String> = draws.range().parse();
    let places: Result<Numbers, String> =
        (0..=draws.below(2)).map(|_| draws.number().to_string()).collect::<Vec<_>>().join(",").parse();
    let has_range = draws.below(2) == 0;
    let (formula, range, places) = (formula.ok()?, range.ok()?, places.ok()?);
    if draws.below(2) == 0 {
        let is_within = places.0.iter().all(|place| (range.low..=range.high).contains(place));
        let forms = [FieldPlot::Surface, FieldPlot::Contours, FieldPlot::Heat, FieldPlot::Gradient];
        return Some(function::draw(&function::Settings {
            form: (formula.names().len() == 2).then(|| forms[draws.below(4)]),
            formulas: vec![formula],
            range,
            heights: None,
            tangents: (names.len() == 1 && has_range && is_within).then_some(places),
            slopes: names.len() == 1 && draws.below(2) == 0,
        }));
    }
    let names: Vec<&str> = optimizer_names().collect();
    let mut walker = || Walker {
        optimizer: optimizer(draws.pick(&names)).expect("a known name"),
        learning_rate: draws.number().abs().max(1e-300),
    };
    let mut walkers = vec![walker()];
    walkers.extend(has_range.then(walker));
    Some(descent::draw(&descent::Settings {
        formula,
        start: places,
        walkers,
        steps: 1 + draws.below(30),
        ascends: draws.below(2) == 0,
        range: has_range.then_some(range),
    }))
}

/// `LIMPID_RANDOM_PLOTS` says how many; 10,000 otherwise.
#[test]
fn random_formulas_and_ranges_give_pictures_or_messages() {
    let count = std::env::var("LIMPID_RANDOM_PLOTS").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let work = |thread: u64| {
        let mut tally = [0u64; 3];
        for case in (thread..count).step_by(threads as usize) {
            let mut draws = Draws { stream: Stream::new(case, "plots"), at: 0 };
            match plotted(&mut draws) {
                None => tally[0] += 1,
                Some(Err(failure)) => {
                    assert!(matches!(failure, Failure::Usage(_)), "case {case}: {failure}");
                    tally[1] += 1;
                }
                Some(Ok(drawn)) => {
                    let text = drawn.picture.terminal(72, case % 2 == 0);
                    // A range that no axis can have, 0 to 1e-310 or beyond 1e300, is refused when it is laid out.
                    if let Err(error) = text {
                        assert!(matches!(Failure::from(error.clone()), Failure::Usage(_)), "case {case}: {error}");
                        tally[1] += 1;
                        continue;
                    }
                    assert!(text.is_ok_and(|text| !text.trim().is_empty()), "case {case}");
                    if case % 16 == 0 {
                        let page = drawn.picture.scene().map(|scene| scene.svg());
                        assert!(page.is_ok_and(|svg| svg.trim_end().ends_with("</svg>")), "case {case}");
                    }
                    tally[2] += 1;
                }
            }
        }
        tally
    };
    let tallies: Vec<[u64; 3]> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        all.into_iter().map(|one| one.join().expect("no case panics")).collect()
    });
    let [unread, refused, drawn] = [0, 1, 2].map(|i| tallies.iter().map(|tally| tally[i]).sum::<u64>());
    println!("{count} cases: {unread} not read, {refused} refused, {drawn} drawn");
    assert!(unread + refused + drawn == count && (drawn > count / 3 || count < 100));
}

#[test]
fn an_optimisers_way_is_that_of_the_library_and_several_stand_in_one_picture() {
    let settings = |names: &[&str], ascends| descent::Settings {
        formula: if ascends { "-(x0^2/20 + x1^2)" } else { "x0^2/20 + x1^2" }.parse().unwrap(),
        start: Numbers(vec![-7.0, 2.0]),
        walkers: names.iter().map(|name| Walker { optimizer: optimizer(name).unwrap(), learning_rate: 0.1 }).collect(),
        steps: 2,
        ascends,
        range: None,
    };
    let notes = |names: &[&str], ascends| descent::draw(&settings(names, ascends)).unwrap().notes;
    // v = g, then 0.9·g + g′: from x1 = 2 with slope 2·x1 to 2 − 0.1·4 = 1.6, then to 1.6 − 0.1·(3.6 + 3.2) = 0.92.
    let place = |note: &str| -> f64 {
        note.split("x1 = ")
            .nth(1)
            .and_then(|rest| rest.split(';').next())
            .and_then(|x| x.replace('−', "-").parse().ok())
            .unwrap()
    };
    let several = notes(&["sgd", "momentum"], false);
    assert!(several[0].starts_with("sgd, after 2 steps: x0 = ") && several.len() == 2, "{several:?}");
    assert!((place(&several[0]) - 2.0 * 0.8 * 0.8).abs() < 1e-9, "{several:?}");
    assert!((place(&several[1]) - 0.92).abs() < 1e-9, "{several:?}");
    // Up a hill is down the same hill turned over.
    assert!((place(&notes(&["momentum"], true)[0]) - 0.92).abs() < 1e-9);
    // m̂/√v̂ is 1, then (0.74/0.19)/√(0.030424/0.001999).
    assert!(
        (place(&notes(&["adam"], false)[0]) - 1.800_167).abs() < 1e-5,
        "adam's first steps are as long as its rate"
    );
}

/// What `plot descent` says of a formula of one or two names.
fn way(formula: &str, start: &[f64], learning_rate: f64, steps: usize) -> Vec<String> {
    let settings = descent::Settings {
        formula: formula.parse().unwrap(),
        start: Numbers(start.to_vec()),
        walkers: vec![Walker { optimizer: optimizer("sgd").unwrap(), learning_rate }],
        steps,
        ascends: false,
        range: None,
    };
    let drawn = descent::draw(&settings).unwrap();
    for columns in [40, 80, 140] {
        assert!(
            drawn.picture.terminal(columns, false).is_ok_and(|text| text.contains("gradient descent")),
            "{formula}"
        );
    }
    drawn.notes
}

#[test]
fn descent_goes_by_the_exact_gradient_and_says_in_plain_words_how_it_ends() {
    // 3·0.8¹⁰⁰, 4·0.8¹⁰⁰ and the sum of their squares; then 3·19¹⁰⁰ and 4·19¹⁰⁰, which difference quotients never reach.
    let ends = way("x0^2 + x1^2", &[-3.0, 4.0], 0.1, 100);
    assert_eq!(ends, ["after 100 steps: x0 = −6.11111×10⁻¹⁰, x1 = 8.14814×10⁻¹⁰; the value there is 1.03738×10⁻¹⁸"]);
    let ends = way("x0^2 + x1^2", &[-3.0, 4.0], 10.0, 100);
    assert!(ends[0].starts_with("after 100 steps: x0 = −2.25155×10¹²⁸, x1 = 3.00206×10¹²⁸; "), "{ends:?}");
    assert_eq!(ends[1], "after 4 steps the way leaves the picture");
    assert!(ends[2].contains("larger than 25 at the start") && ends[2].ends_with("try a smaller --lr"), "{ends:?}");
    // x ← −2x doubles 1,021 times until it is beyond the largest number.
    let ends = way("x^2", &[3.0], 1.5, 2000);
    assert!(ends.iter().any(|end| end.contains("largest 64-bit number, 1.8×10³⁰⁸: the way ends after 1,021 steps")));
    let ends = way("sqrt(x)", &[1.0], 0.5, 50);
    assert!(ends.iter().any(|end| end.contains("no value or no slope there (NaN)")), "{ends:?}");
    for note in [way("exp(x)", &[700.0], 1.0, 3), way("-x", &[1.0], 1e308, 5), way("1/x", &[0.5], 0.1, 3)].concat() {
        assert!(!note.contains("inf"), "{note}");
    }
}

/// The picture of formulas over a range, in a terminal and as a page, and what is said beside it.
fn drawn(formulas: &[&str], low: f64, high: f64) -> Result<(String, String, Vec<String>), Failure> {
    let settings = function::Settings {
        formulas: formulas.iter().map(|formula| formula.parse().unwrap()).collect(),
        range: Limits { low, high },
        heights: None,
        tangents: None,
        slopes: false,
        form: None,
    };
    let drawn = function::draw(&settings)?;
    Ok((drawn.picture.terminal(80, false)?, drawn.picture.scene()?.svg(), drawn.notes))
}

#[test]
fn a_pole_breaks_the_line_and_the_scale_keeps_the_curve() {
    let (text, svg, notes) = drawn(&["1/x"], -1.0, 1.3).unwrap();
    assert!(notes[0].starts_with("the values grow without end near x = 0; the picture shows −11 to 11"), "{notes:?}");
    assert!(text.contains("\n −5 ") || text.contains("−5 │"), "{text}");
    // Two pieces, and the legend's: none runs through the pole.
    assert_eq!(svg.matches("stroke=\"#0072b2\"").count(), 3, "{svg}");
    let (_, _, notes) = drawn(&["sin(x)/cos(x)"], -5.0, 5.0).unwrap();
    assert!(notes[0].contains("near x = −4.712, −1.571, 1.571, 4.712;"), "{notes:?}");
    let (_, svg, notes) = drawn(&["sign(x)"], -1.0, 1.3).unwrap();
    assert!(notes.is_empty() && svg.matches("stroke=\"#0072b2\"").count() == 3, "{notes:?}");
    let (_, _, notes) = drawn(&["ln(x)"], 0.0, 5.0).unwrap();
    assert_eq!(notes, ["1 of 401 points have no finite value; they are left out"]);
    for plain in [["exp(x)"], ["x^3"], ["sqrt(abs(x))"], ["tanh(1000*x)"]] {
        assert_eq!(drawn(&plain, -5.0, 5.0).unwrap().2, Vec::<String>::new(), "{plain:?}");
    }
}

#[test]
fn curves_that_lie_on_each_other_have_patterns_of_their_own() {
    let names = ["relu", "leaky-relu", "elu"].map(|name| super::activation::Function::Layer(name.to_string()));
    let range = Limits { low: -5.0, high: 5.0 };
    let drawn = super::activation::activations(&names, range, false).unwrap();
    let svg = drawn.picture.scene().unwrap().svg();
    let dashes: std::collections::BTreeSet<&str> =
        svg.split("stroke-dasharray=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(dashes.len(), 2, "{dashes:?}");
    let apart = [super::activation::Function::Layer("sigmoid".to_string()), super::activation::Function::Step];
    let svg = super::activation::activations(&apart, range, false).unwrap().picture.scene().unwrap().svg();
    assert!(!svg.contains("stroke-dasharray"));
}

#[test]
fn what_a_curve_cannot_show_is_refused() {
    let settings = |formula: &str, tangent: Option<f64>, form| function::Settings {
        formulas: vec![formula.parse().unwrap()],
        range: Limits { low: -5.0, high: 5.0 },
        heights: None,
        tangents: tangent.map(|at| Numbers(vec![at])),
        slopes: false,
        form,
    };
    let why = |settings| function::draw(&settings).err().map(|failure| failure.to_string()).unwrap_or_default();
    let said = why(settings("x^2", None, Some(FieldPlot::Surface)));
    assert!(said.starts_with("--as surface is for a formula of two names"), "{said}");
    let said = why(settings("x^2", Some(50.0), None));
    assert!(said.starts_with("--tangent 50 lies outside of --range -5,5"), "{said}");
    assert_eq!(why(settings("x^2", Some(5.0), None)), "");
    assert_eq!(why(settings("x*y", None, Some(FieldPlot::Contours))), "");
}

/// A training's history as JSON: accuracies that climb within the first epochs and then stay.
fn trained(epochs: usize) -> super::history::History {
    let epoch = |epoch: usize| {
        let accuracy = 0.98 - 0.9 * (-(epoch as f64)).exp();
        serde_json::json!({"epoch": epoch, "step": 10 * epoch, "train_loss": 1.0 / (1 + epoch) as f64,
            "test_loss": null, "train_accuracy": accuracy, "test_accuracy": accuracy - 0.01})
    };
    let epochs: Vec<_> = (0..epochs).map(epoch).collect();
    let losses = vec![Some(0.5); 10 * epochs.len()];
    super::history::History::read(serde_json::json!({"losses": losses, "epochs": epochs}).to_string()).unwrap()
}

#[test]
fn a_history_of_many_epochs_has_lines_without_marks_and_an_axis_that_fits() {
    let few = super::history::draw(&trained(20), "h.json");
    assert!(few.picture.scene().unwrap().svg().contains("<circle") && few.notes.is_empty());
    let many = super::history::draw(&trained(200), "h.json");
    assert!(!many.picture.scene().unwrap().svg().contains("<circle"));
    let text = many.picture.terminal(80, false).unwrap();
    assert!(!text.contains('●') && !text.contains('■') && text.contains("0.98"), "{text}");
    assert!(
        many.notes.len() == 1 && many.notes[0].starts_with("the axis of accuracy begins at 0.9"),
        "{:?}",
        many.notes
    );
    for odd in [1, 2, 31] {
        assert!(super::history::draw(&trained(odd), "h.json").picture.terminal(60, false).is_ok(), "{odd}");
    }
}

#[test]
fn weights_of_a_table_bear_the_names_of_its_columns() {
    let weights = limpid::graph::Tensor::from([[0.5, -0.25], [-1.0, 0.0], [2.0, 1.5]]);
    let names = ["alcohol", "colour = red", "colour missing"].map(String::from);
    let drawn = super::weights::of_table("0/w", &weights, &names, 50).unwrap();
    let text = drawn.picture.terminal(80, false).unwrap();
    for wanted in ["alcohol", "colour = red", "colour missing", "−0.25", "1.5"] {
        assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
    }
    let one = limpid::graph::Tensor::from([[0.0]]);
    assert!(super::weights::of_table("0/w", &one, &[], 50).unwrap().picture.terminal(20, true).is_ok());
    let wide = limpid::graph::Tensor::new([300, 200], vec![0.1; 60_000]).unwrap();
    let drawn = super::weights::of_table("0/w", &wide, &[], 500).unwrap();
    assert_eq!(drawn.notes.len(), 3, "{:?}", drawn.notes);
    let refused = drawn.picture.terminal(80, false).unwrap_err().to_string();
    assert!(refused.contains("columns of a terminal; there are 80"), "{refused}");
}
