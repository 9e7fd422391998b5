//! The module that decides: a thin `cdylib`, because a crate that is a library as well loses link-time optimisation.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

use alloc::string::String;
use core::panic::PanicInfo;

use canary_runtime::web;
use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A trap, which the loader turns into stable. Without a message, because the machinery for messages is half a module.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// See [`web::new_id`].
#[wasm_bindgen(js_name = newId)]
#[must_use]
pub fn new_id() -> String {
    web::new_id()
}

/// See [`web::Runtime`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct Runtime(web::Runtime);

#[wasm_bindgen]
impl Runtime {
    /// See [`web::Runtime::new`].
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(targeting_key: &[u8], origins: &[u8], automated: bool) -> Self {
        Self(web::Runtime::new(targeting_key, origins, automated))
    }

    /// See [`web::Runtime::decide`].
    pub fn decide(&mut self, config: &[u8], now: f64) -> String {
        self.0.decide(config, now)
    }

    /// See [`web::Runtime::flag`].
    #[must_use]
    pub fn flag(&self, flag_key: &[u8]) -> String {
        self.0.flag(flag_key)
    }
}
