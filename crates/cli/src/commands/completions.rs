//! `limpid completions`: the command's own flags → a script for a shell, or man pages.

use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;
use limpid::files::write_atomically;

use crate::failure::Failure;
use crate::output;

/// Print a script with which a shell completes limpid's commands and flags, or write man pages
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Shell, or `man` for man pages
    #[arg(value_enum, value_name = "SHELL")]
    reader: Reader,
    /// Folder that the man pages are written to, one for each command; only with `man`
    #[arg(long, short, value_name = "FOLDER", required_if_eq("reader", "man"))]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  bash:
    limpid completions bash > ~/.local/share/bash-completion/completions/limpid
  zsh, in a folder of $fpath:
    limpid completions zsh > ~/.zfunc/_limpid
  fish:
    limpid completions fish > ~/.config/fish/completions/limpid.fish
  PowerShell, in the profile:
    limpid completions powershell | Out-String | Invoke-Expression
  Man pages, then: man limpid-train
    limpid completions man --output ~/.local/share/man/man1";

/// Who reads what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reader {
    Bash,
    Elvish,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Zsh,
    Man,
}

impl Reader {
    fn shell(self) -> Option<Shell> {
        Some(match self {
            Self::Bash => Shell::Bash,
            Self::Elvish => Shell::Elvish,
            Self::Fish => Shell::Fish,
            Self::PowerShell => Shell::PowerShell,
            Self::Zsh => Shell::Zsh,
            Self::Man => return None,
        })
    }
}

/// Writes the script, or the pages of `command` and of all its subcommands.
pub(crate) fn run(arguments: Arguments, mut command: Command) -> Result<(), Failure> {
    match (arguments.reader.shell(), arguments.output) {
        (Some(_), Some(_)) => {
            Err(Failure::Usage("--output is for man pages; a shell's script is written to stdout".to_string()))
        }
        (Some(shell), None) => {
            let name = command.get_name().to_string();
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, name, &mut script);
            output::bytes(&script)
        }
        (None, folder) => {
            // `help train` has the page of `train`.
            command = command.disable_help_subcommand(true);
            command.build();
            pages(&command, &folder.unwrap_or_default())
        }
    }
}

fn pages(command: &Command, folder: &Path) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_string();
    let mut page = Vec::new();
    let rendered = Man::new(command.clone()).render(&mut page);
    rendered.map_err(|error| Failure::Input(format!("the man page of {name}: {error}")))?;
    write_atomically(&folder.join(format!("{name}.1")), &page)?;
    command.get_subcommands().try_for_each(|command| pages(command, folder))
}
