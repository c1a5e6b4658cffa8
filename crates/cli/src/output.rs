//! Where words go: results to stdout, everything else to stderr.

use std::env;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use crate::failure::Failure;
use crate::text;
use limpid::files::write_atomically;

/// Writes a result to stdout.
///
/// # Errors
/// [`Failure::BrokenPipe`] where the reader closed the pipe, [`Failure::Stdout`] for anything else, a full disk say.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    bytes(text.as_bytes())
}

/// Writes a result for people to stdout. Control characters of the names in it are written out.
///
/// # Errors
/// As [`result`].
pub(crate) fn report(text: &str) -> Result<(), Failure> {
    result(&text::escaped(text, &['\n', '\t']))
}

/// Writes a result of bytes to stdout.
///
/// # Errors
/// As [`result`].
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
        _ => Failure::Stdout(error),
    })
}

/// Writes a result as one line of JSON.
///
/// # Errors
/// As [`result`].
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    result(&json_line(value)?)
}

/// A result as one line of JSON.
///
/// # Errors
/// Where it cannot be put into JSON.
pub(crate) fn json_line(value: &impl serde::Serialize) -> Result<String, Failure> {
    match serde_json::to_string(value) {
        Ok(line) => Ok(line + "\n"),
        Err(error) => Err(Failure::Input(format!("the result cannot be put into JSON: {error}"))),
    }
}

/// Writes a result to `path`, or to stdout where there is none or it is `-`.
///
/// # Errors
/// As [`result`], and [`OutputError`] for a path that cannot be written.
pub(crate) fn result_to(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = path.filter(|path| !is_dash(path)) else { return result(text) };
    Ok(write_atomically(path, text.as_bytes())?)
}

/// Whether a path is `-`, which stands for stdin or stdout.
pub(crate) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Standard input, at most `cap` bytes of it.
pub(crate) fn standard_input(cap: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match io::stdin().lock().take(cap + 1).read_to_end(&mut bytes) {
        Err(error) => Err(Failure::Input(format!("cannot read standard input: {error}"))),
        Ok(_) if bytes.len() as u64 > cap => {
            Err(Failure::Input(format!("standard input has more than the {cap} bytes allowed")))
        }
        Ok(_) => Ok(bytes),
    }
}

/// Writes a line of progress, or a note, to stderr. That nobody reads it is no reason to stop.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", text::escaped(line, &['\n', '\t']));
}

/// Writes an error to stderr, as clap writes those that it finds.
pub(crate) fn error(message: &str) {
    let has_colour = can_redraw() && wants_colour();
    let label = if has_colour { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
    let _ = writeln!(io::stderr().lock(), "{label} {}", text::escaped(message, &['\n', '\t']));
}

/// Whether whoever reads a terminal has not asked for no colours there; see <https://no-color.org>.
pub(crate) fn wants_colour() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether stderr is a terminal on which a line can be drawn again and again.
pub(crate) fn can_redraw() -> bool {
    io::stderr().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// How many columns a line on stderr may take: those of the terminal, else 80.
pub(crate) fn error_columns() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0)).max(1)
}

/// A panic is a bug in limpid: says so in one line, without a backtrace that tells its reader nothing.
pub(crate) fn report_panics_as_bugs() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or("no message");
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        note(&format!("error: this is a bug in limpid, please report it with the command: {message}{place}"));
    }));
}
