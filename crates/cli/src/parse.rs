//! Short lists that are typed as one word, `-7,2` or `x=3,y=4`, and mistakes in them pointed at.

use std::ops::Range;
use std::str::FromStr;

use limpid::draw::text_cells;
use limpid::graph::{Builder, Expression};

/// What is wrong, where in the text that is, and the text with carets under the place.
pub(crate) fn with_carets(text: &str, place: Range<usize>, what: &str) -> String {
    // A tab or a line's end would move what stands under the text.
    let shown = |part: &str| part.replace(|c: char| c.is_control() || c.is_whitespace(), " ");
    let (before, wrong) = (shown(&text[..place.start]), shown(&text[place.clone()]));
    let (indent, carets) = (" ".repeat(text_cells(&before)), "^".repeat(text_cells(&wrong).max(1)));
    format!("{what} (column {})\n  {}\n  {indent}{carets}", before.chars().count() + 1, shown(text))
}

/// The parts of a text between commas, with their places, without the spaces around them. A comma in brackets stands
/// between the values of a function.
fn parts(text: &str) -> impl Iterator<Item = Range<usize>> {
    let (mut start, mut depth) = (0, 0i64);
    let is_between = move |c: char| {
        depth += i64::from(c == '(') - i64::from(c == ')');
        c == ',' && depth <= 0
    };
    text.split(is_between).map(move |part| {
        let trimmed = part.trim_start();
        let from = start + part.len() - trimmed.len();
        start += part.len() + 1;
        from..from + trimmed.trim_end().len()
    })
}

/// A finite number at a place of a text.
fn number(text: &str, place: Range<usize>, hint: &str) -> Result<f64, String> {
    let part = &text[place.clone()];
    let number = part.replace('−', "-").parse::<f64>().ok().or_else(|| constant(part));
    match number {
        Some(number) if number.is_finite() => Ok(number),
        _ if part.is_empty() => Err(with_carets(text, place, &format!("a number is missing; {hint}"))),
        _ => Err(with_carets(text, place, &format!("`{}` is not a finite number; {hint}", part.escape_debug()))),
    }
}

/// The value of a formula without names, such as `pi/2`.
fn constant(text: &str) -> Option<f64> {
    let formula: Expression = text.parse().ok().filter(|formula: &Expression| formula.names().is_empty())?;
    let builder = Builder::new();
    let graph = builder.finish([formula.build(&builder)]).ok()?;
    graph.run(&[]).ok()?.first()?.to_f64().first().copied()
}

/// Numbers with commas between them, at least one.
pub(crate) fn numbers(text: &str, hint: &str) -> Result<Vec<f64>, String> {
    parts(text).map(|place| number(text, place, hint)).collect()
}

/// A point: one number, or several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Numbers(pub(crate) Vec<f64>);

impl FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        numbers(text, "expected numbers with commas between them, such as -7,2").map(Self)
    }
}

/// The ends of a range, the lower first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const HINT: &str = "expected two numbers, the lower first, such as 0,20";
        let found = numbers(text, HINT)?;
        let places: Vec<_> = parts(text).collect();
        match found[..] {
            [low, high] if low < high && (high - low).is_finite() => Ok(Self { low, high }),
            [low, high] => {
                let what = if low < high { "the range is too wide" } else { "the upper end is not above the lower" };
                Err(with_carets(text, places[1].clone(), &format!("{what}; {HINT}")))
            }
            [_] => Err(with_carets(text, text.len()..text.len(), &format!("the end of the range is missing; {HINT}"))),
            _ => Err(with_carets(text, places[2].start..text.len(), &format!("a range has two ends; {HINT}"))),
        }
    }
}

/// Values of named numbers, `x=3,y=4`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assignments {
    text: String,
    values: Vec<(String, f64, Range<usize>)>,
}

impl FromStr for Assignments {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const HINT: &str = "expected a name, `=` and a number, such as x=3,y=4 or x=pi/2";
        let mut values: Vec<(String, f64, Range<usize>)> = Vec::new();
        for place in parts(text) {
            let part = &text[place.clone()];
            let Some((name, value)) = part.split_once('=') else {
                return Err(with_carets(text, place, &format!("`{}` gives no value; {HINT}", part.escape_debug())));
            };
            let (name, value) = (name.trim(), value.trim());
            let named = place.start..place.start + name.len();
            if name.is_empty() {
                return Err(with_carets(text, named, &format!("a name is missing; {HINT}")));
            }
            if values.iter().any(|(other, ..)| other == name) {
                return Err(with_carets(text, named, &format!("`{name}` has a value already; give one for each name")));
            }
            let start = place.end - value.len();
            values.push((name.to_string(), number(text, start..place.end, HINT)?, named));
        }
        Ok(Self { text: text.to_string(), values })
    }
}

impl Assignments {
    /// The values of these names, in this order: every one of them and no others.
    pub(crate) fn of(&self, names: &[String]) -> Result<Vec<f64>, String> {
        if let Some((name, _, place)) = self.values.iter().find(|(name, ..)| !names.contains(name)) {
            let own = match names {
                [] => "it has no names".to_string(),
                [one] => format!("its only name is {one}"),
                [others @ .., last] => format!("its names are {} and {last}", others.join(", ")),
            };
            let what = format!("the formula has no name `{}`; {own}", name.escape_debug());
            return Err(with_carets(&self.text, place.clone(), &what));
        }
        let value = |name: &String| {
            let found = self.values.iter().find(|(own, ..)| own == name).map(|(_, value, _)| *value);
            found.ok_or_else(|| {
                let end = self.text.len();
                with_carets(&self.text, end..end, &format!("`{name}` has no value; write `{}`", example(names)))
            })
        };
        names.iter().map(value).collect()
    }
}

/// Values for names, as an example: `x=1,y=2`.
pub(crate) fn example(names: &[String]) -> String {
    let each: Vec<String> = names.iter().zip(1..).map(|(name, i)| format!("{name}={i}")).collect();
    each.join(",")
}

/// A width and a height, `640x400`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl FromStr for Extent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const HINT: &str = "expected a width and a height, such as 640x400";
        let Some(at) = text.find(['x', 'X', '×']) else {
            return Err(with_carets(text, text.len()..text.len(), &format!("the height is missing; {HINT}")));
        };
        let after = at + text[at..].chars().next().map_or(1, char::len_utf8);
        let side = |place: Range<usize>| {
            let part = &text[place.clone()];
            let found = part.trim().parse::<usize>().ok().filter(|side| (1..=16_384).contains(side));
            let what = || format!("`{}` is not a whole number from 1 to 16384; {HINT}", part.escape_debug());
            found.ok_or_else(|| with_carets(text, place, &what()))
        };
        Ok(Self { width: side(0..at)?, height: side(after..text.len())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_with_spaces_and_signs() {
        assert_eq!("-7, 2".parse(), Ok(Numbers(vec![-7.0, 2.0])));
        assert_eq!("−1e-3".parse(), Ok(Numbers(vec![-1e-3])));
        assert_eq!(" 0 , 20 ".parse(), Ok(Limits { low: 0.0, high: 20.0 }));
        assert_eq!("640x400".parse(), Ok(Extent { width: 640, height: 400 }));
        let half = std::f64::consts::FRAC_PI_2;
        assert_eq!("pi/2, -π/2,max(1, 2)^2".parse(), Ok(Numbers(vec![half, -half, 4.0])));
        assert_eq!("-pi/2,e^0*pi/2".parse(), Ok(Limits { low: -half, high: half }));
        let at: Assignments = "x=sqrt(2),y=min(pi, 3)".parse().unwrap();
        assert_eq!(at.of(&["x".to_string(), "y".to_string()]), Ok(vec![std::f64::consts::SQRT_2, 3.0]));
        let at: Assignments = "x = 3,y=-4".parse().unwrap();
        assert_eq!(at.of(&["y".to_string(), "x".to_string()]), Ok(vec![-4.0, 3.0]));
    }

    #[test]
    fn a_mistake_is_pointed_at() {
        let of = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let at = |text: &str, names: &[&str]| text.parse::<Assignments>().and_then(|at| at.of(&of(names)).map(drop));
        let table: [(Result<(), String>, &str); 14] = [
            (
                "0,x".parse::<Limits>().map(drop),
                "`x` is not a finite number; expected two numbers, the lower first, such as 0,20 (column 3)\n  0,x\n    ^",
            ),
            ("20, 0".parse::<Limits>().map(drop), "(column 5)\n  20, 0\n      ^"),
            ("0".parse::<Limits>().map(drop), "(column 2)\n  0\n   ^"),
            ("0,1,2".parse::<Limits>().map(drop), "(column 5)\n  0,1,2\n      ^"),
            ("1,".parse::<Numbers>().map(drop), "a number is missing; "),
            ("1e999".parse::<Numbers>().map(drop), "`1e999` is not a finite number; "),
            (at("x", &["x"]), "`x` gives no value; "),
            (at("x=3,x=4", &["x"]), "(column 5)\n  x=3,x=4\n      ^"),
            (at("x=3,z=4", &["x", "y"]), "the formula has no name `z`; its names are x and y (column 5)"),
            (at("x=pi/0", &["x"]), "`pi/0` is not a finite number; "),
            (at("x=2*y", &["x"]), "`2*y` is not a finite number; "),
            (at("x=3", &["x", "y"]), "`y` has no value; write `x=1,y=2` (column 4)\n  x=3\n     ^"),
            (at("数=三", &["数"]), "(column 3)\n  数=三\n     ^^"),
            ("640x".parse::<Extent>().map(drop), "`` is not a whole number"),
        ];
        for (found, wanted) in table {
            let said = found.unwrap_err();
            assert!(said.contains(wanted), "{wanted:?} is not in\n{said}");
        }
    }
}
