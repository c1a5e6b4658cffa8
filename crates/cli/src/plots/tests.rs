//! Whatever formula is typed, over whatever range: a picture or a message, never a crash.

use limpid::graph::{Expression, Stream};
use limpid::learn::{optimizer, optimizer_names};

use super::descent::Walker;
use super::function::Form;
use super::{Drawn, descent, function};
use crate::failure::Failure;
use crate::pointed::{Limits, Numbers};

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
        let forms = [Form::Surface, Form::Contours, Form::Heat, Form::Gradient];
        return Some(function::draw(&function::Settings {
            formulas: vec![formula],
            range,
            heights: None,
            tangents: (names.len() == 1 && has_range).then_some(places),
            slopes: names.len() == 1 && draws.below(2) == 0,
            form: forms[draws.below(4)],
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
        note.split("x1 = ").nth(1).and_then(|rest| rest.split(';').next()).and_then(|x| x.parse().ok()).unwrap()
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
