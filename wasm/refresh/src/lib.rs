//! The module that fetches the config again. It loads after the bundle, so that the page does not wait for it.
#![cfg(target_arch = "wasm32")]

use canary_runtime::web;
use lol_alloc::{FreeListAllocator, LockedAllocator};
use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> = LockedAllocator::new(FreeListAllocator::new());

/// A response with a config.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Reply {
    bytes: Vec<u8>,
    /// The time of the response in milliseconds since 1970, or NaN.
    pub now: f64,
}

#[wasm_bindgen]
impl Reply {
    /// Returns the body, the first time that it is called.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// See [`web::fetch`].
///
/// # Errors
///
/// A line for the console.
#[wasm_bindgen]
pub async fn fetch(url: String) -> Result<Reply, String> {
    let (bytes, now) = web::fetch(&url).await?;
    Ok(Reply { bytes, now })
}
