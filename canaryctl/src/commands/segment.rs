//! `canaryctl segment`: lists of users in the config.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use canary_runtime::config::is_flag_key;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::config::default_path;
use crate::config::editor::{Change, Editor};
use crate::population::keys::trim_line_end;
use crate::terminal::output::Output;

const SEGMENTS: &str = "SEGMENTS";

/// What a hash in a segment begins with.
const MARK: &str = "sha256:";

/// Edit the lists of users that rules refer to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  canaryctl segment add --name testers --file testers.txt --config k8s/overlays/production/config/canary-config-cm.yaml")]
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
/// The config is public, the list need not be: a value is stored as the SHA-256 of `segment:NAME:VALUE`. Values that
/// are there already, hashed or not, are skipped. `REVISION` is counted up where there is one.
#[derive(Debug, clap::Args)]
#[command(after_help = "A line that is such a hash itself, `sha256:` and 64 digits, is added as it is.

Examples:
  F=k8s/overlays/production/config/canary-config-cm.yaml
  canaryctl segment add --name testers --file testers.txt --config $F
  cut -d, -f1 customers.csv | canaryctl segment add --name customers --file - --config $F")]
struct Add {
    /// The segment, which is made where it is absent.
    #[arg(long, value_parser = parse_name)]
    name: String,
    /// The values, one a line; `-` is standard input.
    #[arg(long, value_name = "LIST")]
    file: PathBuf,
    /// The ConfigMap manifest, or the bare config; k8s/base/canary-config-cm.yaml unless an overlay has its own.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Add the values as they are, for everybody to read.
    #[arg(long)]
    plain: bool,
}

fn parse_name(text: &str) -> Result<String, &'static str> {
    let expected = "expected 1 to 64 of A-Z a-z 0-9 _ . -, except __proto__, constructor and prototype";
    if is_flag_key(text) { Ok(text.to_owned()) } else { Err(expected) }
}

/// Edits the config.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let Verb::Add(add) = &args.verb;
    let config = default_path::file(add.config.as_deref(), "--config")?;
    let mut editor = Editor::open(&config)?;
    let lines = if add.file == Path::new("-") {
        read(io::stdin().lock()).context("standard input")
    } else {
        let name = add.file.display();
        let file = File::open(&add.file).with_context(|| format!("cannot read {name}"))?;
        read(file).with_context(|| name.to_string())
    }?;
    let path = [SEGMENTS, &add.name];
    let (new, skipped) = add.choose(&lines, editor.get(&path));
    editor.append(&path, &new)?;
    if editor.is_changed() {
        editor.raise_revision()?;
        for fault in editor.judge()? {
            // Whoever does not read warnings gets the edit nevertheless.
            let _ = writeln!(io::stderr(), "canaryctl: {}: {fault}", config.display());
        }
        editor.save()?;
    }
    print(add, &editor, new.len(), skipped, output)?;
    Ok(ExitCode::SUCCESS)
}

/// The lines of a list. A line ends with `\n`, and one `\r` before it is dropped.
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
    /// What is to be added to a segment, and how many values are there already, or twice in the list.
    fn choose(&self, lines: &[String], segment: Option<&Value>) -> (Vec<String>, usize) {
        let values = segment.and_then(Value::as_array).into_iter().flatten().map(text);
        let mut known: HashSet<_> = values.map(|value| hashed(&self.name, &value)).collect();
        let fresh = |line: &&String| known.insert(hashed(&self.name, line));
        let new: Vec<_> = lines.iter().filter(fresh).map(|line| self.stored(line)).collect();
        let skipped = lines.len().saturating_sub(new.len());
        (new, skipped)
    }

    fn stored(&self, value: &str) -> String {
        if self.plain { value.to_owned() } else { hashed(&self.name, value) }
    }
}

/// A value of the config as the text that it is compared as, `value + ""` in JavaScript.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // Numbers are doubles there, and whole ones have no decimals.
        Value::Number(number) => number.as_f64().map_or_else(String::new, |number| number.to_string()),
        _ => value.to_string(),
    }
}

/// A value's hash in the segment `name`; that of a hash is itself.
fn hashed(name: &str, value: &str) -> String {
    let digits = value.strip_prefix(MARK).unwrap_or_default();
    if digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return value.to_owned();
    }
    let hash = Sha256::digest(format!("segment:{name}:{value}"));
    hash.iter().fold(MARK.to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn print(add: &Add, editor: &Editor, added: usize, skipped: usize, output: Output) -> anyhow::Result<()> {
    let file = editor.path().display().to_string();
    let mut out = io::stdout().lock();
    match output {
        Output::Text => {
            let mut parts = vec![format!("{SEGMENTS}.{} {added} added", add.name), format!("{skipped} skipped")];
            parts.extend(editor.changes().iter().map(ToString::to_string));
            writeln!(out, "{file}: {}", parts.join(", "))?;
        }
        Output::Json => {
            let changes: Vec<_> = editor.changes().iter().map(Change::json).collect();
            let line = json!({
                "file": file, "segment": add.name, "added": added, "skipped": skipped, "changes": changes,
            });
            writeln!(out, "{line}")?;
        }
    }
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests;
