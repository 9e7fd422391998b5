//! Faults of every kind in Chromium, Firefox and WebKitGTK.

mod bundle;
mod chaos;
mod config;
mod lifecycle;
mod page;
mod soak;
mod storage;
mod wasm;
