//! `canaryctl segment`: edits the segments of the config.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use canary_runtime::config::is_flag_key;
use canary_runtime::targeting::segment_hash;
use serde_json::{Value, json};

use crate::commands::edit::{self, Done};
use crate::config::default_path;
use crate::config::editor::Editor;
use crate::population::keys::trim_line_end;
use crate::terminal::output::Output;

const SEGMENTS: &str = "SEGMENTS";

/// The prefix of a hash in a segment.
const HASH: &str = "sha256:";

/// Edit the segments that rules refer to: lists of users.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  canaryctl segment add --name testers --values testers.txt --config k8s/overlays/production/config/canary-config-cm.yaml")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Add),
}

/// Add values to a segment, as hashes.
///
/// The config is public, the list need not be: a value is stored as the SHA-256 of `segment:NAME:VALUE`. Values that the
/// segment has already, hashed or not, are skipped. `REVISION` goes up by one where there is one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A value is a string, as user ids are: it is another one than the number that looks like it. A line that is
such a hash itself, `sha256:` and 64 digits, is added as it is.

Examples:
  F=k8s/overlays/production/config/canary-config-cm.yaml
  canaryctl segment add --name testers --values testers.txt --config $F
  cut -d, -f1 customers.csv | canaryctl segment add --name customers --values - --config $F --commit"
)]
struct Add {
    /// The segment, which is made where it is absent.
    #[arg(long, value_parser = parse_name)]
    name: String,
    /// The values, one a line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    values: PathBuf,
    /// The ConfigMap manifest, or the bare config; else the one below k8s/, unless environments have their own.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Add the values as they are, for everyone to read.
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    edit: edit::Args,
}

fn parse_name(text: &str) -> Result<String, &'static str> {
    let expected = "expected 1 to 64 of A-Z a-z 0-9 _ . -, except __proto__, constructor and prototype";
    if is_flag_key(text) { Ok(text.to_owned()) } else { Err(expected) }
}

/// Edits the config.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let Verb::Add(add) = &args.verb;
    let config = default_path::to_edit(add.config.as_deref())?;
    let lines = if add.values == Path::new("-") {
        read(io::stdin().lock()).context("standard input")
    } else {
        let name = add.values.display();
        let file = File::open(&add.values).with_context(|| format!("cannot read {name}"))?;
        read(file).with_context(|| name.to_string())
    }?;
    edit::run(&add.edit, &config, output, |editor| add.apply(&lines, editor))
}

/// The lines of a file. A line ends with `\n`, and one `\r` before that is dropped.
fn read(input: impl Read) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if input.read_until(b'\n', &mut line).context("cannot read it")? == 0 {
            break;
        }
        let value = str::from_utf8(trim_line_end(&line)).with_context(|| format!("line {number}: not UTF-8"))?;
        ensure!(!value.is_empty(), "line {number}: an empty value");
        lines.push(value.to_owned());
    }
    Ok(lines)
}

impl Add {
    fn apply(&self, lines: &[String], editor: &mut Editor) -> anyhow::Result<Done> {
        let path = [SEGMENTS, &self.name];
        let (new, skipped) = self.choose(lines, editor.get(&path));
        editor.append(&path, &new)?;
        let (name, added) = (&self.name, new.len());
        let json = [("segment", json!(name)), ("added", json!(added)), ("skipped", json!(skipped))];
        Ok(Done {
            text: Some(format!("{SEGMENTS}.{name} {added} added, {skipped} skipped")),
            json: json.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            subject: format!("canary: add {added} to segment {name}"),
            warnings: Vec::new(),
        })
    }

    /// The values to add to a segment, and the number of those that it has already or that are twice in the list.
    fn choose(&self, lines: &[String], segment: Option<&Value>) -> (Vec<String>, usize) {
        // A line is a string, and only a string or its hash matches a string.
        let strings = segment.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut known: HashSet<_> = strings.map(|value| hashed(&self.name, value)).collect();
        let is_new = |line: &&String| known.insert(hashed(&self.name, line));
        let new: Vec<_> = lines.iter().filter(is_new).map(|line| self.stored(line)).collect();
        let skipped = lines.len().saturating_sub(new.len());
        (new, skipped)
    }

    fn stored(&self, value: &str) -> String {
        if self.plain { value.to_owned() } else { hashed(&self.name, value) }
    }
}

/// The hash of a value in the segment `name`; that of a hash is itself.
fn hashed(name: &str, value: &str) -> String {
    let digits = value.strip_prefix(HASH).unwrap_or_default();
    let is_hash = digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_hash { value.to_owned() } else { segment_hash(name, value) }
}

#[cfg(test)]
mod tests;
