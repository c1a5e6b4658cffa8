//! Long text → the reader's pager, as git and man do it; straight to stdout where there is no terminal.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::failure::Failure;
use crate::output;

/// Where a long text goes.
pub(crate) enum Pager {
    /// To stdout.
    None,
    /// To the standard input of a program that shows it screen by screen.
    Running(Child),
}

impl Pager {
    /// Starts the pager if stdout is a terminal and one is `wanted`: `$LIMPID_PAGER`, `$PAGER`, or `less`. Without one,
    /// text goes straight to stdout.
    pub(crate) fn start(wanted: bool) -> Self {
        let is_terminal = io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb");
        let Some(choice) = (wanted && is_terminal).then(|| choice(|name| env::var_os(name))).flatten() else {
            return Self::None;
        };
        let [program, arguments @ ..] = choice.words.as_slice() else { return Self::None };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped());
        if env::var_os("LESS").is_none() {
            command.env("LESS", LESS);
        }
        match command.spawn() {
            Ok(child) => Self::Running(child),
            Err(error) => {
                if choice.is_named {
                    let program = Path::new(program).display();
                    output::note(&format!("the pager {program} cannot be started ({error}); this is shown without it"));
                }
                Self::None
            }
        }
    }

    /// Writes text.
    ///
    /// # Errors
    /// [`Failure::BrokenPipe`] if the reader has left the pager, and as [`output::result`].
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        let input = match self {
            Self::None => return output::result(text),
            Self::Running(child) => child.stdin.as_mut(),
        };
        let written = input.map_or(Ok(()), |input| input.write_all(text.as_bytes()));
        written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::Stdout(error),
        })
    }
}

/// The terminal is the pager's until its reader leaves it.
impl Drop for Pager {
    fn drop(&mut self) {
        if let Self::Running(child) = self {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

/// Colours as they are (R), no pager for what fits on the screen (F), the text stays there (X), Ctrl-C ends it (K).
const LESS: &str = "FRXK";

/// A pager's program and its arguments.
#[derive(Debug, PartialEq)]
struct Choice {
    words: Vec<OsString>,
    /// Whether the reader named it.
    is_named: bool,
}

/// The pager that the environment asks for. An empty name, and `cat`, ask for none.
fn choice(variable: impl Fn(&str) -> Option<OsString>) -> Option<Choice> {
    let Some(named) = ["LIMPID_PAGER", "PAGER"].iter().find_map(|name| variable(name)) else {
        return Some(Choice { words: vec!["less".into(), format!("-{LESS}").into()], is_named: false });
    };
    // A path that is not Unicode is one word.
    let words: Vec<OsString> = match named.to_str() {
        Some(text) => text.split_whitespace().map(OsString::from).collect(),
        None => vec![named],
    };
    (!words.is_empty() && words[0] != "cat").then_some(Choice { words, is_named: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(limpids: Option<&str>, everybodys: Option<&str>) -> Option<Vec<String>> {
        let variable = |name: &str| match name {
            "LIMPID_PAGER" => limpids.map(OsString::from),
            "PAGER" => everybodys.map(OsString::from),
            name => panic!("{name} is not asked for"),
        };
        let words =
            |choice: Choice| choice.words.into_iter().map(|word| word.into_string().expect("Unicode")).collect();
        choice(variable).map(words)
    }

    #[test]
    fn limpids_variable_comes_before_everybodys_and_less_is_the_usual_one() {
        let words = |text: &str| Some(text.split(' ').map(str::to_string).collect::<Vec<_>>());
        assert_eq!(chosen(None, None), words("less -FRXK"));
        assert_eq!(chosen(None, Some("most  -s")), words("most -s"));
        assert_eq!(chosen(Some("more"), Some("most")), words("more"));
    }

    #[test]
    fn an_empty_name_and_cat_ask_for_no_pager() {
        for none in ["", "  ", "cat"] {
            assert_eq!(chosen(Some(none), Some("most")), None);
            assert_eq!(chosen(None, Some(none)), None);
        }
    }
}
