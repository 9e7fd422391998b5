//! `canaryctl qa-link`: makes an address that shows the canary to whoever opens it.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::commands::edit::{self, Done};
use crate::config::editor::Editor;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// The place of the hashes in a config.
const TOKENS: [&str; 2] = ["OVERRIDES", "tokens"];

/// The size of a token in bytes: nobody guesses 128 bits.
const TOKEN_BYTES: usize = 16;

/// Make an address that shows the canary to whoever opens it.
///
/// Prints the address with a new token, and the entry of `OVERRIDES.tokens` that lists it: the config is public, so it has
/// the hash alone. With --config, adds the entry to the config. The token holds until the browser closes, and until the entry
/// is removed. Page views with it are never counted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl qa-link https://shop.example/
  canaryctl qa-link https://shop.example/cart --always --config k8s/overlays/production/config/canary-config-cm.yaml --commit")]
pub(crate) struct Args {
    /// The page to open, an https address or a path.
    #[arg(value_name = "URL", default_value = "/")]
    url: String,
    /// Show the canary at percentage 0 as well.
    #[arg(long)]
    always: bool,
    /// Add the entry to this ConfigMap manifest or bare config.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    edit: edit::Args,
}

/// A token with its entry in the config.
#[derive(Debug)]
struct Link {
    address: String,
    entry: Value,
}

/// Prints the address, and edits the config if there is one.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    ensure!(args.config.is_some() || !args.edit.is_any(), "--config FILE: expected, to edit and commit a config");
    let link = Link::new(args)?;
    let Some(config) = &args.config else {
        let mut out = stdout(output);
        match output {
            Output::Text => writeln!(out, "{}\n\nin OVERRIDES.tokens of the config: {}", link.address, link.entry)?,
            Output::Json => writeln!(out, "{}", json!({"url": link.address, "token": link.entry}))?,
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    };
    edit::run(&args.edit, config, output, |editor| link.add(editor))
}

impl Link {
    fn new(args: &Args) -> anyhow::Result<Self> {
        let url = &args.url;
        let is_address =
            ["https://", "http://localhost", "http://127.0.0.1", "/"].iter().any(|start| url.starts_with(start));
        ensure!(is_address, "{url}: expected an https address, or a path that begins with /");
        let token = new_token()?;
        let (rest, fragment) = url.split_once('#').map_or((url.as_str(), None), |(rest, end)| (rest, Some(end)));
        let joint = if rest.contains('?') { '&' } else { '?' };
        let end = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        let hash = hash_of(&token);
        let entry = if args.always { json!({"hash": hash, "always": true}) } else { json!({"hash": hash}) };
        Ok(Self { address: format!("{rest}{joint}canary.qa={token}{end}"), entry })
    }

    /// Adds the entry to the list of the config.
    fn add(&self, editor: &mut Editor) -> anyhow::Result<Done> {
        let mut tokens = match editor.get(&TOKENS) {
            None => Vec::new(),
            Some(tokens) => tokens.as_array().context("OVERRIDES.tokens: expected an array")?.clone(),
        };
        tokens.push(self.entry.clone());
        editor.set(&TOKENS, &Value::from(tokens).to_string())?;
        Ok(Done {
            text: Some(format!("{}, listed in OVERRIDES.tokens", self.address)),
            json: [("url".to_owned(), json!(self.address)), ("token".to_owned(), self.entry.clone())]
                .into_iter()
                .collect(),
            subject: "canary: list the token of a QA link".to_owned(),
            warnings: Vec::new(),
        })
    }
}

/// The hash that lists a token, `sha256:` and the SHA-256 of `qa:TOKEN`.
fn hash_of(token: &str) -> String {
    let digest = Sha256::digest(format!("qa:{token}"));
    let mut hash = "sha256:".to_owned();
    for byte in digest {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

/// Random bytes as an address holds them.
fn new_token() -> anyhow::Result<String> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).context("no random bytes")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_specification() {
        // printf qa:token | sha256sum
        assert_eq!(hash_of("token"), "sha256:3d830a4086f84129ffbbaf481e01734e8be6ae43557f84d049e35daec78d7e57");
    }
}
