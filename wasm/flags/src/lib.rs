//! The module that evaluates flags, and has the words for everything: a thin `cdylib`, because a crate that is a library as well loses link-time optimisation.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

use alloc::vec::Vec;
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

    /// See [`web::Flags::take`].
    pub fn take(&mut self, config: &[u8], reply_time: f64, clock: f64) -> Vec<u8> {
        self.0.take(config, reply_time, clock)
    }

    /// See [`web::decide`].
    #[must_use]
    pub fn decide(&self, view: &[u8], config: &[u8], reply_time: f64, held: bool) -> Vec<u8> {
        web::decide(view, config, reply_time, held)
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
