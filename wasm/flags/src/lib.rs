//! The module that evaluates flags and describes problems: a thin `cdylib`, because a crate that is also a library cannot
//! use link-time optimization.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

use alloc::vec::Vec;
use core::panic::PanicInfo;

use canary_runtime::web;
use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Traps, whereupon the loader falls back to stable. A message would take the formatting machinery, half of the module.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// See [`web::Flags`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct Flags(web::Flags);

#[wasm_bindgen]
impl Flags {
    /// See [`web::Flags::new`].
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(view: &[u8]) -> Self {
        Self(web::Flags::new(view))
    }

    /// See [`web::Flags::load`].
    #[wasm_bindgen(js_name = take)]
    pub fn load(&mut self, config: &[u8], response_time: f64, clock: f64) -> Vec<u8> {
        self.0.load(config, response_time, clock)
    }

    /// See [`web::decide`].
    #[must_use]
    pub fn decide(&self, view: &[u8], config: &[u8], response_time: f64, held: bool) -> Vec<u8> {
        web::decide(view, config, response_time, held)
    }

    /// See [`web::Flags::flag`].
    #[must_use]
    pub fn flag(&self, flag_key: &[u8], context: &[u8]) -> Vec<u8> {
        self.0.flag(flag_key, context)
    }

    /// See [`web::Flags::identify`].
    pub fn identify(&mut self, context: &[u8]) -> bool {
        self.0.identify(context)
    }

    /// See [`web::Flags::set_override`].
    #[wasm_bindgen(js_name = override)]
    pub fn set_override(&mut self, flag_key: &[u8], json: &[u8]) {
        self.0.set_override(flag_key, json);
    }

    /// See [`web::Flags::describe`].
    #[must_use]
    pub fn describe(&self) -> Vec<u8> {
        self.0.describe()
    }

    /// See [`web::Flags::definition`].
    #[must_use]
    pub fn definition(&self, flag_key: &[u8]) -> Vec<u8> {
        self.0.definition(flag_key)
    }
}
