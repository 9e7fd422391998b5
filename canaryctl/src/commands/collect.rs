//! `canaryctl collect`: counts what pages report, as exact windows for the judge and metrics for Prometheus.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use canary_collector::server::{Listeners, Options, Server};
use canary_collector::{ConfigLabels, Timing};
use clap::builder::RangedU64ValueParser;
use hyper::header::HeaderName;
use ipnet::IpNet;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::config::default_path;
use crate::config::loaded::Loaded;
use crate::console::console::Console;
use crate::platform::http::Url;
use crate::platform::input;
use crate::terminal::message;
use crate::terminal::output::Output;

/// The interval between two reads of the config.
const INTERVAL: Duration = Duration::from_millis(500);

/// Count the reports of pages, for the judge and for Prometheus.
///
/// Prints the origins of the report port and of the metrics port, each on a line. The metrics port has /metrics, /windows,
/// /healthz and /readyz, and a console for people at /runtime/console/. It writes everything on SIGTERM, so a restart loses only the minutes of its absence.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl collect --config k8s/base/canary-config-cm.yaml
  canaryctl collect --config canary.json --data /var/lib/canary --listen 0.0.0.0:8081 --metrics-listen 0.0.0.0:9090
  canaryctl collect --config canary.json --trusted-proxy 10.0.0.0/8 --client-address-header X-Forwarded-For")]
pub(crate) struct Args {
    /// The ConfigMap manifest or the bare config, whose labels are counted; else the one below k8s/.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The address for reports; port 0 selects a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// The address for metrics and windows; port 0 selects a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    metrics_listen: SocketAddr,
    /// The folder for 48 hours of windows; else they are in memory, and end with the process.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Another origin of the site, for browsers that send no Sec-Fetch-Site: https and the host, without a path.
    #[arg(long = "origin", value_name = "URL", value_parser = origin)]
    origins: Vec<String>,
    /// A network of proxies, whose header names the client.
    #[arg(long = "trusted-proxy", value_name = "CIDR", requires = "client_address_header")]
    trusted_proxies: Vec<IpNet>,
    /// The header in which a trusted proxy names the client, such as X-Forwarded-For.
    #[arg(long, value_name = "NAME", requires = "trusted_proxies")]
    client_address_header: Option<HeaderName>,
    /// The views an hour of one network, beyond which the capped counts leave some out.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    cap: u32,
    /// The seconds in which a view reports. The page needs the same horizonSeconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = seconds())]
    horizon: u32,
    /// The seconds of a minute, shorter for demonstrations.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = seconds())]
    window: u32,
    /// The file with the bearer token that the metrics port asks for, the same for all collectors.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The address of the controller's /status, which `rollout run` serves, for the console.
    #[arg(long, value_name = "URL", value_parser = status_url)]
    rollout_status: Option<Url>,
    /// Print each counted report as a line.
    #[arg(long)]
    log_reports: bool,
}

/// A number of seconds: a minute is at most an hour.
pub(crate) fn seconds() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(1..=3_600)
}

/// An origin as browsers send it.
fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_origin = |host: &str| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    if host.is_some_and(is_origin) {
        Ok(text.to_owned())
    } else {
        Err("expected https://HOST, without a path".to_owned())
    }
}

/// An address as the console asks it.
pub(crate) fn status_url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("{error:#}"))
}

/// Counts until SIGINT or SIGTERM.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let config = default_path::to_read(args.config.as_deref())?;
    ensure!(config.is_file(), "no config {}: name one with --config", config.display());
    let options = Options {
        timing: Timing::new(args.window, args.horizon),
        data: args.data.clone(),
        origins: args.origins.clone(),
        proxies: args.trusted_proxies.clone(),
        address_header: args.client_address_header.clone(),
        cap: args.cap,
        token: args.token_file.as_deref().map(token).transpose()?,
        is_logging: args.log_reports,
    };
    if args.data.is_none() {
        message::warn("windows are kept in memory and end with this process; name a folder with --data");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(collect(args, &config, options, output))?;
    Ok(ExitCode::SUCCESS)
}

fn token(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let token = text.trim();
    ensure!(!token.is_empty(), "{} is empty; expected a token", path.display());
    Ok(token.to_owned())
}

async fn collect(args: &Args, config: &Path, options: Options, output: Output) -> anyhow::Result<()> {
    // Before the addresses are printed, because their reader may send a signal at once.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let server = Server::new(options)?;
    let console = Console::new(Arc::clone(&server), args.rollout_status.clone(), None);
    let reports = listen(args.listen, "--listen").await?;
    let metrics = listen(args.metrics_listen, "--metrics-listen").await?;
    print_addresses(reports.local_addr()?, metrics.local_addr()?, output)?;
    let (sender, configs) = watch::channel(None);
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            never = watch_config(config, &sender, &console, message::error) => match never {},
        }
    };
    let pages = Some(console.pages());
    let listeners = Listeners { reports: Some(reports), metrics: Some(metrics), pages };
    server.run(listeners, configs, stop).await
}

async fn listen(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}, choose another {option}"))
}

fn print_addresses(reports: SocketAddr, metrics: SocketAddr, output: Output) -> io::Result<()> {
    let (reports, metrics) = (format!("http://{reports}"), format!("http://{metrics}"));
    let mut out = io::stdout().lock();
    match output {
        Output::Text => writeln!(out, "{reports}\n{metrics}")?,
        Output::Json => writeln!(out, "{}", json!({"reports": reports, "metrics": metrics}))?,
    }
    out.flush()
}

/// Sends the labels of the config to the collector and the console, now and after each change. A config that cannot be read or is rejected changes nothing,
/// and `tell` learns of it once.
pub(crate) async fn watch_config(
    path: &Path,
    labels: &watch::Sender<Option<ConfigLabels>>,
    console: &Console,
    tell: impl Fn(&anyhow::Error),
) -> std::convert::Infallible {
    let mut last = None;
    loop {
        // Reading is cheap; parsing again what has not changed would take the time of reports.
        let bytes = input::read(path).map_err(|error| format!("{error:#}"));
        if last.as_ref() != Some(&bytes) {
            match bytes.clone().map_err(anyhow::Error::msg).and_then(|bytes| of(path, bytes, console)) {
                Ok(config) => drop(labels.send(Some(config))),
                Err(error) => tell(&error),
            }
            last = Some(bytes);
        }
        sleep(INTERVAL).await;
    }
}

fn of(path: &Path, bytes: Vec<u8>, console: &Console) -> anyhow::Result<ConfigLabels> {
    let config = Loaded::of_file(&path.display().to_string(), path, bytes)?;
    match &config.parsed {
        Ok((parsed, _)) => {
            console.configs.add(&config);
            Ok(ConfigLabels::of(parsed))
        }
        Err(diagnostic) => Err(config.error(diagnostic)),
    }
}
