//! Text, recognised by how it begins; and text whose characters take two bytes.

use super::{Kind, Sniffed, View, contains};

/// The most characters of a text that a message repeats.
const QUOTED: usize = 40;

/// What is recognised by the beginning of a text, in small letters, after blanks and empty lines.
struct Row {
    kind: Kind,
    starts: &'static [&'static str],
    described: &'static str,
    way_out: &'static str,
}

const AS_PAGE: &str =
    "a download that asked for something else, such as a sign-in, often gives one: fetch the file itself";
const AS_JSON: &str = "write it as CSV, such as with pandas: pandas.read_json(path).to_csv(\"table.csv\", index=False)";

static ROWS: &[Row] = &[
    Row {
        kind: Kind::Pointer,
        starts: &["version https://git-lfs.github.com/spec/"],
        described: "a Git LFS pointer, not the file itself",
        way_out: "fetch the file with `git lfs pull`",
    },
    Row {
        kind: Kind::Pointer,
        starts: &["/annex/objects/", ".git/annex/objects/", "../.git/annex/objects/"],
        described: "a git-annex pointer, not the file itself",
        way_out: "fetch the file with `git annex get`",
    },
    Row {
        kind: Kind::Pointer,
        starts: &["outs:\n- md5:", "outs:\r\n- md5:"],
        described: "a DVC pointer (.dvc), not the file itself",
        way_out: "fetch the file with `dvc pull`",
    },
    Row {
        kind: Kind::Markup,
        starts: &["<!doctype html", "<html", "<head", "<body"],
        described: "a web page (HTML)",
        way_out: AS_PAGE,
    },
    Row { kind: Kind::OtherPicture, starts: &["<svg"], described: "an SVG picture", way_out: "save it as PNG" },
    Row { kind: Kind::Markup, starts: &["<?xml", "<!doctype"], described: "an XML file", way_out: "" },
    Row {
        kind: Kind::OtherTable,
        starts: &["@relation"],
        described: "an ARFF file, as Weka writes them",
        way_out: "save it as CSV in Weka, or write the names of the columns in place of the lines from @relation to @data",
    },
    Row {
        kind: Kind::OtherModel,
        starts: &["model_checkpoint_path:"],
        described: "the list of TensorFlow's checkpoints",
        way_out: "load the checkpoint in TensorFlow and save its weights: numpy.savez(\"weights.npz\", \
                  *model.get_weights())",
    },
    Row {
        kind: Kind::Changed,
        starts: &["data:image/", "ivborw0kggo", "/9j/4aaq"],
        described: "a picture written as base64 text",
        way_out: "decode it first, with base64 -d",
    },
    Row { kind: Kind::Other, starts: &["#!"], described: "a script", way_out: "" },
];

pub(super) fn found(view: &View<'_>) -> Option<Sniffed> {
    let text = readable(view)?;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let small: String = start.chars().take(80).collect::<String>().to_ascii_lowercase();
    if let Some(row) = ROWS.iter().find(|row| row.starts.iter().any(|own| small.starts_with(own))) {
        return Some(Sniffed::new(row.kind, row.described, row.way_out));
    }
    if arff(start) {
        let row = ROWS.iter().find(|row| row.starts == ["@relation"]);
        return row.map(|row| Sniffed::new(row.kind, row.described, row.way_out));
    }
    if start.is_empty() {
        return Some(Sniffed::new(Kind::Text, "text of only blanks and empty lines", ""));
    }
    if let Some(json) = json(start) {
        return Some(json);
    }
    let quoted: String = start.lines().next().unwrap_or_default().chars().take(QUOTED).collect();
    let more = if start.trim_end().len() > quoted.len() { "…" } else { "" };
    Some(match is_table(start) {
        true => Sniffed::new(Kind::Table, format!("a table of text that begins \"{quoted}{more}\""), ""),
        false => Sniffed::new(Kind::Text, format!("text that begins \"{quoted}{more}\""), ""),
    })
}

/// The beginning of the file, where that is UTF-8 without control characters.
pub(super) fn readable<'a>(view: &View<'a>) -> Option<&'a str> {
    let text = match std::str::from_utf8(view.head) {
        Ok(text) => text,
        // A character may be cut where the head ends.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&view.head[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let is_control = |c: char| c.is_control() && !"\t\r\n\x0c\x1a".contains(c);
    (!text.contains(is_control)).then_some(text)
}

/// Comments of `%` may come before what an ARFF file begins with.
fn arff(start: &str) -> bool {
    let mut lines = start.lines().map(str::trim).skip_while(|line| line.is_empty() || line.starts_with('%'));
    start.starts_with('%') && lines.next().is_some_and(|line| line.to_ascii_lowercase().starts_with("@relation"))
}

fn json(start: &str) -> Option<Sniffed> {
    let mut signs = start.chars().filter(|c| !c.is_whitespace());
    let is_one = match (signs.next()?, signs.next()) {
        ('{', Some('"' | '}')) => true,
        ('[', Some('{' | '[' | '"' | '-' | '0'..='9' | ']')) => start.contains([',', ']']),
        _ => false,
    };
    if !is_one {
        return None;
    }
    Some(match contains(start.as_bytes(), b"\"nbformat\"") || contains(start.as_bytes(), b"\"cell_type\"") {
        true => Sniffed::new(Kind::Json, "a Jupyter notebook (.ipynb)", "save the data in it as a file of its own"),
        false => Sniffed::new(Kind::Json, "JSON", AS_JSON),
    })
}

/// Whether the first two lines have as many of a separator, and have it.
fn is_table(start: &str) -> bool {
    let mut lines = start.lines().filter(|line| !line.trim().is_empty());
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return false };
    [',', ';', '\t', '|'].into_iter().any(|separator| {
        let [first, second] = [first, second].map(|line| line.matches(separator).count());
        first > 0 && first == second
    })
}

/// UTF-16 and UTF-32: with their mark, or with every second byte zero.
pub(super) fn wide(view: &View<'_>) -> Option<Sniffed> {
    const SAVE: &str = "save it as UTF-8";
    if view.head.starts_with(b"\xff\xfe\0\0") || view.head.starts_with(b"\0\0\xfe\xff") {
        return Some(Sniffed::new(Kind::Text, "text in UTF-32", SAVE));
    }
    let has_mark = view.head.starts_with(b"\xff\xfe") || view.head.starts_with(b"\xfe\xff");
    let pairs = view.head.get(..64).unwrap_or(view.head).as_chunks::<2>().0;
    let is_letter = |byte: u8| byte == b'\t' || byte == b'\n' || byte == b'\r' || (b' '..0x7f).contains(&byte);
    let all = |zero: usize| pairs.len() > 4 && pairs.iter().all(|pair| pair[zero] == 0 && is_letter(pair[1 - zero]));
    (has_mark || all(0) || all(1)).then(|| Sniffed::new(Kind::Text, "text in UTF-16", SAVE))
}
