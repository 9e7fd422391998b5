//! `canaryctl nudge`: makes kubelets write a changed config into running pods at once.
//!
//! A kubelet updates the files of a mounted ConfigMap about once a minute, and whenever the pod changes. So each pod that
//! mounts the ConfigMap gets an annotation with the current revision. Nothing else of a pod is changed, and any failure
//! here costs that minute and no more.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::process::ExitCode;

use crate::terminal::output::Output;
#[cfg(feature = "cluster")]
use crate::{
    nudge::{
        cluster::Cluster, controller::Controller, health::Health, probes, reconcile::Reconciler, report, watch::Watch,
    },
    terminal::message::warn,
};

/// Annotate the pods that mount the ConfigMap whenever it changes, so that they get the new files at once.
///
/// In a cluster it uses the pod's service account, elsewhere KUBECONFIG or ~/.kube/config. It prints a line for each
/// change with the number of annotated pods. It prints failures on standard error, and retries until they are gone.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The annotation is canary/config-revision: a hash of the ConfigMap's data, and its resourceVersion.
Its service account has to be allowed to list and watch that ConfigMap, and to list and patch pods.

Exit codes: 0 after a signal, or with --once if all pods are up to date; 1 with --once if a pod could not be annotated;
2 for wrong usage or input.

Examples:
  canaryctl nudge --listen 0.0.0.0:8081
  canaryctl nudge --once --namespace frontend"
)]
pub(crate) struct Args {
    /// The ConfigMap.
    #[arg(long, value_name = "NAME", default_value = "canary-settings")]
    configmap: String,
    /// The namespace of the ConfigMap and the pods [default: that of the service account or the kubeconfig].
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// The most pods to annotate per second.
    #[arg(long, value_name = "N", default_value = "100")]
    rate: NonZeroU16,
    /// Annotate the pods that have another revision, then exit.
    #[arg(long, conflicts_with = "listen")]
    once: bool,
    /// Serve /healthz and /readyz at this address.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// Reports that this build cannot talk to a cluster.
#[cfg(not(feature = "cluster"))]
pub(crate) fn run(_: &Args, _: Output) -> anyhow::Result<ExitCode> {
    anyhow::bail!("built without the feature \"cluster\": cargo build --release --package canaryctl")
}

/// Runs the controller until a signal, or one pass with `--once`.
#[cfg(feature = "cluster")]
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime
        .block_on(async { if args.once { run_once(args, output).await } else { run_controller(args, output).await } });
    // A DNS lookup that is still running must not delay the exit.
    runtime.shutdown_background();
    code
}

#[cfg(feature = "cluster")]
async fn run_once(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let cluster = Cluster::connect(args.namespace.as_deref(), &args.configmap).await?;
    let desired = cluster.revision().await?;
    let reconciler = Reconciler { cluster: &cluster, desired: &desired, exact: false, rate: args.rate };
    let summary = reconciler.run().await?;
    report::print(&cluster, &desired, &summary, output)?;
    if let Some(error) = &summary.first_error {
        warn(error);
    }
    Ok(if summary.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(feature = "cluster")]
async fn run_controller(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let cluster = Cluster::connect(args.namespace.as_deref(), &args.configmap).await?;
    let health = Health::default();
    let listener = match args.listen {
        Some(address) => Some(probes::bind(address).await?),
        None => None,
    };
    let (revisions, desired) = tokio::sync::watch::channel(None);
    let watch = Watch { cluster: &cluster, health: &health, revisions };
    let controller = Controller { cluster: &cluster, health: &health, rate: args.rate, output };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        never = probes::serve(listener, &health) => match never {},
        never = watch.run() => match never {},
        () = controller.run(desired) => {}
    }
    Ok(ExitCode::SUCCESS)
}
