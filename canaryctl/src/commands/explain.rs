//! `canaryctl explain`: the decision and the flags of one user, with the steps that lead to them.

mod answer;
mod decision_trace;
mod flag_trace;
mod json;
mod text;
#[cfg(test)]
mod vectors;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{anyhow, ensure};
use canary_runtime::config::{is_flag_key, parse_rfc3339};
use canary_runtime::json::Kind;
use canary_runtime::{Diagnostic, Document, EvaluationContext, History, Overrides, Visitor};

use crate::config::loaded::Loaded;
use crate::lint::suggest::nearest;
use crate::platform::clock;
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;
use answer::{Answer, Question, Snapshot};

/// Tell which bundle and which flags a user gets, and why.
///
/// The code that runs in the browser decides, for a browser that can be recognized and in which no canary has failed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A config that is rejected or has expired is an answer, too: stable, ERROR, and no flags. With --output json a
value of null is the caller's default.

Examples:
  canaryctl explain --config k8s/base/canary-config-cm.yaml --key user-1
  canaryctl explain --config cm.yaml --key user-1 --attributes '{\"plan\": \"pro\", \"url\": {\"path\": \"/cart\"}}'
  canaryctl explain --config cm.yaml --key user-1 --flag search --now 2026-12-24T18:00:00Z --output json"
)]
pub(crate) struct Args {
    /// The ConfigMap manifest or the bare config; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Who: the device id, or the page's own id of its user; empty for nobody.
    #[arg(long, allow_hyphen_values = true)]
    key: String,
    /// What conditions are asked about: a JSON object, nested as in `{"url": {"path": "/"}}`.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = parse_attributes)]
    attributes: Document,
    /// The page's data-entry, the name of its bundle in ASSETS.entries.
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
    /// This flag only. May be repeated.
    #[arg(long = "flag", value_name = "F")]
    flags: Vec<String>,
    /// When, as in 2026-12-01T00:00:00Z; this machine's time unless told.
    #[arg(long, value_name = "T", value_parser = parse_time)]
    now: Option<i64>,
    /// A flag that the page has overridden. May be repeated.
    #[arg(long = "override", value_name = "FLAG=JSON")]
    overrides: Vec<Override>,
    /// The query of the page's address, for the overrides in it.
    #[arg(long, value_name = "QUERY", default_value = "")]
    query: String,
}

#[derive(Clone, Debug)]
struct Override {
    flag: String,
    json: String,
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (flag, json) = text.split_once('=').ok_or("expected FLAG=JSON")?;
        if !is_flag_key(flag) {
            return Err("expected a flag's key of 1 to 64 of A-Z a-z 0-9 _ . -".to_owned());
        }
        Document::parse(json).map_err(|error| Diagnostic::from(error).to_string())?;
        Ok(Self { flag: flag.to_owned(), json: json.to_owned() })
    }
}

fn parse_attributes(text: &str) -> anyhow::Result<Document> {
    let document = Document::parse(text).map_err(Diagnostic::from)?;
    ensure!(document.root().kind() == Kind::Object, "expected a JSON object");
    Ok(document)
}

fn parse_time(text: &str) -> anyhow::Result<i64> {
    parse_rfc3339(text).ok_or_else(|| anyhow!("expected a time such as 2026-12-01T00:00:00Z"))
}

/// Prints the answer.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let config = Loaded::read(&args.config)?;
    for one in &args.overrides {
        warn_of_unknown(&config, &one.flag);
    }
    let query = args.query.strip_prefix('?').unwrap_or(&args.query);
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let values = |name: &'static str| pairs.iter().filter(move |pair| pair.0 == name).map(|pair| &*pair.1);
    let mut overrides = Overrides::new(values("canary"), values("canary.flag"));
    for Override { flag, json } in &args.overrides {
        overrides.set(flag, json);
    }
    let question = Question {
        context: EvaluationContext { targeting_key: args.key.clone(), attributes: args.attributes.clone() },
        overrides,
        now: args.now.unwrap_or_else(clock::now),
        visitor: Visitor::Identified,
        history: History::default(),
        entry: args.entry.clone(),
        flags: args.flags.clone(),
    };
    let snapshot = Snapshot::of(config, question.now);
    let answer = Answer::of(&question, &snapshot);
    let text = match output {
        Output::Text => text::text(&question, &snapshot, &answer, &args.config.display().to_string()),
        Output::Json => json::json(&answer),
    };
    let mut out = stdout(output);
    writeln!(out, "{}", text.trim_end())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Says that an override names a flag that the config does not have: it changes no other flag.
fn warn_of_unknown(config: &Loaded, flag: &str) {
    let Ok((known, _)) = &config.parsed else { return };
    if known.flag_keys().all(|key| key != flag) {
        let near = nearest(flag, known.flag_keys()).map(|key| format!("; did you mean {key}?")).unwrap_or_default();
        warn(&format!("{}: --override {flag}: the config has no such flag{near}", config.name));
    }
}
