//! The module that decides: a thin `cdylib`, because a crate that is also a library cannot use link-time optimization.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

use alloc::vec::Vec;
use core::panic::PanicInfo;

use canary_runtime::web;
use wasm_bindgen::prelude::wasm_bindgen;

/// An allocator that never frees: freeing would be a fifteenth of the module, which runs once for each page view. Calls that
/// repeat go to the module that evaluates flags.
#[global_allocator]
static ALLOCATOR: mini_alloc::MiniAlloc = mini_alloc::MiniAlloc::INIT;

/// Traps, whereupon the loader falls back to stable. A message would take the formatting machinery, half of the module.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// See [`web::new_id`].
#[wasm_bindgen(js_name = newId)]
#[must_use]
pub fn new_id() -> Vec<u8> {
    web::new_id()
}

/// See [`web::decide`].
#[wasm_bindgen]
#[must_use]
pub fn decide(view: &[u8], config: &[u8], response_time: f64, held: bool) -> Vec<u8> {
    web::decide(view, config, response_time, held)
}
