//! The module that asks for the config again. It loads after the bundle, so that nobody waits for it.
#![cfg(target_arch = "wasm32")]

use canary_runtime::web;
use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A config as it arrived.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Reply {
    bytes: Vec<u8>,
    /// The reply's own time in milliseconds since 1970, or NaN.
    pub now: f64,
}

#[wasm_bindgen]
impl Reply {
    /// The body. A reply has it once.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// See [`web::fetch`].
///
/// # Errors
///
/// The console line of the fault.
#[wasm_bindgen]
pub async fn fetch(url: String) -> Result<Reply, String> {
    let (bytes, now) = web::fetch(&url).await?;
    Ok(Reply { bytes, now })
}
