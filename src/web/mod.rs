//! The functions that the browser modules export. All access to the browser is here and in `host`; the rest is pure.

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
