//! A population of users, and histograms of what they get.

pub(crate) mod histogram;
pub(crate) mod keys;
pub(crate) mod population;
