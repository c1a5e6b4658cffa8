//! Flags that would be passed over in silence: refused, with what makes use of them.
//!
//! Here stands what the flags alone tell. What depends on a file's contents is refused where that is read.

use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;
use limpid::learn::step::GraphKind;

use crate::arguments::Format;
use crate::commands::search::Method;
use crate::failure::Failure;
use crate::output;

/// A flag that changes nothing beside, or without, others.
struct Rule {
    verb: &'static [&'static str],
    flags: &'static [&'static str],
    /// Whether the flag changes nothing.
    is_idle: fn(&ArgMatches) -> bool,
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        verb: &["train"],
        flags: &["timed"],
        is_idle: |typed| typed.get_flag("quiet") && is_text(typed),
        why: "prints to stderr, and --quiet prints nothing there; add --format json, or leave one of them out",
    },
    Rule {
        verb: &["graph"],
        flags: &["optimizer", "momentum", "schedule", "weight-decay", "average-weights"],
        is_idle: |typed| typed.get_one::<GraphKind>("stage") != Some(&GraphKind::Step),
        why: "changes the training step only; add --stage step",
    },
    Rule {
        verb: &["plan"],
        flags: &["optimizer", "momentum", "schedule", "weight-decay", "average-weights"],
        is_idle: |typed| typed.get_one::<GraphKind>("stage") != Some(&GraphKind::Step),
        why: "changes the training step only; use --stage step",
    },
    Rule {
        verb: &["graph"],
        flags: &["part", "data", "dataset"],
        is_idle: |typed| !is_given(typed, "values"),
        why: "is about the sample whose values are drawn; add --values SAMPLE",
    },
    Rule {
        verb: &["graph"],
        flags: &["simplified"],
        is_idle: |typed| is_given(typed, "values"),
        why: "does not go with --values, which draws the graph as it is described; leave one of them out",
    },
    Rule {
        verb: &["evaluate"],
        flags: &["output", "theme", "open"],
        is_idle: |typed| !is_given(typed, "top-losses"),
        why: "is about the picture of the samples with the largest losses; add --top-losses 20",
    },
    Rule {
        verb: &["lr-find"],
        flags: &["learning-rate", "schedule", "epochs", "average-weights"],
        is_idle: |_| true,
        why: "does not go with growing learning rates, which are the search itself; leave it out",
    },
    Rule {
        verb: &["lr-find"],
        flags: &["theme", "open"],
        is_idle: |typed| !is_text(typed) && !is_given(typed, "output"),
        why: "is about the picture, and --format json prints none; add --output FILE",
    },
    Rule {
        verb: &["search"],
        flags: &["theme", "open"],
        is_idle: |typed| !is_text(typed) && !is_given(typed, "output"),
        why: "is about the picture, and --format json prints none; add --output FILE",
    },
    Rule {
        verb: &["search"],
        flags: &["least-epochs"],
        is_idle: |typed| typed.get_one::<Method>("method") != Some(&Method::Halving),
        why: "is for --method halving; add that, or leave it out",
    },
    Rule {
        verb: &["predict"],
        flags: &["dataset"],
        is_idle: |typed| is_given(typed, "pictures") || is_file(typed, "data"),
        why: "is about data sets that are known by name, such as mnist; leave it out",
    },
    Rule {
        verb: &["predict"],
        flags: &["part"],
        is_idle: |typed| is_given(typed, "pictures"),
        why: "is about data with parts, and pictures that are named have none; leave it out",
    },
    Rule {
        verb: &["convert"],
        flags: &["format"],
        is_idle: |typed| typed.get_one::<PathBuf>("to").is_some_and(|to| output::is_dash(to)),
        why: "is the form of the report on stdout, where the converted file goes; leave it out, or name a file",
    },
    Rule {
        verb: &["data", "show"],
        flags: &["size", "theme", "open", "augment"],
        is_idle: |typed| !is_text(typed) && !is_given(typed, "output"),
        why: "is about the picture, and --format json prints none; add --output FILE",
    },
];

/// Refuses what was typed and would change nothing.
pub(crate) fn check(verb: &[&str], typed: &ArgMatches) -> Result<(), Failure> {
    let rules = RULES.iter().filter(|rule| rule.verb == verb && (rule.is_idle)(typed));
    let mut idle = rules.flat_map(|rule| rule.flags.iter().map(move |flag| (flag, rule.why)));
    match idle.find(|(flag, _)| is_given(typed, flag)) {
        Some((flag, why)) => Err(Failure::Usage(format!("--{flag} {why}"))),
        None => Ok(()),
    }
}

/// Whether a flag or an argument was typed, and does not have its default.
fn is_given(typed: &ArgMatches, id: &str) -> bool {
    typed.value_source(id) == Some(ValueSource::CommandLine)
}

fn is_text(typed: &ArgMatches) -> bool {
    typed.get_one::<Format>("format") != Some(&Format::Json)
}

fn is_file(typed: &ArgMatches, id: &str) -> bool {
    typed.get_one::<PathBuf>(id).is_some_and(|path| output::is_dash(path) || path.is_file())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::{Cli, leaf, verb_path};

    fn checked(typed: &str) -> Result<(), String> {
        let mut command = Cli::command();
        let matches = command.try_get_matches_from_mut(std::iter::once("limpid").chain(typed.split(' '))).unwrap();
        check(&verb_path(&matches), leaf(&matches)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_flag_that_changes_nothing_is_refused_and_one_that_does_is_not() {
        let here = "Cargo.toml";
        let table = [
            ("train --timed --quiet", "train --timed --quiet --format json"),
            ("graph --optimizer adam", "graph --optimizer adam --stage step"),
            ("graph --momentum 0.5 --optimizer momentum --stage loss", "graph --stage step --optimizer momentum"),
            ("plan --stage loss --optimizer adam", "plan --optimizer adam"),
            ("plan --stage gradient --momentum 0.5", "plan --stage gradient"),
            ("graph --part train", "graph --values 7 --part train"),
            ("graph --dataset kmnist", "graph --values 7 --dataset kmnist"),
            ("graph x --data here --at x=1", "graph --values 7 --data here"),
            ("graph --values 7 --simplified", "graph --simplified"),
            ("evaluate m --output a.png", "evaluate m --top-losses 5 --output a.png"),
            ("search --vary lr=1|2 --least-epochs 2", "search --vary lr=1|2 --method halving --least-epochs 2"),
            ("search --vary lr=1|2 --format json --open", "search --vary lr=1|2 --open"),
            ("lr-find --learning-rate 0.1", "lr-find --from-rate 0.001"),
            ("lr-find --epochs 3 --steps 100", "lr-find --steps 100"),
            ("lr-find --format json --theme dark", "lr-find --format json --theme dark --output a.svg"),
            ("predict m a.png --part train", "predict m --part train"),
            (&format!("predict m --data {here} --dataset kmnist"), "predict m --data nowhere --part train"),
            ("predict m --data - --dataset kmnist", "predict m --dataset kmnist"),
            ("convert m - --to npz --format json", "convert m n.npz --format json"),
            ("data show mnist --format json --size 80x24", "data show mnist --format json --size 80x24 --output a.svg"),
            ("data show mnist --format json --open", "data show mnist --open"),
        ];
        for (idle, used) in table {
            let why = checked(idle).expect_err(idle);
            assert!(why.starts_with("--"), "{idle}: {why}");
            assert_eq!(checked(used), Ok(()), "{used}");
        }
    }

    #[test]
    fn every_rule_is_about_a_verb_and_flags_that_there_are() {
        for rule in RULES {
            let command = Cli::command();
            let verb = rule.verb.iter().fold(&command, |command, name| command.find_subcommand(name).unwrap());
            for flag in rule.flags {
                assert!(verb.get_arguments().any(|arg| arg.get_id() == flag && arg.get_long() == Some(flag)), "{flag}");
            }
        }
    }
}
