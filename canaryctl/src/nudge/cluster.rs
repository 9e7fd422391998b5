//! The connection to the API server.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ApiResource};
use kube::{Client, Config};

use crate::nudge::api_error::{REQUEST_TIMEOUT, request};
use crate::nudge::pod::Pod;
use crate::nudge::revision::Revision;

/// How long one watch lasts, in seconds.
pub(crate) const WATCH_SECONDS: u32 = 60;
/// How long a connection may be idle. A watch ends before.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// One ConfigMap and the pods of its namespace.
pub(crate) struct Cluster {
    /// The name of the ConfigMap.
    pub(crate) configmap: String,
    /// The namespace of the ConfigMap and the pods.
    pub(crate) namespace: String,
    /// The resource `configmaps` of the namespace. The Role allows requests for the one name only.
    pub(crate) maps: Api<ConfigMap>,
    /// The pods of the namespace.
    pub(crate) pods: Api<Pod>,
}

impl Cluster {
    /// Finds the API server and the credentials. It sends no request yet.
    ///
    /// # Errors
    ///
    /// There is neither a kubeconfig nor a service account, or its contents cannot be used.
    pub(crate) async fn connect(namespace: Option<&str>, configmap: &str) -> anyhow::Result<Self> {
        // The text of this error contains its causes.
        let inferred = Config::infer().await;
        let mut config = inferred
            .map_err(|error| anyhow!("found neither a kubeconfig nor the service account of a pod: {error}"))?;
        config.connect_timeout = Some(REQUEST_TIMEOUT);
        config.read_timeout = Some(IDLE_TIMEOUT);
        config.reset_reader_on_write = true;
        // The callers retry with a backoff of their own.
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

    /// Reads the current revision of the ConfigMap.
    pub(crate) async fn revision(&self) -> anyhow::Result<Revision> {
        let map = request(self.maps.get(&self.configmap)).await;
        map.map(|map| Revision::of(&map)).with_context(|| format!("cannot read the ConfigMap {}", self.name()))
    }

    /// Namespace and name of the ConfigMap, such as `frontend/canary-settings`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.namespace, self.configmap)
    }
}
