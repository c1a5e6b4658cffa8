//! Pages: text and pictures, in the order in which a program makes them. Needs the feature `draw`.
//!
//! The examples of this crate write to a [`Page`] instead of to the terminal. So the same program serves a terminal, a
//! stop of the book, and a page of its site.

use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal, Write as _};
use std::ops::ControlFlow;

use limpid_draw::{Colours, GraphPicture, Medium, Picture, Scene};

/// The result of a program that fills a page.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// A function that gets each part of a page while it is written, and may end that.
type Watch<'w> = Box<dyn FnMut(&Part) -> ControlFlow<()> + 'w>;

/// Text and pictures, one after the other.
///
/// ```
/// use std::fmt::Write;
///
/// use limpid::draw::{Line, Plot};
/// use limpid::page::Page;
///
/// let mut page = Page::new(80, false);
/// writeln!(page, "sin(1) = {}", 1f64.sin())?;
/// page.picture("sine", &Plot::new().title("sin x").add(Line::of(0.0, 6.0, 61, f64::sin)))?;
/// assert_eq!(page.words(), "sin(1) = 0.8414709848078965\n");
/// assert!(page.pictures().next().is_some_and(|picture| picture.scene.svg().contains("sin x")));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct Page<'w> {
    columns: usize,
    colours: Colours,
    parts: Vec<Part>,
    line: String,
    watch: Option<Watch<'w>>,
    unwatched: bool,
}

/// A part of a page.
#[derive(Clone, Debug)]
pub enum Part {
    /// Whole lines.
    Words(String),
    /// A picture.
    Picture(Box<Drawn>),
}

impl Part {
    /// The part in a terminal.
    pub fn text(&self) -> String {
        match self {
            Part::Words(words) => words.clone(),
            Part::Picture(picture) => format!("\n{}\n", picture.terminal),
        }
    }
}

/// A picture on a page.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// What a file of it is called, without an extension.
    pub name: String,
    /// As wide as it likes to be.
    pub scene: Scene,
    /// For the width of a phone.
    pub narrow: Scene,
    /// In the cells of a terminal.
    pub terminal: String,
    /// Whether it is the picture of a graph, which does without becoming smaller.
    pub is_graph: bool,
}

/// How wide a picture for a phone is, in pixels.
const NARROW: f64 = 340.0;

impl<'w> Page<'w> {
    /// An empty page for a terminal of so many columns, with all colours (`true`), none (`false`), or those that the terminal
    /// has.
    pub fn new(columns: usize, colours: impl Into<Colours>) -> Self {
        Self { columns, colours: colours.into(), parts: Vec::new(), line: String::new(), watch: None, unwatched: false }
    }

    /// The page, with a function that gets each line and each picture as soon as it is there. Once it breaks, writing to
    /// the page fails, so that the program behind it ends.
    ///
    /// ```
    /// use std::fmt::Write;
    /// use std::ops::ControlFlow;
    ///
    /// use limpid::page::Page;
    ///
    /// let mut lines = 0;
    /// let mut page = Page::new(80, false).watched(|_| {
    ///     lines += 1;
    ///     if lines < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    /// });
    /// assert!(writeln!(page, "one").is_ok());
    /// assert!(writeln!(page, "two").is_err());
    /// ```
    pub fn watched(mut self, watch: impl FnMut(&Part) -> ControlFlow<()> + 'w) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// Runs a program that fills a page, and shows the page on standard output as it is filled.
    ///
    /// # Errors
    /// What the program ends with; and where standard output takes no more.
    pub fn show(fill: impl FnOnce(&mut Page<'_>) -> Outcome) -> Outcome {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let columns = named("COLUMNS").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(80);
        let variable = |name: &str| named(name).map(|value| value.to_string_lossy().into_owned());
        let colours = if io::stdout().is_terminal() { Colours::of_terminal(variable) } else { Colours::None };
        let mut written = Ok(());
        let mut page = Page::new(columns, colours).watched(|part| {
            written = io::stdout().lock().write_all(part.text().as_bytes());
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let filled = fill(&mut page);
        page.end();
        drop(page);
        written?;
        filled
    }

    /// Adds a picture.
    ///
    /// # Errors
    /// Where its numbers do not belong together.
    pub fn picture(&mut self, name: &str, picture: &impl Picture) -> Result<(), limpid_draw::Error> {
        let width = picture.size()[0].min(NARROW);
        // What does not fit stays as it is, and becomes smaller.
        let narrow = picture.layout(Medium::page(width, picture.height(width))?).ok();
        let scene = picture.scene()?;
        let medium = Medium::terminal(self.columns, picture.rows(self.columns), self.colours.any())?;
        let terminal = picture.layout(medium)?.terminal(self.columns, self.colours);
        let narrow = narrow.unwrap_or_else(|| scene.clone());
        self.push(Part::Picture(Box::new(Drawn { name: name.to_string(), scene, narrow, terminal, is_graph: false })));
        Ok(())
    }

    /// Adds the picture of a graph.
    pub fn graph(&mut self, name: &str, picture: GraphPicture<'_>) {
        let terminal = picture.terminal(self.columns, self.colours);
        let scene = picture.scene();
        let narrow = picture.direction(limpid_draw::Direction::Down).scene();
        self.push(Part::Picture(Box::new(Drawn { name: name.to_string(), scene, narrow, terminal, is_graph: true })));
    }

    /// Gives the watching function a line that is not part of the page, because it differs from run to run, such as a
    /// time.
    pub fn aside(&mut self, text: &str) {
        self.end();
        self.tell(&Part::Words(format!("{text}\n")));
    }

    /// Ends a line that was begun.
    pub fn end(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
    }

    /// The parts in their order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// All words.
    pub fn words(&self) -> String {
        let words = |part: &Part| match part {
            Part::Words(words) => Some(words.clone()),
            Part::Picture(_) => None,
        };
        self.parts.iter().filter_map(words).collect()
    }

    /// All pictures.
    pub fn pictures(&self) -> impl Iterator<Item = &Drawn> {
        self.parts.iter().filter_map(|part| match part {
            Part::Words(_) => None,
            Part::Picture(picture) => Some(&**picture),
        })
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        line.push('\n');
        self.push(Part::Words(line));
    }

    fn tell(&mut self, part: &Part) {
        if let Some(watch) = self.watch.as_mut().filter(|_| !self.unwatched) {
            self.unwatched = watch(part).is_break();
        }
    }

    fn push(&mut self, part: Part) {
        if let Part::Picture(_) = part {
            self.end();
        }
        self.tell(&part);
        match (self.parts.last_mut(), part) {
            (Some(Part::Words(words)), Part::Words(more)) => words.push_str(&more),
            (_, part) => self.parts.push(part),
        }
    }
}

impl fmt::Write for Page<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive('\n') {
            match piece.strip_suffix('\n') {
                Some(rest) => {
                    self.line.push_str(rest);
                    self.end_line();
                }
                None => self.line.push_str(piece),
            }
        }
        if self.unwatched { Err(fmt::Error) } else { Ok(()) }
    }
}

impl fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("parts", &self.parts).finish_non_exhaustive()
    }
}
