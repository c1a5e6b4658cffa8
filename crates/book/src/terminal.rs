//! A stop in a terminal: its words, what its program prints, its Rust.

use crate::markdown;
use crate::stops::{STOPS, Stop, chapters};

/// The chapters and their stops.
pub fn contents(colour: bool) -> String {
    let mut out = String::from("limpid's book: from an AND gate to a network that reads digits\n");
    for chapter in chapters() {
        out += &format!("\n{}\n", bold(&format!("{}  {}", chapter.number, chapter.title), colour));
        for stop in chapter.stops {
            out += &format!("  {:<5} {}\n", stop.number, stop.title);
        }
    }
    out += "\n`limpid book 4.4` shows a stop; `limpid book --all --output DIR` writes the book as a web site.\n";
    out + "The book follows, stop by stop, the study notes on deep learning that limpid grew from (\"the notes\").\n"
}

/// What stands above a stop's numbers: its title and its words.
pub fn head(stop: &Stop, columns: usize, colour: bool) -> String {
    let title = bold(&format!("{}  {}", stop.number, stop.title), colour);
    let words = markdown::lines(stop.words, columns.min(80));
    format!("{title}\n\n{words}\n{}\n\n", bold("Numbers and pictures", colour))
}

/// What stands below them: how to see the Rust that made them, and the next stop.
pub fn tail(stop: &Stop, colour: bool) -> String {
    let shown = format!("limpid book {} --code", stop.number);
    format!("\n{}  {shown}\n{}", bold("program:", colour), next(stop, colour))
}

/// What stands below them where the Rust is asked for: all of it, in lines of at most so many columns, and the next stop.
pub fn tail_with_code(stop: &Stop, columns: usize, colour: bool) -> String {
    let file = format!("crates/limpid/examples/{}.rs", stop.example);
    let source: String = stop.source.lines().map(|line| broken(line, columns) + "\n").collect();
    format!("\n{}\n\n{source}\n{}", bold(&file, colour), next(stop, colour))
}

fn next(stop: &Stop, colour: bool) -> String {
    let place = STOPS.iter().position(|known| known.number == stop.number);
    match place.and_then(|place| STOPS.get(place + 1)) {
        Some(next) => format!("{}     limpid book {}   {}\n", bold("next:", colour), next.number, next.title),
        None => "This is the last stop; `limpid book` lists them all.\n".to_string(),
    }
}

/// A line of Rust, broken at spaces where it is longer than so many columns. What follows is indented further, where
/// there is room for it.
fn broken(line: &str, columns: usize) -> String {
    let indent = line.len() - line.trim_start().len();
    let (mut out, mut width) = (String::new(), 0);
    for word in line.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if width + length > columns && !out.trim().is_empty() {
            width = (indent + 8).min(columns.saturating_sub(length));
            out.truncate(out.trim_end().len());
            out += &format!("\n{}", " ".repeat(width));
        }
        out += word;
        width += word.chars().count();
    }
    out
}

fn bold(text: &str, colour: bool) -> String {
    if colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_of_rust_are_broken_at_spaces_and_short_ones_stay() {
        assert_eq!(broken("    let a = 1;", 80), "    let a = 1;");
        assert_eq!(broken("    let sum = first + second;", 22), "    let sum = first +\n            second;");
        assert_eq!(broken("averyveryverylongword", 10), "averyveryverylongword");
    }

    #[test]
    fn no_stops_program_has_a_word_broken_or_lost_in_eighty_columns() {
        for stop in STOPS {
            let shown = tail_with_code(stop, 80, false);
            assert!(shown.lines().all(|line| line.chars().count() <= 80), "{}", stop.number);
            let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
            let program = shown.split_once("\n\n").map_or("", |(_, rest)| rest);
            assert_eq!(words(program)[..words(stop.source).len()], words(stop.source), "{}", stop.number);
        }
    }

    #[test]
    fn each_stop_leads_to_the_next_and_the_last_to_the_list() {
        assert!(tail(&STOPS[0], false).contains("program:  limpid book 1.1 --code"));
        for pair in STOPS.windows(2) {
            let leads = format!("next:     limpid book {}   {}\n", pair[1].number, pair[1].title);
            assert!(tail(&pair[0], false).ends_with(&leads) && tail_with_code(&pair[0], 80, false).ends_with(&leads));
        }
        assert!(STOPS.last().is_some_and(|last| tail(last, false).contains("`limpid book` lists them all")));
    }
}
