//! The functions that the browser modules export. All access to the browser is here and in `host`; the rest is pure.

mod describe;
mod device;
#[cfg(feature = "refresh")]
mod refresh;

pub use describe::describe;
pub use device::new_id;
#[cfg(feature = "refresh")]
pub use refresh::fetch;
