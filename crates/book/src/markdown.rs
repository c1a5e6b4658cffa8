//! The words of a stop: Markdown with formulas, as HTML and as lines for a terminal.
//!
//! A block quote is a warning: what the notes get wrong and limpid does right. A fenced block marked `console` holds
//! commands to type, each behind `$ `.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::formula;
use crate::stops::STOPS;

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_MATH | Options::ENABLE_TABLES)
}

/// What other stops' names in the words are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum References {
    /// Links to their pages.
    Linked,
    /// Plain text: the page stands alone.
    Plain,
}

/// The words as HTML.
///
/// # Errors
/// Where a formula cannot be set.
pub(crate) fn html(text: &str, references: References) -> Result<String, String> {
    let mut out = String::new();
    let mut code = Code::None;
    // Where the formula begins that ends here.
    let mut formula = None;
    let mut notes = false;
    for event in parser(text) {
        let before = formula.take();
        match event {
            Event::InlineMath(tex) => {
                formula = Some(out.len());
                out += &match formula::plain_html(&tex) {
                    Some(html) => html,
                    None => formula::mathml(&tex, false)?,
                };
            }
            Event::Text(text) if code == Code::None => {
                let text = match before {
                    Some(start) => with_point(&mut out, start, &text),
                    None => &text,
                };
                out += &match references {
                    References::Linked => linked(text, &mut notes),
                    References::Plain => escape(text),
                };
            }
            Event::DisplayMath(tex) => out += &format!("<div class=\"formula\">{}</div>", formula::mathml(&tex, true)?),
            Event::Start(Tag::BlockQuote(_)) => out += "<aside class=\"warning\">",
            Event::End(TagEnd::BlockQuote(_)) => out += "</aside>\n",
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(name))) if &*name == "console" => code = Code::Console,
            Event::End(TagEnd::CodeBlock) if code == Code::Console => code = Code::None,
            Event::Text(commands) => out += &console(&commands),
            Event::Start(Tag::Table(alignment)) => {
                out += "<div class=\"wide\">";
                push(&mut out, Event::Start(Tag::Table(alignment)));
            }
            Event::End(TagEnd::Table) => {
                push(&mut out, Event::End(TagEnd::Table));
                out += "</div>\n";
            }
            event => push(&mut out, event),
        }
    }
    Ok(out)
}

/// Joins the comma or full stop behind a formula to it, so that no line ends between them, and answers the rest of the
/// text.
fn with_point<'t>(out: &mut String, formula: usize, text: &'t str) -> &'t str {
    let end = text.find(|c: char| !",.;:)?!".contains(c)).unwrap_or(text.len());
    if end > 0 {
        out.insert_str(formula, "<span class=\"joined\">");
        *out += &format!("{}</span>", escape(&text[..end]));
    }
    &text[end..]
}

/// Text in which `stop 3.9` leads to that stop, and the first `the notes` to what they are.
fn linked(text: &str, notes: &mut bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = ["stop ", "Stop "].iter().filter_map(|mark| rest.find(mark)).min() {
        let after = &rest[at + "stop ".len()..];
        let end = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
        let number = after[..end].trim_end_matches('.');
        let (whole, known) = (at + "stop ".len() + number.len(), STOPS.iter().any(|stop| stop.number == number));
        out += &escape(&rest[..at]);
        out += &match known {
            true => format!("<a href=\"{number}.html\">{}</a>", &rest[at..whole]),
            false => escape(&rest[at..whole]),
        };
        rest = &rest[whole..];
    }
    out += &escape(rest);
    let named = ["the notes", "The notes"].iter().filter_map(|name| out.find(name).map(|at| (at, *name))).min();
    if let Some((at, name)) = named.filter(|_| !*notes) {
        *notes = true;
        out.replace_range(at..at + name.len(), &format!("<a href=\"index.html#notes\">{name}</a>"));
    }
    out
}

#[derive(PartialEq, Eq)]
enum Code {
    None,
    Console,
}

/// Tags are opened and closed by pulldown-cmark's own writer, event by event.
fn push(out: &mut String, event: Event<'_>) {
    match event {
        Event::Start(tag) => match tag {
            Tag::Paragraph => *out += "<p>",
            Tag::Heading { .. } => *out += "<h2>",
            Tag::List(None) => *out += "<ul>",
            Tag::List(Some(_)) => *out += "<ol>",
            Tag::Item => *out += "<li>",
            Tag::Emphasis => *out += "<em>",
            Tag::Strong => *out += "<strong>",
            Tag::Table(_) => *out += "<table>",
            Tag::TableHead => *out += "<thead><tr>",
            Tag::TableRow => *out += "<tr>",
            Tag::TableCell => *out += "<td>",
            Tag::CodeBlock(_) => *out += "<pre><code>",
            Tag::Link { dest_url, .. } => *out += &format!("<a href=\"{}\">", escape(&dest_url)),
            _ => {}
        },
        Event::End(tag) => match tag {
            TagEnd::Paragraph => *out += "</p>\n",
            TagEnd::Heading(_) => *out += "</h2>\n",
            TagEnd::List(false) => *out += "</ul>\n",
            TagEnd::List(true) => *out += "</ol>\n",
            TagEnd::Item => *out += "</li>\n",
            TagEnd::Emphasis => *out += "</em>",
            TagEnd::Strong => *out += "</strong>",
            TagEnd::Table => *out += "</table>",
            TagEnd::TableHead => *out += "</tr></thead>\n",
            TagEnd::TableRow => *out += "</tr>\n",
            TagEnd::TableCell => *out += "</td>",
            TagEnd::CodeBlock => *out += "</code></pre>\n",
            TagEnd::Link => *out += "</a>",
            _ => {}
        },
        Event::Text(text) => *out += &escape(&text),
        Event::Code(text) => *out += &format!("<code>{}</code>", escape(&text)),
        Event::SoftBreak | Event::HardBreak => out.push('\n'),
        _ => {}
    }
}

/// Commands to type. Each stands alone, so that it can be copied without its prompt. A command whose line ends with a
/// backslash goes on in the next line, as in a shell.
pub(crate) fn console(commands: &str) -> String {
    let (mut out, mut lines) = (String::new(), commands.lines());
    while let Some(line) = lines.next() {
        let mut whole = line.to_string();
        while whole.ends_with('\\')
            && let Some(more) = lines.next()
        {
            whole += "\n";
            whole += more;
        }
        out += &match whole.strip_prefix("$ ") {
            Some(command) => format!("<code class=\"command\">{}</code>\n", escape(command)),
            None => format!("<code>{}</code>\n", escape(&whole)),
        };
    }
    format!("<pre class=\"console\">{out}</pre>\n")
}

/// The words as lines of at most `columns`.
pub(crate) fn lines(text: &str, columns: usize) -> String {
    let mut writer =
        Lines { out: String::new(), words: String::new(), columns, indent: Vec::new(), first: String::new() };
    let mut code = false;
    for event in parser(text) {
        match event {
            Event::Start(Tag::Item) => writer.first = "• ".to_string(),
            Event::Start(Tag::List(_)) => {
                writer.flush();
                writer.indent.push("  ");
            }
            Event::End(TagEnd::List(_)) => {
                writer.indent.pop();
                writer.out.push('\n');
            }
            Event::Start(Tag::BlockQuote(_)) => writer.indent.push("│ "),
            Event::End(TagEnd::BlockQuote(_)) => {
                writer.indent.pop();
            }
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => {
                code = false;
                writer.out.push('\n');
            }
            Event::Text(text) if code => {
                writer.out.extend(text.lines().map(|line| format!("  {line}\n")));
            }
            Event::End(TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead) => writer.flush(),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_)) => {
                writer.flush();
                writer.gap();
            }
            Event::End(TagEnd::TableCell) => writer.words += "   ",
            Event::InlineMath(tex) => writer.words += &formula::line(&tex).replace(' ', "\u{a0}"),
            Event::DisplayMath(tex) => {
                writer.flush();
                writer.out += &format!("\n    {}\n\n", formula::line(&tex));
            }
            Event::Text(text) => writer.words += &text,
            Event::Code(text) => writer.words += &format!("`{text}`"),
            Event::SoftBreak | Event::HardBreak => writer.words.push(' '),
            _ => {}
        }
    }
    writer.flush();
    let text = writer.out.replace('\u{a0}', " ");
    let text: Vec<&str> = text.lines().map(str::trim_end).collect();
    // Blank lines stand alone.
    let mut kept = String::new();
    for (at, line) in text.iter().enumerate() {
        if !(line.is_empty() && (at == 0 || text[at - 1].is_empty())) {
            kept += line;
            kept.push('\n');
        }
    }
    kept.trim_end().to_string() + "\n"
}

struct Lines {
    out: String,
    words: String,
    columns: usize,
    indent: Vec<&'static str>,
    first: String,
}

impl Lines {
    /// Writes the words gathered so far, broken at spaces.
    fn flush(&mut self) {
        let words = std::mem::take(&mut self.words);
        if words.trim().is_empty() {
            return;
        }
        let indent = self.indent.concat();
        let hang = " ".repeat(self.first.chars().count());
        let mut line = indent.clone() + &std::mem::take(&mut self.first);
        let mut begun = false;
        for word in words.split([' ', '\n']).filter(|word| !word.is_empty()) {
            if begun && line.chars().count() + 1 + word.chars().count() > self.columns {
                self.out += &(std::mem::replace(&mut line, indent.clone() + &hang) + "\n");
                begun = false;
            }
            if begun {
                line.push(' ');
            }
            line += word;
            begun = true;
        }
        self.out += &(line + "\n");
    }

    /// A blank line, within a warning one with its bar.
    fn gap(&mut self) {
        if self.indent.is_empty() || self.indent.last() == Some(&"│ ") {
            self.out.push('\n');
        }
    }
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "One *line* with $x^2$.\n\n> A warning.\n\n- a\n- b\n\n```console\n$ limpid book\n```\n";

    #[test]
    fn words_become_html_with_formulas_warnings_and_commands() {
        let html = html(TEXT, References::Plain).unwrap();
        assert!(
            html.contains("<em>line</em>") && html.contains("<sup>2</sup>") && html.contains("<li>a</li>"),
            "{html}"
        );
        assert!(html.contains("<aside class=\"warning\"><p>A warning.</p>"), "{html}");
        assert!(html.contains("<pre class=\"console\"><code class=\"command\">limpid book</code>"), "{html}");
        let broken = console("$ limpid train \\\n    --epochs 1\n$ limpid book\n");
        assert_eq!(broken.matches("<code class=\"command\">").count(), 2, "{broken}");
        assert!(broken.contains("limpid train \\\n    --epochs 1</code>"), "{broken}");
    }

    #[test]
    fn a_point_behind_a_formula_stays_with_it() {
        let html = html(r"At $\frac{1}{x}$, and $y$ & $z$.", References::Plain).unwrap();
        assert_eq!(html.matches("</math>,</span> and").count(), 1, "{html}");
        assert!(html.contains("</span> &amp; <span class=\"joined\"><span class=\"formula-text"), "{html}");
        assert!(html.ends_with("</span>.</span></p>\n"), "{html}");
    }

    #[test]
    fn other_stops_and_the_notes_are_linked_unless_the_page_stands_alone() {
        let text = "Stop 3.9 and (stop 5.1). A stop 9.9, the notes & the notes.";
        let linked = html(text, References::Linked).unwrap();
        assert!(linked.starts_with("<p><a href=\"3.9.html\">Stop 3.9</a> and (<a href=\"5.1.html\">stop 5.1</a>)."));
        assert!(linked.contains("A stop 9.9, <a href=\"index.html#notes\">the notes</a> &amp; the notes."), "{linked}");
        assert!(!html(text, References::Plain).unwrap().contains("<a "));
    }

    #[test]
    fn words_become_lines() {
        let wanted = "One line with x².\n\n│ A warning.\n\n  • a\n  • b\n\n  $ limpid book\n";
        assert_eq!(lines(TEXT, 40), wanted);
        assert!(lines("a bc def", 4).lines().all(|line| line.chars().count() <= 4));
    }
}
