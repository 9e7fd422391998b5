//! The settings of a server.

use std::path::PathBuf;

use hyper::header::HeaderName;
use ipnet::IpNet;
use sha2::{Digest, Sha256};

use crate::cap::Key;
use crate::timing::Timing;

/// How a server counts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The lengths of minutes and horizons.
    pub timing: Timing,
    /// The folder for windows, or none to keep them in memory.
    pub data: Option<PathBuf>,
    /// Other origins of the site, as browsers send them.
    pub origins: Vec<String>,
    /// Proxies whose `address_header` is believed.
    pub proxies: Vec<IpNet>,
    /// The header in which a proxy names the client.
    pub address_header: Option<HeaderName>,
    /// The views an hour of one client beyond which the capped counts leave some out.
    pub cap: u32,
    /// What readers of the metrics port must know.
    pub token: Option<String>,
    /// Whether each report is printed on standard output.
    pub is_logging: bool,
}

impl Options {
    /// The key of the hash that admits views. It comes from the token, which all collectors of a site share and no client
    /// knows. Without a token the key is public, and a client can choose nonces that are always admitted.
    pub(super) fn nonce_key(&self) -> Key {
        let digest: [u8; 32] = Sha256::digest(self.token.as_deref().unwrap_or_default()).into();
        let half = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        let (first, rest) = digest.split_at(8);
        (half(first), half(rest.split_at(8).0))
    }
}
