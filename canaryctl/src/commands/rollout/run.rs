//! `canaryctl rollout run`: the controller as a service.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::mpsc::Sender;
use std::thread::sleep;
use std::time::Duration;

use crate::commands::rollout::target::{self, Target};
use crate::rollout::alerts::outbox::{self, Delivery};
use crate::rollout::controller::Controller;
use crate::rollout::service::Service;
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// Decide once in every `interval` of the file, until it is stopped.
///
/// The first line on standard output is the address of /status, /metrics, /healthz and /readyz. It may be killed at any
/// time: Git is its only memory.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout run --repo git@example.com:shop/deploy.git --listen 0.0.0.0:9091")]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9091")]
    listen: SocketAddr,
}

/// Loops.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let mut controller = args.target.open()?;
    // An error in the file is an error of the start; later ones are shown, and tried again.
    let file = match controller.deleted()? {
        Some(file) => file,
        None => controller.read()?.0,
    };
    let mut interval = file.rollout.analysis.interval;
    let service = Service::default();
    let alerts = outbox::spawn(service.alerts.clone());
    let bound = service.listen(args.listen)?;
    say(output, &format!("http://{bound}"))?;
    let mut last = String::new();
    loop {
        match step(&mut controller, &service, &alerts) {
            Ok((line, wait)) => {
                interval = wait;
                if line != last {
                    say(output, &line)?;
                    last = line;
                }
            }
            Err(error) => {
                warn(&format!("{error:#}"));
                service.fail(format!("{error:#}"));
            }
        }
        sleep(Duration::from_secs(u64::try_from(interval).unwrap_or(60)));
    }
}

fn say(output: Output, line: &str) -> anyhow::Result<()> {
    let mut out = stdout(output);
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

/// One step, in words, and the time to the next.
fn step(controller: &mut Controller, service: &Service, alerts: &Sender<Delivery>) -> anyhow::Result<(String, i64)> {
    controller.repository.fetch()?;
    let now = target::now(None)?;
    let report = controller.step(now, false);
    controller.repository.fetch()?;
    if let Some(file) = controller.deleted()? {
        // There is no state to show without the file.
        let line = match report {
            Ok(report) => report.line(),
            Err(_) => "rollout.yaml is deleted, and no run is in progress".to_owned(),
        };
        service.fail(line.clone());
        return Ok((line, file.rollout.analysis.interval));
    }
    let status = controller.status(now)?;
    let (file, _) = controller.read()?;
    for delivery in controller.deliveries(&file, &status) {
        // The thread ends with this process alone.
        let _ = alerts.send(delivery);
    }
    let report = report?;
    let line = status.line();
    service.set(status, report.verdict);
    Ok((line, file.rollout.analysis.interval))
}
