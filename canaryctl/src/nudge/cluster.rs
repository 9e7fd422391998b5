//! The API server, as far as it is asked here.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ApiResource};
use kube::{Client, Config};
use tokio::time::timeout;

use crate::nudge::api_error;
use crate::nudge::pod::Pod;
use crate::nudge::revision::Revision;

/// How long an answer may take. A watch has a time of its own.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How long one watch lasts, in seconds.
pub(crate) const WATCH: u32 = 60;
/// How long a connection may be silent: a watch ends before.
const SILENCE: Duration = Duration::from_secs(75);

/// One ConfigMap, and the pods beside it.
pub(crate) struct Cluster {
    /// Its name.
    pub(crate) configmap: String,
    /// Where it is.
    pub(crate) namespace: String,
    /// Where to ask for it, by name alone: it is the only one that may be asked for.
    pub(crate) maps: Api<ConfigMap>,
    /// The pods there.
    pub(crate) pods: Api<Pod>,
}

impl Cluster {
    /// Finds the API server and who asks it. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// There is neither a kubeconfig nor a service account, or what it says cannot be used.
    pub(crate) async fn connect(namespace: Option<&str>, configmap: &str) -> anyhow::Result<Self> {
        // It says all of its causes itself.
        let inferred = Config::infer().await;
        let mut config =
            inferred.map_err(|error| anyhow!("no kubeconfig, and no service account of a pod: {error}"))?;
        config.connect_timeout = Some(PATIENCE);
        config.read_timeout = Some(SILENCE);
        config.reset_reader_on_write = true;
        // Whoever has asked tries again by itself, and slows down.
        config.default_retry = false;
        let namespace = namespace.map_or_else(|| config.default_namespace.clone(), str::to_owned);
        let client = Client::try_from(config).context("cannot use the kubeconfig or the service account")?;
        let pod = ApiResource::erase::<k8s_openapi::api::core::v1::Pod>(&());
        Ok(Self {
            configmap: configmap.to_owned(),
            maps: Api::namespaced(client.clone(), &namespace),
            pods: Api::namespaced_with(client, &namespace, &pod),
            namespace,
        })
    }

    /// The config as it is now.
    pub(crate) async fn config(&self) -> anyhow::Result<Revision> {
        let map = timeout(PATIENCE, self.maps.get(&self.configmap)).await.map_err(|_| anyhow!(api_error::late()));
        let map = map.and_then(|map| map.map_err(|error| anyhow!(api_error::describe(&error))));
        map.map(|map| Revision::of(&map)).with_context(|| format!("cannot read the ConfigMap {}", self.name()))
    }

    /// `frontend/canary-settings`
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.namespace, self.configmap)
    }
}
