//! `canaryctl traffic`: simulated visitors, whose reports show what a collector, a console and a controller make of them.

mod sender;
mod visitor;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use canary_runtime::Config;
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::commands::traffic::sender::Sender;
use crate::commands::traffic::visitor::{Failure, Visitor, Visits};
use crate::platform::http::{Url, get};
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// The interval between two reads of the config.
const CONFIG: Duration = Duration::from_secs(1);
/// The interval between two lines.
const LINE: Duration = Duration::from_secs(10);
/// The time for the config's answer.
const LIMIT: Duration = Duration::from_secs(3);

/// Send the reports of simulated visitors to a site, for demonstrations.
///
/// No browser runs and no page is loaded: each visitor is a random id, decided by the runtime's own core with the config
/// that the site serves now, and its reports are invented. Never send them to a site that people use.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl traffic http://127.0.0.1:8080/ --fails canary=20
  canaryctl traffic http://127.0.0.1:8080/ --rate 40 --views 1000 --fails 1.6.0=20 --fails canary@webkit=40")]
pub(crate) struct Args {
    /// The address of the site, as `canaryctl serve` prints it.
    #[arg(value_name = "URL", value_parser = address)]
    site: Url,
    /// Visitors a second.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
    rate: u32,
    /// The number of visitors after which it ends; else it goes on until it is stopped.
    #[arg(long, value_name = "N")]
    views: Option<u64>,
    /// The share of views that fail: of canary, stable or a version, in all engines or one. Else 1 %. The last one that fits
    /// counts.
    #[arg(long, value_name = "WHAT[@ENGINE]=PERCENT", value_parser = Failure::parse)]
    fails: Vec<Failure>,
}

fn address(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("{error:#}"))
}

/// Sends reports until all views are there, or it is stopped.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Before the runtime runs: a name is resolved in one of its own.
    let sender = Sender::new(&args.site)?;
    runtime.block_on(visit(args, sender, output))?;
    Ok(ExitCode::SUCCESS)
}

async fn visit(args: &Args, sender: Sender, output: Output) -> anyhow::Result<()> {
    let mut config = config(&args.site).await?;
    let (reports, queue) = unbounded_channel();
    let sending = tokio::spawn(sender.run(queue));
    let mut ticks = interval(Duration::from_secs_f64(1.0 / f64::from(args.rate)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut visits, mut read, mut line) = (Visits::default(), Instant::now(), Instant::now());
    while args.views.is_none_or(|views| visits.all < views) {
        ticks.tick().await;
        if read.elapsed() >= CONFIG {
            read = Instant::now();
            match self::config(&args.site).await {
                Ok(new) => config = new,
                Err(error) => warn(&format!("{error:#}")),
            }
        }
        let visitor = Visitor::random(&config, &args.fails)?;
        visits.add(&visitor);
        for (after, nonce, body) in visitor.reports(&config)? {
            let reports = reports.clone();
            tokio::spawn(async move {
                sleep(after).await;
                // The sender ends first only when the program does.
                let _ = reports.send((nonce, body));
            });
        }
        if line.elapsed() >= LINE {
            line = Instant::now();
            print(&visits, output)?;
        }
    }
    drop(reports);
    let refused = sending.await.context("the sender has ended")?;
    print(&visits, output)?;
    ensure!(refused == 0, "{refused} reports did not arrive at {}", args.site);
    Ok(())
}

async fn config(site: &Url) -> anyhow::Result<Config> {
    let url = site.at("/config/canary.json")?;
    let answer = spawn_blocking(move || {
        let address = url.resolve()?.first().copied().context("no address")?;
        get(&url, address, LIMIT)
    })
    .await?;
    let answer = answer.with_context(|| format!("cannot read the config of {site}"))?;
    ensure!(answer.status == 200, "the config of {site}: found status {}, expected 200", answer.status);
    match Config::parse(&answer.body) {
        Ok((config, _)) => Ok(config),
        Err(error) => anyhow::bail!("the config of {site}: {}", error.line()),
    }
}

fn print(visits: &Visits, output: Output) -> anyhow::Result<()> {
    let Visits { all, canary, failed, canary_failed } = visits;
    let mut out = stdout(output);
    match output {
        Output::Text => writeln!(
            out,
            "{all} simulated visitors: {canary} on the canary, of which {canary_failed} failed; {} others, {failed} failed",
            all.saturating_sub(*canary),
        )?,
        Output::Json => writeln!(
            out,
            "{}",
            json!({"simulated": all, "canary": canary, "canaryFailed": canary_failed, "stableFailed": failed})
        )?,
    }
    out.flush()?;
    Ok(())
}
