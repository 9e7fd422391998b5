//! A sample of users: their keys, and counts of what they get.

pub(crate) mod histogram;
pub(crate) mod keys;
pub(crate) mod population;
