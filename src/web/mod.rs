//! The browser's side of the wall: randomness, clock values, requests. Everything else in this crate is pure.

mod device;
pub(crate) mod host;
#[cfg(feature = "refresh")]
mod refresh;
mod runtime;

pub use device::new_id;
#[cfg(feature = "refresh")]
pub use refresh::fetch;
pub use runtime::Runtime;
