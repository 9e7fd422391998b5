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
    pub fn new(context: &[u8], origins: &[u8], query: &[u8]) -> Self {
        Self(web::Runtime::new(context, origins, query))
    }

    /// See [`web::Runtime::decide`].
    pub fn decide(&mut self, config: &[u8], reply_time: f64, clock: f64) -> String {
        self.0.decide(config, reply_time, clock)
    }

    /// See [`web::Runtime::flag`].
    #[must_use]
    pub fn flag(&self, flag_key: &[u8], context: &[u8]) -> String {
        self.0.flag(flag_key, context)
    }

    /// See [`web::Runtime::identify`].
    pub fn identify(&mut self, context: &[u8]) {
        self.0.identify(context);
    }

    /// See [`web::Runtime::set_override`].
    #[wasm_bindgen(js_name = override)]
    pub fn set_override(&mut self, flag_key: &[u8], json: &[u8]) {
        self.0.set_override(flag_key, json);
    }
}
