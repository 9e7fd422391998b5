//! `canaryctl stale`: flags that the code or the config no longer needs.

mod reads;
mod settled;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use canary_runtime::Config;
use serde_json::json;

use crate::config::default_path;
use crate::config::loaded::Loaded;
use crate::lint::suggest::nearest;
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;
use reads::Sources;
use settled::Settled;

/// Find flags that nobody reads, that the config lacks, or that have been settled for long.
///
/// A flag is read where a source file contains its key in quotes, or another flag requires it. A flag is settled if it is the
/// same for everyone: true, false, off, or at 0 or 100 % without rules. The git log of the config says since when.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Files .js, .ts, .jsx, .tsx, .vue, .svelte, .astro and .html are searched, except declarations (.d.ts), hidden
folders, and the folders node_modules, dist, build and target. The exit code is 1 if anything is found.

Examples:
  canaryctl stale
  canaryctl stale --config k8s/base/canary-config-cm.yaml --source src
  canaryctl stale --source src --days 90 --output json"
)]
pub(crate) struct Args {
    /// The ConfigMap manifest or the bare config; else the one below k8s/, or that of the base.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder with the sources; else src, or the current folder where there is none.
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// A flag that is settled for so many days is found.
    #[arg(long, value_name = "N", default_value_t = 30)]
    days: u32,
}

/// Prints what is found.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let path = default_path::to_read(args.config.as_deref())?;
    let loaded = Loaded::read(&path)?;
    let config = loaded.usable()?;
    loaded.warn();
    let here = || PathBuf::from(if Path::new("src").is_dir() { "src" } else { "." });
    let sources = Sources::read(&args.source.clone().unwrap_or_else(here))?;
    let unread = unread(config, &sources);
    let undeclared: Vec<_> = sources.reads().filter(|read| config.flag_index(&read.key).is_none()).collect();
    let settled = Settled::find(&path, config, args.days).unwrap_or_else(|error| {
        warn(&format!("{}: cannot tell how long flags are settled: {error:#}", loaded.name));
        Vec::new()
    });
    let suggestion = |key: &str| nearest(key, config.flag_keys());
    let mut out = stdout(output);
    match output {
        Output::Text => {
            for key in &unread {
                writeln!(out, "unread: {key}: in none of {} source files", sources.count())?;
            }
            for read in &undeclared {
                let near = suggestion(&read.key).map(|key| format!("; did you mean {key}?")).unwrap_or_default();
                writeln!(
                    out,
                    "undeclared: {}:{}: {}: the config has no such flag{near}",
                    read.file, read.line, read.key
                )?;
            }
            for Settled { key, value, days } in &settled {
                writeln!(out, "settled: {key}: {value} for {days} days")?;
            }
            if unread.is_empty() && undeclared.is_empty() && settled.is_empty() {
                writeln!(
                    out,
                    "{}: nothing is stale: {} flags, {} source files",
                    loaded.name,
                    config.flag_count(),
                    sources.count()
                )?;
            }
        }
        Output::Json => {
            let undeclared = undeclared.iter().map(|read| {
                json!({"flag": read.key, "file": read.file, "line": read.line, "suggestion": suggestion(&read.key)})
            });
            let settled = settled.iter().map(|it| json!({"flag": it.key, "value": it.value, "days": it.days}));
            let [undeclared, settled] = [undeclared.collect::<Vec<_>>(), settled.collect()];
            writeln!(out, "{}", json!({"unread": unread, "undeclared": undeclared, "settled": settled}))?;
        }
    }
    out.flush()?;
    let is_clean = unread.is_empty() && undeclared.is_empty() && settled.is_empty();
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The flags whose keys no source file contains and no other flag requires.
fn unread<'a>(config: &'a Config, sources: &Sources) -> Vec<&'a str> {
    let flags = (0..config.flag_count()).filter_map(|index| config.flag(index));
    let required: Vec<_> = flags.flat_map(|flag| flag.requires().map(|(key, _)| key.as_text())).collect();
    config.flag_keys().filter(|key| !required.contains(key) && !sources.contain(key)).collect()
}
