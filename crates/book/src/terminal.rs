//! A stop in a terminal: its words, what its program shows, its Rust.

use crate::markdown;
use crate::stops::{Stop, chapters};

/// The chapters and their stops.
pub fn contents(colour: bool) -> String {
    let mut out = String::from("limpid's book: from an AND gate to a network that reads digits\n");
    for chapter in chapters() {
        out += &format!("\n{}\n", bold(&format!("{}  {}", chapter.number, chapter.title), colour));
        for stop in chapter.stops {
            out += &format!("  {:<5} {}\n", stop.number, stop.title);
        }
    }
    out + "\n`limpid book 4.4` walks to a stop; `limpid book --all --output DIR` writes the book as a web site.\n"
}

/// What stands above a stop's numbers: its title and its words.
pub fn head(stop: &Stop, columns: usize, colour: bool) -> String {
    let title = bold(&format!("{}  {}", stop.number, stop.title), colour);
    let words = markdown::lines(stop.words, columns.min(80));
    format!("{title}\n\n{words}\n{}\n\n", bold("What the program says", colour))
}

/// What stands below them: the Rust.
pub fn tail(stop: &Stop, colour: bool) -> String {
    let file = format!("crates/limpid/examples/{}.rs", stop.example);
    format!("\n{}\n\n{}", bold(&file, colour), stop.source)
}

fn bold(text: &str, colour: bool) -> String {
    if colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_string() }
}
