//! The browser's side of the wall: randomness, clock values, requests. Everything else in this crate is pure.

mod decide;
mod device;
mod flags;
mod page_view;
#[cfg(feature = "refresh")]
mod refresh;

pub use decide::decide;
pub use device::new_id;
pub use flags::Flags;
#[cfg(feature = "refresh")]
pub use refresh::fetch;
