//! `docs/spec-coverage.md`: for each row, where it is in the library, what to type, where it is explained, what pins it.

use crate::rows::{ROWS, Row};
use crate::stops::{STOPS, Stop};

/// The page.
pub fn page() -> String {
    let mut out = String::from(
        "# What limpid covers\n\n\
         limpid grew from a set of study notes on deep learning from first principles. Each row is one thing that the \
         notes teach, with the places in limpid where it is found. Made by \
         `UPDATE=1 cargo test -p limpid-book --test it coverage`, which also checks that every test, command and library \
         item named here exists; not written by hand.\n",
    );
    let mut group = ' ';
    for row in ROWS {
        let of_row = row.id.chars().next().unwrap_or_default();
        if of_row != group {
            group = of_row;
            out += &format!("\n## {group}. {}\n\n", title_of(group));
            out += "| row | what | library | command | stop | test |\n|---|---|---|---|---|---|\n";
        }
        out += &line(row);
    }
    out
}

/// The stops that show a row.
pub fn stops_of(row: &Row) -> impl Iterator<Item = &'static Stop> {
    STOPS.iter().filter(|stop| stop.rows.contains(&row.id))
}

fn line(row: &Row) -> String {
    let Row { id, title, item, .. } = row;
    if *item == "pending" {
        return format!("| {id} | {title} | pending | pending | pending | pending |\n");
    }
    let stops: Vec<&Stop> = stops_of(row).collect();
    let numbers: Vec<String> = stops.iter().map(|stop| format!("{} {}", stop.number, stop.title)).collect();
    let mut commands: Vec<String> = stops.iter().map(|stop| format!("`limpid book {}`", stop.number)).collect();
    commands.extend(Some(format!("`{}`", row.command)).filter(|_| !row.command.is_empty()));
    let (file, name) = row.test;
    format!(
        "| {id} | {title} | `{item}` | {} | {} | [`{name}`](../{file}) |\n",
        commands.join(", "),
        numbers.join(", ")
    )
}

fn title_of(group: char) -> &'static str {
    match group {
        'A' => "Arrays",
        'B' => "Pictures",
        'C' => "The perceptron",
        'D' => "Activations and output layers",
        'E' => "A forward pass",
        'F' => "Handwritten digits",
        'G' => "Losses",
        'H' => "Numerical differentiation",
        'I' => "The gradient method",
        'J' => "Learning",
        'K' => "The computational graph",
        'L' => "Layers",
        _ => "What the notes name and leave to the reader",
    }
}
