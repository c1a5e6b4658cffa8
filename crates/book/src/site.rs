//! The book as a web site: a page for each stop, which loads nothing from elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use limpid::files::{OutputError, write_atomically};
use limpid::graph::Verdict;
use limpid::page::{Drawn, Page, Part};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use thiserror::Error;

use crate::markdown::References;
use crate::stops::{STOPS, Stop, chapters};
use crate::{assets, examples, markdown, rust};

/// Why the site could not be made.
#[derive(Debug, Error)]
pub enum SiteError {
    /// A stop's words cannot be set.
    #[error("stop {number}: {cause}")]
    Stop {
        /// Which.
        number: &'static str,
        /// Why.
        cause: String,
    },
    /// The folder cannot be made.
    #[error("cannot make the folder {}: {cause}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// The whole site, as the texts of its files.
#[derive(Clone, Debug)]
pub struct Site {
    /// Each file's name and text.
    pub files: Vec<(String, String)>,
    /// The picture files' scenes, by the page that they are on: for whoever checks their labels.
    pub pictures: Vec<(&'static str, Drawn)>,
    /// Stops whose program failed, for example because a data set is not there. Their pages have words and program, and
    /// this sentence instead of numbers and pictures.
    pub lacking: Vec<(&'static str, String)>,
}

impl Site {
    /// Runs every stop and sets its page. `watch` gets each stop before it runs. A stop whose program fails is among the
    /// [`lacking`](Self::lacking) ones; all others are whole.
    ///
    /// # Errors
    /// [`SiteError::Stop`] if a formula cannot be set.
    pub fn build(mut watch: impl FnMut(&Stop)) -> Result<Self, SiteError> {
        let mut files = vec![
            ("index.html".to_string(), index_page().into_string()),
            ("style.css".to_string(), assets::STYLE.to_string()),
            ("script.js".to_string(), assets::SCRIPT.to_string()),
            ("search.js".to_string(), search_index()),
        ];
        let (mut pictures, mut lacking) = (Vec::new(), Vec::new());
        for (place, stop) in STOPS.iter().enumerate() {
            watch(stop);
            let failed = |cause: String| SiteError::Stop { number: stop.number, cause };
            let mut page = Page::new(80, false);
            let run = (stop.run)(&mut page);
            page.end();
            let words = markdown::html(stop.words, References::Linked).map_err(failed)?;
            let content = match &run {
                Ok(()) => Content::Shown(page.parts()),
                Err(cause) => Content::Failed(cause.to_string()),
            };
            files.push((file_of(stop), stop_page(place, &words, &content, Within::Site).into_string()));
            match run {
                Ok(()) => pictures.extend(page.pictures().map(|picture| (stop.number, picture.clone()))),
                Err(cause) => lacking.push((stop.number, cause.to_string())),
            }
        }
        Ok(Self { files, pictures, lacking })
    }

    /// The page of one stop that was run, with what it needs to stand alone: no link leads to another stop.
    ///
    /// # Errors
    /// [`SiteError::Stop`] where a formula of its words cannot be set.
    pub fn of_stop(stop: &Stop, page: &Page<'_>) -> Result<Self, SiteError> {
        let failed = |cause: String| SiteError::Stop { number: stop.number, cause };
        let place = STOPS.iter().position(|known| known.number == stop.number).unwrap_or_default();
        let words = markdown::html(stop.words, References::Plain).map_err(failed)?;
        let content = Content::Shown(page.parts());
        let files = vec![
            (file_of(stop), stop_page(place, &words, &content, Within::Alone).into_string()),
            ("style.css".to_string(), assets::STYLE.to_string()),
            ("script.js".to_string(), assets::SCRIPT.to_string()),
        ];
        let pictures = page.pictures().map(|picture| (stop.number, picture.clone())).collect();
        Ok(Self { files, pictures, lacking: Vec::new() })
    }

    /// The name of the page to begin with.
    pub fn first(&self) -> &str {
        self.files.first().map_or("index.html", |(name, _)| name)
    }

    /// Writes every file into a folder, which is made where there is none. A file is written whole or not at all.
    ///
    /// # Errors
    /// Where the folder or a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), SiteError> {
        fs::create_dir_all(folder).map_err(|cause| SiteError::Folder { path: folder.to_path_buf(), cause })?;
        for (name, text) in &self.files {
            write_atomically(&folder.join(name), text.as_bytes())?;
        }
        Ok(())
    }
}

fn file_of(stop: &Stop) -> String {
    format!("{}.html", stop.number)
}

/// Whether a page is one of the site, or alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Site,
    Alone,
}

/// What a stop's program gave.
enum Content<'p> {
    Shown(&'p [Part]),
    Failed(String),
}

/// What every page has around its content. `here` is the number of the stop that it shows.
fn layout(title: &str, content: &Markup, within: Within, here: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – limpid" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="style.css";
            }
            body {
                header.bar {
                    @if within == Within::Site {
                        a.home href="index.html" { "limpid’s book" }
                        button id="menu" type="button" aria-expanded="false" aria-controls="road" { "Stops" }
                        div.search {
                            label.hidden for="query" { "Search the book" }
                            input id="query" type="search" placeholder="search" autocomplete="off" role="combobox"
                                aria-expanded="false" aria-controls="found";
                            ul id="found" role="listbox" aria-label="stops found" {}
                        }
                    } @else {
                        span.home { "limpid’s book" }
                    }
                    button id="theme" type="button" title="light or dark" aria-label="light or dark" { "◐" }
                }
                @if within == Within::Site {
                    div.beside {
                        (road(here))
                        main { (content) }
                    }
                } @else {
                    main { (content) }
                }
                @if within == Within::Site { script src="search.js" {} }
                script src="script.js" {}
            }
        }
    }
}

/// The list of stops beside a page; on a phone the button `Stops` opens it.
fn road(here: &str) -> Markup {
    html! {
        nav.road id="road" aria-label="stops" {
            @for chapter in chapters() {
                p { (chapter.number) " " (chapter.title) }
                ul {
                    @for stop in chapter.stops {
                        li {
                            @if stop.number == here {
                                a href=(file_of(stop)) aria-current="page" { span { (stop.number) } (stop.title) }
                            } @else {
                                a href=(file_of(stop)) { span { (stop.number) } (stop.title) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn index_page() -> Markup {
    let content = html! {
        h1 { "From an AND gate to a network that reads digits" }
        p {
            "This book goes from a single perceptron to a trained network in small steps, called stops. Each stop "
            "explains one thing, runs a short Rust program, and shows the numbers and pictures that the program made."
        }
        p id="notes" {
            "limpid grew from a set of study notes on deep learning from first principles. The book follows them, stop "
            "by stop, and calls them " em { "the notes" } ". Where they have a mistake, a coloured box says what is right."
        }
        p { "You can read the same stops in a terminal. From a checkout of limpid, with Rust installed:" }
        (PreEscaped(markdown::console("$ cargo install --path crates/cli --profile dist")))
        p { "Then show the list of stops, one stop, its pictures as files, and this site:" }
        (PreEscaped(markdown::console(
            "$ limpid book\n$ limpid book 4.4\n$ limpid book 4.4 --output pictures\n$ limpid book --all --output site",
        )))
        @for chapter in chapters() {
            h2 { (chapter.number) " " (chapter.title) }
            ul.stops {
                @for stop in chapter.stops {
                    li { span.number { (stop.number) } a href=(file_of(stop)) { (stop.title) } }
                }
            }
        }
    };
    layout("Contents", &content, Within::Site, "")
}

fn stop_page(place: usize, words: &str, content: &Content<'_>, within: Within) -> Markup {
    let stop = &STOPS[place];
    let chapter = chapters().find(|chapter| chapter.stops.iter().any(|known| known.number == stop.number));
    let file = format!("crates/limpid/examples/{}.rs", stop.example);
    let commands = format!("$ limpid book {}\n$ cargo run --release -p limpid --example {}", stop.number, stop.example);
    let page = html! {
        @if let Some(chapter) = &chapter { p.chapter { (chapter.number) " " (chapter.title) } }
        h1 { (stop.number) " " (stop.title) }
        (PreEscaped(words))
        h2 { "Numbers and pictures" }
        @match content {
            Content::Shown(parts) => (shown(parts)),
            Content::Failed(cause) => p.lacking { "They are missing, because the program failed: " (cause) },
        }
        @if stop.example == "exercise" { (exercise()) }
        h2 { "The program" }
        p { "This is the whole of " code { (file) } ":" }
        pre.rust { code { (PreEscaped(rust::html(stop.source))) } }
        h2 { "Run it yourself" }
        (PreEscaped(markdown::console(&commands)))
        @if within == Within::Site { (ways(place)) }
    };
    layout(&format!("{} {}", stop.number, stop.title), &page, within, stop.number)
}

fn shown(parts: &[Part]) -> Markup {
    html! {
        @for part in parts {
            @match part {
                Part::Words(words) => pre.numbers { code { (words) } },
                Part::Picture(picture) => (figure(picture)),
            }
        }
    }
}

/// The stop before and the stop after.
fn ways(place: usize) -> Markup {
    html! {
        nav.ways {
            @if let Some(before) = place.checked_sub(1).map(|before| &STOPS[before]) {
                a.previous rel="prev" href=(file_of(before)) { small { "← " (before.number) } (before.title) }
            }
            @if let Some(next) = STOPS.get(place + 1) {
                a.next rel="next" href=(file_of(next)) { small { (next.number) " →" } (next.title) }
            }
        }
    }
}

/// A picture twice: for a page, and for a phone.
fn figure(picture: &Drawn) -> Markup {
    let graph = if picture.is_graph { "graph" } else { "" };
    if picture.narrow == picture.scene {
        return html! { figure { div.(graph) { (PreEscaped(picture.scene.svg())) } } };
    }
    html! {
        figure {
            div.page.(graph) { (PreEscaped(picture.scene.svg())) }
            div.narrow.(graph) { (PreEscaped(picture.narrow.svg())) }
        }
    }
}

/// The derivatives to be filled in, from the last node back, each with the hint for a wrong answer.
fn exercise() -> Markup {
    let questions = examples::exercise::shop().map(|mut exercise| {
        let mut questions = Vec::new();
        while let Some(&node) = exercise.open().last() {
            let name = exercise.show().nodes[node.index()].name.clone().unwrap_or_default();
            let Verdict::Wrong { hint } = exercise.answer(node, f64::NAN) else { break };
            let truth = exercise.truth(node).unwrap_or(f64::NAN);
            exercise.answer(node, truth);
            questions.push((name, truth, hint));
        }
        questions
    });
    html! {
        h2 { "Fill them in" }
        div.ask {
            @for (place, (name, truth, hint)) in questions.unwrap_or_default().into_iter().enumerate() {
                label for=(format!("answer-{place}")) { "∂ total / ∂ " (name) }
                input id=(format!("answer-{place}")) inputmode="decimal" autocomplete="off" data-truth=(truth) data-hint=(hint);
                output for=(format!("answer-{place}")) {}
            }
        }
    }
}

/// The stops' words, for the script that searches them.
fn search_index() -> String {
    let quoted = |text: &str| {
        let plain: String = text.chars().map(|c| if c.is_control() || c == '<' { ' ' } else { c }).collect();
        format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
    };
    let entry = |stop: &Stop| {
        let words = markdown::lines(stop.words, usize::MAX);
        let words: Vec<&str> = words.split_whitespace().collect();
        let (page, words) = (quoted(&file_of(stop)), quoted(&format!("{} {}", words.join(" "), stop.example)));
        format!("{{page:{page},number:{},title:{},words:{words}}}", quoted(stop.number), quoted(stop.title))
    };
    format!("window.limpidIndex=[\n{}\n];\n", STOPS.iter().map(entry).collect::<Vec<_>>().join(",\n"))
}
