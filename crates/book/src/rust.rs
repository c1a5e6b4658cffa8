//! Rust as HTML: comments, strings and keywords marked, nothing more.

use crate::markdown::escape;

const KEYWORDS: &[&str] = &[
    "as", "break", "const", "continue", "dyn", "else", "enum", "fn", "for", "if", "impl", "in", "let", "loop", "match",
    "mod", "move", "mut", "pub", "ref", "return", "static", "struct", "trait", "type", "use", "where", "while",
];

/// A program's text as HTML.
pub(crate) fn html(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let (class, length) = if rest.starts_with("//") {
            ("c", rest.find('\n').unwrap_or(rest.len()))
        } else if c == '"' {
            ("s", string(rest))
        } else if c.is_alphabetic() || c == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            (if KEYWORDS.contains(&&rest[..length]) { "k" } else { "" }, length)
        } else {
            ("", c.len_utf8())
        };
        let text = escape(&rest[..length]);
        out += &if class.is_empty() { text } else { format!("<span class=\"{class}\">{text}</span>") };
        rest = &rest[length..];
    }
    out
}

/// How long the string at the head of a text is, with its quotes.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_strings_and_comments_are_marked_and_all_else_is_as_it_was() {
        let found = html("let x = \"a \\\" & b\"; // let\n'x' letter");
        let wanted = "<span class=\"k\">let</span> x = <span class=\"s\">&quot;a \\&quot; &amp; b&quot;</span>; \
                      <span class=\"c\">// let</span>\n'x' letter";
        assert_eq!(found, wanted);
    }
}
