//! The module that decides: a thin `cdylib`, because a crate that is a library as well loses link-time optimisation.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

use alloc::vec::Vec;
use core::panic::PanicInfo;

use canary_runtime::web;
use wasm_bindgen::prelude::wasm_bindgen;

/// Frees nothing: what it costs would be a fifteenth of the module, which answers once for each page view. Whatever is asked
/// again and again is asked of the module that has the flags.
#[global_allocator]
static ALLOCATOR: mini_alloc::MiniAlloc = mini_alloc::MiniAlloc::INIT;

/// A trap, which the loader turns into stable. Without a message, because the machinery for messages is half a module.
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
pub fn decide(view: &[u8], config: &[u8], reply_time: f64, held: bool) -> Vec<u8> {
    web::decide(view, config, reply_time, held)
}
