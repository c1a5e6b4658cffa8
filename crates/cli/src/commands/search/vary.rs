//! A flag that varies, and the values that it is given.

use std::fmt;
use std::str::FromStr;

use limpid::graph::Stream;

/// A flag of `train` with the values that it may have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vary {
    /// Its name, without dashes.
    pub(crate) flag: String,
    pub(crate) values: Values,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// One of these words.
    Words(Vec<String>),
    /// A number between two, evenly or evenly over its powers.
    Range { low: f64, high: f64, is_log: bool, is_whole: bool },
}

impl Vary {
    /// The value that a run has: a function of the seed, the run and the place of the flag alone.
    pub(crate) fn draw(&self, seed: u64, run: usize, at: usize) -> String {
        let stream = Stream::new(seed, "search");
        let (run, at) = (run as u64, at as u64);
        match &self.values {
            Values::Words(words) => words[stream.below(run, at, words.len() as u64) as usize].clone(),
            &Values::Range { low, high, is_log, is_whole } => {
                let share = stream.uniform(run, at);
                // Each whole number has the same chance, those at the ends as well.
                let (low, high) = if is_whole { (low - 0.5, high + 0.5) } else { (low, high) };
                let number = match is_log {
                    true => (low.ln() + share * (high.ln() - low.ln())).exp(),
                    false => low + share * (high - low),
                };
                match is_whole {
                    true => number.round().clamp(low + 0.5, high - 0.5).to_string(),
                    // Four digits: more would only be harder to read.
                    false => format!("{number:.3e}").parse::<f64>().unwrap_or(number).to_string(),
                }
            }
        }
    }
}

impl fmt::Display for Vary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.flag)?;
        match &self.values {
            Values::Words(words) => f.write_str(&words.join("|")),
            Values::Range { low, high, is_log, .. } => {
                write!(f, "{low}..{high}{}", if *is_log { " log" } else { "" })
            }
        }
    }
}

impl FromStr for Vary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hint = "write a flag and its values, such as \"lr=0.001..0.1 log\" or \"hidden=50|100\"";
        let (flag, values) = text.split_once('=').ok_or(hint)?;
        let flag = flag.trim().trim_start_matches("--");
        if flag.is_empty() || values.trim().is_empty() {
            return Err(hint.to_string());
        }
        let values = values.trim();
        let (range, is_log) = match values.strip_suffix("log") {
            Some(range) if range.contains("..") => (range.trim(), true),
            _ => (values, false),
        };
        let values = match range.split_once("..") {
            Some((low, high)) => between(low.trim(), high.trim(), is_log)?,
            None => words(values)?,
        };
        Ok(Self { flag: if flag == "lr" { "learning-rate".to_string() } else { flag.to_string() }, values })
    }
}

fn words(text: &str) -> Result<Values, String> {
    let words: Vec<String> = text.split('|').map(|word| word.trim().to_string()).collect();
    match words.iter().any(String::is_empty) {
        true => Err("a value is missing beside a |".to_string()),
        false if words.len() < 2 => {
            Err("give two values or more, with | between them, or a range, such as 1..10".into())
        }
        false => Ok(Values::Words(words)),
    }
}

fn between(low: &str, high: &str, is_log: bool) -> Result<Values, String> {
    let number = |text: &str| {
        let found = text.parse::<f64>().ok().filter(|number| number.is_finite());
        found.ok_or_else(|| format!("`{text}` is no number; a range is such as 0.001..0.1"))
    };
    let is_whole = [low, high].iter().all(|text| text.parse::<u32>().is_ok());
    let (low, high) = (number(low)?, number(high)?);
    match () {
        () if low >= high => Err(format!("the range ends at {high}, which is not above its beginning, {low}")),
        () if is_log && low <= 0.0 => Err("a range with `log` begins above 0".to_string()),
        () => Ok(Values::Range { low, high, is_log, is_whole }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_where_they_were_asked_for_and_are_spread_evenly() {
        let draws = |text: &str| -> Vec<String> {
            let vary: Vary = text.parse().unwrap();
            (0..3000).map(|run| vary.draw(7, run, 1)).collect()
        };
        let numbers = |text: &str| draws(text).iter().map(|x| x.parse::<f64>().unwrap()).collect::<Vec<_>>();
        let below = |numbers: &[f64], x: f64| numbers.iter().filter(|&&n| n < x).count() as f64 / numbers.len() as f64;
        let even = numbers("momentum=0.5..0.9");
        assert!(even.iter().all(|x| (0.5..=0.9).contains(x)) && (below(&even, 0.6) - 0.25).abs() < 0.03);
        let log = numbers("lr=0.001..0.1 log");
        assert!(log.iter().all(|x| (0.001..=0.1).contains(x)) && (below(&log, 0.01) - 0.5).abs() < 0.03);
        let whole = numbers("batch-size=3..6");
        assert!((3..=6).all(|n| {
            let share = whole.iter().filter(|&&x| x == f64::from(n)).count() as f64 / 3000.0;
            (share - 0.25).abs() < 0.03
        }));
        assert!(numbers("batch-size=1..64 log").iter().all(|x| (1.0..=64.0).contains(x) && x.fract() == 0.0));
        let words = draws("hidden=50|100,50");
        assert!((words.iter().filter(|word| *word == "100,50").count() as f64 / 3000.0 - 0.5).abs() < 0.03);
        assert_eq!(draws("hidden=50|100,50")[..20], draws("hidden=50 | 100,50")[..20]);
    }

    #[test]
    fn what_is_no_flag_with_values_is_answered_with_what_would_be() {
        let table = [
            ("lr", "write a flag and its values"),
            ("=1..2", "write a flag and its values"),
            ("lr=", "write a flag and its values"),
            ("lr=0.1", "give two values or more"),
            ("lr=0.1|", "a value is missing beside a |"),
            ("lr=0.1..0.01", "the range ends at 0.01, which is not above its beginning, 0.1"),
            ("lr=0..0.1 log", "a range with `log` begins above 0"),
            ("lr=a..b", "`a` is no number"),
            ("lr=0..inf", "`inf` is no number"),
        ];
        for (text, wanted) in table {
            let why = text.parse::<Vary>().unwrap_err();
            assert!(why.starts_with(wanted), "{text}: {why}");
        }
        for text in ["learning-rate=0.001..0.1 log", "hidden=50|100", "batch-size=16..256"] {
            assert_eq!(text.parse::<Vary>().unwrap().to_string(), text);
        }
        assert_eq!("--lr=0.1|0.2".parse::<Vary>().unwrap().to_string(), "learning-rate=0.1|0.2");
    }
}
