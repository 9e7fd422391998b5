//! The module that decides and evaluates flags: a thin `cdylib`, because a crate that is also a library cannot use link-time
//! optimization.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;

use canary_runtime::engine::Engine;
use lol_alloc::{FreeListAllocator, LockedAllocator};
use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> = LockedAllocator::new(FreeListAllocator::new());

// A page has one engine. An exported class would take more code on both sides.
thread_local!(static ENGINE: RefCell<Engine> = const { RefCell::new(Engine::new()) });

fn with<T>(action: impl FnOnce(&mut Engine) -> T) -> T {
    ENGINE.with_borrow_mut(action)
}

/// See [`Engine::reserve`].
#[wasm_bindgen]
pub fn reserve(numbers: usize, bytes: usize) {
    with(|engine| engine.reserve(numbers, bytes));
}

/// Returns the address of [`Engine::nodes`].
#[wasm_bindgen]
#[must_use]
pub fn nodes() -> usize {
    with(|engine| engine.nodes().as_ptr().addr())
}

/// Returns the address of [`Engine::text`].
#[wasm_bindgen]
#[must_use]
pub fn text() -> usize {
    with(|engine| engine.text().as_ptr().addr())
}

/// Returns the address of [`Engine::key`].
#[wasm_bindgen]
#[must_use]
pub fn key() -> usize {
    with(|engine| engine.key().as_ptr().addr())
}

/// See [`Engine::load`].
#[wasm_bindgen]
#[must_use]
pub fn load(response_time: f64) -> u32 {
    with(|engine| engine.load(response_time))
}

/// See [`Engine::set_context`].
#[wasm_bindgen(js_name = setContext)]
#[must_use]
pub fn set_context(index: usize, key_length: usize) -> bool {
    with(|engine| engine.set_context(index, key_length))
}

/// See [`Engine::decide`].
#[wasm_bindgen]
#[must_use]
pub fn decide(visitor: u32, arm: u32, is_held: bool, token: u32) -> u32 {
    with(|engine| engine.decide(visitor, arm, is_held, token))
}

/// See [`Engine::add_flag`].
#[wasm_bindgen(js_name = addFlag)]
pub fn add_flag(required_count: usize) {
    with(|engine| engine.add_flag(required_count));
}

/// See [`Engine::check_flag`].
#[wasm_bindgen(js_name = checkFlag)]
#[must_use]
pub fn check_flag() -> bool {
    with(|engine| engine.check_flag())
}

/// See [`Engine::link`].
#[wasm_bindgen]
pub fn link() {
    with(Engine::link);
}

/// See [`Engine::is_malformed`].
#[wasm_bindgen(js_name = isMalformed)]
#[must_use]
pub fn is_malformed(index: usize) -> bool {
    with(|engine| engine.is_malformed(index))
}

/// See [`Engine::set_override`].
#[wasm_bindgen(js_name = setOverride)]
pub fn set_override(index: usize) {
    with(|engine| engine.set_override(index));
}

/// See [`Engine::clear_overrides`].
#[wasm_bindgen(js_name = clearOverrides)]
pub fn clear_overrides() {
    with(Engine::clear_overrides);
}

/// See [`Engine::evaluate`].
#[wasm_bindgen]
#[must_use]
pub fn evaluate(index: usize, context: usize, key_length: i32, now: f64) -> u32 {
    with(|engine| engine.evaluate(index, context, key_length, now))
}

/// See [`Engine::bucket`].
#[wasm_bindgen]
#[must_use]
pub fn bucket() -> u32 {
    with(|engine| engine.bucket())
}

/// See [`Engine::variant`].
#[wasm_bindgen]
#[must_use]
pub fn variant() -> u32 {
    with(|engine| engine.variant())
}

/// See [`Engine::percentage`].
#[wasm_bindgen]
#[must_use]
pub fn percentage() -> u32 {
    with(|engine| engine.percentage())
}
