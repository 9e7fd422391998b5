//! The module that checks regular expressions: a thin `cdylib`, which only pages whose config has one request.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg(target_arch = "wasm32")]

use core::panic::PanicInfo;

use canary_runtime::targeting;
use lol_alloc::{FreeListAllocator, LockedAllocator};
use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> = LockedAllocator::new(FreeListAllocator::new());

/// Traps, as a message would take the formatting machinery.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// See [`targeting::is_portable`]. A pattern that is not UTF-8 is not portable.
#[wasm_bindgen(js_name = isPortable)]
#[must_use]
pub fn is_portable(pattern: &[u8]) -> bool {
    core::str::from_utf8(pattern).is_ok_and(targeting::is_portable)
}
