//! The command line: one variant for each verb.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{
    assets, bucket, collect, completions, diff, explain, guard, init, inject, nudge, qa_link, rollout, schema, segment,
    serve, set, simulate, stale, traffic, types, validate,
};
use crate::terminal::output::Output;

/// Prepares and serves a client-side canary, and computes what the runtime computes.
///
/// Exit codes: 0; 1 where the answer is no; 2 for wrong usage or input.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    /// For people, or one JSON value a line for machines.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t)]
    output: Output,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(init::Args),
    Serve(serve::Args),
    Traffic(traffic::Args),
    Inject(inject::Args),
    Assets(assets::Args),
    Guard(guard::Args),
    Schema(schema::Args),
    Types(types::Args),
    Completions(completions::Args),
    Set(set::Args),
    Segment(segment::Args),
    QaLink(qa_link::Args),
    Validate(validate::Args),
    Diff(diff::Args),
    Explain(explain::Args),
    Simulate(simulate::Args),
    Bucket(bucket::Args),
    Stale(stale::Args),
    Collect(collect::Args),
    Nudge(nudge::Args),
    Rollout(rollout::Args),
}

/// The verbs by what they are for, as `--help` lists them. Clap has a single heading for all subcommands.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Develop", &["init", "serve", "traffic", "inject", "assets", "guard", "schema", "types", "completions"]),
    ("Edit", &["set", "segment", "qa-link"]),
    ("Check", &["validate", "diff", "explain", "simulate", "bucket", "stale"]),
    ("Operate", &["collect", "nudge", "rollout", "help"]),
];

impl Cli {
    /// Reads the arguments of the program. Ends it where they are wrong, or ask for help.
    pub(crate) fn parse() -> Self {
        let mut program = program();
        let matches = program.get_matches_mut();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut program).exit())
    }

    /// Runs the verb.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        match &self.verb {
            Verb::Init(args) => init::run(args, self.output),
            Verb::Serve(args) => serve::run(args, self.output),
            Verb::Traffic(args) => traffic::run(args, self.output),
            Verb::Inject(args) => inject::run(args, self.output),
            Verb::Assets(args) => assets::run(args, self.output),
            Verb::Guard(args) => guard::run(args, self.output),
            Verb::Schema(args) => schema::run(args, self.output),
            Verb::Types(args) => types::run(args, self.output),
            Verb::Completions(args) => completions::run(args, program(), self.output),
            Verb::Set(args) => set::run(args, self.output),
            Verb::Segment(args) => segment::run(args, self.output),
            Verb::QaLink(args) => qa_link::run(args, self.output),
            Verb::Validate(args) => validate::run(args, self.output),
            Verb::Diff(args) => diff::run(args, self.output),
            Verb::Explain(args) => explain::run(args, self.output),
            Verb::Simulate(args) => simulate::run(args, self.output),
            Verb::Bucket(args) => bucket::run(args, self.output),
            Verb::Stale(args) => stale::run(args, self.output),
            Verb::Collect(args) => collect::run(args, self.output),
            Verb::Nudge(args) => nudge::run(args, self.output),
            Verb::Rollout(args) => rollout::run(args, self.output),
        }
    }
}

/// The command line, with the verbs in groups.
fn program() -> Command {
    let program = Cli::command();
    let verbs = verbs(&program);
    program
        .help_template(format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{verbs}\nOptions:\n{{options}}"))
}

fn verbs(program: &Command) -> String {
    let mut text = String::new();
    let width = program.get_subcommands().map(|verb| verb.get_name().len()).max().unwrap_or(0);
    for (title, names) in GROUPS {
        let _ = write!(text, "\n{title}:\n");
        for name in names {
            let about = program.find_subcommand(name).and_then(Command::get_about).map(ToString::to_string);
            let about = about.unwrap_or_else(|| "Print the help of a verb".to_owned());
            let _ = writeln!(text, "  {name:width$}  {about}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        program().debug_assert();
    }

    #[test]
    fn every_verb_has_an_example() {
        for verb in Cli::command().get_subcommands_mut() {
            let help = verb.render_long_help().to_string();
            assert!(help.contains(&format!("  canaryctl {}", verb.get_name())), "{help}");
        }
    }

    #[test]
    fn every_verb_is_in_one_group() {
        let listed: Vec<_> =
            GROUPS.iter().flat_map(|(_, names)| *names).copied().filter(|name| *name != "help").collect();
        let program = program();
        let verbs: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
        assert_eq!(listed, verbs);
    }

    #[test]
    fn the_help_has_the_groups() {
        for help in [program().render_help(), program().render_long_help()] {
            let help = help.to_string();
            for line in [
                "\nUsage: canaryctl [OPTIONS] <COMMAND>\n",
                "\nDevelop:\n  init         Write the files that a repository lacks for a canary, and say what is left to do\n",
                "\nEdit:\n  set          Set percentages and flags in the config, in place\n",
                "\nCheck:\n  validate     ",
                "\nOperate:\n  collect      ",
                "\nOptions:\n",
                "--output <FORMAT>",
            ] {
                assert!(help.contains(line), "{line} in {help}");
            }
        }
    }
}
