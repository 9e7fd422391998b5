//! `canaryctl nudge`: makes kubelets write a changed config into running pods at once.
//!
//! A kubelet writes what a ConfigMap says into its pods about once a minute, and whenever a pod changes. So each pod that
//! mounts the ConfigMap gets an annotation that says which config it should have. Nothing else of a pod is touched, and whatever
//! fails here costs that minute and no more.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::process::ExitCode;

use crate::terminal::output::Output;
#[cfg(feature = "cluster")]
use crate::{
    nudge::{cluster::Cluster, controller::Keeper, health::Standing, probes, reconcile::Round, report, watch},
    terminal::message::warn,
};

/// Annotate the pods that mount the ConfigMap whenever it changes, so that they have it at once.
///
/// Inside a cluster it is the pod's service account that asks; elsewhere KUBECONFIG or ~/.kube/config. A line for each
/// change says how many pods were annotated. Whatever fails is told on standard error and tried again, for ever.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The annotation is canary/config-revision: a hash of the ConfigMap's data, and its resourceVersion.
It needs to list and watch that ConfigMap, and to list and patch pods: k8s/components/nudge.

Exit codes: 0 after a signal, or all pods have it; 1 with --once, some could not be annotated; 2 usage or input error.

Examples:
  canaryctl nudge --listen 0.0.0.0:8081
  canaryctl nudge --once --namespace frontend"
)]
pub(crate) struct Args {
    /// The ConfigMap.
    #[arg(long, value_name = "NAME", default_value = "canary-settings")]
    configmap: String,
    /// The namespace of the ConfigMap and the pods; else the pod's own, or the kubeconfig's.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// How many pods a second may be annotated.
    #[arg(long, value_name = "N", default_value = "100")]
    rate: NonZeroU16,
    /// Annotate the pods that have another config, and end.
    #[arg(long, conflicts_with = "listen")]
    once: bool,
    /// Where to answer /healthz and /readyz.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// Says how to get one that can.
#[cfg(not(feature = "cluster"))]
pub(crate) fn run(_: &Args, _: Output) -> anyhow::Result<ExitCode> {
    anyhow::bail!("built without the feature \"cluster\": cargo build --release --package canaryctl")
}

/// Watches until a signal asks it to stop, or looks once.
#[cfg(feature = "cluster")]
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(async { if args.once { once(args, output).await } else { stay(args, output).await } });
    // A name that is still being looked up holds nobody up.
    runtime.shutdown_background();
    code
}

#[cfg(feature = "cluster")]
async fn once(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let cluster = Cluster::connect(args.namespace.as_deref(), &args.configmap).await?;
    let config = cluster.config().await?;
    let round = Round { cluster: &cluster, wanted: &config, exact: false, rate: args.rate };
    let tally = round.run().await?;
    report::print(&cluster, &config, &tally, output)?;
    if let Some(fault) = &tally.fault {
        warn(fault);
    }
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(feature = "cluster")]
async fn stay(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let cluster = Cluster::connect(args.namespace.as_deref(), &args.configmap).await?;
    let standing = Standing::default();
    let listener = match args.listen {
        Some(address) => Some(probes::bind(address).await?),
        None => None,
    };
    let (found, wanted) = tokio::sync::watch::channel(None);
    let keeper = Keeper { cluster: &cluster, standing: &standing, rate: args.rate, output };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        never = probes::serve(listener, &standing) => match never {},
        never = watch::follow(&cluster, &standing, &found) => match never {},
        () = keeper.keep(wanted) => {}
    }
    Ok(ExitCode::SUCCESS)
}
