//! `canaryctl serve`: serves the site, the runtime and the config on the loopback interface, as nginx does.

use std::future::pending;
use std::io::{self, IsTerminal, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use canary_collector::Timing;
use canary_collector::server::{Listeners, Options, Server};
use hyper::header::HeaderMap;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch as channel;

use crate::commands::collect;
use crate::config::default_path;
use crate::console::console::Console;
use crate::platform::http::Url;
use crate::server::{security_headers, server, site::Site, upstream::Upstream, watch};
use crate::terminal::output::Output;

/// The horizon of pages that say none, in seconds.
const HORIZON: u32 = 60;

/// Serve a site with the runtime and the config, as nginx does in the cluster.
///
/// Prints its address and that of the console, then a line for the config and for each change of it: edit the manifest and
/// reload the page. With
/// --proxy it serves only the runtime and the config, and forwards all other requests to another server, whose responses
/// get no security headers. It takes the reports of pages as well; --metrics-port shows what it counts, on a line between the two.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl serve
  canaryctl serve dist --config k8s/base/canary-config-cm.yaml --port 0
  canaryctl serve --proxy http://localhost:5173")]
pub(crate) struct Args {
    /// The folder with the pages and bundles; else dist, build, public or www, whichever has a page.
    #[arg(value_name = "DIR", conflicts_with = "proxy")]
    dir: Option<PathBuf>,
    /// The ConfigMap manifest or the bare config, read at each request; else the one below k8s/.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder to serve under /runtime/; else node_modules/canary-runtime or pkg.
    #[arg(long, value_name = "DIR")]
    runtime: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 selects a free one.
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// The development server of a bundler, for all requests but /runtime/ and the config. Hot reload works.
    #[arg(long, value_name = "URL", value_parser = Upstream::parse)]
    proxy: Option<Upstream>,
    /// A file with response headers in place of those of nginx/headers.conf: `add_header` lines of nginx, or lines NAME: VALUE.
    /// A file with maps alone, as nginx/csp.conf, adds to the policy. May be repeated.
    #[arg(long, value_name = "FILE")]
    headers: Vec<PathBuf>,
    /// The port on 127.0.0.1 for /metrics and /windows of the reports; 0 selects a free one.
    #[arg(long, value_name = "N")]
    metrics_port: Option<u16>,
    /// The address of the controller's /status, which `rollout run` serves, for the console.
    #[arg(long, value_name = "URL", value_parser = collect::status_url)]
    rollout_status: Option<Url>,
    /// The seconds in which a view reports, 60 by default. Pages get the config with this TELEMETRY.horizonSeconds.
    #[arg(long, value_name = "SECONDS", value_parser = collect::seconds())]
    horizon: Option<u32>,
    /// The seconds of a minute of /windows, shorter for demonstrations.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = collect::seconds())]
    window: u32,
}

/// Serves until SIGINT or SIGTERM.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let site = site(args)?;
    let headers = security_headers::read(&args.headers)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(args, site, headers, output))?;
    Ok(ExitCode::SUCCESS)
}

/// The folders and the file to serve. An invalid config is no error: it is there to be edited.
fn site(args: &Args) -> anyhow::Result<Site> {
    let root = if args.proxy.is_some() { PathBuf::new() } else { default_path::site(args.dir.as_deref())? };
    anyhow::ensure!(args.proxy.is_some() || root.is_dir(), "no folder {}", root.display());
    let runtime = default_path::runtime(args.runtime.as_deref())?;
    let loader = runtime.join("canary.js");
    anyhow::ensure!(loader.is_file(), "no {}: name the folder of the runtime with --runtime", loader.display());
    let config = default_path::to_read(args.config.as_deref())?;
    anyhow::ensure!(config.is_file(), "no config {}: name one with --config", config.display());
    Ok(Site { root, runtime, config, horizon: args.horizon })
}

async fn serve(args: &Args, site: Site, headers: HeaderMap, output: Output) -> anyhow::Result<()> {
    // Before the address is printed, because its reader may send a signal at once.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .await
        .with_context(|| format!("cannot listen on 127.0.0.1:{}, choose another --port", args.port))?;
    let metrics = match args.metrics_port {
        Some(port) => Some(
            TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                .await
                .with_context(|| format!("cannot listen on 127.0.0.1:{port}, choose another --metrics-port"))?,
        ),
        None => None,
    };
    let metrics_port = metrics.as_ref().map(TcpListener::local_addr).transpose()?.map(|address| address.port());
    print_addresses(listener.local_addr()?.port(), metrics_port, output)?;
    let config = site.config.clone();
    let collector = collector(args)?;
    let console = Console::new(Arc::clone(&collector), args.rollout_status.clone(), args.config.clone());
    let (labels, configs) = channel::channel(None);
    let listeners = Listeners { reports: None, metrics, pages: Some(console.pages()) };
    let counting = Arc::clone(&collector).run(listeners, configs, pending());
    tokio::select! {
        counted = counting => counted,
        never = collect::watch_config(&config, &labels, &console, |_| ()) => match never {},
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        never = watch::watch(&config, output) => match never {},
        never = server::run(listener, site, args.proxy.clone(), headers, collector, Arc::clone(&console)) => match never {},
    }
}

/// The collector, in memory: everything comes from this machine, so no network is capped.
fn collector(args: &Args) -> anyhow::Result<Arc<Server>> {
    Server::new(Options {
        timing: Timing::new(args.window, args.horizon.unwrap_or(HORIZON)),
        data: None,
        origins: Vec::new(),
        proxies: Vec::new(),
        address_header: None,
        cap: u32::MAX,
        token: None,
        is_logging: false,
    })
}

fn print_addresses(port: u16, metrics_port: Option<u16>, output: Output) -> io::Result<()> {
    let url = format!("http://127.0.0.1:{port}/");
    let metrics = metrics_port.map(|port| format!("http://127.0.0.1:{port}"));
    let console = format!("{url}runtime/console/");
    let mut out = io::stdout().lock();
    match (output, metrics) {
        (Output::Text, metrics) => {
            // A program that reads the lines gets addresses alone.
            let is_read = out.is_terminal();
            let metrics = metrics.map(|url| (url, "what pages report, for Prometheus: /metrics and /windows"));
            let lines = [(url, "the site")].into_iter().chain(metrics).chain([(console, "the console")]);
            let lines: Vec<_> = lines.collect();
            let width = lines.iter().map(|(url, _)| url.len()).max().unwrap_or_default();
            for (url, about) in lines {
                if is_read { writeln!(out, "{url:width$}  {about}")? } else { writeln!(out, "{url}")? }
            }
        }
        (Output::Json, None) => writeln!(out, "{}", json!({"url": url, "console": console}))?,
        (Output::Json, Some(metrics)) => {
            writeln!(out, "{}", json!({"url": url, "metrics": metrics, "console": console}))?;
        }
    }
    out.flush()
}
