//! The module that describes what is wrong with a config: a thin `cdylib`, because a crate that is also a library cannot use
//! link-time optimization.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

use alloc::vec::Vec;
use core::panic::PanicInfo;

use canary_runtime::web;
use lol_alloc::{FreeListAllocator, LockedAllocator};
use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> = LockedAllocator::new(FreeListAllocator::new());

/// Traps, whereupon the loader logs the code alone. A message would take the formatting machinery, half of the module.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// See [`web::describe`].
#[wasm_bindgen]
#[must_use]
pub fn describe(config: &[u8], response_time: f64, origins: &[u8]) -> Vec<u8> {
    web::describe(config, response_time, origins)
}
